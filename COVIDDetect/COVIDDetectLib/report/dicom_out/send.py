"""Sends DICOM files to an archive: by C-STORE (PS3.4, annex B), or by STOW-RS of DICOMweb (PS3.18, section 10.5)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import InputError, InstallationError, NetworkError

if TYPE_CHECKING:
    from pydicom import Dataset

_TIMEOUT_S = 30
_CONFLICT, _FAULT_OF_SERVER = 409, 500
_OUR_AE_TITLE = "COVIDDETECT"
_NODE = re.compile(
    r"(?P<ae_title>[!-?A-\[\]-~][ -?A-\[\]-~]{0,15})@(?P<host>[^@:/\s]+):(?P<port>\d{1,5})"
)  # AE titles: PS3.5, 6.2
_PASSWORD = re.compile(r":[^@]*@")
_IS_STORED = 0x0000
_IS_STORED_CHANGED = frozenset({0xB000, 0xB006, 0xB007})
"""Warnings of C-STORE (PS3.4, table B.2-1): elements were coerced, discarded, or do not match."""


def package_for(archive: str) -> str:
    """The package, as pip writes it, that sends to an address.

    Parameters
    ----------
    archive
        ``AETITLE@host:port`` for C-STORE, or the http(s) address of a DICOMweb service.

    Raises
    ------
    InputError
        If it is neither.
    """
    node, is_web, has_host = _NODE.fullmatch(archive), False, False
    with suppress(ValueError):  # of brackets that are none of IPv6
        parts = urlsplit(archive)
        is_web, has_host = parts.scheme in ("http", "https"), bool(parts.hostname)
    if (is_web and set(archive) & set("@?#")) or _PASSWORD.search(archive):  # never printed
        raise InputError(
            "An address may hold no password and nothing behind a question mark; put a password into the file .netrc "
            "of your home folder."
        )
    if not (is_web and has_host) and not (node and 0 < int(node["port"]) < 1 << 16):
        raise InputError(
            f"{archive} is not the address of an archive; name it as AETITLE@host:port, or give the URL of its "
            "DICOMweb service."
        )
    return "dicomweb-client>=0.60" if is_web else "pynetdicom>=3"


def check_archive(archive: str) -> None:
    """Refuse to begin where nothing can be sent to an address, as ``package_for`` takes it.

    Raises
    ------
    InputError
        If it is none.
    InstallationError
        If the library for it is missing.
    """
    module = package_for(archive).partition(">")[0].replace("-", "_")
    if importlib.util.find_spec(module) is None:
        raise InstallationError(
            'Sending needs the packages of the extra "dicom"; install them with: pip install "coviddetect[dicom]".'
        )


def send(files: Sequence[Path], archive: str) -> None:
    """Send all files; returns once the archive has said of each that it has stored it.

    Parameters
    ----------
    archive
        As ``package_for`` takes it.

    Raises
    ------
    NetworkError
        If it does not answer, or does not store all of them. What it stored stays there.
    """
    from pydicom import dcmread

    datasets = [dcmread(file) for file in files]
    if node := _NODE.fullmatch(archive):
        _store(datasets, files, archive, node["host"], int(node["port"]), node["ae_title"])
    else:
        _store_by_web(datasets, archive)


def _store(datasets: Sequence[Dataset], files: Sequence[Path], archive: str, host: str, port: int, called: str) -> None:
    from pynetdicom import AE

    ae = AE(ae_title=_OUR_AE_TITLE)
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = _TIMEOUT_S
    for kind, syntax in {(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in datasets}:
        ae.add_requested_context(kind, syntax)
    try:
        association = ae.associate(host, port, ae_title=called)
    except OSError as error:  # nobody knows this host
        raise NetworkError(f"{archive} does not answer ({error.strerror}); check the address.") from error
    if not association.is_established:
        why = "refused the connection" if association.is_rejected else "does not answer"
        raise NetworkError(
            f"{archive} {why}; check the address, and whether the archive accepts the AE title {_OUR_AE_TITLE}."
        )
    refused, failed = [], []
    try:
        for file, dataset in zip(files, datasets, strict=True):
            try:
                status = association.send_c_store(dataset).get("Status")
            except ValueError:  # this kind was not accepted
                refused.append(file.name)
                continue
            except RuntimeError:  # the association was aborted
                status = None
            if status != _IS_STORED and status not in _IS_STORED_CHANGED:
                failed.append(f"{file.name} ({'no answer' if status is None else f'status 0x{status:04X}'})")
    finally:
        association.release()
    parts = [f"does not take {', '.join(refused)} (ask who runs it which objects it takes)"] if refused else []
    parts += [f"did not store {', '.join(failed)} (look into its log)"] if failed else []
    if parts:
        stored = len(files) - len(refused) - len(failed)
        raise NetworkError(f"{archive} stored {stored} of {len(files)} objects: it {', and '.join(parts)}.")


def _store_by_web(datasets: Sequence[Dataset], archive: str) -> None:
    import requests
    from dicomweb_client import DICOMwebClient

    try:
        session = requests.Session()
        session.hooks["response"].append(_without_parameters)
        client = DICOMwebClient(archive, session=session, timeout=_TIMEOUT_S)
        client.set_http_retry_params(retry=False)  # else half a minute passes before anything is said
        answer = client.store_instances(datasets)
    except requests.HTTPError as error:
        code = error.response.status_code
        what = (
            "put your name and password for it into the file .netrc of your home folder"
            if code in (401, 403)
            else "look into its log"
            if code == _CONFLICT or code >= _FAULT_OF_SERVER
            else "check the address"
        )
        raise NetworkError(f"{archive} did not store the objects (the server says {code}); {what}.") from error
    except requests.exceptions.SSLError as error:
        raise NetworkError(
            f"{archive} has no certificate that is trusted here; name its authority in REQUESTS_CA_BUNDLE, or check "
            "whether it speaks TLS at all."
        ) from error
    except requests.exceptions.JSONDecodeError as error:
        raise _unsure(archive, len(datasets), len(datasets)) from error
    except (requests.RequestException, OSError) as error:
        raise NetworkError(f"{archive} does not answer; check the address, or try later.") from error
    except (ValueError, TypeError, AttributeError, KeyError, SyntaxError) as error:  # JSON or XML, but no DICOM
        raise _unsure(archive, len(datasets), len(datasets)) from error
    if refused := answer.get("FailedSOPSequence"):
        reason = refused[0].get("FailureReason")
        said = f" (0x{reason:04X})" if reason is not None else ""
        raise NetworkError(
            f"{archive} did not store {len(refused)} of {len(datasets)} objects{said}; look into its log."
        )
    stored = {str(one.get("ReferencedSOPInstanceUID", "")) for one in answer.get("ReferencedSOPSequence") or ()}
    if unnamed := [one for one in datasets if str(one.SOPInstanceUID) not in stored]:
        raise _unsure(archive, len(unnamed), len(datasets))


def _unsure(archive: str, unnamed: int, count: int) -> NetworkError:
    """A login page or a proxy also answers 200."""
    return NetworkError(
        f"{archive} did not say that it has stored {unnamed} of {count} objects; check whether it is the address of a "
        "STOW-RS service, and look there for what has arrived."
    )


def _without_parameters(response: Any, **_: object) -> None:
    """dicomweb_client reads no answer whose type names a charset, and takes it for one without refusals."""
    response.headers["Content-Type"] = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()

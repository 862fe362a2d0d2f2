"""A real archive, to which tests send: Orthanc, where it is installed."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
_DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_TRIES = 200


def is_installed() -> bool:
    """Whether there is one, with its web services."""
    return _ORTHANC is not None and _DICOMWEB.exists()


@contextmanager
def an_archive(folder: Path, **settings: Any) -> Iterator[tuple[str, str]]:
    """A running one with an empty store; its addresses for C-STORE and of its web services.

    Parameters
    ----------
    folder
        For its files.
    settings
        As in ``orthanc.json``.
    """
    assert _ORTHANC is not None
    dicom_port, http_port = free_port(), free_port()
    described = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "DicomAet": "ORTHANC",
        "DicomPort": dicom_port,
        "HttpPort": http_port,
        "DicomAlwaysAllowStore": True,
        "AuthenticationEnabled": False,
        "Plugins": [str(_DICOMWEB)],
        **settings,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(described))
    process = subprocess.Popen([_ORTHANC, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        web = f"http://127.0.0.1:{http_port}"
        _wait_for(web)
        yield f"ORTHANC@127.0.0.1:{dicom_port}", web
    finally:
        process.kill()
        process.wait()


def _wait_for(web: str) -> None:
    for _ in range(_TRIES):
        try:
            urllib.request.urlopen(f"{web}/system").close()
        except urllib.error.HTTPError:  # it asks for a password
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("Orthanc does not start")


def stored(web: str) -> dict[str, Any]:
    """The objects of an archive by their UIDs."""
    from pydicom import dcmread

    with urllib.request.urlopen(f"{web}/instances") as answer:
        identities = json.load(answer)
    objects = {}
    for identity in identities:
        with urllib.request.urlopen(f"{web}/instances/{identity}/file") as answer:
            one = dcmread(io.BytesIO(answer.read()))
        objects[str(one.SOPInstanceUID)] = one
    return objects


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

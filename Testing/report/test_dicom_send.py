"""DICOM objects sent to an archive arrive as they were written; an archive that does not take them is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.analysis.attention import normalized
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import InputError, NetworkError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.phantom.ideal import analysis_of
from COVIDDetectLib.report.dicom_out.export import write_dicom
from COVIDDetectLib.report.dicom_out.send import check_archive, send
from COVIDDetectLib.report.dicom_out.source import read_source
from COVIDDetectLib.report.files import write_analysis_files
from COVIDDetectLib.report.results import Results
from pydicom import dcmread
from typer.testing import CliRunner

from Testing.dicom_series import write_ct
from Testing.orthanc import an_archive, free_port, is_installed, stored

pytest.importorskip("highdicom")
pytest.importorskip("pynetdicom")
pytest.importorskip("dicomweb_client")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[Path]]:
    """Folders of a CT and of its results, and the objects made of them."""
    made = thorax(seed=5, shape=(12, 48, 48), spacing=(7.2, 7.2, 22.0), disease="covid")
    attention = normalized(made.lesions.astype(np.float32), made.ct.geometry)
    analysis = analysis_of(made.ct, LungMask(made.lung_mask, made.ct.geometry), attention, 0.9)
    ct, results, objects = (tmp_path_factory.mktemp(name) for name in ("ct", "results", "objects"))
    write_ct(ct, made.ct)
    write_analysis_files(made.ct, analysis, results)
    known = Results(analysis.to_record(), analysis.lung_mask, analysis.attention)
    return ct, results, write_dicom(known, read_source(ct), objects)


Start = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a real archive with the given settings; its addresses for C-STORE and of its web services."""
    if not is_installed():
        pytest.skip("Orthanc is not installed; on Debian: apt-get install orthanc orthanc-dicomweb")
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(an_archive(tmp_path_factory.mktemp("orthanc"), **settings))


@pytest.mark.parametrize("way", ["C-STORE", "DICOMweb"])
def test_objects_come_back_from_an_archive_as_they_were_sent(
    case: tuple[Path, Path, list[Path]], orthanc: Start, way: str
) -> None:
    files = case[2]
    node, web = orthanc()
    send(files, node if way == "C-STORE" else f"{web}/dicom-web")
    kept = stored(web)
    assert len(kept) == len(files)
    for file in files:
        sent = dcmread(file)
        assert kept[str(sent.SOPInstanceUID)] == sent


def test_the_command_sends_without_leaving_files(
    case: tuple[Path, Path, list[Path]], orthanc: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct, results, files = case
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    node, web = orthanc()
    ended = CliRunner().invoke(app, ["export", str(results), "--source", str(ct), "--send", node])
    assert ended.exit_code == 0, ended.output
    assert f"Sent to {node}" in ended.output
    assert len(stored(web)) >= len(files)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_asks_for_a_password_says_where_to_put_it(
    case: tuple[Path, Path, list[Path]], orthanc: Start
) -> None:
    _, web = orthanc(AuthenticationEnabled=True, RegisteredUsers={"jane": "secret"})
    with pytest.raises(NetworkError, match=r"401.*\.netrc"):
        send(case[2], f"{web}/dicom-web")


def test_an_archive_that_does_not_take_all_kinds_of_objects_gets_the_others_and_is_named(
    case: tuple[Path, Path, list[Path]],
) -> None:
    with (
        serving(["1.2.840.10008.5.1.4.1.1.66.4"]) as archive,
        pytest.raises(NetworkError, match=r"stored 3 of 5 objects: it does not take heat-map\.dcm, report\.dcm"),
    ):
        send(case[2], archive)


def test_an_archive_that_fails_to_store_is_named_with_its_status(case: tuple[Path, Path, list[Path]]) -> None:
    kinds = [str(dcmread(file).SOPClassUID) for file in case[2]]
    with (
        serving(kinds, status=0xA700) as archive,
        pytest.raises(NetworkError, match=r"did not store lungs\.dcm.*0xA700"),
    ):
        send(case[2], archive)


def serving(kinds: list[str], status: int = 0x0000) -> Any:
    """A storage node of pynetdicom that takes some kinds of objects; its address."""

    from pynetdicom import AE, evt

    @contextmanager
    def serve() -> Iterator[str]:
        ae, port = AE(ae_title="ARCHIVE"), free_port()
        for kind in set(kinds):
            ae.add_supported_context(kind)
        server = ae.start_server(
            ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda event: status)]
        )
        yield f"ARCHIVE@127.0.0.1:{port}"
        server.shutdown()

    return serve()


@pytest.mark.parametrize("form", ["PACS@127.0.0.1:{port}", "http://127.0.0.1:{port}/dicom-web"])
def test_nobody_at_the_address_is_said(case: tuple[Path, Path, list[Path]], form: str) -> None:
    with pytest.raises(NetworkError, match="does not answer"):
        send(case[2], form.format(port=free_port()))


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (b"", "application/dicom+json", "did not say that it has stored"),
        (b"<html>login</html>", "text/html", "did not say that it has stored"),
        (b'{"a": 1}', "application/dicom+json", "did not say that it has stored"),
        (b'{"00081199"', "application/dicom+json", "did not say that it has stored"),
        (
            b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [272]}}]}}',
            "application/dicom+json; charset=utf-8",
            "did not store 1 of",
        ),
    ],
    ids=["nothing", "login page", "no DICOM", "half an answer", "refusal with a charset"],
)
def test_what_a_server_does_not_say_it_has_stored_is_not_called_sent(
    case: tuple[Path, Path, list[Path]], answer: bytes, kind: str, sentence: str
) -> None:
    with answering(answer, kind) as archive, pytest.raises(NetworkError, match=sentence):
        send(case[2], archive)


@contextmanager
def answering(answer: bytes, kind: str) -> Iterator[str]:
    """A web server that takes whatever is posted, and says so in its own way; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/dicom-web"
    server.shutdown()
    server.server_close()


def test_a_host_that_nobody_knows_is_said(case: tuple[Path, Path, list[Path]]) -> None:
    with pytest.raises(NetworkError, match="does not answer"):
        send(case[2], "PACS@nowhere.invalid:104")


@pytest.mark.parametrize(
    "address", ["", "pacs", "PACS@host", "PACS@host:0", "PACS@host:70000", "ftp://host", "https://", "http://[::1"]
)
def test_what_is_no_address_of_an_archive_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="AETITLE@host:port"):
        check_archive(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://jane:secret@pacs.example/dicom-web",
        "https://pacs.example/dicom-web?token=secret",
        "ftp://jane:secret@pacs.example",
        "PACS@jane:secret@pacs.example:104",
        "jane:secret@pacs.example:104",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError, match="password") as refused:
        check_archive(address)
    assert "secret" not in str(refused.value)


def test_without_a_folder_or_an_archive_nothing_is_made(case: tuple[Path, Path, list[Path]]) -> None:
    ended = CliRunner().invoke(app, ["export", str(case[1]), "--source", str(case[0])])
    assert ended.exit_code == 2
    assert "--output" in ended.output

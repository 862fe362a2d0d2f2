"""Weights from the internet are the ones that were meant, or a sentence says what to do."""

from __future__ import annotations

import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import trustme
from COVIDDetectLib.weights import store
from COVIDDetectLib.weights.cards import ModelCard, bundled_cards
from COVIDDetectLib.weights.download import add_from_url

from Testing.weights.own_weights import refused, released

pytestmark = pytest.mark.usefixtures("empty_store")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An https server on this computer that offers what lies in ``tmp_path``."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.startswith("/away"):
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:9/card.json")
                self.end_headers()
            else:
                super().do_GET()

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *request: Quiet(*request, directory=str(tmp_path))
    )
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_weights_are_added_from_the_address_of_their_card(mine: ModelCard, site: str) -> None:
    added = add_from_url(f"{site}/mine/card.json?version=1", sha256_of(mine.path).upper())
    assert store.installed_cards() == [*bundled_cards(), added]
    assert added.sha256 == mine.sha256


def test_weights_are_added_from_the_address_of_their_file(mine: ModelCard, site: str, empty_store: Path) -> None:
    mine.path.rename(mine.path.with_name("decovnet.json"))
    refused(
        empty_store, "belongs to other weights", lambda: add_from_url(f"{site}/mine/decovnet.safetensors", "0" * 64)
    )
    assert add_from_url(f"{site}/mine/decovnet.safetensors", mine.sha256).id == "Mine 1"


def test_a_released_checkpoint_is_added_from_an_address(tmp_path: Path, site: str) -> None:
    torch.save(released("decovnet"), tmp_path / "c.pth")
    assert add_from_url(f"{site}/c.pth", sha256_of(tmp_path / "c.pth")).id == "decovnet-released"


def test_a_download_that_is_another_file_is_not_used(mine: ModelCard, site: str, empty_store: Path) -> None:
    refused(empty_store, "its SHA-256 differs", lambda: add_from_url(f"{site}/mine/card.json", "0" * 64))
    checksum = sha256_of(mine.path)
    mine.weights_path.write_bytes(mine.weights_path.read_bytes()[:-1])
    refused(empty_store, "its SHA-256 differs", lambda: add_from_url(f"{site}/mine/card.json", checksum))


def test_a_card_that_never_ends_is_cut_off(mine: ModelCard, site: str, empty_store: Path) -> None:
    mine.path.write_bytes(b" " * 3_000_000)
    refused(empty_store, "too large", lambda: add_from_url(f"{site}/mine/card.json", sha256_of(mine.path)))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.org/card.json", "https"),
        ("file:///etc/card.json", "https"),
        ("https:///card.json", "https"),
        ("https://[/card.json", "not a valid URL"),
        ("https://example.org/weights.zip", "must point to"),
        ("https://127.0.0.1:9/card.json", "cannot be reached.*add them from this computer"),
        ("https://nowhere.invalid/card.json", "cannot be reached.*add them from this computer"),
    ],
)
def test_addresses_that_lead_nowhere_end_in_a_sentence_and_a_way_out(
    url: str, sentence: str, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    refused(empty_store, sentence, lambda: add_from_url(url, "0" * 64))


def test_every_failure_of_the_network_has_its_own_sentence(
    mine: ModelCard, site: str, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{site}/mine/card.json"
    refused(empty_store, "404", lambda: add_from_url(f"{site}/nothing.json", "0" * 64))
    refused(empty_store, "without https", lambda: add_from_url(f"{site}/away.json", "0" * 64))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    refused(empty_store, "proxy", lambda: add_from_url(url, "0" * 64))
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    refused(empty_store, "certificate", lambda: add_from_url(url, "0" * 64))


def test_a_checksum_that_is_none_is_refused(empty_store: Path) -> None:
    for checksum in ("", "abc", "md5:" + "0" * 60, "0" * 65):
        refused(empty_store, "64 hexadecimal", lambda c=checksum: add_from_url("https://example.org/card.json", c))

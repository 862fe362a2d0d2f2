"""A small part of the Imaging Data Commons on this computer: real rows of its index, phantoms for their CTs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_NOW = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class LocalArchive:
    """Buckets as Amazon S3 serves them; ``broken`` keys are not found, ``asked`` keys were downloaded."""

    folder: Path
    address: str = ""
    asked: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


@contextmanager
def serving(folder: Path) -> Iterator[LocalArchive]:
    """Serve ``folder/BUCKET/KEY`` at an address of this computer."""
    archive = LocalArchive(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, status: int, body: bytes, kind: str = "application/xml", tag: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("x-amz-bucket-region", "us-east-1")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", format_datetime(_NOW, usegmt=True))
            if tag:
                self.send_header("ETag", f'"{tag}"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self) -> None:
            path, query = unquote(urlsplit(self.path).path).strip("/"), parse_qs(urlsplit(self.path).query)
            if "prefix" in query:
                self.answer(200, listing(folder / path, query["prefix"][0]).encode())
                return
            file = folder / path
            if file.is_dir():  # as a bucket tells where it is
                self.answer(200, b"")
                return
            if not file.is_file() or path in archive.broken:
                self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                return
            if self.command == "GET":
                archive.asked.append(path)
            content = file.read_bytes()
            self.answer(200, content, "application/dicom", hashlib.md5(content).hexdigest())

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    archive.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def listing(bucket: Path, prefix: str) -> str:
    """What S3 answers to ListObjectsV2."""
    files = [file for file in sorted(bucket.rglob("*")) if file.is_file()]
    keys = [(file.relative_to(bucket).as_posix(), file) for file in files]
    entries = "".join(
        f"<Contents><Key>{key}</Key><Size>{file.stat().st_size}</Size>"
        f"<LastModified>{_NOW:%Y-%m-%dT%H:%M:%S.000Z}</LastModified><StorageClass>STANDARD</StorageClass></Contents>"
        for key, file in keys
        if key.startswith(prefix)
    )
    return (
        f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket.name}</Name>'
        f"<Prefix>{prefix}</Prefix><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
    )

"""The process that decodes compressed pixels: it may crash on damaged ones, and nothing else does then.

Run as a file of its own with a folder for what it decodes, which it removes when it can be asked no more. Each request
on standard input is a line of JSON (rows, columns, allocated, stored, signed, syntax, bytes) and so many bytes; each
answer on standard output a byte that says whether it went well, and then the numbers, rows by columns, little endian.
Each frame goes through a file in the folder, for which there may be no room.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

DECODED, REFUSED, NO_ROOM = b"+", b"-", b"!"
_MEMORY_BYTES = 4 << 30
_SECONDARY_CAPTURE = b"1.2.840.10008.5.1.4.1.1.7"
_INSTANCE = b"2.25.1"
_COMPLAINTS = (b"corrupt", b"premature", b"unsupported marker")
_STDERR = 2


def main() -> None:
    """Answer until there are no more requests."""
    _limit_memory()
    folder, answers = Path(sys.argv[1]), sys.stdout.buffer
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), _STDERR)
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            content = sys.stdin.buffer.read(request["bytes"])
            try:
                numbers = _decode(request, content, folder / "frame.dcm")
                answers.write(REFUSED if numbers is None else DECODED + numbers)
            except OSError:
                answers.write(NO_ROOM)
            answers.flush()
    finally:  # whoever asked may have been killed, and a patient's slice would stay
        shutil.rmtree(folder, ignore_errors=True)


def _decode(request: dict[str, Any], content: bytes, file: Path) -> bytes | None:
    """GDCM reads files only, and applies a rescale where it finds one: so it is given a file without any."""
    import numpy as np
    import SimpleITK as sitk

    file.write_bytes(_plain_image(request, content))
    os.lseek(_STDERR, 0, os.SEEK_SET)
    os.ftruncate(_STDERR, 0)
    try:
        numbers = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    except RuntimeError:
        return None
    finally:
        file.unlink(missing_ok=True)
    if numbers.size != request["rows"] * request["columns"] or _complained():
        return None
    kind = np.dtype(f"<{'i' if request['signed'] else 'u'}{request['allocated'] // 8}")
    return numbers.astype(kind).tobytes()


def _complained() -> bool:
    """libjpeg fills what it cannot decode with something, and only says so on standard error."""
    size = os.lseek(_STDERR, 0, os.SEEK_END)
    os.lseek(_STDERR, 0, os.SEEK_SET)
    said = os.read(_STDERR, size).lower()
    return any(word in said for word in _COMPLAINTS)


def _plain_image(request: dict[str, Any], content: bytes) -> bytes:
    """A DICOM file with one frame and no more than it takes to decode that."""
    meta = (
        _element(2, 1, b"OB", b"\0\1")
        + _element(2, 2, b"UI", _SECONDARY_CAPTURE)
        + _element(2, 3, b"UI", _INSTANCE)
        + _element(2, 0x10, b"UI", request["syntax"].encode())
    )
    numbers = {
        0x10: request["rows"], 0x11: request["columns"], 0x100: request["allocated"], 0x101: request["stored"],
        0x102: request["stored"] - 1, 0x103: int(request["signed"]),
    }  # fmt: skip
    image = [
        _element(8, 0x16, b"UI", _SECONDARY_CAPTURE),
        _element(8, 0x18, b"UI", _INSTANCE),
        _element(0x28, 2, b"US", struct.pack("<H", 1)),
        _element(0x28, 4, b"CS", b"MONOCHROME2 "),
        *(_element(0x28, number, b"US", struct.pack("<H", value)) for number, value in numbers.items()),
    ]
    content += b"\0" * (len(content) % 2)
    item = struct.pack("<2HI", 0xFFFE, 0xE000, 0) + struct.pack("<2HI", 0xFFFE, 0xE000, len(content)) + content
    pixels = struct.pack("<2H2s2xI", 0x7FE0, 0x10, b"OB", 0xFFFFFFFF) + item + struct.pack("<2HI", 0xFFFE, 0xE0DD, 0)
    length = _element(2, 0, b"UL", struct.pack("<I", len(meta)))
    return b"".join([bytes(128), b"DICM", length, meta, *image, pixels])


def _element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
    """One element, explicit, little endian."""
    value += b"\0" * (len(value) % 2)
    length = struct.pack("<2xI" if kind == b"OB" else "<H", len(value))
    return struct.pack("<2H2s", group, number, kind) + length + value


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    main()

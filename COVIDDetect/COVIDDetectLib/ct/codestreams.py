"""What JPEG, JPEG-LS and JPEG 2000 data tell without being decoded: their size, and some of what was lost in them."""

from __future__ import annotations

import re
import struct

_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers after which JPEG (0xC0 to 0xCF) and JPEG-LS (0xF7) tell rows and columns; the others are tables."""
_JPEG_2000 = b"\xff\x4f\xff\x51"
_TILE, _DATA, _END = 0xFF90, 0xFF93, 0xFFD9
_TILE_HEADER_BYTES = 12
_NEVER_IN_DATA = re.compile(rb"\xff[\x90\x93-\xff]|\0{256}")
"""Coded data have no more than 0x8F after 0xFF (ISO/IEC 15444-1, B.10.1 and C.2), but for two markers of packets; and
arithmetic coding never makes so many zeros. Decoders make a picture of them all the same."""


def codestream_size(content: bytes) -> tuple[int, int] | None:
    """Rows and columns that JPEG, JPEG-LS or JPEG 2000 data tell; None if they tell none."""
    if content.startswith(_JPEG_2000) and len(content) >= 24:
        right, bottom, left, top = struct.unpack(">4I", content[8:24])
        return bottom - top, right - left
    at = 2
    while content[:2] == b"\xff\xd8" and at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if marker in _START_OF_FRAME:
            rows, columns = struct.unpack(">HH", content[at + 5 : at + 9])
            return rows, columns
        at += 1 if marker == 0xFF else 2 + length
    return None


def is_sound_jpeg_2000(content: bytes) -> bool:
    """Whether nothing in the data is impossible, as where a block of the file was lost; true of any other data.

    One damaged bit, or a block of other data of the same kind, cannot be seen.
    """
    if not content.startswith(_JPEG_2000):
        return True
    try:
        at = _after_header(content, 2, _TILE)
        while _marker(content, at) == _TILE:
            (length,) = struct.unpack(">I", content[at + 6 : at + 10])
            end = at + length if length else content.rindex(b"\xff\xd9")
            data = content[_after_header(content, at + _TILE_HEADER_BYTES, _DATA) + 2 : end]
            if end > len(content) or _NEVER_IN_DATA.search(data):
                return False
            at = end
        return _marker(content, at) == _END
    except (struct.error, ValueError):
        return False


def _after_header(content: bytes, at: int, last: int) -> int:
    """Where the marker is that ends a header."""
    while (marker := _marker(content, at)) != last:
        if marker < 0xFF00:
            raise ValueError
        at += 2 + _marker(content, at + 2)
    return at


def _marker(content: bytes, at: int) -> int:
    return int(struct.unpack(">H", content[at : at + 2])[0])

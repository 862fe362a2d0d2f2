"""Writes a page of text, lines and pictures as PDF.

Slicer's Python has no library for PDF, and the command line has no Qt: this is the little of the format that both need
(ISO 32000-1). Fonts are the standard ones that every reader has, so that text can be searched and copied.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

A4 = (595.0, 842.0)
"""Width and height in points."""

_ENCODING = "cp1252"
"""What PDF calls WinAnsiEncoding."""

# fmt: off
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)
# fmt: on
"""Of Helvetica's characters from space to tilde, in thousandths of the size (Adobe's font metrics)."""
_WIDTH_OF_OTHERS = 556
_BOLD_IS_WIDER = 1.08


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line in points; of bold text and letters with accents a good estimate."""
    known = len(_WIDTHS)
    units = sum(_WIDTHS[ord(one) - 32] if 32 <= ord(one) < 32 + known else _WIDTH_OF_OTHERS for one in text)
    return units * size / 1000 * (_BOLD_IS_WIDER if bold else 1)


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of at most ``width`` points; a word that is longer is cut."""
    lines = [""]
    for word in text.split():
        while text_width(word, size, bold) > width:
            fitting = next(n for n in range(len(word), 0, -1) if n == 1 or text_width(word[:n], size, bold) <= width)
            lines += [word[:fitting], ""]
            word = word[fitting:]
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


class PdfPage:
    """One page that is drawn from its upper left corner, in points.

    Parameters
    ----------
    title
        Of the document.
    size
        Width and height.
    """

    def __init__(self, title: str, size: tuple[float, float] = A4) -> None:
        self.width, self.height = size
        self._title = title
        self._content: list[bytes] = []
        self._pictures: list[tuple[int, int, bytes]] = []

    def text(
        self, x: float, y: float, text: str, size: float, *, bold: bool = False, color: Sequence[float] = (0, 0, 0)
    ) -> None:
        """A line whose baseline begins at ``x``, ``y``."""
        encoded = text.encode(_ENCODING, "replace")
        for mark in (b"\\", b"(", b")"):
            encoded = encoded.replace(mark, b"\\" + mark)
        font = b"/F2" if bold else b"/F1"
        place = _numbers(x, self.height - y)
        self._content.append(
            b"%s rg BT %s %s Tf %s Td (%s) Tj ET" % (_numbers(*color), font, _numbers(size), place, encoded)
        )

    def box(self, x: float, y: float, width: float, height: float, color: Sequence[float]) -> None:
        """A filled rectangle with its upper left corner at ``x``, ``y``."""
        place = _numbers(x, self.height - y - height, width, height)
        self._content.append(b"%s rg %s re f" % (_numbers(*color), place))

    def picture(self, x: float, y: float, width: float, height: float, pixels: tuple[int, int], jpeg: bytes) -> None:
        """An RGB picture with its upper left corner at ``x``, ``y``.

        Parameters
        ----------
        pixels
            Number of columns and rows.
        jpeg
            The file.
        """
        place = _numbers(width, 0, 0, height, x, self.height - y - height)
        self._content.append(b"q %s cm /P%d Do Q" % (place, len(self._pictures)))
        self._pictures.append((*pixels, jpeg))

    def encoded(self) -> bytes:
        """The file."""
        first_picture = 7
        names = b" ".join(b"/P%d %d 0 R" % (n, first_picture + n) for n in range(len(self._pictures)))
        content = zlib.compress(b"\n".join(self._content))
        title = self._title.encode("utf-16-be").hex().encode()
        font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s] /Contents 6 0 R "
            b"/Resources << /Font << /F1 4 0 R /F2 5 0 R >> /XObject << %s >> >> >>"
            % (_numbers(self.width, self.height), names),
            font % b"Helvetica",
            font % b"Helvetica-Bold",
            _stream(b"/Filter /FlateDecode", content),
            *(
                _stream(
                    b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 "
                    b"/Filter /DCTDecode" % (columns, rows),
                    jpeg,
                )
                for columns, rows, jpeg in self._pictures
            ),
            b"<< /Title <FEFF%s> /Producer (COVIDDetect) >>" % title,
        ]
        file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(objects, 1):
            places.append(len(file))
            file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
        table = len(file)
        file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        file += b"".join(b"%010d 00000 n \n" % place for place in places)
        file += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, len(objects))
        return bytes(file) + b"startxref\n%d\n%%%%EOF\n" % table


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _numbers(*numbers: float) -> bytes:
    return " ".join(f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers).encode()

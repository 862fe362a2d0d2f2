"""A report as one page of PDF, A4: pictures take the room that the texts leave."""

from __future__ import annotations

from collections.abc import Sequence

from .page import Page
from .pdf import PdfPage, text_width, wrapped

_MARGIN, _SIZE, _SMALL, _LEADING = 36.0, 8.2, 6.2, 1.32
_GRAY, _FAINT, _NOTICE, _PALE = (0.54, 0.54, 0.54), (0.27, 0.27, 0.27), (0.64, 0.23, 0.0), (1.0, 0.945, 0.84)
_BLACK = (0.0, 0.0, 0.0)
_GAP, _COLUMNS, _CAPTION_LINES = 6.0, 4, 2
_LOWEST_PICTURE = 60.0


class _Pen:
    """Writes from top to bottom."""

    def __init__(self, page: PdfPage, y: float = _MARGIN) -> None:
        self.page, self.y = page, y
        self.left, self.width = _MARGIN, page.width - 2 * _MARGIN

    def line(
        self,
        text: str,
        size: float = _SIZE,
        *,
        bold: bool = False,
        color: Sequence[float] = _BLACK,
        indent: float = 0.0,
        width: float | None = None,
    ) -> None:
        for part in wrapped(text, (width or self.width) - indent, size, bold):
            self.y += size * _LEADING
            self.page.text(self.left + indent, self.y, part, size, bold=bold, color=color)

    def heading(self, text: str) -> None:
        self.y += 0.6 * _SIZE
        self.line(text, bold=True)
        self.y += 2.5
        self.page.box(self.left, self.y, self.width, 0.5, (0.73, 0.73, 0.73))
        self.y += 0.5

    def row(self, cells: Sequence[str], places: Sequence[float], size: float = _SIZE, bold: bool = False) -> None:
        """Cells side by side; the last of them may have several lines."""
        start = self.y
        lowest = start
        for number, (cell, x) in enumerate(zip(cells, places, strict=False)):
            end = places[number + 1] if number + 1 < len(cells) else self.width
            self.y = start
            color = _FAINT if number == 0 else _BLACK
            self.line(cell, size, bold=bold, color=color, indent=x, width=end - 4)
            lowest = max(lowest, self.y)
        self.y = lowest


def page_pdf(page: Page) -> bytes:
    """The whole file."""
    pdf = PdfPage(f"{page.title}, {page.study}")
    pen = _Pen(pdf)
    _head(pen, page)
    pen.y += 4
    for name, value in page.acquisition:
        pen.row((name, value), (0, 95))
    pen.heading(page.measures_title)
    for number, row in enumerate(page.measures):
        pen.row(row, (0, 230, 375), bold=number == 0)
    pen.line(page.opacity_note, color=_FAINT)
    pen.heading(page.regions_title)
    for line in page.regions:
        pen.line(line)
    if page.comparison:
        pen.heading(page.comparison[0])
        for line in page.comparison[1:]:
            pen.line(line)
    foot = _Pen(PdfPage(""), 0.0)  # to know its height
    _details(foot, page)
    if page.pictures:
        pen.heading(page.pictures_title)
        _pictures(pen, page, pdf.height - _MARGIN - foot.y - 6)
    _details(_Pen(pdf, pdf.height - _MARGIN - foot.y), page)
    return pdf.encoded()


def _head(pen: _Pen, page: Page) -> None:
    beside = text_width(page.study, 9, bold=True)
    pen.page.text(pen.left + pen.width - beside, _MARGIN + 13, page.study, 9, bold=True)
    pen.line(page.title, 13, bold=True, width=pen.width - beside - 10)
    pen.line(page.research, bold=True, color=_NOTICE)
    if page.doubts:
        pen.y += 5
        lines = [part for doubt in page.doubts for part in wrapped(doubt, pen.width - 18, _SIZE, bold=True)]
        height = len(lines) * _SIZE * _LEADING + 7
        pen.page.box(pen.left, pen.y, pen.width, height, _PALE)
        pen.page.box(pen.left, pen.y, 3, height, (0.85, 0.48, 0.0))
        end = pen.y + height
        for line in lines:
            pen.line(line, bold=True, indent=9)
        pen.y = end
    pen.y += 5
    start, size = pen.y, 28.0
    indent = text_width(page.number, size, bold=True) + 14
    pen.page.text(pen.left, start + size, page.number, size, bold=True, color=_GRAY if page.is_gray else _BLACK)
    for line in page.verdict:
        pen.line(line, indent=indent)
    pen.y = max(pen.y, start + size + 4)


def _pictures(pen: _Pen, page: Page, bottom: float) -> None:
    """In rows of four, as large as fits above ``bottom``."""
    rows = [page.pictures[at : at + _COLUMNS] for at in range(0, len(page.pictures), _COLUMNS)]
    captions = _CAPTION_LINES * _SMALL * _LEADING + _GAP
    full = (pen.width - (_COLUMNS - 1) * _GAP) / _COLUMNS
    heights = [max(picture.image.height / picture.image.width for _, picture in row) * full for row in rows]
    room = bottom - pen.y - _GAP - len(rows) * captions - 2 * _SMALL * _LEADING
    scale = min(1.0, max(room, _LOWEST_PICTURE) / sum(heights))
    pen.y += _GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (caption, picture) in enumerate(row):
            image = picture.image
            x, width = pen.left + column * (full + _GAP), full * scale
            pen.page.picture(x, pen.y, width, width * image.height / image.width, image.size, picture.encoded("JPEG"))
            below = _Pen(pen.page, pen.y + width * image.height / image.width)
            below.left = x
            below.line(caption, _SMALL, color=_FAINT, width=full)
        pen.y += height * scale + captions
    pen.line(page.pictures_note, _SMALL, color=_FAINT)


def _details(pen: _Pen, page: Page) -> None:
    for name, value in page.details:
        pen.row((name, value), (0, 95), _SMALL)

"""Colors of the panel's own that are as readable on dark as on light, and a scale in them.

They are style sheets without a color of the theme: Qt would keep that when the theme changes while Slicer runs.
"""

from __future__ import annotations

from itertools import pairwise

LINK = "#2f7fd6"
"""Slicer's dark theme leaves links in Qt's dark blue."""
FILLED, GRAY, EMPTY, LINE = "#2f7fd6", "#808080", "rgba(128, 128, 128, 60)", "#e08700"
_WITHIN = {FILLED: ("#1d4f8c", "#9cc4ee"), GRAY: ("#555555", "#b4b4b4")}
"""The band, below and above the probability."""
_HALF_LINE = 0.006
"""Half of the width of the threshold's line, as a share of the scale."""


def scale_style(probability: float, threshold: float, is_gray: bool, band: tuple[float, float] | None = None) -> str:
    """A bar from 0 to 1, filled up to the probability, with a line at the decision threshold, and perhaps a band.

    Examples
    --------
    >>> scale_style(0.3, 0.5, False).count("stop:")
    8
    """
    filled = GRAY if is_gray else FILLED
    line = max(threshold - _HALF_LINE, 0.0), min(threshold + _HALF_LINE, 1.0)
    within = [edge for edge in (0.0, 1.0, probability, *(band or ())) if not line[0] < edge < line[1]]
    edges = sorted({*line, *within})
    stops = []
    for begin, end in pairwise(edges):
        middle = (begin + end) / 2
        is_below = middle < probability
        color = filled if is_below else EMPTY
        if line[0] < middle < line[1]:
            color = LINE
        elif band and band[0] < middle < band[1]:
            color = _WITHIN[filled][0 if is_below else 1]
        stops += [(begin, color), (max(begin, end - 1e-4), color)]
    listed = ", ".join(f"stop:{place:.4f} {color}" for place, color in stops)
    return f"border: 1px solid {GRAY}; background: qlineargradient(x1:0, y1:0, x2:1, y2:0, {listed});"


def warning_style(name: str) -> str:
    """Of a widget of that name which must be seen."""
    return f"#{name} {{ background: #f2d7a4; border-left: 3px solid #d98700; }} #{name} QLabel {{ color: #1c1c1c; }}"

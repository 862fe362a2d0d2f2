"""A scale from 0 to 1 as a style sheet: it follows size and theme by itself, which a picture does not."""

from __future__ import annotations

_LINE = 0.006
"""Half of the width of the threshold's line, as a share of the scale."""


def scale_style(probability: float, threshold: float, is_gray: bool) -> str:
    """The bar filled up to the probability, with a line at the decision threshold.

    Examples
    --------
    >>> scale_style(0.3, 0.5, False).count("stop:")
    8
    """
    filled = "palette(dark)" if is_gray else "palette(highlight)"

    def color_at(place: float) -> str:
        return filled if place < probability else "palette(midlight)"

    low, high = max(threshold - _LINE, 0.0), min(threshold + _LINE, 1.0)
    parts = [(0.0, min(probability, low), filled), (min(probability, low), low, color_at(low - 1e-9))]
    parts += [(low, high, "palette(window-text)"), (high, max(probability, high), color_at(high))]
    parts += [(max(probability, high), 1.0, "palette(midlight)")]
    stops = [stop for begin, end, color in parts if end > begin for stop in ((begin, color), (end - 1e-4, color))]
    listed = ", ".join(f"stop:{place:.4f} {color}" for place, color in stops)
    return f"border: 1px solid palette(mid); background: qlineargradient(x1:0, y1:0, x2:1, y2:0, {listed});"


WARNING = "background: rgba(230, 150, 0, 70); border-left: 3px solid rgb(225, 140, 0);"
"""Of a line that must be seen: readable on light and on dark."""

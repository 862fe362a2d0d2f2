"""Draws the icon of module and extension, 128×128: two lungs seen from the front, and the place that drew attention.

.venv/bin/python tools/draw_icon.py
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Outline

ROOT = Path(__file__).resolve().parents[1]
ICONS = (ROOT / "Resources" / "COVIDDetect.png", ROOT / "COVIDDetect" / "Resources" / "Icons" / "COVIDDetect.png")

NIGHT, TISSUE, LINE, HEAT = "#10202e", "#2c5470", "#9fd3ee", "inferno"
SPOT = (0.315, 0.36)
"""Center of the heat, in the lower part of the lung that lies left in the picture: the patient's right."""


def lung(mirrored: bool) -> Outline:
    """The outline of one lung in the unit square."""
    corners = [
        (0.44, 0.66), (0.44, 0.80), (0.36, 0.88), (0.30, 0.82),
        (0.16, 0.68), (0.10, 0.40), (0.12, 0.22), (0.14, 0.14), (0.20, 0.17), (0.26, 0.22),
        (0.34, 0.28), (0.44, 0.24), (0.44, 0.34), (0.44, 0.42), (0.40, 0.50), (0.44, 0.66),
    ]  # fmt: skip
    points = np.array(corners)
    if mirrored:
        points[:, 0] = 1 - points[:, 0]
    return Outline(points, [Outline.MOVETO, *[Outline.CURVE4] * 15])


def draw() -> Figure:
    """The icon as a figure of 128×128 pixels at 128 dots per inch."""
    figure = Figure(figsize=(1, 1), dpi=128)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")
    box = FancyBboxPatch((0.02, 0.02), 0.96, 0.96, boxstyle="round,pad=0,rounding_size=0.18", fc=NIGHT, ec="none")
    axes.add_patch(box)
    axes.plot([0.5, 0.5], [0.93, 0.72], color=LINE, linewidth=3.2, solid_capstyle="round")
    axes.plot([0.5, 0.42], [0.72, 0.63], color=LINE, linewidth=2.6, solid_capstyle="round")
    axes.plot([0.5, 0.58], [0.72, 0.63], color=LINE, linewidth=2.6, solid_capstyle="round")
    y, x = np.mgrid[0:1:256j, 0:1:256j]
    glow = np.exp(-((x - SPOT[0]) ** 2 + (y - SPOT[1]) ** 2) / (2 * 0.10**2))
    for mirrored in (False, True):
        filled = PathPatch(lung(mirrored), fc=TISSUE, ec=LINE, linewidth=1.8)
        axes.add_patch(filled)
        if not mirrored:
            heat = axes.imshow(
                glow, cmap=HEAT, alpha=np.clip(glow * 1.4, 0, 1), extent=(0, 1, 0, 1), origin="lower", zorder=3
            )
            heat.set_clip_path(filled)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure


def main() -> None:
    """Write the icon to both places."""
    canvas = FigureCanvasAgg(draw())
    for path in ICONS:
        path.parent.mkdir(parents=True, exist_ok=True)
        canvas.print_png(path, metadata={"Software": None})


if __name__ == "__main__":
    main()

"""Draws one picture that shows an analysis at a glance."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.analyze import Analysis
from ..analysis.heat_map import LEAST_IN_LUNGS
from ..ct.volume import CTVolume
from ..lungs import LEFT, RIGHT
from ..probability import probability_text
from .planes import Plane, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LUNG_WINDOW_HU = (-1350.0, 150.0)
"""Width 1500, level −600: the usual lung window."""

RIGHT_COLOR, LEFT_COLOR = "#4fc3f7", "#9be15d"
HEAT_MAP_COLORS = "inferno"
HEAT_MAP_SHOWN_FROM, HEAT_MAP_FULL_FROM = 0.15, 0.6
"""Parts of the maximum between which the heat map grows from transparent to its full opacity: lung stays visible."""
HEAT_MAP_OPACITY = 0.6
_LUNG_GRAY = "0.33"
"""−850 HU in the lung window."""

_BACKGROUND, _TEXT, _FAINT, _NOTICE = "black", "#f0f0f0", "#9a9a9a", "#ffb74d"
_SIZE_INCHES, _DPI = (16.0, 9.6), 110
_NOTE_CHARACTERS, _NOTE_HEIGHT = 190, 0.022
_RESEARCH_ONLY = "Research use only, not a medical device."


def overview(ct: CTVolume, analysis: Analysis, path: str | Path) -> None:
    """Draw three axial slices, a coronal and a sagittal one with lungs and heat map, and the result in words.

    The planes are those that show most of the heat map. The picture names no patient.

    Parameters
    ----------
    ct
        The CT that was analyzed, in any orientation.
    analysis
        Its result.
    path
        The PNG file to write.
    """
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False}):  # a title with $ is a title, no formula
        _draw(ct, analysis, path)


def _draw(ct: CTVolume, analysis: Analysis, path: str | Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    scene = Scene.of(ct, analysis.lung_mask, analysis.attention)
    axial = [scene.cut("axial", index) for index in scene.axial_indices()]
    coronal, sagittal = (scene.cut(axis, scene.hottest_index(axis)) for axis in ("coronal", "sagittal"))

    figure = Figure(_SIZE_INCHES, dpi=_DPI, facecolor=_BACKGROUND)
    FigureCanvasAgg(figure)
    _draw_title(figure, analysis)
    top = _draw_notes(figure, analysis)
    grid = figure.add_gridspec(2, 3, left=0.02, right=0.98, bottom=0.03, top=top, wspace=0.04, hspace=0.10)
    for number, plane in enumerate(axial):
        _draw_plane(figure.add_subplot(grid[0, number]), plane)
    for number, plane in enumerate((coronal, sagittal)):
        axes = figure.add_subplot(grid[1, number])
        _draw_plane(axes, plane)
        _draw_levels(axes, [level.index * scene.ct.geometry.spacing[2] for level in axial])
    _draw_legend(figure, analysis, analysis.heat_map.share_in_lungs)
    figure.savefig(path, format="png", facecolor=_BACKGROUND)


def _draw_title(figure: Figure, analysis: Analysis) -> None:
    positive = analysis.probability >= analysis.decision_threshold
    side = "at or above" if positive else "below"
    sentence = f"probability of COVID-19, {side} the decision threshold of {analysis.decision_threshold:.2f}"
    number = probability_text(analysis.probability, analysis.decision_threshold)
    figure.text(0.02, 0.957, number, color=_TEXT, size=34, weight="bold", va="center")
    figure.text(0.105, 0.968, sentence, color=_TEXT, size=15, va="center")
    figure.text(0.105, 0.938, analysis.card.title, color=_FAINT, size=12, va="center")
    figure.text(0.98, 0.957, _RESEARCH_ONLY, color=_NOTICE, size=14, ha="right", va="center")


def _draw_notes(figure: Figure, analysis: Analysis) -> float:
    """Draw the notes below the number; return where the planes begin."""
    lines = [line for note in analysis.notes for line in wrap(note, _NOTE_CHARACTERS)]
    for number, line in enumerate(lines):
        figure.text(0.02, 0.913 - _NOTE_HEIGHT * number, line, color=_NOTICE, size=12, va="center")
    return 0.89 - _NOTE_HEIGHT * len(lines)


def _draw_plane(axes: Axes, plane: Plane) -> None:
    from matplotlib.patheffects import withStroke

    axes.set_facecolor(_BACKGROUND)
    axes.set_axis_off()
    low, high = LUNG_WINDOW_HU
    axes.imshow(
        plane.hu, cmap="gray", vmin=low, vmax=high, extent=plane.extent_mm, interpolation="bilinear", aspect="equal"
    )
    heat = _heat(plane.attention)
    heat[plane.labels == 0] = 0.0
    axes.imshow(heat, extent=plane.extent_mm, interpolation="nearest", aspect="equal")
    for label, color in ((RIGHT, RIGHT_COLOR), (LEFT, LEFT_COLOR)):
        lung = plane.labels == label
        if lung.any():
            axes.contour(
                lung.astype(float), [0.5], colors=color, linewidths=1.1, extent=plane.extent_mm, origin="upper"
            )
    axes.set_title(plane.title, color=_TEXT, size=12, pad=5)
    left, right, top, bottom = plane.edges
    for letter, x, y in ((left, 0.025, 0.5), (right, 0.975, 0.5), (top, 0.5, 0.955), (bottom, 0.5, 0.045)):
        text = axes.text(x, y, letter, transform=axes.transAxes, color=_TEXT, size=14, weight="bold")
        text.set(ha="center", va="center", path_effects=[withStroke(linewidth=3, foreground=_BACKGROUND)])


def _heat(values: np.ndarray) -> np.ndarray:
    """Colors and opacities ``[…, 4]`` of heat map values."""
    from matplotlib import colormaps

    colors = colormaps[HEAT_MAP_COLORS](values)
    colors[..., 3] = HEAT_MAP_OPACITY * np.interp(values, (HEAT_MAP_SHOWN_FROM, HEAT_MAP_FULL_FROM), (0.0, 1.0))
    return colors


def _draw_levels(axes: Axes, levels_mm: list[float]) -> None:
    """Where the axial slices lie."""
    for level_mm in levels_mm:
        axes.axhline(level_mm, color=_TEXT, linewidth=0.7, linestyle=(0, (6, 6)), alpha=0.6)


def _draw_legend(figure: Figure, analysis: Analysis, share: float) -> None:
    right_ml, left_ml = analysis.lung_mask.volumes_ml
    method = {"unet": "UNet", "threshold": "threshold", "given": "a given mask"}[analysis.lungs_method]
    maximum = analysis.attention.raw_maximum
    is_dark = analysis.attention.values.max() < HEAT_MAP_SHOWN_FROM
    heat_map = f"{share:.0%} of the heat map lies in the lungs and is drawn"
    if is_dark:
        heat_map = "Hardly anything in this CT suggested COVID-19"
    if maximum == 0:
        heat_map = "The heat map is empty: nothing in this CT suggested COVID-19"
    left, width = 0.70, 0.26

    scale = figure.add_axes((left, 0.385, width, 0.024), facecolor=_BACKGROUND)
    scale.axvspan(0, analysis.probability, color="#e0e0e0")
    scale.axvline(analysis.decision_threshold, color=_NOTICE, linewidth=2.5)
    _style_scale(scale, "Probability of COVID-19 (line: decision threshold)")

    # The bar shows the colors as they look on aerated lung.
    bar = figure.add_axes((left, 0.285, width, 0.024), facecolor=_LUNG_GRAY)
    bar.imshow(_heat(np.linspace(0, 1, 256)[None]), extent=(0, 1, 0, 1), aspect="auto")
    _style_scale(bar, f"HiResCAM, 1.00 stands for {maximum:.2g} in log-odds")

    lines = [
        (f"Right lung  {right_ml / 1000:.2f} L", RIGHT_COLOR),
        (f"Left lung  {left_ml / 1000:.2f} L", LEFT_COLOR),
        (f"Lungs found by: {method}", _TEXT),
        (heat_map, _TEXT if is_dark or share >= LEAST_IN_LUNGS else _NOTICE),
        (f"{analysis.device}, {analysis.time.replace('T', ' ')[:16]} UTC, CT {analysis.ct_sha256[:12]}", _FAINT),
    ]
    for number, (line, color) in enumerate(lines):
        figure.text(left, 0.205 - 0.032 * number, line, color=color, size=12, va="center")


def _style_scale(axes: Axes, label: str) -> None:
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(colors=_TEXT, labelsize=10)
    for spine in axes.spines.values():
        spine.set_color(_FAINT)
    axes.set_title(label, color=_TEXT, size=11, loc="left", pad=6)

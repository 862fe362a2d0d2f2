"""Pictures of the heat map's evaluation: examples, curves, and the randomization test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.cells import spread_cells
from .faithfulness import BLOB, BRIGHTNESS, HEAT_MAP, TRUTH, Example
from .plots import CHANCE_COLOR, image_source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {HEAT_MAP: "#c0392b", BRIGHTNESS: "#2c6fad", BLOB: CHANCE_COLOR, TRUTH: "#222222"}
_LINES = {HEAT_MAP: "-", BRIGHTNESS: "-", BLOB: "-", TRUTH: ":"}
_LESION_COLOR = "#35e06f"
_LUNG_WINDOW = (0.0, 191.0)
"""−1200 to 150 HU on the 8-bit scale of −1200 to 600 HU."""


def plot_curves(figures: Mapping[str, Any], likeness_wanted: float) -> str:
    """Deletion, insertion and randomization, as the source of an image."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.6, 4.3), layout="constrained")
    deletion, insertion, forgetting = figure.subplots(1, 3)
    for axes, kind, title in (
        (deletion, "deletion", "Deletion: lower is better"),
        (insertion, "insertion", "Insertion: higher is better"),
    ):
        for name, one in figures["maps"].items():
            axes.plot(np.sqrt(figures["fractions"]), one[kind], color=_COLORS[name], linestyle=_LINES[name], label=name)
        axes.set_xticks(np.sqrt(figures["fractions"]), [f"{100 * f:g}" for f in figures["fractions"]])
        axes.set(
            title=title, xlabel="% of the lungs' cells, hottest first", ylabel="mean probability", ylim=(-0.02, 1.02)
        )
    deletion.legend(frameon=False, fontsize=9)
    _plot_forgetting(forgetting, figures["randomized"], likeness_wanted)
    return image_source(figure)


def _plot_forgetting(axes: Axes, randomized: Mapping[str, Mapping[str, float | None]], wanted: float) -> None:
    names = ["none", *randomized]
    values = [1.0, *(_or_nan(one["value"]) for one in randomized.values())]
    below = [0.0, *(_or_nan(one["value"]) - _or_nan(one["low"]) for one in randomized.values())]
    above = [0.0, *(_or_nan(one["high"]) - _or_nan(one["value"]) for one in randomized.values())]
    axes.axhline(wanted, color=CHANCE_COLOR, linestyle=":")
    axes.errorbar(range(len(names)), values, yerr=[below, above], color=_COLORS[HEAT_MAP], marker="o", capsize=2)
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=9)
    axes.set(
        title="Likeness to the real map",
        xlabel="layers forgotten, up to",
        ylabel="absolute rank correlation",
        ylim=(-0.02, 1.05),
    )


def plot_examples(examples: Sequence[Example]) -> str:
    """Each case in the axial slice of the map's peak: CT with the lesions' outline, and the map over it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.6, 5.6), layout="constrained")
    grid = figure.subplots(2, len(examples), squeeze=False)
    for (plain, hot), example in zip(grid.T, examples, strict=True):
        _draw_example(plain, hot, example)
    return image_source(figure, "png")


def choose_examples(examples: Sequence[Example], count: int = 4) -> list[Example]:
    """Diseased cases from the worst to the best map."""
    diseased = sorted(
        (example for example in examples if example.result.is_diseased),
        key=lambda example: example.result.energy[HEAT_MAP] / example.result.lesion_share,
    )
    chosen = np.unique(np.linspace(0, len(diseased) - 1, count).round().astype(int))
    return [diseased[number] for number in chosen]


def _draw_example(plain: Axes, hot: Axes, example: Example) -> None:
    ct_mask, result = example.ct_mask, example.result
    heat = spread_cells(example.heat / (example.heat.max() or 1.0), ct_mask.image.shape)
    if example.heat.max() > 0:
        index = int(np.unravel_index(np.argmax(heat), heat.shape)[0])
    else:
        index = int(example.lesions.sum(axis=(1, 2)).argmax())
    columns_mm, rows_mm, _ = ct_mask.geometry.spacing
    for axes in (plain, hot):
        axes.imshow(
            ct_mask.image[index], cmap="gray", vmin=_LUNG_WINDOW[0], vmax=_LUNG_WINDOW[1], aspect=rows_mm / columns_mm
        )
        axes.set_axis_off()
    shown = heat[index]
    hot.imshow(shown, cmap="inferno", vmin=0, vmax=1, alpha=0.6 * np.clip(2 * shown, 0, 1), aspect=rows_mm / columns_mm)
    if example.lesions[index].any():
        for axes in (plain, hot):
            axes.contour(example.lesions[index], [0.5], colors=_LESION_COLOR, linewidths=0.8)
    plain.set_title(f"{result.name}\nslice {index + 1}, lesions {result.lesion_share:.0%} of the lungs", fontsize=9)
    hit = "in a lesion" if result.points[HEAT_MAP] else "not in a lesion"
    ratio = result.energy[HEAT_MAP] / result.lesion_share
    hot.set_title(f"probability {result.probability:.2f}, peak {hit}, energy × {ratio:.1f}", fontsize=9)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value

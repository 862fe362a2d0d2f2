"""Curves of a cohort as SVG pictures for an HTML page."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POSITIVE_COLOR, NEGATIVE_COLOR, CHANCE_COLOR = "#c0392b", "#2c6fad", "#9a9a9a"
_CURVE_COLOR = "#222222"
_MOST_POINTS = 2000
_MARKS = {"sensitivity at least 0.95": "^", "specificity at least 0.95": "s", "best balanced": "o"}


def plot_cohort(predictions: Predictions, metrics: Mapping[str, Any]) -> str:
    """ROC, precision-recall, calibration and the probabilities of both kinds of cases, as the source of an image."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.4, 9.4), layout="constrained")
    axes = figure.subplots(2, 2)
    _roc(axes[0, 0], predictions, metrics)
    _precision_recall(axes[0, 1], predictions, metrics)
    _calibration(axes[1, 0], metrics)
    _probabilities(axes[1, 1], predictions)
    return image_source(figure)


def image_source(figure: Figure, kind: str = "svg") -> str:
    """A figure as a data URI, so that the page needs no other file; ``kind`` is ``"svg"`` or ``"png"``."""
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=120)
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    return f"data:{mime};base64,{base64.b64encode(stream.getvalue()).decode()}"


def _roc(axes: Axes, predictions: Predictions, metrics: Mapping[str, Any]) -> None:
    from sklearn.metrics import roc_curve

    false_positive_rate, true_positive_rate, _ = roc_curve(
        predictions.labels, predictions.probabilities, drop_intermediate=False
    )
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOR, linestyle=":", label="chance")
    axes.plot(*_thinned(false_positive_rate, true_positive_rate), color=_CURVE_COLOR)
    for name, mark in _MARKS.items():
        point = metrics["operating_points"][name]
        sensitivity, specificity = point["sensitivity"], point["specificity"]
        x, y = 1 - specificity["value"], sensitivity["value"]
        axes.errorbar(
            x,
            y,
            xerr=[[x - 1 + specificity["high"]], [1 - specificity["low"] - x]],
            yerr=[[y - sensitivity["low"]], [sensitivity["high"] - y]],
            marker=mark,
            color=_CURVE_COLOR,
            markerfacecolor="white",
            markersize=7,
            elinewidth=0.8,
            alpha=0.9,
            linestyle="none",
            label=name,
        )
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    _unit_square(axes, f"ROC curve, area {_short(metrics['roc_auc'])}", "1 − specificity", "sensitivity")


def _precision_recall(axes: Axes, predictions: Predictions, metrics: Mapping[str, Any]) -> None:
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(predictions.labels, predictions.probabilities)
    prevalence = metrics["prevalence"]
    axes.axhline(prevalence, color=CHANCE_COLOR, linestyle=":", label=f"chance: prevalence {prevalence:.2f}")
    axes.plot(*_thinned(recall, precision), color=_CURVE_COLOR, drawstyle="steps-post")
    axes.legend(loc="lower left", frameon=False, fontsize=9)
    _unit_square(
        axes, f"Precision-recall curve, area {_short(metrics['pr_auc'])}", "sensitivity (recall)", "PPV (precision)"
    )


def _calibration(axes: Axes, metrics: Mapping[str, Any]) -> None:
    bins = metrics["calibration"]
    x = np.array([one["mean_probability"] for one in bins])
    y, low, high = (np.array([one["share_positive"][key] for one in bins]) for key in ("value", "low", "high"))
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOR, linestyle=":", label="perfect")
    axes.errorbar(
        x, y, yerr=[y - low, high - y], color=_CURVE_COLOR, marker="o", elinewidth=0.8, capsize=2, linewidth=1
    )
    for one, at, share in zip(bins, x, y, strict=True):
        offset = (6, -12) if share > 0.5 else (6, 7)
        axes.annotate(str(one["cases"]), (at, share), xytext=offset, textcoords="offset points", fontsize=8)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    _unit_square(
        axes,
        f"Calibration, Brier score {_short(metrics['brier_score'])}",
        "mean probability (numbers: cases)",
        "share with COVID-19",
    )


def _probabilities(axes: Axes, predictions: Predictions) -> None:
    edges = [number / 20 for number in range(21)]
    for labels, color, title in (
        (predictions.labels, POSITIVE_COLOR, f"with COVID-19 ({predictions.positives})"),
        (~predictions.labels, NEGATIVE_COLOR, f"without ({predictions.negatives})"),
    ):
        axes.hist(predictions.probabilities[labels], edges, color=color, alpha=0.55, label=title)
    axes.legend(loc="upper center", frameon=False, fontsize=9)
    axes.set(title="Probabilities", xlabel="probability", ylabel="cases", xlim=(-0.02, 1.02))
    axes.set_box_aspect(1)


def _thinned(*coordinates: np.ndarray) -> list[np.ndarray]:
    """As many points of a curve as a picture can show."""
    count = len(coordinates[0])
    kept = np.unique(np.linspace(0, count - 1, min(count, _MOST_POINTS)).round().astype(int))
    return [one[kept] for one in coordinates]


def _unit_square(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_aspect("equal")


def _short(entry: Mapping[str, float | None]) -> str:
    if entry["low"] is None:
        return f"{entry['value']:.3f} (–)"
    return f"{entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"

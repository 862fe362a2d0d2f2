"""The figures of a cohort as ``metrics.json`` and as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from .metrics import (
    PAPER_THRESHOLDS,
    Estimate,
    OperatingPoint,
    brier_score,
    named_operating_points,
    operating_point,
    pr_auc,
    roc_auc,
)
from .predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCHEMA = "coviddetect-metrics-1"
PREVALENCES = (0.01, 0.05, 0.1, 0.2, 0.5)
_FIGURES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
_CALIBRATION_BINS = 10


def evaluate(predictions: Predictions) -> dict[str, Any]:
    """All figures of a cohort, ready for JSON; NaN becomes null."""
    table = [operating_point(predictions, threshold) for threshold in PAPER_THRESHOLDS]
    return {
        "schema": SCHEMA,
        "software": {"coviddetect": __version__},
        "positives": predictions.positives,
        "negatives": predictions.negatives,
        "roc_auc": _entry(roc_auc(predictions)),
        "pr_auc": _entry(pr_auc(predictions)),
        "brier_score": brier_score(predictions),
        "thresholds": [_point_entry(point) for point in table],
        "operating_points": {
            name: _point_entry(point) for name, point in named_operating_points(predictions).items()
        },
        "calibration": calibration(predictions),
    }


def calibration(predictions: Predictions) -> list[dict[str, Any]]:
    """Mean probability and true share of positives in tenths of the probability; empty tenths are left out."""
    tenth = np.minimum((predictions.probabilities * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    return [
        {
            "cases": int((tenth == index).sum()),
            "mean_probability": float(predictions.probabilities[tenth == index].mean()),
            "share_positive": float(predictions.labels[tenth == index].mean()),
        }
        for index in np.unique(tenth)
    ]


def write_evaluation(predictions: Predictions, folder: Path) -> dict[str, Any]:
    """Write ``metrics.json`` and ``evaluation.html`` and return the figures."""
    from jinja2 import Environment

    metrics = evaluate(predictions)
    template = Environment(autoescape=True).from_string(_PAGE)
    page = template.render(
        metrics=metrics, figures=_FIGURES, prevalences=PREVALENCES, plots=_plots(predictions, metrics), show=_show
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (folder / "evaluation.html").write_text(page, encoding="utf-8")
    return metrics


def _entry(estimate: Estimate) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in asdict(estimate).items()}


def _point_entry(point: OperatingPoint) -> dict[str, Any]:
    by_prevalence = {str(prevalence): point.predictive_values(prevalence) for prevalence in PREVALENCES}
    return {
        **{name: value for name, value in asdict(point).items() if name != "threshold"},
        "threshold": None if math.isinf(point.threshold) else point.threshold,
        **{figure: _entry(getattr(point, figure)) for figure in _FIGURES},
        "predictive_values_at_prevalence": {
            prevalence: {"ppv": None if math.isnan(ppv) else ppv, "npv": None if math.isnan(npv) else npv}
            for prevalence, (ppv, npv) in by_prevalence.items()
        },
    }


def _show(entry: Mapping[str, float | None]) -> str:
    if entry["value"] is None:
        return "none"
    if entry["low"] is None:
        return f"{entry['value']:.3f}"
    return f"{entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"


def _plots(predictions: Predictions, metrics: Mapping[str, Any]) -> dict[str, str]:
    from matplotlib.figure import Figure
    from sklearn.metrics import precision_recall_curve, roc_curve

    figure = Figure(figsize=(12, 4), layout="constrained")
    roc, precision, calibrated = figure.subplots(1, 3)
    false_positive_rate, true_positive_rate, _ = roc_curve(predictions.labels, predictions.probabilities)
    roc.plot(false_positive_rate, true_positive_rate, color="tab:blue")
    roc.plot([0, 1], [0, 1], color="0.7", linestyle=":")
    _label(roc, f"ROC, AUC {metrics['roc_auc']['value']:.3f}", "1 − specificity", "sensitivity")
    precisions, recalls, _ = precision_recall_curve(predictions.labels, predictions.probabilities)
    precision.plot(recalls, precisions, color="tab:blue", drawstyle="steps-post")
    _label(precision, f"Precision-recall, AUC {metrics['pr_auc']['value']:.3f}", "sensitivity (recall)", "PPV (precision)")
    bins = metrics["calibration"]
    calibrated.plot([0, 1], [0, 1], color="0.7", linestyle=":")
    calibrated.plot(
        [one["mean_probability"] for one in bins], [one["share_positive"] for one in bins], marker="o", color="tab:blue"
    )
    _label(
        calibrated, f"Calibration, Brier score {metrics['brier_score']:.3f}", "mean probability", "share with COVID-19"
    )
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return {"curves": base64.b64encode(stream.getvalue()).decode()}


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_aspect("equal")


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Evaluation</title><style>
body { font: 15px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } th, td { padding: .25em .8em; text-align: right }
th { border-bottom: 1px solid #888 } td:first-child, th:first-child { text-align: left } img { max-width: 100% }
p.quiet { color: #666 }
</style></head><body>
<h1>Evaluation</h1>
<p>{{ metrics.positives }} cases with COVID-19 and {{ metrics.negatives }} without. Figures with their 95 % interval:
Wilson's for proportions, DeLong's for the area under the ROC curve, a stratified bootstrap for the area under the
precision-recall curve.</p>
<table><tr><th>ROC AUC</th><td>{{ show(metrics.roc_auc) }}</td></tr>
<tr><th>PR AUC</th><td>{{ show(metrics.pr_auc) }}</td></tr>
<tr><th>Brier score</th><td>{{ "%.3f"|format(metrics.brier_score) }}</td></tr></table>
<img alt="ROC curve, precision-recall curve and calibration" src="data:image/png;base64,{{ plots.curves }}">
<h2>By threshold</h2>
<table><tr><th>threshold</th>{% for figure in figures %}<th>{{ figure.upper() if figure in ("ppv", "npv") else figure }}</th>{% endfor %}</tr>
{% for point in metrics.thresholds %}<tr><td>{{ point.threshold }}</td>
{% for figure in figures %}<td>{{ show(point[figure]) }}</td>{% endfor %}</tr>{% endfor %}</table>
<h2>Operating points</h2>
<table><tr><th></th><th>threshold</th>{% for figure in figures %}<th>{{ figure.upper() if figure in ("ppv", "npv") else figure }}</th>{% endfor %}</tr>
{% for name, point in metrics.operating_points.items() %}<tr><td>{{ name }}</td>
<td>{{ "above all" if point.threshold is none else "%.4g"|format(point.threshold) }}</td>
{% for figure in figures %}<td>{{ show(point[figure]) }}</td>{% endfor %}</tr>{% endfor %}</table>
<h2>Predictive values at other prevalences</h2>
<p>PPV and NPV of the table above hold for this cohort's prevalence only.</p>
<table><tr><th></th>{% for prevalence in prevalences %}<th>{{ "%g"|format(100 * prevalence) }} %</th>{% endfor %}</tr>
{% for name, point in metrics.operating_points.items() %}{% for figure in ("ppv", "npv") %}
<tr><td>{{ figure.upper() }}, {{ name }}</td>{% for prevalence in prevalences %}
{% set value = point.predictive_values_at_prevalence[prevalence|string][figure] %}
<td>{{ "none" if value is none else "%.3f"|format(value) }}</td>{% endfor %}</tr>{% endfor %}{% endfor %}</table>
<p class="quiet">Research use only, not a medical device. coviddetect {{ metrics.software.coviddetect }}.</p>
</body></html>
"""

"""``metrics.json`` and one HTML page that needs no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Context
from pathlib import Path
from typing import Any

from .figures import PREVALENCES, PROPORTIONS, evaluate
from .files import write_together
from .plots import plot_cohort
from .predictions import Predictions

METRICS, PAGE = "metrics.json", "evaluation.html"

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; color: #222 }
h1 { margin-bottom: 0 } h2 { margin-top: 1.8em } img { max-width: 100% }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums }
th, td { padding: .2em .7em; text-align: right; white-space: nowrap }
th { border-bottom: 1px solid #888; font-weight: 600 } tr:nth-child(odd) td { background: #f5f5f5 }
td:first-child, th:first-child { text-align: left } .interval { color: #666; font-size: 12px }
td .interval { display: block; line-height: 1 }
.quiet { color: #666 } .failed { color: #b00020; font-weight: 600 }
"""


def write_evaluation(
    predictions: Predictions, folder: Path, prevalences: Sequence[float] = PREVALENCES, source: str = ""
) -> dict[str, Any]:
    """Write ``metrics.json`` and ``evaluation.html``, both or neither, and return the figures.

    Parameters
    ----------
    prevalences
        As in ``evaluate``.
    source
        What the page calls the table.

    Raises
    ------
    InputError
        If a prevalence cannot be one, or ``folder`` cannot be written.
    """
    metrics = evaluate(predictions, prevalences)
    page = render(
        _PAGE,
        metrics=metrics,
        proportions=PROPORTIONS,
        prevalences=[str(prevalence) for prevalence in prevalences],
        curves=plot_cohort(predictions, metrics),
        source=source,
    )
    write_together(folder, {METRICS: json.dumps(metrics, indent=2, allow_nan=False) + "\n", PAGE: page})
    return metrics


def render(template: str, **values: Any) -> str:
    """A page from a template; ``figure`` shows an estimate with its interval, ``threshold`` an operating point's."""
    from jinja2 import Environment
    from markupsafe import Markup

    def figure(entry: Mapping[str, float | None]) -> Markup:
        if entry["value"] is None:
            return Markup("none")
        if entry["low"] is None:
            return Markup(f"{entry['value']:.3f} <span class='interval'>–</span>")
        return Markup(f"{entry['value']:.3f} <span class='interval'>{entry['low']:.3f} to {entry['high']:.3f}</span>")

    def threshold(value: float | None) -> str:
        """Four digits, rounded down, so that the case at the threshold stays above it."""
        if value is None:
            return "above all"
        return f"{Context(prec=4, rounding=ROUND_FLOOR).create_decimal(repr(value)):f}"

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = figure
    environment.filters["threshold"] = threshold
    environment.filters["name"] = lambda name: name.upper() if name in ("ppv", "npv") else name
    return environment.from_string(template).render(style=Markup(STYLE), **values)


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Evaluation</title><style>{{ style }}</style></head><body>
<h1>Evaluation</h1>
<p class="quiet">{{ source }}{{ ": " if source }}{{ metrics.positives }} cases with COVID-19 and
{{ metrics.negatives }} without, prevalence {{ "%.3f"|format(metrics.prevalence) }}.
{% if metrics.tied_cases %}{{ metrics.tied_cases }} cases share their probability with a case of the other label; such
pairs count half in the ROC area.{% endif %}</p>
<table>
<tr><th></th><th>value <span class="interval">95 % interval</span></th><th>no better than chance</th></tr>
<tr><td>Area under the ROC curve</td><td>{{ metrics.roc_auc|figure }}</td><td>0.500</td></tr>
<tr><td>Area under the precision-recall curve (average precision)</td><td>{{ metrics.pr_auc|figure }}</td>
<td>{{ "%.3f"|format(metrics.prevalence) }}</td></tr>
<tr><td>Brier score (0 is best)</td><td>{{ metrics.brier_score|figure }}</td>
<td>{{ "%.3f"|format(metrics.brier_score_of_the_prevalence) }}</td></tr>
</table>
<img alt="ROC curve, precision-recall curve, calibration and probabilities" src="{{ curves }}">
{% macro heads() %}<th>TP</th><th>FN</th><th>TN</th><th>FP</th>
{% for name in proportions %}<th>{{ name|name }}</th>{% endfor %}{% endmacro %}
{% macro cells(point) %}<td>{{ point.true_positives }}</td><td>{{ point.false_negatives }}</td>
<td>{{ point.true_negatives }}</td><td>{{ point.false_positives }}</td>
{% for name in proportions %}<td>{{ point[name]|figure }}</td>{% endfor %}{% endmacro %}
<h2>By threshold</h2>
<p>A case is called positive when its probability is at or above the threshold. PPV and NPV hold for this cohort's
prevalence only.</p>
<table><tr><th>threshold</th>{{ heads() }}</tr>
{% for point in metrics.thresholds %}<tr><td>{{ point.threshold }}</td>{{ cells(point) }}</tr>
{% endfor %}</table>
<h2>Operating points</h2>
<p>Chosen on these same cases, so on others the figures will be lower. The most specific threshold with a sensitivity of
0.95 or more, the most sensitive with a specificity of 0.95 or more, and the one with the largest sum of both
(Youden).</p>
<table><tr><th></th><th>threshold</th>{{ heads() }}</tr>
{% for name, point in metrics.operating_points.items() %}<tr><td>{{ name }}</td>
<td>{{ point.threshold|threshold }}</td>{{ cells(point) }}</tr>
{% endfor %}</table>
<h2>Predictive values at other prevalences</h2>
<p>By Bayes' theorem from sensitivity and specificity of the operating points.</p>
<table><tr><th></th><th></th>{% for prevalence in prevalences %}<th>{{ "%g"|format(100 * prevalence|float) }} %</th>
{% endfor %}</tr>
{% for name, point in metrics.operating_points.items() %}{% for value in ("ppv", "npv") %}
<tr><td>{{ name }}</td><td>{{ value|name }}</td>{% for prevalence in prevalences %}
{% set number = point.predictive_values_at_prevalence[prevalence][value] %}
<td>{{ "none" if number is none else "%.3f"|format(number) }}</td>{% endfor %}</tr>
{% endfor %}{% endfor %}</table>
<h2>Methods</h2>
<p class="quiet">Intervals are 95 % and assume independent cases: Wilson's score interval for proportions; DeLong's
on the logit scale for the ROC area (Newcombe's score interval if the two groups do not overlap); percentiles of 1,000
bootstrap samples, stratified by label, for the precision-recall area and the Brier score, with a dash if these are
all equal. "No better than chance" is what chance, or always answering the prevalence, would give. Every threshold is
applied to the probabilities as given, and shown rounded down.</p>
<p class="quiet">Research use only, not a medical device. coviddetect {{ metrics.software.coviddetect }}.</p>
</body></html>
"""

"""``attention.json`` and one HTML page that needs no other file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..weights.cards import ModelCard
from .attention_figures import WANTED, summarize
from .attention_plots import choose_examples, plot_curves, plot_examples
from .faithfulness import Example
from .files import write_together
from .page import render

FIGURES, PAGE = "attention.json", "attention.html"


def write_attention_page(examples: Sequence[Example], card: ModelCard, seed: int, folder: Path) -> dict[str, Any]:
    """Write ``attention.json`` and ``attention.html``, both or neither, and return the figures.

    Raises
    ------
    InputError
        If ``folder`` cannot be written.
    """
    figures = summarize([example.result for example in examples], card, seed)
    page = render(
        _PAGE,
        figures=figures,
        wanted=WANTED,
        curves=plot_curves(figures, WANTED["randomized_absolute_correlation"][1]),
        examples=plot_examples(choose_examples(examples)),
    )
    write_together(folder, {FIGURES: json.dumps(figures, indent=2, allow_nan=False) + "\n", PAGE: page})
    return figures


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Heat map</title><style>{{ style }}</style></head><body>
<h1>Does the heat map tell the truth?</h1>
<p class="quiet">{{ figures.weights.title }} (SHA-256 {{ figures.weights.sha256[:12] }}) on {{ figures.diseased }}
synthetic cases with disease and {{ figures.without_disease }} without, seed {{ figures.seed }}, none of them seen in
training. Synthetic cases are not patients: these figures only show whether weights and map do what they were made to
do.</p>
<table><tr><th></th><th>measured</th><th>required</th><th></th></tr>
{% for name, title in (
  ("roc_auc", "Area under the ROC curve, disease against healthy lungs and what resembles it"),
  ("pointing", "Peak of the map in a lesion"),
  ("energy_ratio", "Energy of the map in lesions, relative to their share of the lungs"),
  ("randomized_absolute_correlation", "Similarity to the map of a network with random weights (absolute correlation)"),
) %}<tr><td>{{ title }}</td><td>{{ figures[name]|figure }}</td><td>{{ wanted[name][0] }} {{ wanted[name][1] }}</td>
{% if figures.reached[name] %}<td>reached</td>{% else %}<td class="failed">not reached</td>{% endif %}</tr>
{% endfor %}</table>
<h2>Examples</h2>
<p>From the worst to the best map, each in the slice of its peak. The lesions are outlined in green.</p>
<img alt="Four cases with lesions and heat map" src="{{ examples }}">
<h2>Compared with maps that know nothing of the network</h2>
<table><tr><th></th><th>peak in a lesion</th><th>energy in lesions</th><th>relative to their share</th>
<th>area under deletion</th><th>area under insertion</th></tr>
{% for name, one in figures.maps.items() %}<tr><td>{{ name }}</td><td>{{ one.pointing|figure }}</td>
<td>{{ one.energy|figure }}</td><td>{{ one.energy_ratio|figure }}</td><td>{{ one.deletion_area|figure }}</td>
<td>{{ one.insertion_area|figure }}</td></tr>
{% endfor %}</table>
<p>Lesions make up {{ figures.lesion_share|figure }} of the lungs on average. "The lesions themselves" is
a map that marks exactly the lesions in cells of this size.</p>
<img alt="Deletion, insertion and randomization" src="{{ curves }}">
<h2>By finding</h2>
<table><tr><th></th><th>cases</th><th>median probability</th><th>lowest</th><th>highest</th><th>lesions' share</th>
<th>peak in a lesion</th><th>energy ratio</th><th>of the lesions</th></tr>
{% for finding, row in figures.by_finding.items() %}<tr><td>{{ finding|replace("-", " ") }}</td><td>{{ row.cases }}</td>
{% for key in ("median_probability", "lowest_probability", "highest_probability", "lesion_share", "pointing",
"energy_ratio", "energy_ratio_of_the_lesions") %}
<td>{{ "%.2f"|format(row[key]) if key in row else "" }}</td>{% endfor %}
</tr>
{% endfor %}</table>
<h2>Methods</h2>
<p class="quiet">The map is HiResCAM of the margin of the logits at the second ResBlock; a cell covers two slices and
8 × 8 pixels of the network's input. A peak counts as in a lesion if its cell contains lesion, because its value
cannot be located more precisely. Energy in lesions is the share of the map's sum (inside and outside the lungs) that
lies in lesions; each cell counts by the share of its voxels that are lesion. Its ratio to the lesions' share of the
lungs is the median over the cases, and cannot exceed the inverse of that share. Brightness is the density above the
median of the lungs; the blob is a Gaussian of two cells around a random place in the lungs. Deletion replaces the
hottest cells by the same patient's healthy tissue, insertion puts them into the healthy patient (after Petsiuk et al.
2018); both on {{ figures.perturbed_cases }} cases. Randomization replaces layers by new random ones, from the output
to the input (Adebayo et al. 2018), and compares the maps by the absolute value of Spearman's correlation in the
lungs' cells, so that an inverted map counts as similar. A map that becomes empty counts as 0 (of
{{ figures.perturbed_cases }} maps: {% for layer, one in figures.randomized.items() %}
{{ one.empty }} up to {{ layer }}{{ ", " if not loop.last }}{% endfor %}),
and cases whose real map is empty are left out. The true lung masks are used. Intervals are 95 %: DeLong's or
Newcombe's for the ROC area, Wilson's for the peak, a bootstrap over cases for the rest, with a dash if all its
samples are equal.</p>
<p class="quiet">Research use only, not a medical device. coviddetect {{ figures.software.coviddetect }}.</p>
</body></html>
"""

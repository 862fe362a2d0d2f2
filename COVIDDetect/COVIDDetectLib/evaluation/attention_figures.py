"""Figures of the heat maps of all cases, ready for JSON, with the limits that bundled weights must reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import __version__
from ..weights.cards import ModelCard
from .faithfulness import HEAT_MAP, MAPS, TRUTH, CaseResult
from .figures import entry
from .metrics import Estimate, percentile_interval, roc_auc, wilson
from .perturbation import CASCADE, FRACTIONS, area_under
from .predictions import Predictions

SCHEMA = "coviddetect-attention-1"
WANTED = {
    "roc_auc": ("at least", 0.95),
    "pointing": ("at least", 0.85),
    "energy_ratio": ("at least", 3.0),
    "randomized_absolute_correlation": ("below", 0.3),
}
"""What bundled weights must reach on held-back synthetic cases."""

_RESAMPLES = 2000


def summarize(results: Sequence[CaseResult], card: ModelCard, seed: int) -> dict[str, Any]:
    """All figures, as ``Docs/use/evaluation.md`` describes them."""
    diseased = [result for result in results if result.is_diseased]
    tested = [result for result in diseased if result.deletion]
    labels = np.array([result.is_diseased for result in results])
    probabilities = np.array([result.probability for result in results])
    area = roc_auc(Predictions(tuple(result.name for result in results), probabilities, labels))
    randomized = {layer: [result.randomized[layer] for result in tested] for layer in CASCADE}
    headline = {
        "roc_auc": area,
        "pointing": _pointing(diseased, HEAT_MAP),
        "energy_ratio": _energy_ratio(diseased, HEAT_MAP),
        "randomized_absolute_correlation": _mean(randomized[CASCADE[-1]]),
    }
    return {
        "schema": SCHEMA,
        "software": {"coviddetect": __version__},
        "weights": {"id": card.id, "version": card.version, "title": card.title, "sha256": card.sha256},
        "seed": seed,
        "diseased": len(diseased),
        "without_disease": len(results) - len(diseased),
        **{name: entry(figure) for name, figure in headline.items()},
        "reached": {name: _reached(headline[name].value, *WANTED[name]) for name in WANTED},
        "maps": {
            name: {
                "pointing": entry(_pointing(diseased, name)),
                "energy": entry(_mean([result.energy[name] for result in diseased])),
                "energy_ratio": entry(_energy_ratio(diseased, name)),
                "deletion_area": entry(_mean([area_under(result.deletion[name]) for result in tested])),
                "insertion_area": entry(_mean([area_under(result.insertion[name]) for result in tested])),
                "deletion": np.mean([result.deletion[name] for result in tested], axis=0).tolist(),
                "insertion": np.mean([result.insertion[name] for result in tested], axis=0).tolist(),
            }
            for name in (*MAPS, TRUTH)
        },
        "lesion_share": entry(_mean([result.lesion_share for result in diseased])),
        "fractions": list(FRACTIONS),
        "perturbed_cases": len(tested),
        "randomized": {
            layer: {**entry(_mean(values)), "empty": sum(layer in result.emptied for result in tested)}
            for layer, values in randomized.items()
        },
        "by_finding": _by_finding(results),
        "cases": [
            {"name": result.name, "finding": result.finding, "probability": result.probability}
            | (
                {
                    "lesion_share": result.lesion_share,
                    "points": result.points[HEAT_MAP],
                    "energy": result.energy[HEAT_MAP],
                }
                if result.is_diseased
                else {}
            )
            for result in results
        ],
    }


def _pointing(diseased: Sequence[CaseResult], name: str) -> Estimate:
    return wilson(sum(result.points[name] for result in diseased), len(diseased))


def _energy_ratio(diseased: Sequence[CaseResult], name: str) -> Estimate:
    """Median over the cases of the energy in lesions over their share of the lungs, with a bootstrap over cases.

    The median, because the ratio cannot exceed the inverse of the share: tiny lesions allow huge ratios, and disease of
    half a lung none above 2.
    """
    ratios = np.array([result.energy[name] / result.lesion_share for result in diseased])
    random = np.random.default_rng(0)
    drawn = np.median(ratios[random.integers(len(ratios), size=(_RESAMPLES, len(ratios)))], axis=1)
    return percentile_interval(float(np.median(ratios)), drawn)


def _mean(values: Sequence[float]) -> Estimate:
    """Mean with the percentile interval of a bootstrap over cases; what is NaN is left out."""
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if not len(array):
        return Estimate(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(0)
    drawn = array[random.integers(len(array), size=(_RESAMPLES, len(array)))].mean(axis=1)
    return percentile_interval(float(array.mean()), drawn)


def _by_finding(results: Sequence[CaseResult]) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for finding in dict.fromkeys(result.finding for result in sorted(results, key=lambda one: not one.is_diseased)):
        members = [result for result in results if result.finding == finding]
        row: dict[str, Any] = {
            "cases": len(members),
            "median_probability": float(np.median([result.probability for result in members])),
            "lowest_probability": min(result.probability for result in members),
            "highest_probability": max(result.probability for result in members),
        }
        if members[0].is_diseased:
            row["lesion_share"] = float(np.mean([result.lesion_share for result in members]))
            row["pointing"] = float(np.mean([result.points[HEAT_MAP] for result in members]))
            row["energy_ratio"] = _energy_ratio(members, HEAT_MAP).value
            row["energy_ratio_of_the_lesions"] = _energy_ratio(members, TRUTH).value
        table[finding] = row
    return table


def _reached(value: float, side: str, limit: float) -> bool:
    """NaN reaches nothing."""
    return value >= limit if side == "at least" else value < limit

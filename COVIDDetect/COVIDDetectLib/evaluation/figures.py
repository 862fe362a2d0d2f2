"""All figures of a cohort as one record, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from .metrics import (
    PAPER_THRESHOLDS,
    Estimate,
    OperatingPoint,
    brier_score,
    named_operating_points,
    operating_point,
    pr_auc,
    roc_auc,
    wilson,
)
from .predictions import Predictions

SCHEMA = "coviddetect-metrics-1"
PREVALENCES = (0.01, 0.05, 0.1, 0.2, 0.5)
PROPORTIONS = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
_CALIBRATION_BINS = 10


def evaluate(predictions: Predictions, prevalences: Sequence[float] = PREVALENCES) -> dict[str, Any]:
    """All figures of a cohort, as ``Docs/use/evaluation.md`` describes them; NaN becomes null.

    Parameters
    ----------
    prevalences
        Shares of patients with COVID-19 for which PPV and NPV are given, in addition to the cohort's own.

    Raises
    ------
    InputError
        If a prevalence is not between 0 and 1.
    """
    for prevalence in prevalences:
        if not 0 < prevalence < 1:
            raise InputError(
                f"{prevalence} is not a valid prevalence; give a share of patients between 0 and 1, such as 0.05."
            )
    table = [operating_point(predictions, threshold) for threshold in PAPER_THRESHOLDS]
    share = predictions.positives / len(predictions.labels)
    return {
        "schema": SCHEMA,
        "software": {"coviddetect": __version__},
        "positives": predictions.positives,
        "negatives": predictions.negatives,
        "prevalence": share,
        "tied_cases": _tied_cases(predictions),
        "roc_auc": entry(roc_auc(predictions)),
        "pr_auc": entry(pr_auc(predictions)),
        "brier_score": entry(brier_score(predictions)),
        "brier_score_of_the_prevalence": share * (1 - share),
        "thresholds": [_point_entry(point, prevalences) for point in table],
        "operating_points": {
            name: _point_entry(point, prevalences) for name, point in named_operating_points(predictions).items()
        },
        "calibration": calibration(predictions),
    }


def calibration(predictions: Predictions) -> list[dict[str, Any]]:
    """Mean probability and true share of positives in tenths of the probability; empty tenths are left out."""
    tenth = np.minimum((predictions.probabilities * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    bins = []
    for index in np.unique(tenth):
        labels = predictions.labels[tenth == index]
        bins.append(
            {
                "cases": len(labels),
                "mean_probability": float(predictions.probabilities[tenth == index].mean()),
                "share_positive": entry(wilson(int(labels.sum()), len(labels))),
            }
        )
    return bins


def entry(estimate: Estimate) -> dict[str, float | None]:
    """An estimate for JSON."""
    return {name: _number(value) for name, value in asdict(estimate).items()}


def _point_entry(point: OperatingPoint, prevalences: Sequence[float]) -> dict[str, Any]:
    by_prevalence = {str(prevalence): point.predictive_values(prevalence) for prevalence in prevalences}
    return {
        "threshold": None if math.isinf(point.threshold) else point.threshold,
        **{name: value for name, value in asdict(point).items() if name != "threshold"},
        **{name: entry(getattr(point, name)) for name in PROPORTIONS},
        "predictive_values_at_prevalence": {
            prevalence: {"ppv": _number(ppv), "npv": _number(npv)} for prevalence, (ppv, npv) in by_prevalence.items()
        },
    }


def _tied_cases(predictions: Predictions) -> int:
    """Number of cases whose probability also occurs with the other label."""
    positive = predictions.probabilities[predictions.labels]
    negative = predictions.probabilities[~predictions.labels]
    return int(np.isin(positive, negative).sum() + np.isin(negative, positive).sum())


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)

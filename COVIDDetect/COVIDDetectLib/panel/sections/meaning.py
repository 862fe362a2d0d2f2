"""What the number means, by the model card of the weights that gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slicer.i18n import tr as _

from ...weights.cards import ModelCard
from .thresholds_menu import nearest_point


def meaning(
    card: ModelCard | None, measured: Mapping[str, Any] | None, decision_threshold: float, prevalence: float
) -> str:
    """What the number means: what the card of the weights measured at the nearest threshold, with 95 % intervals."""
    from ...evaluation.metrics import OperatingPoint

    if measured is None:
        if card is None:
            return _("Scored with weights that are not installed on this computer.")
        unmeasured = _("{weights} have no measured sensitivity or specificity.").format(weights=card.title)
        return f"{unmeasured} {card.intended_use}"
    row = nearest_point(measured["by_threshold"], decision_threshold)
    assert row is not None, "a card without any is not read"
    positives, negatives = measured["positives"], measured["negatives"]
    found, cleared = round(row["sensitivity"] * positives), round(row["specificity"] * negatives)
    point = OperatingPoint(row["threshold"], found, negatives - cleared, cleared, positives - found)
    ppv, npv = point.predictive_values(prevalence)
    return _(
        "At a threshold of {threshold:g}: sensitivity {sensitivity}, specificity {specificity} ({cohort}). "
        "At this prevalence PPV {ppv:.2f}, NPV {npv:.2f}."
    ).format(
        threshold=row["threshold"],
        sensitivity=_interval(point.sensitivity),
        specificity=_interval(point.specificity),
        cohort=measured["cohort"],
        ppv=ppv,
        npv=npv,
    )


def _interval(estimate: Any) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"

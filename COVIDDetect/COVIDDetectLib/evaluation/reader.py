"""How well a radiologist reads before and after the result was opened, and whom the result has led astray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..report.reading import CLASSES, POSITIVE_FROM, Reading
from .metrics import Estimate, auc_difference, exact, roc_auc
from .predictions import Predictions


@dataclass(frozen=True)
class Reader:
    """Figures of a reader; the first complete reading of each CT that has a label.

    Parameters
    ----------
    positives, negatives
        How many cases there are with COVID-19, and without.
    incomplete, unlabelled, repeated
        How many readings are left out: without a second one, without a label, or of a CT that was read before.
    scale
        ``CO-RADS`` or ``RSNA``.
    before, after, difference
        Areas under the ROC curve with the grade as rating, and how much larger the second is.
    right_to_wrong, wrong_to_right
        How many, of how many that were right, or wrong, before; and their share.
    """

    positives: int
    negatives: int
    incomplete: int
    unlabelled: int
    repeated: int
    scale: str
    before: Estimate
    after: Estimate
    difference: Estimate
    right_to_wrong: tuple[int, int, Estimate]
    wrong_to_right: tuple[int, int, Estimate]


def measure_reader(readings: Sequence[Reading], labels: Mapping[str, bool]) -> Reader:
    """Compare both readings of each CT with what was true.

    Raises
    ------
    InputError
        If no complete reading has a label, all labels are the same, or two scales are mixed.
    """
    complete = [reading for reading in readings if reading.after]
    labelled = [reading for reading in complete if reading.case in labels]
    first: dict[str, Reading] = {}
    for reading in sorted(labelled, key=lambda one: one.read):
        first.setdefault(reading.case, reading)
    if not first:
        raise InputError(
            "No case with both readings has a label; the labels' cases are the first 12 digits of SHA-256."
        )
    scales = {grade.partition(" ")[0] for one in first.values() for grade in (one.before, one.after)}
    if len(scales) > 1:
        raise InputError("The readings mix CO-RADS and RSNA classes, which are no common scale; keep one of them.")
    truth = np.array([labels[case] for case in first])
    if truth.all() or not truth.any():
        raise InputError(
            "The readings need cases with COVID-19 (label 1) and without (label 0); there is only one kind."
        )
    before, after = (
        np.array([CLASSES[getattr(one, column)] for one in first.values()]) for column in ("before", "after")
    )
    rated = [Predictions(tuple(first), (grades - 1) / 4, truth) for grades in (before, after)]
    was_right, is_right = ((grades >= POSITIVE_FROM) == truth for grades in (before, after))
    return Reader(
        int(truth.sum()),
        int((~truth).sum()),
        len(readings) - len(complete),
        len(complete) - len(labelled),
        len(labelled) - len(first),
        scales.pop(),
        roc_auc(rated[0]),
        roc_auc(rated[1]),
        auc_difference(*rated),
        _changed(was_right, ~is_right),
        _changed(~was_right, is_right),
    )


def _changed(were: np.ndarray, are: np.ndarray) -> tuple[int, int, Estimate]:
    count, of = int((were & are).sum()), int(were.sum())
    return count, of, exact(count, of)

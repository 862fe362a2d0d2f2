"""The table that is evaluated: one probability and one true label per case."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..tables import number, read_table
from ..text import short_name

COLUMNS = ("case", "probability", "label")


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities and true labels of a cohort.

    Parameters
    ----------
    cases
        Their names, each once.
    probabilities
        float64 ``(N,)``, 0…1.
    labels
        bool ``(N,)``, True where COVID-19 is present; both values occur.
    """

    cases: tuple[str, ...]
    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def positives(self) -> int:
        """Number of cases with COVID-19."""
        return int(self.labels.sum())

    @property
    def negatives(self) -> int:
        """Number of cases without."""
        return int((~self.labels).sum())


def read_predictions(path: str | Path) -> Predictions:
    """Read a CSV file with the columns ``case,probability,label`` (label 1 or 0); other columns are left alone.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or has a row that cannot be true: no number, NaN, a probability
        outside 0…1, a label other than 0 or 1, a case twice; or if all cases have the same label.
    """
    path = Path(path)
    rows = [_row(place, row) for place, row in read_table(path, COLUMNS)]
    cases = tuple(case for case, _, _ in rows)
    twice, count = Counter(cases).most_common(1)[0] if cases else ("", 0)
    if count > 1:
        raise InputError(f"{path.name} has case '{twice}' more than once; keep one row per case.")
    labels = np.array([label for _, _, label in rows], dtype=bool)
    if labels.all() or not labels.any():
        raise InputError(
            f"{path.name} needs cases with COVID-19 (label 1) and without (label 0); it has only one kind."
        )
    return Predictions(cases, np.array([probability for _, probability, _ in rows]), labels)


def _row(place: str, row: dict[str, str]) -> tuple[str, float, bool]:
    case = row["case"]
    if not case:
        raise InputError(f"{place}: the case has no name.")
    if not case.isprintable():
        raise InputError(f"{place}: the name of the case has characters that cannot be printed.")
    try:
        probability = number(row["probability"])
    except ValueError as error:
        raise InputError(
            f"{place}: '{short_name(row['probability'])}' is not a probability; give a number from 0 to 1."
        ) from error
    if math.isnan(probability) or not 0.0 <= probability <= 1.0:
        raise InputError(f"{place}: {probability} is not a probability; give a number from 0 to 1.")
    label = row["label"]
    if label not in ("0", "1"):
        raise InputError(f"{place}: the label is '{short_name(label)}'; give 1 for COVID-19 or 0 for none.")
    return case, probability, label == "1"

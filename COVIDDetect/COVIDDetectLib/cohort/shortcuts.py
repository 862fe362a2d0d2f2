"""Whether properties that are no disease tell the label: then a network may learn them instead."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..evaluation.metrics import Estimate, roc_auc
from ..evaluation.predictions import Predictions
from .appearance import TITLES, Value, column
from .cases import Case

LIMIT = 0.65
"""Area under the ROC curve; a shortcut is what lies above it with its whole interval."""

_FOLDS = 4
_PERMUTATIONS = 199
_RIDGE = 1.0
_LARGEST_CHANCE = 0.02
_BINS = 4


@dataclass(frozen=True)
class Shortcut:
    """A property and how well it tells the label.

    Parameters
    ----------
    name
        As in ``appearance.TITLES``.
    auc
        On cases of patients that the rule was not made on.
    chance
        Share of cohorts with shuffled labels that do as well; NaN where ``auc`` is too low to ask.
    """

    name: str
    auc: Estimate
    chance: float

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.name]

    @property
    def is_found(self) -> bool:
        """Whether it must be said."""
        return bool(self.auc.low > LIMIT and self.chance <= _LARGEST_CHANCE)


def find_shortcuts(cases: Sequence[Case], rows: Sequence[Mapping[str, Value]], seed: int = 0) -> list[Shortcut]:
    """Every property that varies, by how well it tells the label alone, the best first.

    Each is given to a ridge regression (a number's rank with its square, a word as one column for each), which is
    tested on patients that it has not seen. What seems to be a shortcut is compared with labels shuffled among them.

    Raises
    ------
    InputError
        If a case has no label, or there are fewer than four patients of a label.
    """
    if any(case.label is None for case in cases):
        raise InputError("An audit needs a label for every case; give 1 for COVID-19 or 0 for none.")
    labels = np.array([case.label for case in cases], dtype=int)
    patients = np.unique([case.patient for case in cases], return_inverse=True)[1]
    fewest = min((len(np.unique(patients[labels == label])) for label in (0, 1)), default=0)
    if fewest < _FOLDS:
        raise InputError("An audit needs four patients of each label at least; there are too few.")
    random = np.random.default_rng(seed)
    first = np.unique(patients, return_index=True)[1]
    folds = _folds(labels[first], random)[patients]
    # A patient with several CTs keeps their number, with the label of the first of another patient.
    shuffled = np.column_stack([random.permutation(labels[first])[patients] for _ in range(_PERMUTATIONS)])
    found = []
    for name in TITLES:
        features = _encoded(column(list(rows), name))
        if features is None:
            continue
        auc = roc_auc(Predictions((), _unseen(features, labels[:, None], folds)[:, 0], labels.astype(bool)))
        chance = float("nan")
        if auc.low > LIMIT:
            as_good = _areas(_unseen(features, shuffled, folds), shuffled) >= auc.value
            chance = float(1 + np.count_nonzero(as_good)) / (1 + _PERMUTATIONS)
        found.append(Shortcut(name, auc, chance))
    return sorted(found, key=lambda one: -one.auc.value)


def matched_cases(
    cases: Sequence[Case], rows: Sequence[Mapping[str, Value]], shortcuts: Sequence[Shortcut], seed: int = 0
) -> list[Case]:
    """As many cases of either label in every stratum of the two strongest shortcuts, in the order of the table.

    A number is divided at its quartiles. Empty where the labels share no stratum.
    """
    strata: dict[tuple[object, ...], dict[int, list[int]]] = defaultdict(lambda: {0: [], 1: []})
    binned = [_strata(column(list(rows), one.name)) for one in shortcuts[:2]]
    for index, case in enumerate(cases):
        strata[tuple(bins[index] for bins in binned)][int(case.label or 0)].append(index)
    random = np.random.default_rng(seed)
    kept: set[int] = set()
    for members in strata.values():
        count = min(map(len, members.values()))
        for own in members.values():
            kept |= set(random.permutation(own)[:count].tolist())
    return [case for index, case in enumerate(cases) if index in kept]


def _encoded(values: Sequence[Value]) -> np.ndarray | None:
    """Columns for a regression ``(case, column)``; None where all cases have the same."""
    if len(set(values)) < 2:
        return None
    if any(isinstance(value, str) for value in values):
        counts = Counter(values)
        return np.array([[float(value == level) for level in counts] for value in values])
    known = np.array([np.nan if value is None else float(value) for value in values])
    missing = np.isnan(known)
    filled = np.where(missing, np.nanmedian(known), known)
    ranks = np.searchsorted(np.sort(filled), filled, side="left") + np.searchsorted(
        np.sort(filled), filled, side="right"
    )
    scaled = ranks / len(filled) - 1.0  # ranks are blind to how far an odd one lies away
    columns = [scaled, scaled**2, missing.astype(float)]
    return np.column_stack([one for one in columns if one.std() > 0])


def _folds(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Number of the fold of each patient, dealt within each label."""
    folds = np.empty(len(labels), dtype=int)
    for label in (0, 1):
        own = random.permutation(np.flatnonzero(labels == label))
        folds[own] = np.arange(len(own)) % _FOLDS
    return folds


def _unseen(features: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Scores of cases by a ridge regression on the other folds.

    Parameters
    ----------
    features, labels
        ``(case, column)`` and ``(case, shuffling)``.

    Returns
    -------
    np.ndarray
        ``(case, shuffling)``; from the mean of the other folds, so that folds can be compared.
    """
    scores = np.zeros(labels.shape)
    for fold in np.unique(folds):
        learned, tested = folds != fold, folds == fold
        mean = features[learned].mean(axis=0)
        centered = features[learned] - mean
        inner = centered.T @ centered + _RIDGE * np.eye(features.shape[1])
        weights = np.linalg.solve(inner, centered.T @ (labels[learned] - labels[learned].mean(axis=0)))
        scores[tested] = (features[tested] - mean) @ weights
    return scores


def _areas(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each column; ties count half."""
    from scipy.stats import rankdata

    positives = labels.sum(axis=0)
    ranks = (rankdata(scores, axis=0) * labels).sum(axis=0) - positives * (positives + 1) / 2
    return ranks / (positives * (len(labels) - positives))


def _strata(values: Sequence[Value]) -> list[object]:
    numbers = [value for value in values if isinstance(value, float)]
    if len(set(numbers)) <= _BINS or any(isinstance(value, str) for value in values):
        return list(values)
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return [value if value is None else int(np.searchsorted(edges, float(value), side="right")) for value in values]

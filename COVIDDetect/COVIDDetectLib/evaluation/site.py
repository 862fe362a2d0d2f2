"""Finds the promises for one hospital: from where on a case may be called likely, and below what unlikely."""

from __future__ import annotations

import math

import numpy as np

from ..errors import InputError
from ..weights.cards import ModelCard
from ..weights.site import Promise, Site
from .predictions import Predictions

CUTS = tuple(sorted({0.001, 0.002, 0.005, *(n / 100 for n in range(1, 100)), 0.995, 0.998, 0.999}))
"""The cut points that are tried, fixed before any case is seen."""

_LEAST_SHARE = 0.05
"""Of the cohort, below which a zone is too small to be of use; tests begin there."""
_MOST_MORE = 2**14


def calibrate(
    predictions: Predictions, card: ModelCard, *, npv: float = 0.97, ppv: float = 0.9, confidence: float = 0.9
) -> tuple[Site, tuple[str, ...]]:
    """Find the two cut points for which NPV and PPV can be promised.

    For each promise the cut points are tested one after the other, from the safest on, until one fails (fixed-sequence
    testing, Maurer et al. 1995; as Learn then Test, Angelopoulos et al. 2021). Each test is the exact binomial one: the
    promise holds where Clopper and Pearson's lower limit is not below it. The risk is shared equally by the promises.

    Parameters
    ----------
    predictions
        Of cases that no training has seen, as they come in this hospital, one of each patient.
    card
        The weights that gave the probabilities.
    npv
        Least share without COVID-19 among the cases that are called unlikely.
    ppv
        Least share with COVID-19 among those that are called likely.
    confidence
        With which both hold together.

    Returns
    -------
    site, shortfalls
        A sentence for each promise that cannot be given.

    Raises
    ------
    InputError
        If a share is not between 0 and 1, or nothing can be promised.
    """
    for name, share in (("NPV", npv), ("PPV", ppv), ("confidence", confidence)):
        if not 0 < share < 1:
            raise InputError(f"{share} is not a valid {name}; give a number between 0 and 1, such as 0.9.")
    risk = (1 - confidence) / 2
    cuts = np.array(CUTS)
    positive, negative = (
        np.sort(predictions.probabilities[kind]) for kind in (predictions.labels, ~predictions.labels)
    )
    below = [np.searchsorted(kind, cuts) for kind in (positive, negative)]
    above = [(len(kind) - under)[::-1] for kind, under in zip((positive, negative), below, strict=True)]
    unlikely = _promise(cuts, right=below[1], wrong=below[0], target=npv, risk=risk, cohort=len(predictions.labels))
    likely = _promise(cuts[::-1], right=above[0], wrong=above[1], target=ppv, risk=risk, cohort=len(predictions.labels))
    shortfalls = []
    if unlikely is None:
        more = _more_needed(below[1], below[0], npv, risk, len(negative))
        shortfalls.append(_shortfall(f"An NPV of {npv:g}", more, "without"))
    if likely is None:
        more = _more_needed(above[0], above[1], ppv, risk, len(positive))
        shortfalls.append(_shortfall(f"A PPV of {ppv:g}", more, "with"))
    if unlikely is None and likely is None:
        raise InputError(" ".join(shortfalls))
    if unlikely and likely and likely.cut < unlikely.cut:
        # Every cut point above a proven one was proven before it.
        index = int(np.flatnonzero(cuts[::-1] == unlikely.cut)[0])
        likely = Promise(unlikely.cut, ppv, int(above[0][index] + above[1][index]), int(above[1][index]))
    site = Site(unlikely, likely, confidence, len(positive), len(negative), card.title, card.sha256)
    return site, tuple(shortfalls)


def _promise(
    cuts: np.ndarray, *, right: np.ndarray, wrong: np.ndarray, target: float, risk: float, cohort: int
) -> Promise | None:
    """The last cut point before the first that fails, of those from which on there are cases enough.

    Where the sequence begins depends on the number of cases in a zone alone, not on their labels.

    Parameters
    ----------
    cuts
        From the safest on.
    right, wrong
        Cases in the zone that ends at each of them.
    """
    from scipy.stats import binom

    cases = right + wrong
    first = int(np.searchsorted(cases, max(_least_cases(target, risk), _LEAST_SHARE * cohort)))
    fails = binom.cdf(wrong[first:], cases[first:], 1 - target) > risk
    count = int(np.argmax(fails)) if fails.any() else len(fails)
    if count == 0:
        return None
    last = first + count - 1
    return Promise(float(cuts[last]), target, int(cases[last]), int(wrong[last]))


def _least_cases(target: float, risk: float) -> int:
    """So many cases, all called rightly, just suffice."""
    return math.ceil(math.log(risk) / math.log(target))


def _more_needed(right: np.ndarray, wrong: np.ndarray, target: float, risk: float, of_kind: int) -> int | None:
    """The fewest cases of the right kind that would make one of the zones suffice if they fall as those before."""
    from scipy.stats import binom

    right, wrong = right[right > 0], wrong[right > 0]
    too_few, enough = np.full(len(right), -1), np.full(len(right), _MOST_MORE)
    for _ in range(_MOST_MORE.bit_length()):
        more = (too_few + enough) // 2
        suffices = binom.cdf(wrong, right + wrong + more, 1 - target) <= risk
        too_few, enough = np.where(suffices, too_few, more), np.where(suffices, more, enough)
    needed = np.ceil(enough * (of_kind / right))
    possible = needed[(needed > 0) & (needed < _MOST_MORE)]
    return int(possible.min()) if len(possible) else None


def _shortfall(what: str, more: int | None, kind: str) -> str:
    if more is None:
        return f"{what} cannot be promised: the probabilities do not tell the cases apart well enough."
    return f"{what} cannot be promised with these cases: at least {more} more {kind} COVID-19 are needed."

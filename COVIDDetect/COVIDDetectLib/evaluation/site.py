"""Promises for one hospital: from which probabilities on a case may be called likely, and below which unlikely."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..atomic import whole_file
from ..errors import InputError
from ..text import printable
from ..weights.cards import ModelCard
from .predictions import Predictions

SCHEMA = "coviddetect-site-1"

CUTS = tuple(sorted({0.001, 0.002, 0.005, *(n / 100 for n in range(1, 100)), 0.995, 0.998, 0.999}))
"""The cut points that are tried, fixed before any case is seen."""

_LEAST_SHARE = 0.05
"""Of the cohort, below which a zone is too small to be of use; tests begin there."""
_MOST_MORE = 2**14

Zone = Literal["unlikely", "open", "likely"]


@dataclass(frozen=True)
class Promise:
    """A zone of probabilities, and what was shown of it.

    Parameters
    ----------
    cut
        Where it ends: cases below it are unlikely, or cases at and above it likely.
    target
        The share of right calls in it is at least this large, with the confidence of its site.
    cases, wrong
        In it, of those that it was shown on.
    """

    cut: float
    target: float
    cases: int
    wrong: int


@dataclass(frozen=True)
class Site:
    """What may be said of a probability at one hospital.

    Parameters
    ----------
    unlikely, likely
        None where nothing can be promised.
    confidence
        With which both promises hold together.
    positives, negatives
        The cases that they were shown on; at another prevalence they do not hold.
    weights, weights_sha256
        Title and checksum of the weights that gave the probabilities.
    """

    unlikely: Promise | None
    likely: Promise | None
    confidence: float
    positives: int
    negatives: int
    weights: str
    weights_sha256: str

    @property
    def prevalence(self) -> float:
        """Share of the cases with COVID-19."""
        return self.positives / (self.positives + self.negatives)

    def zone(self, probability: float) -> Zone:
        """What a probability is called."""
        if self.unlikely and probability < self.unlikely.cut:
            return "unlikely"
        return "likely" if self.likely and probability >= self.likely.cut else "open"


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


def write_site(site: Site, path: Path) -> None:
    """Write a site to a JSON file."""
    with whole_file(path.absolute()) as file:
        content = {"schema": SCHEMA, "research_use_only": True, **asdict(site), "prevalence": site.prevalence}
        file.write((json.dumps(content, indent=2) + "\n").encode("utf-8"))


def read_site(path: Path, card: ModelCard) -> Site:
    """Read what ``write_site`` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or belongs to other weights than ``card`` describes.
    """
    name = printable(path.name)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise InputError(f"{name} is no file of the schema {SCHEMA}; make one with coviddetect calibrate.")
        given = {field.name: content[field.name] for field in fields(Site)}
        site = Site(**{**given, "unlikely": _read_promise(given["unlikely"]), "likely": _read_promise(given["likely"])})
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name} is damaged; make it again with coviddetect calibrate.") from error
    if site.weights_sha256 != card.sha256:
        raise InputError(f"{name} belongs to {printable(site.weights)}, not to {card.title}; calibrate these weights.")
    return site


def _read_promise(entry: dict[str, Any] | None) -> Promise | None:
    if entry is None:
        return None
    return Promise(float(entry["cut"]), float(entry["target"]), int(entry["cases"]), int(entry["wrong"]))


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

"""Promises for one hospital: from which probabilities on a case may be called likely, and below which unlikely.

``coviddetect calibrate`` makes them. Where their file lies beside the model card, panel, report and batch use them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ..atomic import whole_file
from ..errors import InputError
from ..text import printable
from .cards import ModelCard

SITE = "site.json"
SCHEMA = "coviddetect-site-1"

_LEAST_COMPARED, _LARGEST_CHANCE = 30, 0.01

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

    def is_of_another_mix(self, zones: Mapping[str, int]) -> bool:
        """Whether so many cases of each zone can hardly come from cases such as the promises were shown on.

        Then prevalence or scanners have moved, and the promises no longer hold. An exact binomial test of each zone.
        """
        from scipy.stats import binomtest

        shown, count = self.positives + self.negatives, sum(zones.values())
        named = {zone: promise for zone in ("unlikely", "likely") if (promise := self.promise(zone))}
        return count >= _LEAST_COMPARED and any(
            binomtest(zones.get(zone, 0), count, promise.cases / shown).pvalue < _LARGEST_CHANCE / len(named)
            for zone, promise in named.items()
        )

    def promise(self, zone: Zone) -> Promise | None:
        """What was shown of a zone."""
        return {"unlikely": self.unlikely, "likely": self.likely, "open": None}[zone]


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
    site = _read(path)
    if site.weights_sha256 != card.sha256:
        raise InputError(
            f"{printable(path.name)} belongs to other weights ({printable(site.weights)}, "
            f"{printable(site.weights_sha256[:8])}) than {card.title} ({card.sha256[:8]}); calibrate these weights."
        )
    return site


def _read(path: Path) -> Site:
    name = printable(path.name)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise InputError(f"{name} is no file of the schema {SCHEMA}; make one with coviddetect calibrate.")
        given = {field.name: content[field.name] for field in fields(Site)}
        site = Site(**{**given, "unlikely": _read_promise(given["unlikely"]), "likely": _read_promise(given["likely"])})
        _check(site)
        return site
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name} is damaged; make it again with coviddetect calibrate.") from error


def _read_promise(entry: dict[str, Any] | None) -> Promise | None:
    if entry is None:
        return None
    return Promise(*(entry[field.name] for field in fields(Promise)))


def _check(site: Site) -> None:
    """Whether ``calibrate`` can have written it: a number that was edited by hand promises what nobody has shown.

    Raises
    ------
    ValueError
        If not.
    """
    promises = [promise for promise in (site.unlikely, site.likely) if promise]
    counts = [site.positives, site.negatives, *(count for one in promises for count in (one.cases, one.wrong))]
    shares = [site.confidence, *(share for one in promises for share in (one.cut, one.target))]
    if not (
        all(type(count) is int and count >= 0 for count in counts)
        and all(type(share) in (float, int) and 0 < share < 1 for share in shares)
        and all(isinstance(text, str) for text in (site.weights, site.weights_sha256))
        and min(site.positives, site.negatives) > 0
        and all(one.wrong < one.cases <= site.positives + site.negatives for one in promises)
        and promises
        and [one.cut for one in promises] == sorted(one.cut for one in promises)
    ):
        raise ValueError("not as it was written")


def site_beside(card: ModelCard) -> Site | None:
    """The promises beside a model card; None where there are none that can be read and belong to its weights."""
    path = card.path.parent / SITE
    try:
        site = _read_once(path, path.stat().st_mtime_ns)
    except (OSError, InputError):
        return None
    return site if site.weights_sha256 == card.sha256 else None


@lru_cache(maxsize=4)
def _read_once(path: Path, changed: int) -> Site:
    return _read(path)

"""The number's reasons: where in the scan something speaks for COVID-19 and against it, and how much each weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ct.geometry import Geometry, Vector
from ..lungs import LungMask
from .regions import SIDES, height_of, third_of

if TYPE_CHECKING:
    from ..networks.receipt import Receipt

OUTSIDE, NOWHERE = "outside the lungs", "no single place"
"""The place of a term that lies in no lung, and of one for what the scan has less of than healthy ones."""

LEAST_FOR = 0.05
"""Sum of what speaks for COVID-19, in log-odds, below which nothing does."""


@dataclass(frozen=True)
class Term:
    """What one place of the scan adds to the margin.

    Parameters
    ----------
    logit
        In log-odds; positive speaks for COVID-19.
    position_lps_mm
        Where; None for what the scan has less of than healthy ones.
    where
        ``"right upper"`` … ``"left lower"`` (lung and third of its height), ``OUTSIDE`` or ``NOWHERE``.
    """

    logit: float
    position_lps_mm: Vector | None
    where: str


@dataclass(frozen=True)
class Evidence:
    """The margin of the logits as a sum.

    Parameters
    ----------
    margin
        Positive minus negative logit; ``starting_point`` and the terms sum to it.
    starting_point
        The margin of a scan with what the healthy training scans had on average.
    terms
        Largest first.
    """

    margin: float
    starting_point: float
    terms: tuple[Term, ...]

    @property
    def speaks_for(self) -> float:
        """Sum of all that speaks for COVID-19, ≥ 0."""
        return sum(term.logit for term in self.terms if term.logit > 0)

    def largest(self, count: int = 5) -> tuple[tuple[Term, ...], float]:
        """The terms that weigh most, and the sum of the rest."""
        return self.terms[:count], sum(term.logit for term in self.terms[count:])

    def in_words(self) -> str:
        """One line for a reader: what speaks for COVID-19, what against, and where every scan starts."""
        terms, rest = self.largest()
        parts = [
            f"{title} " + ", ".join(f"{term.where} {signed(term.logit)}" for term in chosen)
            for title, chosen in (
                ("for COVID-19:", [term for term in terms if term.logit > 0 and round(term.logit, 2)]),
                ("against:", [term for term in terms if term.logit < 0 and round(term.logit, 2)]),
            )
            if chosen
        ]
        if self.speaks_for < LEAST_FOR:
            parts.insert(0, "nothing in this scan speaks for COVID-19")
        return "; ".join(
            [*parts, f"all else: {signed(rest)}", f"starting point: {signed(self.starting_point)} (log-odds)"]
        )

    @classmethod
    def of(cls, receipt: Receipt, healthy: np.ndarray | None, cells: Geometry, lung_mask: LungMask) -> Evidence:
        """Join what lies at one place, and name the places.

        Parameters
        ----------
        healthy
            ``(32,)``: each channel's mean activation over the healthy training scans; None if that is not known: then
            each counts from zero.
        cells
            Where the grid of the second ResBlock's output lies.
        lung_mask
            In axial order.
        """
        lung_mask.geometry.require_axial()
        baseline = np.zeros_like(receipt.activations) if healthy is None else healthy
        excess = receipt.activations - baseline
        logits = receipt.weights * excess
        # What healthy scans have more of is missing here: no place of this scan shows it.
        at = np.where(excess[:, None] > 0, receipt.cells, np.nan)
        terms = [
            _term(float(logits[channels].sum()), at[channels[0]], cells, lung_mask) for channels in _places(logits, at)
        ]
        terms.sort(key=lambda term: -abs(term.logit))
        return cls(receipt.margin, float(receipt.bias + receipt.weights @ baseline), tuple(terms))

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Evidence:
        """The evidence in ``analysis.json``."""
        terms = []
        for term in entry["terms"]:
            position = term["position_lps_mm"]
            terms.append(Term(term["logit"], tuple(position) if position else None, term["where"]))
        return cls(entry["margin"], entry["starting_point"], tuple(terms))


def signed(logit: float) -> str:
    """Log-odds with their sign: +0.64, −0.41."""
    return f"{logit:+.2f}".replace("-", "−")


def _places(logits: np.ndarray, cells: np.ndarray) -> list[list[int]]:
    """Channels whose cells touch, the one that weighs most first; those without a cell are one list."""
    places: list[list[int]] = []
    for channel in np.argsort(-np.abs(logits)):
        cell = cells[channel]
        for place in places:
            first = cells[place[0]]
            together = np.abs(cell - first).max() <= _TOUCH if not np.isnan(cell[0]) else bool(np.isnan(first[0]))
            if together:
                place.append(int(channel))
                break
        else:
            places.append([int(channel)])
    return places


_TOUCH = 3.0
"""Cells of the ResBlock: two bins of the pooling that follows it, which is about as far as its convolutions mix."""


def _term(logit: float, cell: np.ndarray, cells: Geometry, lung_mask: LungMask) -> Term:
    if np.isnan(cell[0]):
        return Term(logit, None, NOWHERE)
    x, y, z = (float(mm) for mm in (cells.ijk_to_lps @ [*cell[::-1], 1.0])[:3])
    return Term(logit, (x, y, z), _where((x, y, z), cells, lung_mask))


def _where(position: Vector, cells: Geometry, lung_mask: LungMask) -> str:
    """The lung that fills most of the cell around a position, and its third there."""
    labels, voxels = lung_mask.labels, lung_mask.geometry
    center = (np.linalg.inv(voxels.ijk_to_lps) @ [*position, 1.0])[2::-1]
    reach = np.array(cells.spacing[::-1]) / np.array(voxels.spacing[::-1])
    box = tuple(
        slice(max(0, int(np.floor(at - by))), max(0, int(np.ceil(at + by)) + 1))
        for at, by in zip(center, reach, strict=True)
    )
    counts = {side: int(np.count_nonzero(labels[box] == side)) for side in SIDES}
    side = max(counts, key=lambda one: counts[one])
    if counts[side] == 0:
        return OUTSIDE
    slice_number = int(np.clip(round(center[0]), 0, len(labels) - 1))
    return f"{SIDES[side]} {third_of(slice_number, height_of(labels, side))}"

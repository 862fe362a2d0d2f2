"""What a correction of the lung mask did: its pieces, and the exact share of each in the change of the margin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, factorial
from typing import TYPE_CHECKING, cast

import numpy as np
import scipy

from ..ct.ct_mask import make_ct_mask
from ..ct.geometry import Vector
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..errors import MaskError
from ..lungs import LungMask
from ..weights.cards import ModelCard, scoring_card
from ..weights.loaded import loaded_network
from .analyze import Progress
from .features import LastFeatures
from .regions import SIDES, height_of, third_of

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

LEAST_ML = 1.0
"""Smaller pieces are joined: single voxels at an edge are nobody's correction."""
MOST_PIECES = 4
_SLICES_AT_ONCE = 32
_NO_CHANGE = 1e-6
_NEIGHBORS = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of what a correction changed.

    Parameters
    ----------
    voxels
        bool on the masks' grid.
    ml
        Volume that came into the mask, negative for what left it; of the rest, the sum of both.
    position_lps_mm
        The voxel of the piece that lies nearest to its middle; None for the rest, which lies in many places.
    where
        ``"right upper"`` … ``"left lower"`` (lung and third of its height); empty for the rest.
    """

    voxels: np.ndarray
    ml: float
    position_lps_mm: Vector | None
    where: str


@dataclass(frozen=True)
class Share:
    """A piece without its voxels, and what it has added to the margin, in log-odds, as its Shapley value."""

    ml: float
    position_lps_mm: Vector | None
    where: str
    logit: float


@dataclass(frozen=True)
class Correction:
    """The change of the margin as a sum.

    Parameters
    ----------
    before, after
        Positive minus negative logit with either mask; the shares sum to the difference.
    shares
        In the order of ``pieces_of``.
    """

    before: float
    after: float
    shares: tuple[Share, ...]

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The shares as changes of the probability, by its mean slope on the way; they sum to its change."""
        first, last = (1 / (1 + exp(-margin)) for margin in (self.before, self.after))
        change = self.after - self.before
        slope = (last - first) / change if abs(change) > _NO_CHANGE else first * (1 - first)
        return tuple(share.logit * slope for share in self.shares)


def pieces_of(before: LungMask, after: LungMask) -> tuple[Piece, ...]:
    """What came into the mask and what left it, as connected pieces: four at most, largest first, and a rest.

    A voxel that changed sides has not changed for the network, which sees one mask.

    Parameters
    ----------
    before, after
        On one grid, in axial order.

    Raises
    ------
    MaskError
        If they lie on different grids.
    """
    before.geometry.require_axial()
    if before.labels.shape != after.labels.shape or not before.geometry.same_grid(after.geometry):
        raise MaskError("The two lung masks have different voxel grids; compare masks of one CT.")
    was, is_now, voxel_ml = before.labels > 0, after.labels > 0, before.geometry.voxel_ml
    found: list[tuple[float, np.ndarray]] = []
    for changed, sign in ((is_now & ~was, 1), (was & ~is_now, -1)):
        labels, _count = scipy.ndimage.label(changed, _NEIGHBORS)
        volumes_ml = np.bincount(labels.ravel()) * voxel_ml
        found += [(sign * float(volumes_ml[label]), labels == label) for label in _largest(volumes_ml)]
    found.sort(key=lambda one: -abs(one[0]))
    labels = np.where(was, before.labels, after.labels)
    pieces = [_piece(voxels, ml, LungMask(labels, before.geometry)) for ml, voxels in found[:MOST_PIECES]]
    rest = was != is_now
    for piece in pieces:
        rest &= ~piece.voxels
    if rest.any():
        ml = (np.count_nonzero(rest & is_now) - np.count_nonzero(rest & was)) * voxel_ml
        pieces.append(Piece(rest, float(ml), None, ""))
    return tuple(pieces)


def combinations_of(players: int) -> list[frozenset[int]]:
    """All sets of players, numbered from 0: nobody first, each next set with one player more or less (Gray code)."""
    codes = (number ^ number >> 1 for number in range(2**players))
    return [frozenset(player for player in range(players) if code >> player & 1) for code in codes]


def shapley_values(reached: Mapping[frozenset[int], float], players: int) -> list[float]:
    """Exact Shapley values: each player's mean part in what all reach, over all orders in which they can come.

    Parameters
    ----------
    reached
        What each of ``combinations_of(players)`` reaches together.
    """
    values = []
    for player in range(players):
        parts = [
            factorial(len(some)) * factorial(players - len(some) - 1) * (reached[some | {player}] - reached[some])
            for some in combinations_of(players)
            if player not in some
        ]
        values.append(sum(parts) / factorial(players))
    return values


def explain_correction(
    ct: CTVolume,
    before: LungMask,
    after: LungMask,
    *,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Correction:
    """Score a CT with every combination of a correction's pieces: up to 32 scores.

    Undone, a correction has the same shares with the opposite sign.

    Parameters
    ----------
    ct, before, after
        On one grid, in any orientation.
    device, weights, progress
        As for ``analyze``; all progress is of the stage ``"correction"``, counted by scores.

    Raises
    ------
    InputError, MaskError, WeightsError, DeviceError
        With the sentence that the user reads; also where a combination of pieces leaves no lungs to score.
    """
    card = scoring_card(weights)
    ct, before, after = ct.axial()[0], before.axial(), after.axial()
    pieces = pieces_of(before, after)
    lungs, count = before.labels > 0, 2 ** len(pieces)
    where, scored, features = trusted_device(device), 0, LastFeatures()

    def margin_with(some: frozenset[int]) -> float:
        nonlocal where, scored
        if progress:
            progress(Progress("correction", scored, count))
        mask = lungs.copy()
        for number in some:
            mask ^= pieces[number].voxels
        ct_mask = make_ct_mask(ct, mask, card.input_form)

        def score_on(device: str, slices: int) -> float:
            import torch

            network = cast("DeCoVNet", loaded_network(card, device))
            with torch.inference_mode():
                logits = network.classifier(features.of(network, ct_mask, device, slices))[0].tolist()
            return float(logits[1] - logits[0])

        margin, where = within_memory(score_on, where, _SLICES_AT_ONCE)
        scored += 1
        return margin

    margins = {some: margin_with(some) for some in combinations_of(len(pieces))}
    if progress:
        progress(Progress("correction", count, count))
    values = shapley_values(margins, len(pieces))
    shares = tuple(
        Share(piece.ml, piece.position_lps_mm, piece.where, value) for piece, value in zip(pieces, values, strict=True)
    )
    return Correction(margins[frozenset()], margins[frozenset(range(len(pieces)))], shares)


def _largest(volumes_ml: np.ndarray) -> list[int]:
    """Labels of the pieces that are large enough; 0 is what did not change."""
    large = [label for label in range(1, len(volumes_ml)) if volumes_ml[label] >= LEAST_ML]
    return sorted(large, key=lambda label: -volumes_ml[label])[:MOST_PIECES]


def _piece(voxels: np.ndarray, ml: float, both: LungMask) -> Piece:
    """Where it lies; ``both`` has what is in either mask."""
    places = np.argwhere(voxels)
    nearest = places[np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1))]
    x, y, z = (float(mm) for mm in (both.geometry.ijk_to_lps @ [*nearest[::-1], 1.0])[:3])
    side = int(np.bincount(both.labels[voxels]).argmax())
    third = third_of(int(nearest[0]), height_of(both.labels, side))
    return Piece(voxels, ml, (x, y, z), f"{SIDES[side]} {third}")

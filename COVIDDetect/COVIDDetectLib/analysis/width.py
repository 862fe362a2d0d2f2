"""How far probability and heat map move when scan and mask are nudged, as another scanner or hand might have done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..ct.ct_mask import FEWEST_SLICES, CTMask, bounding_box, make_ct_mask
from ..ct.geometry import Reorientation
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..lungs import LungMask
from ..probability import probability_text
from ..weights.cards import ModelCard, scoring_card
from ..weights.loaded import loaded_network
from .analyze import Progress, Score, score_features
from .attention import Attention, heat_at
from .cells import sum_in_cells
from .features import features_of

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

_SMOOTH_SIGMA = 0.7
"""Pixels: between two neighboring reconstruction kernels of one scanner."""
_SHARPEN_BY = 0.5
_TISSUE_HU = (-50, 150)
_SLICES_AT_ONCE = 32
"""Of the backbone: whoever cancels waits for one layer of them."""
_MIRROR = Reorientation((0, 1, 2), (True, False, False))
"""The network does not see where a voxel lies; the map is placed where its voxels were."""
_CROSS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], dtype=bool)
_MARGIN = (1, 4, 4)
_WIDE = 0.2
_BEYOND = 0.15
"""Log-odds. The range of ten readings would miss one in five that are like them, and so it did of second scans."""

Nudge = Callable[[], tuple[CTVolume, np.ndarray]]
"""Makes a nudged CT and its mask."""


@dataclass(frozen=True)
class Reading:
    """One score of the nudged CT.

    Parameters
    ----------
    name
        What was changed.
    map_correlation
        Pearson's, of the heat map with that of the CT as it is, in the lungs' cells; None for that one itself, and
        where it shows nothing.
    """

    name: str
    probability: float
    map_correlation: float | None = None


@dataclass(frozen=True)
class Width:
    """Between which probabilities a second scan of the patient may be expected. Not a confidence interval.

    Parameters
    ----------
    low, high
        A little below the smallest and above the largest of all readings, the first of which is the CT as it is.
    """

    low: float
    high: float
    readings: tuple[Reading, ...]

    def spans(self, threshold: float) -> bool:
        """Whether a threshold lies within: the nudges alone change what the number says."""
        return self.low < threshold <= self.high

    @property
    def decimals(self) -> int:
        """How many of a probability mean something: where the tenths move, the hundredths say nothing."""
        return 1 if self.high - self.low >= _WIDE else 2

    @property
    def map_correlation(self) -> float | None:
        """Mean of the readings'; None where there is nothing to compare."""
        known = [reading.map_correlation for reading in self.readings if reading.map_correlation is not None]
        return float(np.mean(known)) if known else None

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Width:
        """The width in ``analysis.json``."""
        return cls(entry["low"], entry["high"], tuple(Reading(**reading) for reading in entry["readings"]))


def width_of(record: Mapping[str, Any]) -> Width | None:
    """The width in a record; None where the CT was read once."""
    entry = record.get("width")
    return Width.from_entry(entry) if entry else None


def number_text(record: Mapping[str, Any], decision_threshold: float) -> str:
    """The probability of a record as it is shown, with as many decimals as its width leaves a meaning."""
    width = width_of(record)
    return probability_text(record["probability"], decision_threshold, width.decimals if width else 2)


def read_again(
    ct: CTVolume,
    lung_mask: LungMask,
    *,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Width:
    """Score a CT as it is, mirrored, cut half a slab later, with a slice less, with another edge of the mask and noise.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation.
    device, weights, progress
        As for ``analyze``; all progress is of the stage ``"width"``, counted by readings.

    Raises
    ------
    InputError, MaskError, WeightsError, DeviceError
        With the sentence that the user reads.
    """
    card = scoring_card(weights)
    ct, lungs = _cropped(ct.axial()[0], lung_mask.axial().labels > 0)
    where = trusted_device(device)
    report = progress or (lambda _: None)

    def score(ct_mask: CTMask) -> tuple[Score, Attention]:
        nonlocal where

        def score_on(device: str, slices: int) -> tuple[Score, Attention]:
            network = cast("DeCoVNet", loaded_network(card, device))
            return score_features(network, features_of(network, ct_mask, device, slices), ct_mask, card)

        scored, where = within_memory(score_on, where, _SLICES_AT_ONCE)
        return scored

    form = card.input_form.for_lungs(bounding_box(lungs), ct.geometry.spacing)
    nudges = dict(_nudges(ct, lungs, form.slice_mm))
    readings: list[Reading] = []
    as_it_is: tuple[Attention, np.ndarray] | None = None
    for number, (name, nudge) in enumerate(nudges.items()):
        report(Progress("width", number, len(nudges)))
        ct_mask = make_ct_mask(*nudge(), card.input_form)
        scored, attention = score(ct_mask)
        readings.append(Reading(name, scored.probability, _map_correlation(as_it_is, attention)))
        as_it_is = as_it_is or (attention, sum_in_cells(ct_mask.mask > 0, attention.values.shape) > 0)
    report(Progress("width", len(nudges), len(nudges)))
    probabilities = [reading.probability for reading in readings]
    low, high = _further(min(probabilities), -_BEYOND), _further(max(probabilities), _BEYOND)
    return Width(low, high, tuple(readings))


def _further(probability: float, log_odds: float) -> float:
    """A probability moved by so many log-odds; 0 and 1 stay what they are."""
    odds = probability * float(np.exp(log_odds))
    return odds / (odds + 1 - probability)


def _cropped(ct: CTVolume, lungs: np.ndarray) -> tuple[CTVolume, np.ndarray]:
    """What the nudges can reach: the lungs' box and a margin. The CT's place does not matter to a score."""
    box = tuple(
        slice(max(0, one.start - by), one.stop + by) for one, by in zip(bounding_box(lungs), _MARGIN, strict=True)
    )
    return replace(ct, hu=np.ascontiguousarray(ct.hu[box])), np.ascontiguousarray(lungs[box])


def _nudges(ct: CTVolume, lungs: np.ndarray, slice_mm: float | None) -> Iterator[tuple[str, Nudge]]:
    from scipy import ndimage

    def with_hu(values: np.ndarray) -> tuple[CTVolume, np.ndarray]:
        return replace(ct, hu=np.clip(np.rint(values), -32768, 32767).astype(np.int16)), lungs

    def smoothed() -> np.ndarray:
        smooth: np.ndarray = ndimage.gaussian_filter(ct.hu.astype(np.float32), (0, _SMOOTH_SIGMA, _SMOOTH_SIGMA))
        return smooth

    def noise() -> np.ndarray:
        return _noise_hu(ct.hu) * np.random.default_rng(0).standard_normal(ct.hu.shape, dtype=np.float32)

    yield "as it is", lambda: (ct, lungs)
    mirrored = replace(
        ct, hu=np.ascontiguousarray(ct.hu[:, :, ::-1]), geometry=ct.geometry.reoriented(_MIRROR, ct.hu.shape)
    )
    yield "mirrored", lambda: (mirrored, lungs[:, :, ::-1])
    slices = np.flatnonzero(lungs.any(axis=(1, 2)))
    half_slab = round((slice_mm or 0.0) / 2 / ct.geometry.spacing[2])
    ends = [("without the lowest slice", slices[:1]), ("without the highest slice", slices[-1:])]
    if half_slab > 1:
        ends.append(("slabs that begin half a slab higher", slices[:half_slab]))
    for name, left_out in ends:
        if len(slices) - len(left_out) >= FEWEST_SLICES:
            yield name, partial(_without, ct, lungs, left_out)
    yield "mask a pixel larger", lambda: (ct, ndimage.binary_dilation(lungs, _CROSS))
    smaller = ndimage.binary_erosion(lungs, _CROSS)
    if np.count_nonzero(smaller.any(axis=(1, 2))) >= FEWEST_SLICES:
        yield "mask a pixel smaller", lambda: (ct, smaller)
    yield "smoother", lambda: with_hu(smoothed())
    yield "sharper", lambda: with_hu(ct.hu + _SHARPEN_BY * (ct.hu - smoothed()))
    yield "with as much noise again", lambda: with_hu(ct.hu + noise())


def _map_correlation(as_it_is: tuple[Attention, np.ndarray] | None, other: Attention) -> float | None:
    """Of a map with that of the CT as it is, of which the cells in the lungs are given too."""
    if as_it_is is None:
        return None
    first, inside = as_it_is
    values = first.heat[inside], heat_at(other, first.geometry, first.values.shape)[inside]
    if np.ptp(values[0]) == 0:
        return None
    return float(np.corrcoef(*values)[0, 1]) if np.ptp(values[1]) else 0.0


def _without(ct: CTVolume, lungs: np.ndarray, slices: np.ndarray) -> tuple[CTVolume, np.ndarray]:
    fewer = lungs.copy()
    fewer[slices] = False
    return ct, fewer


def _noise_hu(values: np.ndarray) -> float:
    """Standard deviation of the noise in soft tissue: from second differences, which anatomy hardly has."""
    hu = values.astype(np.float32)
    bend = hu[:, :, 2:] - 2 * hu[:, :, 1:-1] + hu[:, :, :-2]
    tissue = (hu[:, :, 1:-1] > _TISSUE_HU[0]) & (hu[:, :, 1:-1] < _TISSUE_HU[1])
    if not tissue.any():
        return 0.0
    return float(1.4826 * np.median(np.abs(bend[tissue])) / np.sqrt(6))

"""Pixels that a disk or a network lost: a part of a slice that is of one value, or unlike the slices beside it."""

from __future__ import annotations

import numpy as np

from .layout_checks import Finding
from .volume import CTVolume

_RUNS_A_ROW, _SAMPLES = 4, 16
"""A run of one value is looked for in quarters of a row, each by so many of its pixels.

In 15 CTs and the phantoms up to 9 pixels of such quarters one behind the other had neighbors that differ as below, at
table tops; nearly all had none.
"""
_AIR_AT_MOST_HU, _DIFFERENT_FROM_AIR_HU, _DIFFERENT_HU, _LEAST_DIFFERENT = -900, 100, 20, 14
"""Air is cut off at -1024 HU in some slices and not in others; nothing else is ever of one value in one slice only."""
_SEEN_HU, _UNLIKE_HU, _LEAST_UNLIKE = (-1024, 400), 150, 0.6
"""Of the runs of those CTs no more than two behind each other are so unlike their neighbors: thin tables, metal."""
_END_SLICES, _TISSUE_ABOVE_HU, _LEAST_TISSUE = 2, -500, 0.1
"""The last slices have one neighbor only, and above a head there may truly be nothing."""


def check_lost_pixels(ct: CTVolume) -> Finding | None:
    """Runs of one value, as where a block of a file was lost and filled with zeros, or of anything that does not fit.

    A run of one value is seen from half a row on, anything else from a row on.

    Parameters
    ----------
    ct
        In the order in which it was stored: what lies behind each other in a file was lost together.
    """
    sampled = _in_runs(ct.hu)
    if lost := _slices_with_lost_pixels(sampled):
        how = "of one value where the slices beside show the patient"
    elif lost := _slices_with_other_pixels(sampled):
        how = "unlike those of the slices beside, which are alike"
    else:
        return None
    numbers = ", ".join(str(k + 1) for k in lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    slices, have = ("Slice", "has") if len(lost) == 1 else ("Slices", "have")
    return Finding(
        "lost-pixels",
        f"{slices} {numbers} of the CT {have} many pixels {how}, as if a part of the file was lost; load the CT copied "
        "or exported again.",
        computable=True,
    )


def _in_runs(hu: np.ndarray) -> np.ndarray:
    """Some pixels of each run of a slice: int16 ``[slice, run, pixel]``."""
    step = max(1, hu.shape[2] // (_RUNS_A_ROW * _SAMPLES))
    runs = hu[0].size // (step * _SAMPLES)
    picked = hu.reshape(len(hu), -1)[:, : runs * step * _SAMPLES : step]
    return np.ascontiguousarray(picked).reshape(len(hu), runs, _SAMPLES)


def _slices_with_other_pixels(sampled: np.ndarray) -> list[int]:
    """Slices with runs, one behind the other, that fit neither neighbor where these are alike."""
    if len(sampled) < 3:
        return []
    seen = np.clip(sampled[:, :, ::2], *_SEEN_HU)
    beside = np.abs(seen[1:] - seen[:-1])
    unlike = np.minimum(beside[1:], beside[:-1])
    is_other = (unlike > _UNLIKE_HU) & (unlike > 2 * np.abs(seen[2:] - seen[:-2]))
    is_run = is_other.mean(axis=2) >= _LEAST_UNLIKE
    count = is_run.shape[1] - _RUNS_A_ROW + 1
    together = np.all([is_run[:, first : first + count] for first in range(_RUNS_A_ROW)], axis=0)
    return [int(k) + 1 for k in np.flatnonzero(together.any(axis=1))]


def _slices_with_lost_pixels(sampled: np.ndarray) -> list[int]:
    """Slices with runs of one value where their nearest neighbors have something else."""
    count = len(sampled)
    is_one_value = (sampled == sampled[:, :, :1]).all(axis=2)
    # The nearest slices with something there, below and above; -1 and count where there are none.
    number = np.arange(count)[:, None]
    below = np.maximum.accumulate(np.where(is_one_value, -1, number))
    above = np.minimum.accumulate(np.where(is_one_value, count, number)[::-1])[::-1]
    at, run = np.nonzero(is_one_value)
    if not len(at):
        return []
    value = sampled[at, run, 0].astype(np.int32)
    least = np.where(value <= _AIR_AT_MOST_HU, _DIFFERENT_FROM_AIR_HU, _DIFFERENT_HU)
    has_tissue = np.mean(sampled[:, :, ::4] > _TISSUE_ABOVE_HU, axis=(1, 2)) >= _LEAST_TISSUE
    sides = [below[at, run], above[at, run]]
    is_inside = [(side >= 0) & (side < count) for side in sides]
    is_last = np.minimum(at, count - 1 - at) < _END_SLICES
    differing = np.full((len(at), _SAMPLES), True)
    for side, inside, other_inside in zip(sides, is_inside, is_inside[::-1], strict=True):
        beside = np.clip(side, 0, count - 1)
        differs = np.abs(sampled[beside, run] - value[:, None]) > least[:, None]
        alone = is_last & has_tissue[beside] & (np.abs(beside - at) <= _END_SLICES)
        counts = np.where(inside, other_inside | alone, other_inside)
        differing &= np.where(inside[:, None], differs, True) & counts[:, None]
    # What was lost goes on from one run to the next, through air and body.
    is_next = (np.diff(at) == 0) & (np.diff(run) == 1) & (np.diff(value) == 0)
    first = np.flatnonzero(np.r_[True, ~is_next])
    is_lost = np.add.reduceat(differing.sum(axis=1), first) >= _LEAST_DIFFERENT
    return [int(k) for k in np.unique(at[first][is_lost])]

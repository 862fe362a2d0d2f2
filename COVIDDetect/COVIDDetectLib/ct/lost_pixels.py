"""Pixels that a disk or a network lost: a run of one value in a slice, where the slices beside it show something."""

from __future__ import annotations

import numpy as np

from .layout_checks import Finding
from .volume import CTVolume

_RUNS_A_ROW, _SAMPLES = 4, 16
"""A run of one value is looked for in quarters of a row, each by so many of its pixels.

Of 15 CTs and the phantoms no quarter of one value had neighbors that differ as below; eighths had some, on table tops.
"""
_AIR_AT_MOST_HU, _DIFFERENT_FROM_AIR_HU, _DIFFERENT_HU, _LEAST_DIFFERENT = -900, 100, 20, 0.75
"""Air is cut off at -1024 HU in some slices and not in others; nothing else is ever of one value in one slice only."""
_TISSUE_ABOVE_HU, _LEAST_TISSUE = -500, 0.1
"""An end slice has one neighbor only, and above a head there may truly be nothing."""


def check_lost_pixels(ct: CTVolume) -> Finding | None:
    """Runs of one value, as where a block of a file was lost and filled with zeros; at least half a row long.

    Parameters
    ----------
    ct
        In the order in which it was stored: what lies behind each other in a file was lost together.
    """
    lost = _slices_with_lost_pixels(ct.hu)
    if not lost:
        return None
    numbers = ", ".join(str(k + 1) for k in lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    slices, have = ("Slice", "has") if len(lost) == 1 else ("Slices", "have")
    return Finding(
        "lost-pixels",
        f"{slices} {numbers} of the CT {have} many pixels of one value where the slices beside show the patient, as if "
        "a part of the file was lost; load the CT copied or exported again.",
        computable=True,
    )


def _slices_with_lost_pixels(hu: np.ndarray) -> list[int]:
    count, step = len(hu), max(1, hu.shape[2] // (_RUNS_A_ROW * _SAMPLES))
    runs = hu[0].size // (step * _SAMPLES)
    sampled = hu.reshape(count, -1)[:, : runs * step * _SAMPLES : step].reshape(count, runs, _SAMPLES)
    is_one_value = sampled.max(axis=2) == sampled.min(axis=2)
    # The nearest slices with something there, below and above; -1 and count where there are none.
    number = np.arange(count)[:, None]
    below = np.maximum.accumulate(np.where(is_one_value, -1, number))
    above = np.minimum.accumulate(np.where(is_one_value, count, number)[::-1])[::-1]
    at, run = np.nonzero(is_one_value)
    has_tissue = np.mean(sampled > _TISSUE_ABOVE_HU, axis=(1, 2)) >= _LEAST_TISSUE
    least = np.where(sampled[at, run, :1] <= _AIR_AT_MOST_HU, _DIFFERENT_FROM_AIR_HU, _DIFFERENT_HU)
    is_lost = np.ones(len(at), dtype=bool)
    sides = [below[at, run], above[at, run]]
    is_inside = [(side >= 0) & (side < count) for side in sides]
    for side, inside, other_inside in zip(sides, is_inside, is_inside[::-1], strict=True):
        beside = np.clip(side, 0, count - 1)
        difference = np.abs(sampled[beside, run].astype(np.int32) - sampled[at, run, :1])
        differs = np.mean(difference > least, axis=1) >= _LEAST_DIFFERENT
        is_lost &= np.where(inside, differs & (other_inside | has_tissue[beside]), other_inside)
    return [int(k) for k in np.unique(at[is_lost])]

"""Smooth random fields in millimetres: the same texture on any grid."""

from __future__ import annotations

import numpy as np

Shape = tuple[int, int, int]
Spacing = tuple[float, float, float]


def smooth_field(random: np.random.Generator, shape: Shape, spacing_kji: Spacing, grain_mm: float) -> np.ndarray:
    """Random values, about standard normal, that change over ``grain_mm``.

    Parameters
    ----------
    shape
        Slices, rows, columns.
    spacing_kji
        Millimetres from slice to slice, row to row, column to column.
    grain_mm
        Distance of the random values between which is interpolated.

    Returns
    -------
    float32 ``[slice, row, column]``
    """
    extents = [size * mm / grain_mm for size, mm in zip(shape, spacing_kji, strict=True)]
    field = random.standard_normal([int(np.ceil(extent)) + 3 for extent in extents]).astype(np.float32)
    start = random.random(3)
    for axis, (size, mm) in enumerate(zip(shape, spacing_kji, strict=True)):
        positions = (np.arange(size) * mm / grain_mm + start[axis]).astype(np.float32)
        below = positions.astype(int)
        share = positions - below
        share = (share * share * (3 - 2 * share)).reshape([-1 if a == axis else 1 for a in range(3)])
        field = np.take(field, below, axis) * (1 - share) + np.take(field, below + 1, axis) * share
    return field.astype(np.float32, copy=False)


def soft_step(values: np.ndarray, width: float) -> np.ndarray:
    """0 far below zero, 1 far above, over about four times ``width``."""
    return 1.0 / (1.0 + np.exp(np.clip(-values / width, -30.0, 30.0)))

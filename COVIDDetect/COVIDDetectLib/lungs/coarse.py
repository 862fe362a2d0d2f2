"""A CT on voxels of about 2 mm, on which anatomy is decided: any spacing gives nearly the same."""

from __future__ import annotations

import numpy as np

COARSE_MM = 2.0


def steps_to(sampling: np.ndarray, coarse_mm: float = COARSE_MM) -> np.ndarray:
    """How many voxels along each axis make one of at most ``coarse_mm``; at least one."""
    return np.maximum(1, np.floor(coarse_mm / sampling + 1e-3)).astype(int)


def block_means(volume: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """float32 means of blocks of ``steps`` voxels; blocks at the far edge may be smaller."""
    starts = [np.arange(0, size, step) for size, step in zip(volume.shape, steps, strict=True)]
    counts = [np.diff(np.append(start, size)) for start, size in zip(starts, volume.shape, strict=True)]
    means = np.empty([len(start) for start in starts], dtype=np.float32)
    for number, first in enumerate(starts[0]):
        slab = volume[first : first + steps[0]].sum(axis=0, dtype=np.float32)
        slab = np.add.reduceat(np.add.reduceat(slab, starts[1], axis=0), starts[2], axis=1)
        means[number] = slab / (counts[0][number] * counts[1][:, None] * counts[2])
    return means


def in_cells(mask: np.ndarray, cells: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """What of a bool mask lies in the blocks that are set."""
    rows, columns = (np.arange(size) // step for size, step in zip(mask.shape[1:], steps[1:], strict=True))
    part = np.zeros_like(mask)
    for number, one in enumerate(mask):
        chosen = cells[number // steps[0]]
        if chosen.any():
            part[number] = one & chosen[rows[:, None], columns]
    return part

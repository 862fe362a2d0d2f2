"""A CT on voxels of about 2 mm, on which anatomy is decided: any spacing gives nearly the same."""

from __future__ import annotations

import numpy as np

COARSE_MM = 2.0


def steps_to(sampling: np.ndarray, coarse_mm: float = COARSE_MM) -> np.ndarray:
    """How many voxels along each axis make one of at most ``coarse_mm``; at least one."""
    return np.maximum(1, np.floor(coarse_mm / sampling + 1e-3)).astype(int)


def block_means(volume: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """float32 means of blocks of ``steps`` voxels; blocks at the far edge may be smaller."""
    sizes = [-(-size // step) for size, step in zip(volume.shape, steps, strict=True)]
    counts = [np.minimum(step, size - np.arange(0, size, step)) for size, step in zip(volume.shape, steps, strict=True)]
    in_plane = (counts[1][:, None] * counts[2]).astype(np.float32)
    means = np.empty(sizes, dtype=np.float32)
    for number in range(sizes[0]):
        slab = volume[number * steps[0] : (number + 1) * steps[0]].sum(axis=0, dtype=np.int32)
        means[number] = _joined(_joined(slab, int(steps[1]), 0), int(steps[2]), 1) / (counts[0][number] * in_plane)
    return means


def _joined(slab: np.ndarray, step: int, axis: int) -> np.ndarray:
    """Sums of ``step`` neighbors along an axis; the last may be of fewer."""
    along = (slice(None),) * axis
    first, *others = (slab[(*along, slice(start, None, step))] for start in range(step))
    joined: np.ndarray = first.copy()
    for other in others:
        joined[tuple(slice(size) for size in other.shape)] += other
    return joined


def in_cells(mask: np.ndarray, cells: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """What of a bool mask lies in the blocks that are set."""
    rows, columns = (np.arange(size) // step for size, step in zip(mask.shape[1:], steps[1:], strict=True))
    part = np.zeros_like(mask)
    for number, one in enumerate(mask):
        chosen = cells[number // steps[0]]
        if chosen.any():
            part[number] = one & chosen[rows[:, None], columns]
    return part

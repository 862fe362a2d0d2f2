"""Vessels and airways: trees that fill a lung, and how much of each voxel they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import Shape, Spacing

_LEAF_RADIUS_MM = 0.55
_MURRAY = 1 / 2.7
"""Exponent of the radius in the number of leaves that a branch feeds (after Murray's law)."""
_PIECE_MM = 9.0


@dataclass(frozen=True, eq=False)
class Tubes:
    """Straight pieces of tube: starts and ends in mm ``(N, 3)`` as x, y, z, and radii in mm ``(N,)``."""

    starts: np.ndarray
    ends: np.ndarray
    radii: np.ndarray

    def widened(self, by_mm: float) -> Tubes:
        """The same tubes with larger radii: the walls of airways."""
        return Tubes(self.starts, self.ends, self.radii + by_mm)


def grow_tree(
    random: np.random.Generator, root: np.ndarray, leaves: np.ndarray, leaf_radius_mm: float = _LEAF_RADIUS_MM
) -> Tubes:
    """A tree from ``root`` (x, y, z in mm) to all ``leaves`` ``(N, 3)``; branches that feed more are wider."""
    nodes, parents, ends_at_leaf = [root], [-1], [False]
    for leaf in leaves[np.argsort(np.linalg.norm(leaves - root, axis=1))]:
        existing = np.array(nodes)
        distance = np.linalg.norm(existing - leaf, axis=1)
        # Branching early on the way from the hilum, so that branches run towards the periphery and not back.
        parent = int(np.argmin(distance + 0.25 * np.linalg.norm(existing - root, axis=1)))
        pieces = max(1, int(distance[parent] / _PIECE_MM))
        way = existing[parent] + np.linspace(0, 1, pieces + 1)[1:, None] * (leaf - existing[parent])
        way[:-1] += random.normal(0, 0.12 * _PIECE_MM, (pieces - 1, 3))
        for number, point in enumerate(way):
            parents.append(parent if number == 0 else len(nodes) - 1)
            nodes.append(point)
            ends_at_leaf.append(number == pieces - 1)
    fed = np.array(ends_at_leaf, dtype=int)
    for node in range(len(nodes) - 1, 0, -1):
        fed[parents[node]] += fed[node]
    points = np.array(nodes)
    return Tubes(points[parents[1:]], points[1:], leaf_radius_mm * fed[1:] ** _MURRAY)


def coverage(
    tubes: Tubes, shape: Shape, spacing_kji: Spacing, first_voxel_mm: np.ndarray, subslices: int
) -> np.ndarray:
    """Share of each voxel that lies in the tubes, float32 ``[slice, row, column]``.

    Parameters
    ----------
    first_voxel_mm
        x, y, z of the center of voxel (0, 0, 0).
    subslices
        Into how many layers a slice is cut, so that a vessel fades into a thick slice as in a scanner.
    """
    share = np.zeros(shape, dtype=np.float32)
    size = np.array(spacing_kji)
    first = first_voxel_mm[::-1]
    layers = ((np.arange(subslices) + 0.5) / subslices - 0.5) * size[0]
    soft_mm = size[1]
    for start, end, radius in zip(tubes.starts[:, ::-1], tubes.ends[:, ::-1], tubes.radii, strict=True):
        low = np.floor((np.minimum(start, end) - radius - size - first) / size).astype(int)
        high = np.ceil((np.maximum(start, end) + radius + size - first) / size).astype(int) + 1
        low, high = np.maximum(low, 0), np.minimum(high, shape)
        if np.any(low >= high):
            continue
        k, j, i = (
            (np.arange(a, b) * mm + at).astype(np.float32) for a, b, mm, at in zip(low, high, size, first, strict=True)
        )
        k = (k[:, None] + layers.astype(np.float32)).reshape(-1)
        axis = (end - start).astype(np.float32)
        length2 = float(axis @ axis) or 1.0
        dk, dj, di = k[:, None, None] - start[0], j[:, None] - start[1], i - start[2]
        along = np.clip((dk * axis[0] + dj * axis[1] + di * axis[2]) / length2, 0, 1)
        distance = np.sqrt((dk - along * axis[0]) ** 2 + (dj - along * axis[1]) ** 2 + (di - along * axis[2]) ** 2)
        inside = np.clip((radius - distance) / soft_mm + 0.5, 0, min(1.0, 2 * radius / soft_mm))
        inside = inside.reshape(high[0] - low[0], subslices, len(j), len(i)).mean(axis=1)
        box = share[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        np.maximum(box, inside, out=box)
    return share

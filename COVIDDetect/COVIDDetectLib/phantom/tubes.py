"""Vessels and airways: trees that fill a lung, and how much of each voxel they take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

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
    points, to_root, parents, ends_at_leaf = root[None], np.zeros(1), [-1], [False]
    for leaf in leaves[np.argsort(np.linalg.norm(leaves - root, axis=1))]:
        distance = np.linalg.norm(points - leaf, axis=1)
        # Branching early on the way from the hilum, so that branches run towards the periphery and not back.
        parent = int(np.argmin(distance + 0.25 * to_root))
        pieces = max(1, int(distance[parent] / _PIECE_MM))
        way = points[parent] + _shares(pieces) * (leaf - points[parent])
        way[:-1] += random.normal(0, 0.12 * _PIECE_MM, (pieces - 1, 3))
        parents += [parent, *range(len(points), len(points) + pieces - 1)]
        ends_at_leaf += [False] * (pieces - 1) + [True]
        points = np.concatenate([points, way])
        to_root = np.concatenate([to_root, np.linalg.norm(way - root, axis=1)])
    fed = np.array(ends_at_leaf, dtype=int)
    for node in range(len(points) - 1, 0, -1):
        fed[parents[node]] += fed[node]
    return Tubes(points[parents[1:]], points[1:], leaf_radius_mm * fed[1:] ** _MURRAY)


@cache
def _shares(pieces: int) -> np.ndarray:
    """How much of a way is gone after each of its pieces, ``[piece, 1]``."""
    return np.linspace(0, 1, pieces + 1)[1:, None]


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
    size, first = np.array(spacing_kji), first_voxel_mm[::-1]
    layers = (((np.arange(subslices) + 0.5) / subslices - 0.5) * size[0]).astype(np.float32)
    soft_mm = size[1]
    starts, ends, radii = tubes.starts[:, ::-1], tubes.ends[:, ::-1], tubes.radii
    reach = radii[:, None] + size
    low = np.floor((np.minimum(starts, ends) - reach - first) / size).astype(int).clip(min=0)
    high = np.minimum(np.ceil((np.maximum(starts, ends) + reach - first) / size).astype(int) + 1, shape)
    axes = (ends - starts).astype(np.float32)
    centers = [
        (np.arange(count) * mm + at).astype(np.float32) for count, mm, at in zip(shape, size, first, strict=True)
    ]
    k, j, i = (centers[0][:, None] + layers)[..., None, None], centers[1][:, None], centers[2]
    for tube in np.flatnonzero((low < high).all(axis=1)):
        (k0, j0, i0), (k1, j1, i1) = low[tube].tolist(), high[tube].tolist()
        start, axis, radius = starts[tube], axes[tube], radii[tube]
        length2 = float(axis @ axis) or 1.0
        dk, dj, di = k[k0:k1] - start[0], j[j0:j1] - start[1], i[i0:i1] - start[2]
        along = np.minimum(np.maximum((dk * axis[0] + dj * axis[1] + di * axis[2]) / length2, 0), 1)
        distance = np.sqrt((dk - along * axis[0]) ** 2 + (dj - along * axis[1]) ** 2 + (di - along * axis[2]) ** 2)
        most = min(1.0, 2 * radius / soft_mm)
        inside = np.minimum(np.maximum((radius - distance) / soft_mm + 0.5, 0), most).sum(axis=1) / subslices
        box = share[k0:k1, j0:j1, i0:i1]
        np.maximum(box, inside, out=box)
    return share

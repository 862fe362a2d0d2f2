"""The heat map as it is shown: restricted to the lungs, fine enough that its edge follows the pleura."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy

from ..ct.geometry import Geometry
from ..lungs import LungMask
from .attention import Attention

_FINER = 4
"""In-plane cells of the result per cell of the network: about 2.5 mm in an adult, still a small volume."""

_HATCH_CELL_MM, _HATCH_MM = 1.5, 9.0
"""Cells of a hatched map, at most, and from one stripe to the next along each axis: several cross a small place, and
views that interpolate between the cells do not wash them out."""
_LEAST_HATCHED = 0.01

LEAST_SHOWN = 0.3
"""Heat from which a map is seen, unless the user chooses otherwise."""

LEAST_IN_LUNGS = 0.5
"""Share of the heat below which a heat map tells more of what surrounds the lungs than of them."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A heat map as it was computed, and the part of it that is shown.

    Parameters
    ----------
    whole
        On the network's coarse grid.
    in_lungs
        The same, finer in plane and zero outside the lungs.
    share_in_lungs
        The part of all that speaks for COVID-19 that lies in the lungs; 0 for an empty map.
    """

    whole: Attention
    in_lungs: Attention
    share_in_lungs: float

    @classmethod
    def of(cls, whole: Attention, lung_mask: LungMask) -> HeatMap:
        """Restrict a heat map to the lungs.

        Parameters
        ----------
        lung_mask
            In axial order, in the same place.
        """
        total = float(whole.heat.sum())
        in_lungs = float(_restricted(whole, lung_mask, finer=1).heat.sum())
        return cls(whole, _restricted(whole, lung_mask, _FINER), in_lungs / total if total > 0 else 0.0)


def hatched(attention: Attention) -> Attention:
    """The same map in stripes, of which half are empty: slanting in axial, coronal and sagittal slices alike."""
    values, spacing = attention.values, attention.geometry.spacing[::-1]
    box = scipy.ndimage.find_objects((np.abs(values) >= _LEAST_HATCHED).astype(np.uint8))
    first = [0, 0, 0]
    if box:
        first = [max(0, part.start - 1) for part in box[0]]
        values = values[tuple(slice(start, part.stop + 1) for start, part in zip(first, box[0], strict=True))]
    finer = [int(np.ceil(mm / _HATCH_CELL_MM)) for mm in spacing]
    for axis, count in enumerate(finer):
        values = _interpolate(values, axis, count)
    matrix = attention.geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (matrix @ [*first[::-1], 1.0])[:3]
    matrix[:3, :3] /= finer[::-1]
    along = [np.arange(size) * mm / count for size, mm, count in zip(values.shape, spacing, finer, strict=True)]
    is_empty = sum(np.ix_(*along)) % _HATCH_MM >= _HATCH_MM / 2
    return replace(
        attention, values=np.where(is_empty, np.float32(0), values), geometry=Geometry.from_ijk_to_lps(matrix)
    )


def _restricted(attention: Attention, lung_mask: LungMask, finer: int) -> Attention:
    """Interpolate a heat map in plane to ``finer`` times as many cells, and set it to zero outside the lungs."""
    lung_mask.geometry.require_axial()
    values = attention.values
    for axis in (1, 2):
        values = _interpolate(values, axis, finer)
    matrix = attention.geometry.ijk_to_lps.copy()
    matrix[:3, :2] /= finer
    geometry = Geometry.from_ijk_to_lps(matrix)

    labels = lung_mask.labels
    to_mask = np.linalg.inv(lung_mask.geometry.ijk_to_lps) @ matrix
    # Both grids are axial and one was cut from the other, so that each axis of one runs along that of the other.
    at, inside = [], []
    for axis, size in enumerate(values.shape):
        ijk = 2 - axis
        nearest = np.rint(to_mask[ijk, 3] + to_mask[ijk, ijk] * np.arange(size)).astype(int)
        inside.append((nearest >= 0) & (nearest < labels.shape[axis]))
        at.append(np.clip(nearest, 0, labels.shape[axis] - 1))
    lungs = (labels[np.ix_(*at)] > 0) & inside[0][:, None, None] & inside[1][:, None] & inside[2]
    return replace(attention, values=np.where(lungs, values, 0).astype(np.float32), geometry=geometry)


def _interpolate(values: np.ndarray, axis: int, finer: int) -> np.ndarray:
    """Linear interpolation to ``finer`` times as many cells; the first and the last cell stay where they are."""
    cells = values.shape[axis]
    positions = np.arange((cells - 1) * finer + 1) / finer
    below = np.minimum(positions.astype(int), max(cells - 2, 0))
    share = (positions - below).astype(np.float32)
    share = share.reshape([-1 if dimension == axis else 1 for dimension in range(3)])
    above = np.minimum(below + 1, cells - 1)
    return values.take(below, axis) * (1 - share) + values.take(above, axis) * share

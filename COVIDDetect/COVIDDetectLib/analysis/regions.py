"""Where the network looked: the hottest regions of a heat map inside the lungs, hottest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy

from ..ct.geometry import Geometry, Vector
from ..ct.volume import CTVolume
from ..errors import InputError, MaskError
from ..lungs import LEFT, RIGHT, LungMask
from .heat_map import HeatMap

Side = Literal["right", "left"]
Third = Literal["upper", "middle", "lower"]

SIDES: dict[int, Side] = {RIGHT: "right", LEFT: "left"}
"""Names of the labels in a lung mask."""

HOT_FROM = 0.5
"""Share of the heat map's maximum from which a cell belongs to a region."""

_LEAST_ML = 0.1
_FIRST_REACH_MM = 20.0
_HEIGHT_STEP = 8


@dataclass(frozen=True)
class Region:
    """One connected region of the heat map in one lung.

    Parameters
    ----------
    rank
        1 for the region with the highest peak.
    peak
        Its largest value, relative to what the heat map shows in full.
    peak_lps
        Where that is, in mm.
    volume_ml, mean_hu
        Of the lung in it.
    side, third
        The lung, and the third of that lung's height, in which the peak lies.
    distance_to_pleura_mm
        From the peak to the nearest voxel outside that lung, across any of its surfaces.
    """

    rank: int
    peak: float
    peak_lps: Vector
    volume_ml: float
    mean_hu: float
    side: Side
    third: Third
    distance_to_pleura_mm: float

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Region:
        """The region in an entry of ``analysis.json``."""
        x, y, z = entry["peak_lps"]
        return cls(**{**entry, "peak_lps": (x, y, z)})


def hottest_regions(heat_map: HeatMap, ct: CTVolume, lung_mask: LungMask, count: int = 5) -> tuple[Region, ...]:
    """The connected regions of a heat map that are hottest, in the lungs only.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in axial order.
    count
        At most so many.

    Returns
    -------
    tuple of Region
        By falling peak; empty if nothing in the lungs reaches ``HOT_FROM`` of the map's maximum.

    Raises
    ------
    MaskError
        If CT and mask lie on different grids.
    """
    if lung_mask.labels.shape != ct.hu.shape or not lung_mask.geometry.same_grid(ct.geometry):
        raise MaskError("The lung mask does not have the voxel grid of the CT; choose a mask made on this CT.")
    ct.geometry.require_axial()
    hu, labels, voxels, fine = ct.hu, lung_mask.labels, ct.geometry, heat_map.in_lungs
    at = _nearest_voxels(fine.values.shape, fine.geometry, labels.shape, voxels)
    sides = labels[np.ix_(*at)] * (fine.values >= HOT_FROM)
    heights = {side: height_of(labels, side) for side in SIDES if (sides == side).any()}

    found = []
    for side in heights:  # a region ends where its lung ends, also where the two lungs touch
        parts, _ = scipy.ndimage.label(sides == side, structure=np.ones((3, 3, 3)))
        for part, box in enumerate(scipy.ndimage.find_objects(parts), start=1):
            inside = parts[box] == part
            volume_ml = float(np.count_nonzero(inside) * fine.geometry.voxel_ml)
            if volume_ml >= _LEAST_ML:
                warmth = np.where(inside, fine.values[box], 0)
                in_box = np.unravel_index(int(warmth.argmax()), warmth.shape)
                cell = tuple(int(one.start + k) for one, k in zip(box, in_box, strict=True))
                found.append((float(warmth.max()), side, cell, box, inside, volume_ml))
    found.sort(key=lambda one: -one[0])

    regions = []
    for rank, (peak, side, cell, box, inside, volume_ml) in enumerate(found[:count], start=1):
        k, j, i = (int(at[axis][cell[axis]]) for axis in range(3))
        x, y, z = (float(mm) for mm in (fine.geometry.ijk_to_lps @ [*cell[::-1], 1.0])[:3])
        of_box = np.ix_(*(at[axis][box[axis]] for axis in range(3)))
        regions.append(
            Region(
                rank=rank,
                peak=peak,
                peak_lps=(x, y, z),
                volume_ml=volume_ml,
                mean_hu=float(hu[of_box][inside].mean()),
                side=SIDES[side],
                third=third_of(k, heights[side]),
                distance_to_pleura_mm=_distance_out(labels, (k, j, i), voxels),
            )
        )
    return tuple(regions)


def region_voxels(heat_map: HeatMap, lung_mask: LungMask, region: Region) -> np.ndarray:
    """The voxels of the CT that lie in a region of its heat map.

    Parameters
    ----------
    lung_mask
        In axial order.

    Returns
    -------
    np.ndarray
        bool on the grid of the mask.

    Raises
    ------
    InputError
        If the heat map has no such region.
    """
    lung_mask.geometry.require_axial()
    labels, voxels, fine = lung_mask.labels, lung_mask.geometry, heat_map.in_lungs
    peak_ijk = np.linalg.inv(fine.geometry.ijk_to_lps) @ [*region.peak_lps, 1.0]
    peak = tuple(int(round(place)) for place in peak_ijk[2::-1])
    inside = all(0 <= at < size for at, size in zip(peak, fine.values.shape, strict=True))
    at = _nearest_voxels(fine.values.shape, fine.geometry, labels.shape, voxels)
    side = next(label for label, name in SIDES.items() if name == region.side)
    parts, _ = scipy.ndimage.label((labels[np.ix_(*at)] == side) & (fine.values >= HOT_FROM), np.ones((3, 3, 3)))
    if not inside or not parts[peak]:
        raise InputError("The heat map has changed and no longer contains this region; score the CT again.")
    # Back from cells to voxels: each voxel belongs to the nearest cell.
    cells = _nearest_voxels(labels.shape, voxels, fine.values.shape, fine.geometry)
    found: np.ndarray = (parts == parts[peak])[np.ix_(*cells)] & (labels == side)
    return found


def _nearest_voxels(
    shape: tuple[int, ...], cells: Geometry, voxel_shape: tuple[int, ...], voxels: Geometry
) -> list[np.ndarray]:
    """The nearest slice, row and column of voxels for each of the cells; both grids are axial."""
    to_voxels = np.linalg.inv(voxels.ijk_to_lps) @ cells.ijk_to_lps
    at = []
    for axis, (size, largest) in enumerate(zip(shape, voxel_shape, strict=True)):
        ijk = 2 - axis
        nearest = np.rint(to_voxels[ijk, 3] + to_voxels[ijk, ijk] * np.arange(size)).astype(int)
        at.append(np.clip(nearest, 0, largest - 1))
    return at


def height_of(labels: np.ndarray, side: int) -> tuple[int, int]:
    """The lowest and the highest slice of a lung; every eighth row and column are enough for thirds."""
    slices = np.flatnonzero((labels[:, ::_HEIGHT_STEP, ::_HEIGHT_STEP] == side).any(axis=(1, 2)))
    return (int(slices[0]), int(slices[-1])) if len(slices) else (0, len(labels) - 1)


def third_of(number: int, height: tuple[int, int]) -> Third:
    """The third of a lung's height in which a slice lies."""
    share = (number - height[0] + 0.5) / (height[1] - height[0] + 1)
    return "upper" if share > 2 / 3 else "middle" if share > 1 / 3 else "lower"


def _distance_out(labels: np.ndarray, voxel: tuple[int, int, int], geometry: Geometry) -> float:
    """Distance in mm to the nearest voxel that is not of the same lung; only the neighborhood is searched."""
    spacing_kji = np.array(geometry.spacing[::-1])
    reach_mm = _FIRST_REACH_MM
    while True:
        by = np.ceil(reach_mm / spacing_kji).astype(int)
        box = tuple(slice(max(0, at - one), at + one + 1) for at, one in zip(voxel, by, strict=True))
        outside = np.argwhere(labels[box] != labels[voxel]) + [one.start for one in box]
        whole = all(one.start == 0 and one.stop >= size for one, size in zip(box, labels.shape, strict=True))
        if len(outside):
            nearest_mm = float(np.sqrt((((outside - voxel) * spacing_kji) ** 2).sum(axis=1).min()))
            if nearest_mm <= reach_mm or whole:
                return nearest_mm
        elif whole:  # a mask without an outside: the volume's own border is the nearest
            ends = [min(at + 1, size - at) for at, size in zip(voxel, labels.shape, strict=True)]
            return float((np.array(ends) * spacing_kji).min())
        reach_mm *= 2

"""Lung masks without training: threshold and connected components; airways and gas out, consolidation in.

The masks that teach the UNet, after Liao et al., "Evaluate the Malignancy of Pulmonary Nodules Using the 3-D Deep
Leaky Noisy-OR Network", IEEE TNNLS 2019. All sizes are millimetres, so that every scanner's grid gives the same.
Anatomy is decided on a coarse grid (1 to 2 mm); the surface is then found on the CT's own voxels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

from ..ct.volume import CTVolume
from ..errors import MaskError
from .airways import find_airways
from .body import air_in_body
from .envelope import fill_to_chest_wall
from .sides import LEFT, RIGHT, split_sides

LUNG_BELOW_HU = -320
"""Threshold of Liao et al.: halfway between lung and soft tissue, with a margin for ground glass."""

_COARSE_MM = 2.0
_GAS_BELOW_HU = -945
_LUNG_ABOVE_HU = -925
_LEAST_LUNG_TISSUE_SHARE = 0.25
_LEAST_SHARE_OF_TISSUE = 0.025
_LARGEST_HOLE_MM2 = 300.0
_LEAST_SHARE_OF_LARGEST = 0.03
_CLOSING_MM = 10.0


def threshold_lungs(ct: CTVolume, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """Where the lungs are: vessels within them included; trachea, main bronchi, hilum and bowel gas not.

    Parameters
    ----------
    ct
        CT in axial order.
    progress
        Called with (slices done, slices in all).

    Returns
    -------
    np.ndarray
        bool ``[slice, row, column]`` on the CT's grid.

    Raises
    ------
    MaskError
        If there is nothing in the CT that looks like lung.
    """
    sampling = np.array(ct.geometry.spacing[::-1], dtype=float)
    steps = np.maximum(1, np.floor(_COARSE_MM / sampling + 1e-3)).astype(int)
    hu = _mean_of_blocks(ct.hu, steps)
    coarse_mm = sampling * steps
    air = air_in_body(hu, coarse_mm)
    airways, main_airways = find_airways(hu, air, coarse_mm)
    lungs = _choose_lungs(hu, air & ~airways, coarse_mm)
    filled = _fill(hu, lungs, coarse_mm) & ~main_airways
    return _refine(ct.hu, lungs, filled, main_airways, steps, progress)


def _mean_of_blocks(hu: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """float32 means of blocks of ``steps`` voxels; blocks at the far edge may be smaller."""
    starts = [np.arange(0, size, step) for size, step in zip(hu.shape, steps, strict=True)]
    counts = [np.diff(np.append(start, size)) for start, size in zip(starts, hu.shape, strict=True)]
    means = np.empty([len(start) for start in starts], dtype=np.float32)
    for number, first in enumerate(starts[0]):
        slab = hu[first : first + steps[0]].sum(axis=0, dtype=np.float32)
        slab = np.add.reduceat(np.add.reduceat(slab, starts[1], axis=0), starts[2], axis=1)
        means[number] = slab / (counts[0][number] * counts[1][:, None] * counts[2])
    return means


def _choose_lungs(hu: np.ndarray, air: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """The components that are lung: large, and with tissue in them, which gas in bowel or open air has not."""
    air = air & ~_walled_gas(hu, air, sampling)
    parts, count = scipy.ndimage.label(air)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    core = parts * scipy.ndimage.binary_erosion(air, structure=np.ones((1, 3, 3), dtype=bool), iterations=2)
    core_sizes = np.bincount(core.ravel(), minlength=count + 1)
    tissue_sizes = np.bincount(core[hu > _LUNG_ABOVE_HU], minlength=count + 1)
    has_tissue = tissue_sizes > _LEAST_LUNG_TISSUE_SHARE * np.maximum(core_sizes, 1)
    candidates = np.where(has_tissue, sizes, 0)
    largest = int(candidates.max())
    chosen = (candidates > 0) & (candidates >= _LEAST_SHARE_OF_LARGEST * largest)
    lungs = chosen[parts]
    areas = lungs.sum(axis=(1, 2))
    widest = int(np.argmax(areas))
    tissue_area = int(np.count_nonzero(hu[widest] > LUNG_BELOW_HU))
    if largest == 0 or areas[widest] < _LEAST_SHARE_OF_TISSUE * tissue_area:
        raise MaskError("No lungs were found in this CT; choose a CT of the chest in Hounsfield units.")
    return lungs


def _walled_gas(hu: np.ndarray, air: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Pockets of pure gas with a wall of soft tissue (stomach, bowel, esophagus); bullae lie in lung instead."""
    pockets, count = scipy.ndimage.label(air & (hu < _GAS_BELOW_HU))
    found = np.zeros_like(air)
    voxel_ml = float(np.prod(sampling)) / 1000.0
    sizes = np.bincount(pockets.ravel(), minlength=count + 1)
    for part, box in enumerate(scipy.ndimage.find_objects(pockets), start=1):
        if sizes[part] * voxel_ml < 1.0:
            continue
        wide = tuple(slice(max(0, one.start - 3), one.stop + 3) for one in box)
        members = pockets[wide] == part
        # The first voxel around is blurred between gas and wall; the third tells what lies there.
        near = scipy.ndimage.binary_dilation(members, structure=np.ones((1, 3, 3), dtype=bool), iterations=2)
        far = scipy.ndimage.binary_dilation(near, structure=np.ones((1, 3, 3), dtype=bool))
        if np.mean(hu[wide][far & ~near] > LUNG_BELOW_HU) > 0.6:
            found[wide] |= scipy.ndimage.binary_dilation(members, structure=np.ones((1, 3, 3), dtype=bool))
    return found & air


def _fill(hu: np.ndarray, lungs: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Vessels, nodules and consolidation: holes, narrow bays, and what lies between lung and chest wall."""
    labels = split_sides(lungs, (sampling[2], sampling[1], sampling[0]))
    filled = lungs.copy()
    for side, other in ((RIGHT, LEFT), (LEFT, RIGHT)):
        lung = labels == side
        if not lung.any():
            continue
        box = _with_margin(lung, np.ceil(_CLOSING_MM / sampling).astype(int) + 1)
        lung = fill_to_chest_wall(lung, labels == other, hu, sampling)
        closed = _closed(lung[box], sampling)
        _fill_holes(closed, sampling)
        filled[box] |= closed & (labels[box] != other)
    return filled


def _fill_holes(lung: np.ndarray, sampling: np.ndarray) -> None:
    """Fill, in place, what lung encloses, and small holes of a slice (vessels); not the dome of the diaphragm."""
    if len(lung) == 1:
        scipy.ndimage.binary_fill_holes(lung[0], output=lung[0])
        return
    scipy.ndimage.binary_fill_holes(lung, output=lung)
    for one in lung:
        holes, count = scipy.ndimage.label(scipy.ndimage.binary_fill_holes(one) & ~one)
        if count:
            small = np.bincount(holes.ravel()) * sampling[1] * sampling[2] <= _LARGEST_HOLE_MM2
            small[0] = False
            one |= small[holes]


def _with_margin(mask: np.ndarray, margin: np.ndarray) -> tuple[slice, ...]:
    box = scipy.ndimage.find_objects(mask.view(np.uint8))[0]
    return tuple(slice(max(0, one.start - int(by)), one.stop + int(by)) for one, by in zip(box, margin, strict=True))


def _closed(lung: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Closing by a ball; beyond the first and last slice the lung goes on as it is there."""
    beyond = int(np.ceil(_CLOSING_MM / sampling[0]))
    padded = np.pad(lung, ((beyond, beyond), (0, 0), (0, 0)), mode="edge")
    padded = np.pad(padded, ((0, 0), (beyond, beyond), (beyond, beyond)))
    dilated = scipy.ndimage.distance_transform_edt(~padded, sampling=sampling) <= _CLOSING_MM
    closed = scipy.ndimage.distance_transform_edt(dilated, sampling=sampling) > _CLOSING_MM
    return (closed | padded)[beyond:-beyond, beyond:-beyond, beyond:-beyond]


def _refine(
    hu: np.ndarray,
    lungs: np.ndarray,
    filled: np.ndarray,
    airways: np.ndarray,
    steps: np.ndarray,
    progress: Callable[[int, int], None] | None,
) -> np.ndarray:
    """The mask on the CT's own voxels: where lung meets tissue the threshold decides, elsewhere the coarse mask."""
    result = np.zeros(hu.shape, dtype=bool)
    to_rows, to_columns = (_interpolation(hu.shape[axis], lungs.shape[axis], int(steps[axis])) for axis in (1, 2))
    to_slices = _interpolation(hu.shape[0], lungs.shape[0], int(steps[0]))
    rows, columns = (np.arange(hu.shape[axis]) // steps[axis] for axis in (1, 2))
    tissue = filled & ~lungs
    for number in range(hu.shape[0]):
        weights = to_slices[number]
        if (filled[weights > 0]).any():
            level, tissue_level = (
                to_rows @ np.tensordot(weights[weights > 0], mask[weights > 0].astype(np.float32), 1) @ to_columns.T
                for mask in (filled, tissue)
            )
            smooth = scipy.ndimage.uniform_filter(hu[number].astype(np.float32), 3)
            airway = airways[number // steps[0]][rows[:, None], columns]
            found = (level > 0.05) & (smooth < LUNG_BELOW_HU) & ~airway
            found |= (level > 0.95) | (tissue_level > 0.5)
            found &= ~airway
            result[number] = scipy.ndimage.binary_opening(found, structure=np.ones((2, 2), dtype=bool))
        if progress:
            progress(number + 1, hu.shape[0])
    return result


def _interpolation(fine: int, coarse: int, step: int) -> np.ndarray:
    """Matrix ``[fine, coarse]`` of linear interpolation between the centres of blocks of ``step`` voxels."""
    place = np.clip((np.arange(fine) - (step - 1) / 2) / step, 0, coarse - 1)
    return np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(coarse))).astype(np.float32)

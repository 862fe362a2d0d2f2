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
from .anatomy import Anatomy
from .envelope import fill_to_chest_wall
from .sides import LEFT, RIGHT, split_sides

LUNG_BELOW_HU = -320
"""Threshold of Liao et al.: halfway between lung and soft tissue, with a margin for ground glass."""

_LEAST_SHARE_OF_TISSUE = 0.025
_LARGEST_HOLE_MM2 = 300.0
_LARGEST_VESSEL_MM2 = 100.0
_LEAST_RESTING_SHARE = 0.5
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
    seen = Anatomy.of(ct)
    _check_is_chest(seen.hu, seen.lungs)
    main_airways = seen.airways[1]
    filled = _fill(seen.hu, seen.lungs, seen.mm) & ~main_airways
    return _refine(ct.hu, seen.lungs, filled, main_airways, seen.steps, progress)


def _check_is_chest(hu: np.ndarray, lungs: np.ndarray) -> None:
    areas = lungs.sum(axis=(1, 2))
    widest = int(np.argmax(areas))
    tissue_area = int(np.count_nonzero(hu[widest] > LUNG_BELOW_HU))
    if areas[widest] == 0 or areas[widest] < _LEAST_SHARE_OF_TISSUE * tissue_area:
        raise MaskError("No lungs were found in this CT; choose a CT of the chest in Hounsfield units.")


def _fill(hu: np.ndarray, lungs: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Vessels, nodules and consolidation: holes, narrow bays, and what lies between lung and chest wall."""
    labels = split_sides(lungs, (sampling[2], sampling[1], sampling[0]))
    filled = lungs.copy()
    for side, other in ((RIGHT, LEFT), (LEFT, RIGHT)):
        lung = labels == side
        if not lung.any():
            continue
        box = _with_margin(lung, np.ceil(_CLOSING_MM / sampling).astype(int) + 1)
        lung[box] = resting_on_lung(fill_to_chest_wall(lung, labels == other, hu, sampling)[box], lung[box])
        closed = _closed(lung[box], sampling)
        _fill_holes(closed, sampling)
        filled[box] |= closed & (labels[box] != other)
    return filled


def _fill_holes(lung: np.ndarray, sampling: np.ndarray) -> None:
    """Fill, in place, what lung encloses, and small holes of a slice (vessels)."""
    if len(lung) == 1:
        scipy.ndimage.binary_fill_holes(lung[0], output=lung[0])
        return
    scipy.ndimage.binary_fill_holes(lung, output=lung)
    whole = lung.copy()
    pixel_mm2 = sampling[1] * sampling[2]
    for filled, one in zip(whole, lung, strict=True):
        holes, count = scipy.ndimage.label(scipy.ndimage.binary_fill_holes(one) & ~one)
        if count:
            small = np.bincount(holes.ravel()) * pixel_mm2 <= _LARGEST_HOLE_MM2
            small[0] = False
            filled |= small[holes]
    lung[:] = resting_on_lung(whole, lung, _LARGEST_VESSEL_MM2 / pixel_mm2)


def resting_on_lung(filled: np.ndarray, lung: np.ndarray, smallest: float = 0.0) -> np.ndarray:
    """What was filled, without what stands on tissue: dome of the diaphragm, liver and spleen.

    A piece that was added to a slice stays if there is lung somewhere below most of it; pieces of less than
    ``smallest`` pixels stay anyhow.
    """
    kept = lung.copy()
    has_lung_below = np.zeros(lung.shape[1:], dtype=bool)
    for filled_slice, lung_slice, kept_slice in zip(filled, lung, kept, strict=True):
        pieces, count = scipy.ndimage.label(filled_slice & ~lung_slice)
        if count:
            sizes = np.bincount(pieces.ravel(), minlength=count + 1)
            resting = np.bincount(pieces[has_lung_below], minlength=count + 1) >= _LEAST_RESTING_SHARE * sizes
            resting |= sizes < smallest
            resting[0] = False
            kept_slice |= resting[pieces]
        has_lung_below |= lung_slice
    return kept


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

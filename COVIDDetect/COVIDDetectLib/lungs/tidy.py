"""What a network marks by mistake: table, mattress, bowel, throat, pieces of airway, and thin threads."""

from __future__ import annotations

import numpy as np
import scipy

from ..ct.volume import CTVolume
from .airways import find_airways
from .anatomy import Anatomy
from .coarse import block_means, in_cells
from .gaps import gaps_beside_spine
from .gas import grown_within, walled_gas
from .pieces import opened, pieces_like_lung

_THREAD_MM = 2.5
"""Half the width of what is cut off: pieces of trachea and bronchi, rims of the mediastinum."""
_BACK_MM = 5.0
"""How far the mask goes back into corners that were rounded with the threads, as between ribs and diaphragm."""
_THIN_LUNG_HU, _THIN_LUNG_MM = (-935.0, -300.0), 25.0
"""And into the thin edge of lung around the dome of the diaphragm."""
_LEAST_SHARE = 0.005
_LEAST_SHARE_IN_BODY = 0.5
_LEAST_GAS_ML, _CAVITY_SHARE = 0.3, 0.5
_DARK_HU, _LEAST_SPARED_SHARE = -600.0, 0.1
_STEADY_MM, _LARGEST_STEADY_MM, _DENSE_HU = 4.0, 6.0, -500.0
_SQUARE = np.ones((1, 3, 3), dtype=bool)


def tidy_lungs(ct: CTVolume, found: np.ndarray) -> np.ndarray:
    """Take away what lies outside the body or is no lung, and fill gaps; the outer border of the rest stays.

    Decided piece by piece on voxels of about 2 mm, so that dense disease, cavities and lung at the border of a narrow
    field of view stay with the lung that holds them.

    Parameters
    ----------
    ct
        CT in axial order.
    found
        bool ``[slice, row, column]`` on the CT's grid.

    Returns
    -------
    np.ndarray
        bool: a part of ``found``, the air that it surrounds on a slice, and consolidated lung that it skips.
    """
    seen = Anatomy.of(ct)
    hu, mm, steps = seen.hu, seen.mm, seen.steps
    marked = block_means(found, steps) >= 0.5
    if not marked.any():
        return found
    pieces = _mostly_inside(opened(marked, max(1, round(_THREAD_MM / float(mm[2])))), seen.inside)
    lungs = pieces_like_lung(hu, pieces, mm, _LEAST_SHARE)
    if not lungs.any():
        return np.zeros_like(found)
    air = seen.air
    airways, main_airways = find_airways(hu, air, lungs, mm)
    gas = walled_gas(hu, air, lungs, mm, spared=marked)
    gas |= _not_of_lung(hu, air & ~airways & ~gas, marked, mm)
    out = main_airways | gas | (pieces & ~lungs)
    lungs &= ~out
    is_thin_lung = marked & ~out & (hu > _THIN_LUNG_HU[0]) & (hu < _THIN_LUNG_HU[1])
    kept = grown_within(lungs, ~out, mm, _BACK_MM) | grown_within(lungs, is_thin_lung, mm, _THIN_LUNG_MM)
    tidied = in_cells(found, kept, steps)
    tidied = steady_along_slices(tidied, ct.hu, ct.geometry.spacing[2])
    gaps = gaps_beside_spine(hu, block_means(tidied, steps) >= 0.5, mm) & ~out
    tidied |= in_cells(np.broadcast_to(True, tidied.shape), gaps, steps)
    return tidied | _dark_holes(ct.hu, tidied, out | airways, steps)


def steady_along_slices(mask: np.ndarray, hu: np.ndarray, slice_mm: float) -> np.ndarray:
    """Dense voxels follow the slices within 4 mm where two thirds of them agree: the network sees one at a time.

    What it takes of the chest wall or leaves out of a consolidation on single slices goes. Air and aerated lung stay,
    and so do all voxels where slices are so thick that their neighbors show something else.

    Parameters
    ----------
    mask
        bool ``[slice, row, column]``.
    hu
        Of the same shape.
    slice_mm
        Distance between slices.
    """
    if slice_mm > _LARGEST_STEADY_MM or not mask.any():
        return mask
    reach = max(1, round(_STEADY_MM / slice_mm))
    steady = mask.copy()
    box = scipy.ndimage.find_objects(mask.view(np.uint8))[0][1:]
    window = [mask[0][box]] * (reach + 1) + [one[box] for one in mask[1 : reach + 1]]
    window += [mask[-1][box]] * (2 * reach + 1 - len(window))
    count = np.zeros_like(window[0], dtype=np.uint8)
    for one in window:
        count += one
    few, many = (2 * reach + 1) // 3, -(-2 * (2 * reach + 1) // 3)
    for number in range(len(mask)):
        dense = hu[number][box] > _DENSE_HU
        part = steady[number][box]
        part |= dense & (count >= many)
        part &= ~(dense & (count <= few))
        count += mask[min(number + reach + 1, len(mask) - 1)][box]
        count -= mask[max(number - reach, 0)][box]
    return steady


def _dark_holes(hu: np.ndarray, mask: np.ndarray, spared: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Air that the mask surrounds on a slice, with the vessels in it, save what is ``spared`` in blocks of ``steps``.

    Dense holes stay as they are: the dome of the diaphragm and the heart's tip are islands in lung as well.
    """
    found = np.zeros_like(mask)
    for number, one in enumerate(mask):
        if not one.any():
            continue
        box = scipy.ndimage.find_objects(one.view(np.uint8))[0]
        holes, count = scipy.ndimage.label(scipy.ndimage.binary_fill_holes(one[box]) & ~one[box])
        if not count:
            continue
        rows, columns = (np.arange(part.start, part.stop) // step for part, step in zip(box, steps[1:], strict=True))
        is_spared = spared[number // steps[0]][rows[:, None], columns]
        every = range(1, count + 1)
        dark = scipy.ndimage.mean(hu[number][box], holes, every) < _DARK_HU
        free = scipy.ndimage.mean(is_spared, holes, every) < _LEAST_SPARED_SHARE
        found[number][box] = np.concatenate([[False], dark & free])[holes]
    return found


def _mostly_inside(marked: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Without the pieces of which more lies outside the body than in it."""
    parts, count = scipy.ndimage.label(marked)
    sizes = np.bincount(parts[marked], minlength=count + 1)
    kept = np.bincount(parts[inside], minlength=count + 1) >= _LEAST_SHARE_IN_BODY * sizes
    kept[0] = False
    return kept[parts]


def _not_of_lung(hu: np.ndarray, air: np.ndarray, marked: np.ndarray, mm: np.ndarray) -> np.ndarray:
    """Air in pieces that are gas, or above or below the lungs; but for cavities, which have marked lung all round."""
    parts, count = scipy.ndimage.label(air & ~pieces_like_lung(hu, air, mm, 0.0))
    voxel_ml = float(np.prod(mm)) / 1000.0
    sizes = np.bincount(parts[parts > 0], minlength=count + 1) * voxel_ml
    found = np.zeros_like(air)
    for part, box in enumerate(scipy.ndimage.find_objects(parts), start=1):
        if sizes[part] < _LEAST_GAS_ML or not (marked[box] & (parts[box] == part)).any():
            continue
        wide = tuple(slice(max(0, one.start - 1), one.stop + 1) for one in box)
        piece = parts[wide] == part
        shell = scipy.ndimage.binary_dilation(piece, structure=_SQUARE) & ~piece
        if np.mean(marked[wide][shell]) < _CAVITY_SHARE:
            found[wide] |= piece
    return found

"""Gas of stomach and bowel, told from lung: emptier than this patient's lungs, walled, and low in the chest."""

from __future__ import annotations

import numpy as np
import scipy

from .body import TISSUE_ABOVE_HU

_GAS_BELOW_HU = -945
_BELOW_LUNG_HU = 25
"""So much emptier than the middle of the lungs is gas where the lungs themselves are nearly empty (emphysema)."""
_LEAST_POCKET_ML = 0.5
_RIM_MM = 7.0
"""What thick slices and smooth kernels blur between gas and wall, and faeces beside gas: it goes with the gas."""
_LEAST_WALL_SHARE = 0.6
_MOST_OPEN_SHARE, _MOST_OPEN_SHARE_OF_MARKED = 0.43, 0.22
"""Of the border of gas and its rim, what goes on as air: up to 0.42 in the bowel on fifteen CTs. A thin edge of
lung, as the lingula between heart and ribs, has a wall before and behind it and goes on at both ends; a network marks
all of it."""
_MARKED_SHARE = 0.75
_LOW_SHARE = 0.35
_SQUARE = np.ones((1, 3, 3), dtype=bool)


def walled_gas(
    hu: np.ndarray,
    air: np.ndarray,
    lungs: np.ndarray,
    sampling: np.ndarray,
    spared: np.ndarray | None = None,
) -> np.ndarray:
    """Pockets of pure gas with a wall of soft tissue, and their blurred rims.

    Bullae lie in lung and reach into its upper parts; stomach and bowel have a wall all round and lie below most of
    the lung. What lies above the lungs (sinuses, throat) is taken too.

    Parameters
    ----------
    hu
        float ``[slice, row, column]`` in axial order, voxels of about 2 mm.
    air, lungs
        bool of the same shape: air within the body, and of it the pieces that are lung for the most part.
    sampling
        Millimetres along slice, row and column.
    spared
        bool, a lung mask: gas whose wall lies in it is a cavity in consolidated lung and stays.

    Returns
    -------
    np.ndarray
        bool, within ``air``.
    """
    found = np.zeros_like(air)
    if not lungs.any():
        return found
    smooth = scipy.ndimage.uniform_filter(hu, (1, 3, 3))
    below = min(_GAS_BELOW_HU, float(np.median(hu[lungs])) - _BELOW_LUNG_HU)
    pockets, count = scipy.ndimage.label(air & (smooth < below))
    voxel_ml = float(np.prod(sampling)) / 1000.0
    sizes = np.bincount(pockets[pockets > 0], minlength=count + 1)
    by_slice = np.cumsum(lungs.sum(axis=(1, 2)))
    low, top = np.searchsorted(by_slice, [_LOW_SHARE * by_slice[-1], by_slice[-1]])
    margin = np.ceil(_RIM_MM / sampling).astype(int) + 2
    for part, box in enumerate(scipy.ndimage.find_objects(pockets), start=1):
        if sizes[part] * voxel_ml < _LEAST_POCKET_ML:
            continue
        wide = tuple(slice(max(0, o.start - int(by)), o.stop + int(by)) for o, by in zip(box, margin, strict=True))
        members = pockets[wide] == part
        middle = float(np.average(np.arange(wide[0].start, wide[0].start + len(members)), weights=members.sum((1, 2))))
        if low < middle <= top:
            continue
        zone = grown_within(members, air[wide], sampling, _RIM_MM)
        near = scipy.ndimage.binary_dilation(zone, structure=_SQUARE)
        is_marked = spared is not None and np.mean(spared[wide][zone]) > _MARKED_SHARE
        open_share = np.mean(air[wide][near & ~zone])
        if open_share > (_MOST_OPEN_SHARE_OF_MARKED if is_marked else _MOST_OPEN_SHARE):
            continue
        shell = scipy.ndimage.binary_dilation(near, structure=_SQUARE) & ~near
        wall = hu[wide][shell] > TISSUE_ABOVE_HU
        if spared is not None:
            wall &= ~spared[wide][shell]
        if np.mean(wall) > _LEAST_WALL_SHARE:
            found[wide] |= zone
    return found


def grown_within(seed: np.ndarray, room: np.ndarray, sampling: np.ndarray, mm: float) -> np.ndarray:
    """``seed`` and what of ``room`` is reached from it, without leaving the room, within about ``mm``."""
    if not seed.any():
        return seed.copy()
    reach = np.ceil(mm / sampling).astype(int) + 1
    box = tuple(
        slice(max(0, one.start - int(by)), one.stop + int(by))
        for one, by in zip(scipy.ndimage.find_objects(seed.view(np.uint8))[0], reach, strict=True)
    )
    step = float(sampling.min())
    grown, allowed = seed[box], room[box] | seed[box]
    travelled = np.zeros(3)
    idle = 0
    for _ in range(round(mm / step)):
        travelled += step
        due = travelled >= sampling - 1e-6
        travelled[due] -= sampling[due]
        wider = grown.copy()
        for axis in np.flatnonzero(due):
            by_one = tuple(slice(1, None) if one == axis else slice(None) for one in range(3))
            back_by_one = tuple(slice(None, -1) if one == axis else slice(None) for one in range(3))
            wider[by_one] |= grown[back_by_one]
            wider[back_by_one] |= grown[by_one]
        wider &= allowed
        # Thick slices are reached in some steps only.
        idle = idle + 1 if np.array_equal(wider, grown) else 0
        grown = wider
        if idle > sampling.max() / step:
            break
    whole = np.zeros_like(seed)
    whole[box] = grown
    return whole

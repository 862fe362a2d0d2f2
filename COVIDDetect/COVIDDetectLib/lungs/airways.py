"""Trachea and main bronchi: a round tube of air high in the chest, followed downwards without leaking into lung."""

from __future__ import annotations

import numpy as np
import scipy

from .body import TISSUE_ABOVE_HU

_TUBE_BELOW_HU = -800
_AREA_MM2 = (15.0, 700.0)
_LEAST_ROUNDNESS = 0.55
_LEAST_LENGTH_MM = 20.0
_LEAST_LENGTH_AT_TOP_MM = 8.0
"""Where the CT begins just above the carina."""
_FARTHEST_FROM_MIDDLE_MM = 60.0
_LARGEST_STEP_MM = 8.0
_GROW_BELOW_HU = (-800, -850, -880, -900, -920, -940, -955)
_LONGEST_MM = 330.0
_WALL_MM = 2.0
_MAIN_SHARE = 0.6
_LEAST_WALL_SHARE = 0.6
_SQUARE = np.ones((3, 3), dtype=bool)


def find_airways(
    hu: np.ndarray, air: np.ndarray, lungs: np.ndarray, sampling: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lumen and wall of the trachea and the large bronchi.

    The tube is grown from the trachea at rising strictness until its volume is one that a tracheobronchial tree of
    that width can have: bronchial walls blurred by thick slices let it leak into lung otherwise.

    Parameters
    ----------
    hu
        float ``[slice, row, column]`` in axial order.
    air, lungs
        bool: air within the body, and of it the pieces that are lung for the most part, with the airways or without.
    sampling
        Millimetres along slice, row and column.

    Returns
    -------
    airways, main_airways
        bool: all that was followed, and of it the trachea and main bronchi, which are no part of the lungs; both
        empty where no trachea is seen.
    """
    found = np.zeros_like(air)
    seed, area_mm2 = _trachea(hu, air, lungs, sampling)
    if seed is None:
        return found, found
    largest = area_mm2 * _LONGEST_MM / float(np.prod(sampling))
    for below in _GROW_BELOW_HU:
        parts, _ = scipy.ndimage.label(air & (hu < below))
        touched = np.unique(parts[seed & (parts > 0)])
        grown = np.isin(parts, touched) if touched.size else seed
        if np.count_nonzero(grown) <= largest:
            found = grown
            break
    else:
        found = seed
    found = found | seed
    wall_mm = max(_WALL_MM, float(sampling[2]))
    margin = np.ceil(wall_mm / sampling).astype(int) + 1
    box = tuple(
        slice(max(0, one.start - int(by)), one.stop + int(by))
        for one, by in zip(scipy.ndimage.find_objects(found.view(np.uint8))[0], margin, strict=True)
    )
    lumen = found[box]
    # Opened slice by slice: the thickness of slices must not decide which bronchus is a main one.
    radius_mm = _MAIN_SHARE * float(np.sqrt(area_mm2 / np.pi))
    wide = np.zeros_like(lumen)
    for number, one in enumerate(lumen):
        core = scipy.ndimage.distance_transform_edt(one, sampling=sampling[1:]) >= radius_mm
        if core.any():
            wide[number] = scipy.ndimage.distance_transform_edt(~core, sampling=sampling[1:]) < radius_mm
    main = np.zeros_like(found)
    main[box] = scipy.ndimage.distance_transform_edt(~((wide & lumen) | seed[box]), sampling=sampling) <= wall_mm
    found[box] = scipy.ndimage.distance_transform_edt(~lumen, sampling=sampling) <= wall_mm
    return found, main


def _trachea(
    hu: np.ndarray, air: np.ndarray, lungs: np.ndarray, sampling: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """The longest chain of round pieces of air from slice to slice, and its median area in mm²."""
    if not lungs.any():
        return None, 0.0
    pixel_mm2 = float(sampling[1] * sampling[2])
    by_slice = np.cumsum(lungs.sum(axis=(1, 2)))
    middle = int(np.searchsorted(by_slice, by_slice[-1] / 2))
    center_mm = float(np.average(np.arange(air.shape[2]), weights=lungs.sum(axis=(0, 1)))) * sampling[2]
    chains: list[list[tuple[int, tuple[slice, ...], np.ndarray, np.ndarray]]] = []
    open_chains: list[int] = []
    for number in range(air.shape[0] - 1, middle - 1, -1):
        parts, _ = scipy.ndimage.label(air[number] & (hu[number] < _TUBE_BELOW_HU))
        still_open = []
        for part, box in enumerate(scipy.ndimage.find_objects(parts), start=1):
            members = parts[box] == part
            if not _is_round(members, pixel_mm2, sampling):
                continue
            place = (np.argwhere(members).mean(axis=0) + np.array([box[0].start, box[1].start])) * sampling[1:]
            if abs(place[1] - center_mm) > _FARTHEST_FROM_MIDDLE_MM or not _has_wall(hu[number], members, box):
                continue
            near = [chain for chain in open_chains if np.hypot(*(chains[chain][-1][3] - place)) <= _LARGEST_STEP_MM]
            if near:
                chain = max(near, key=lambda one: len(chains[one]))
                chains[chain].append((number, box, members, place))
            else:
                chains.append([(number, box, members, place)])
                chain = len(chains) - 1
            still_open.append(chain)
        open_chains = still_open
    top = len(air) - 1
    long = [
        chain
        for chain in chains
        if len(chain) * sampling[0] >= (_LEAST_LENGTH_AT_TOP_MM if chain[0][0] == top else _LEAST_LENGTH_MM)
    ]
    if not long:
        return None, 0.0
    trachea = max(long, key=lambda one: sum(np.count_nonzero(piece[2]) for piece in one))
    seed = np.zeros_like(air)
    for number, box, members, _ in trachea:
        seed[number][box] |= members
    return seed, float(np.median([np.count_nonzero(piece[2]) for piece in trachea])) * pixel_mm2


def _is_round(members: np.ndarray, pixel_mm2: float, sampling: np.ndarray) -> bool:
    height, width = np.array(members.shape) * sampling[1:]
    area_mm2 = np.count_nonzero(members) * pixel_mm2
    if not _AREA_MM2[0] <= area_mm2 <= _AREA_MM2[1]:
        return False
    return 0.45 < height / width < 2.2 and area_mm2 >= _LEAST_ROUNDNESS * height * width


def _has_wall(hu: np.ndarray, members: np.ndarray, box: tuple[slice, ...]) -> bool:
    """Whether tissue lies around, as around the trachea, and not lung: the first two voxels are blurred."""
    margin = 3
    wide = tuple(slice(max(0, one.start - margin), one.stop + margin) for one in box)
    padded = np.zeros(hu[wide].shape, dtype=bool)
    padded[tuple(slice(one.start - w.start, one.stop - w.start) for one, w in zip(box, wide, strict=True))] = members
    near = scipy.ndimage.binary_dilation(padded, structure=_SQUARE, iterations=margin - 1)
    shell = scipy.ndimage.binary_dilation(near, structure=_SQUARE) & ~near
    return bool(np.mean(hu[wide][shell] > TISSUE_ABOVE_HU) >= _LEAST_WALL_SHARE)

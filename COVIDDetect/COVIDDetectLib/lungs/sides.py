"""Tells the right from the left lung: components by their place; joined lungs are cut where they are thinnest."""

from __future__ import annotations

import numpy as np
import scipy

from .coarse import block_means

RIGHT, LEFT = 1, 2
"""Labels of the patient's right and left lung."""

# All of these are ours, tried on the drawn chests and public CTs of Testing/lungs.
# Cells on which the lungs are told apart; the border then falls on the CT's own voxels.
_WORKING_MM = 2.5
# Half the thickness of the bridge between two lungs that touch, tried from thin to thick: a junction line has about
# 2 mm, where masks run together in front of the heart it can be centimeters.
_EROSIONS_MM = (0.0, 1.5, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0)
# Smaller cores are tips of lobes that erosion cut off, not another lung.
_LEAST_CORE_SHARE = 0.08
# The middles of two lungs lie about half the width of both apart, those of two parts of one lung much less.
_LEAST_DISTANCE_SHARE = 0.3
_LEAST_DISTANCE_MM = 80.0
"""Between the cores of two lungs where one lung alone fills the picture: so far apart are no two parts of one lung."""
# At the edge of a picture: air of any kind, and that of the room (-1000 HU with noise).
_AIR_BELOW_HU, _ROOM_BELOW_HU = -400, -930
# Spongy bone and denser; a vertebra's cross-section has 10 cm² and more, of which half the slices must share 2.
_BONE_FROM_HU, _LEAST_SPINE_CM2 = 180, 2.0
# Skin, fat and muscle next to the lung of a very obese patient.
_THICKEST_CHEST_WALL_MM = 90.0
# Lines that are looked at: enough for a share, at any number of slices.
_ROWS_LOOKED_AT = 3000


def split_sides(
    lungs: np.ndarray,
    spacing: tuple[float, float, float],
    *,
    least_share: float = 0.0,
    only: int = 0,
) -> np.ndarray:
    """Label the right and the left lung.

    Lungs that touch at the anterior or posterior junction line are eroded until two cores are left, which then
    grow back over the distance map (watershed): the border falls where the bridge is thinnest. Right is where
    LPS x is smaller. A single lung is on the side of the volume's midline where most of it lies.

    Parameters
    ----------
    lungs
        bool ``[slice, row, column]`` in axial order (columns run to the patient's left).
    spacing
        Millimetres along column, row and slice directions (i, j, k).
    least_share
        Components smaller than this share of the largest are dropped.
    only
        ``RIGHT`` or ``LEFT`` where the picture is narrow and shows that lung (``lung_in_view``): it is not divided
        unless there clearly is another one.

    Returns
    -------
    np.ndarray
        uint8 of the same shape: 0, 1 (right), 2 (left).
    """
    lungs = np.asarray(lungs, dtype=bool)
    labels = np.zeros(lungs.shape, dtype=np.uint8)
    if not lungs.any():
        return labels
    box = scipy.ndimage.find_objects(lungs.view(np.uint8))[0]
    inside = lungs[box]
    sampling = np.array(spacing[::-1], dtype=float)
    steps = tuple(int(step) for step in np.clip(np.round(_WORKING_MM / sampling), 1, None))
    coarse, coarse_mm = block_means(inside, np.array(steps)) > 0, sampling * steps
    components, count = scipy.ndimage.label(coarse, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    kept = sizes >= least_share * sizes[1:].max()
    kept[0] = False
    coarse = kept[components]
    center = (lungs.shape[2] / 2.0 - box[2].start) / steps[2]
    coarse_labels = _label_coarse(coarse, coarse_mm, center, only)
    # Thin parts outside the kept coarse cells take the label of the nearest cell, dropped specks none.
    rows = np.minimum(np.arange(inside.shape[1]) // steps[1], coarse.shape[1] - 1)
    columns = np.minimum(np.arange(inside.shape[2]) // steps[2], coarse.shape[2] - 1)
    for number, found in enumerate(inside):
        grown = coarse_labels[min(number // steps[0], coarse.shape[0] - 1)]
        labels[box][number] = np.where(found, grown[rows[:, None], columns], 0)
    return labels


def lung_in_view(hu: np.ndarray, lungs: np.ndarray, spacing: tuple[float, float, float]) -> int:
    """The lung that a narrow picture is about, as after a targeted reconstruction.

    Where the picture ends in the air of the room beyond one chest wall only, it is the lung at that wall. Where it ends
    in the body on both sides, the spine is on the other side: of all bones it alone stays in place from slice to slice.

    Parameters
    ----------
    hu, lungs
        ``[slice, row, column]`` in axial order, and bool of the same shape.
    spacing
        Millimetres along column, row and slice directions (i, j, k).

    Returns
    -------
    int
        ``RIGHT``, ``LEFT``, or 0 where both sides end in air, or nothing tells.
    """
    slices, rows = np.nonzero(lungs.any(axis=2))
    if not len(slices):
        return 0
    picked = slice(None, None, 1 + len(slices) // _ROWS_LOOKED_AT)
    lines, inside = hu[slices[picked], rows[picked]], lungs[slices[picked], rows[picked]]
    is_open = []
    for _ in (RIGHT, LEFT):  # right is where columns are small; then the same from the other side
        is_air = (lines < _AIR_BELOW_HU) & ~inside
        lung_from = inside.argmax(axis=1)
        is_air &= np.arange(lines.shape[1]) < lung_from[:, None]
        air_until = np.where(is_air.any(axis=1), lines.shape[1] - 1 - is_air[:, ::-1].argmax(axis=1), -1)
        wall_mm = (lung_from - air_until) * spacing[0]
        is_room = is_air[:, 0] & (lines[:, 0] < _ROOM_BELOW_HU)
        is_open.append(float(np.mean(is_room & (wall_mm < _THICKEST_CHEST_WALL_MM))))
        lines, inside = lines[:, ::-1], inside[:, ::-1]
    if max(is_open) >= 0.5 > 0.2 >= min(is_open):
        return RIGHT if is_open[0] > is_open[1] else LEFT
    if max(is_open) > 0.2:
        return 0
    seen = hu[np.unique(slices)[:: 1 + len(np.unique(slices)) // 60]]
    spine = np.flatnonzero(np.mean(seen > _BONE_FROM_HU, axis=0) > 0.5) % hu.shape[2]
    if len(spine) * spacing[0] * spacing[1] < 100 * _LEAST_SPINE_CM2:
        return 0
    return RIGHT if np.median(spine) > np.average(np.arange(hu.shape[2]), weights=lungs.sum(axis=(0, 1))) else LEFT


def _label_coarse(coarse: np.ndarray, sampling: np.ndarray, center: float, only: int) -> np.ndarray:
    padded = np.pad(coarse, ((0, 0), (1, 1), (1, 1)))
    depth = scipy.ndimage.distance_transform_edt(padded, sampling=sampling)[:, 1:-1, 1:-1]
    seeds = _two_cores(coarse, depth, sampling, _LEAST_DISTANCE_MM if only else 0.0)
    labels = np.zeros(coarse.shape, dtype=np.uint8)
    if seeds is None:
        columns = np.nonzero(coarse)[2]
        labels[coarse] = only or (RIGHT if columns.mean() + 0.5 < center else LEFT)
        return labels
    from skimage.segmentation import watershed

    labels = watershed(-depth, seeds, mask=coarse).astype(np.uint8)
    orphans = coarse & (labels == 0)
    if orphans.any():
        nearest = scipy.ndimage.distance_transform_edt(
            labels == 0, sampling=sampling, return_distances=False, return_indices=True
        )
        labels[orphans] = labels[tuple(nearest[:, orphans])]
    return labels


def _two_cores(coarse: np.ndarray, depth: np.ndarray, sampling: np.ndarray, least_mm: float) -> np.ndarray | None:
    """Markers of the two lungs, or None where there is only one; their cores are so many millimetres apart."""
    columns = np.flatnonzero(coarse.any(axis=(0, 1)))
    width_mm = (columns[-1] - columns[0] + 1) * sampling[2]
    least_mm = max(least_mm, _LEAST_DISTANCE_SHARE * width_mm)
    for erosion_mm in _EROSIONS_MM:
        cores, count = scipy.ndimage.label(depth > erosion_mm)
        if count < 2:
            continue
        sizes = np.bincount(cores.ravel(), minlength=count + 1).astype(float)
        sizes[0] = 0
        largest = int(np.argmax(sizes))
        large = [core for core in range(1, count + 1) if sizes[core] >= _LEAST_CORE_SHARE * sizes[largest]]
        places_mm = {
            core: float(x) * sampling[2]
            for core, (_, _, x) in zip(large, scipy.ndimage.center_of_mass(cores > 0, cores, large), strict=True)
        }
        apart = [c for c in large if abs(places_mm[c] - places_mm[largest]) > least_mm]
        if not apart:
            continue
        other = max(apart, key=lambda core: sizes[core])
        right, left = sorted((largest, other), key=lambda core: places_mm[core])
        seeds = np.zeros(coarse.shape, dtype=np.int32)
        # Further large cores belong to the nearer of the two: a lung cut in pieces by consolidation.
        for core in large:
            is_right = abs(places_mm[core] - places_mm[right]) <= abs(places_mm[core] - places_mm[left])
            seeds[cores == core] = RIGHT if is_right else LEFT
        return seeds
    return None

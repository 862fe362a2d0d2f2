"""Which lung is the right one: components told apart by place, joined lungs parted where they are thinnest."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

RIGHT, LEFT = 1, 2
"""Labels of the patient's right and left lung."""

_WORKING_MM = 2.5
_EROSIONS_MM = (0.0, 1.5, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0)
_LEAST_CORE_SHARE = 0.08
_LEAST_DISTANCE_SHARE = 0.3


def split_sides(lungs: np.ndarray, spacing: tuple[float, float, float], *, least_share: float = 0.0) -> np.ndarray:
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

    Returns
    -------
    np.ndarray
        uint8 of the same shape: 0, 1 (right), 2 (left).
    """
    lungs = np.asarray(lungs, dtype=bool)
    labels = np.zeros(lungs.shape, dtype=np.uint8)
    if not lungs.any():
        return labels
    box = ndimage.find_objects(lungs.view(np.uint8))[0]
    inside = lungs[box]
    sampling = np.array(spacing[::-1], dtype=float)
    steps = tuple(int(step) for step in np.clip(np.round(_WORKING_MM / sampling), 1, None))
    coarse, coarse_mm = _shrink(inside, steps), sampling * steps
    components, count = ndimage.label(coarse, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    kept = sizes >= least_share * sizes[1:].max()
    kept[0] = False
    coarse = kept[components]
    center = (lungs.shape[2] / 2.0 - box[2].start) / steps[2]
    coarse_labels = _label_coarse(coarse, coarse_mm, center)
    # Thin parts outside the kept coarse cells take the label of the nearest cell, dropped specks none.
    rows = np.minimum(np.arange(inside.shape[1]) // steps[1], coarse.shape[1] - 1)
    columns = np.minimum(np.arange(inside.shape[2]) // steps[2], coarse.shape[2] - 1)
    for number, found in enumerate(inside):
        grown = coarse_labels[min(number // steps[0], coarse.shape[0] - 1)]
        labels[box][number] = np.where(found, grown[rows[:, None], columns], 0)
    return labels


def _shrink(mask: np.ndarray, steps: tuple[int, ...]) -> np.ndarray:
    """Any voxel of a block set → the cell set."""
    for axis, step in enumerate(steps):
        mask = np.logical_or.reduceat(mask, np.arange(0, mask.shape[axis], step), axis=axis)
    return mask


def _label_coarse(coarse: np.ndarray, sampling: np.ndarray, center: float) -> np.ndarray:
    padded = np.pad(coarse, ((0, 0), (1, 1), (1, 1)))
    depth = ndimage.distance_transform_edt(padded, sampling=sampling)[:, 1:-1, 1:-1]
    seeds = _two_cores(coarse, depth, sampling)
    labels = np.zeros(coarse.shape, dtype=np.uint8)
    if seeds is None:
        columns = np.nonzero(coarse)[2]
        labels[coarse] = RIGHT if columns.mean() + 0.5 < center else LEFT
        return labels
    from skimage.segmentation import watershed

    labels = watershed(-depth, seeds, mask=coarse).astype(np.uint8)
    orphans = coarse & (labels == 0)
    if orphans.any():
        nearest = ndimage.distance_transform_edt(
            labels == 0, sampling=sampling, return_distances=False, return_indices=True
        )
        labels[orphans] = labels[tuple(nearest[:, orphans])]
    return labels


def _two_cores(coarse: np.ndarray, depth: np.ndarray, sampling: np.ndarray) -> np.ndarray | None:
    """Markers of the two lungs, or None where there is only one."""
    columns = np.flatnonzero(coarse.any(axis=(0, 1)))
    width_mm = (columns[-1] - columns[0] + 1) * sampling[2]
    for erosion_mm in _EROSIONS_MM:
        cores, count = ndimage.label(depth > erosion_mm)
        if count < 2:
            continue
        sizes = np.bincount(cores.ravel(), minlength=count + 1).astype(float)
        sizes[0] = 0
        largest = int(np.argmax(sizes))
        large = [core for core in range(1, count + 1) if sizes[core] >= _LEAST_CORE_SHARE * sizes[largest]]
        places_mm = {
            core: float(x) * sampling[2]
            for core, (_, _, x) in zip(large, ndimage.center_of_mass(cores > 0, cores, large), strict=True)
        }
        apart = [c for c in large if abs(places_mm[c] - places_mm[largest]) > _LEAST_DISTANCE_SHARE * width_mm]
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

"""Consolidation at the pleura: what lies between a lung's outer face and the chest wall belongs to the lung."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

_BONE_ABOVE_HU = 180
_FAT_BELOW_HU = -30
_ANGLES = 180


def fill_to_chest_wall(lung: np.ndarray, other: np.ndarray, hu: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Fill the dents of a lung's outer face, slice by slice.

    The ribs keep the outer face of a healthy lung convex. A voxel is added when it lies in the convex hull of the
    lung in its slice *and* outwards of the lung as seen from the middle of the chest: heart, liver and stomach,
    which also lie in the hull, lie inwards of the lung. Fat and bone are left out.

    Parameters
    ----------
    lung, other
        bool ``[slice, row, column]``: this lung, and the other.
    hu
        float of the same shape.
    sampling
        Millimetres along slice, row and column.
    """
    filled = lung.copy()
    both_rows, both_columns = (np.flatnonzero((lung | other).any(axis=axes)) for axes in ((0, 2), (0, 1)))
    middle = np.array([both_rows[[0, -1]].mean(), both_columns[[0, -1]].mean()])
    for number in np.flatnonzero(lung.any(axis=(1, 2))):
        box = ndimage.find_objects(lung[number].view(np.uint8))[0]
        members = lung[number][box]
        corner = np.array([box[0].start, box[1].start])
        hull = _hull(members, sampling)
        if hull is None:
            continue
        added = hull & _outwards(members, middle - corner, sampling) & ~members
        values = hu[number][box]
        added &= (values < _BONE_ABOVE_HU) & (values > _FAT_BELOW_HU) & ~other[number][box]
        filled[number][box] |= ndimage.binary_opening(added)
    return filled


def _hull(members: np.ndarray, sampling: np.ndarray) -> np.ndarray | None:
    edge = members & ~ndimage.binary_erosion(members)
    points = np.argwhere(edge) * sampling[1:]
    if len(points) < 10:
        return None
    try:
        equations = ConvexHull(points).equations
    except QhullError:  # all points on one line
        return None
    rows, columns = (np.arange(size) * mm for size, mm in zip(members.shape, sampling[1:], strict=True))
    inside = np.ones(members.shape, dtype=bool)
    for down, right, offset in equations:
        inside &= down * rows[:, None] + right * columns + offset <= 1e-6
    return inside


def _outwards(members: np.ndarray, middle: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Beyond the lung's last voxel on the ray from the middle of the chest; nothing on rays that meet no lung."""
    down = (np.arange(members.shape[0]) - middle[0])[:, None] * sampling[1]
    right = (np.arange(members.shape[1]) - middle[1]) * sampling[2]
    distance = np.hypot(down, right)
    angle = (np.floor((np.arctan2(down, right) + np.pi) / (2 * np.pi) * _ANGLES)).astype(int) % _ANGLES
    outermost = np.full(_ANGLES, np.inf)
    reached = np.zeros(_ANGLES)
    np.maximum.at(reached, angle[members], distance[members])
    outermost[reached > 0] = reached[reached > 0]
    return distance > outermost[angle]

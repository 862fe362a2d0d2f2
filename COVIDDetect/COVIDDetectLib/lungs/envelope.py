"""Consolidation at the pleura: what lies between a lung's outer face and the chest wall belongs to the lung."""

from __future__ import annotations

import numpy as np
import scipy

from .body import convex_hull

_BONE_ABOVE_HU = 180
_FAT_BELOW_HU = -30
_MEDIAL_SHARE = 0.35
_LARGEST_SHARE_OF_BONE = 0.03
_ANGLES = 180
_GAP_ANGLES = 5


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
    half_width = (both_columns[-1] - both_columns[0]) / 2
    for number in np.flatnonzero(lung.any(axis=(1, 2))):
        box = scipy.ndimage.find_objects(lung[number].view(np.uint8))[0]
        members = lung[number][box]
        corner = np.array([box[0].start, box[1].start])
        hull = convex_hull(members, sampling)
        if hull is None:
            continue
        columns = np.arange(members.shape[1]) + corner[1]
        lateral = np.abs(columns - middle[1]) > _MEDIAL_SHARE * half_width
        added = hull & lateral & _outwards(members, middle - corner, sampling) & ~members & ~other[number][box]
        filled[number][box] |= _without_ribs(added, hu[number][box])
    return filled


def _without_ribs(added: np.ndarray, hu: np.ndarray) -> np.ndarray:
    """The dents filled with soft tissue; one with bone in it is chest wall that bulges inwards."""
    dents, count = scipy.ndimage.label(scipy.ndimage.binary_opening(added & (hu > _FAT_BELOW_HU)))
    sizes = np.bincount(dents.ravel(), minlength=count + 1)
    bone = np.bincount(dents[hu > _BONE_ABOVE_HU], minlength=count + 1)
    kept = bone <= _LARGEST_SHARE_OF_BONE * sizes
    kept[0] = False
    return kept[dents]


def _outwards(members: np.ndarray, middle: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Beyond the lung's last voxel on the ray from the middle of the chest; nothing on rays that meet no lung."""
    down = (np.arange(members.shape[0]) - middle[0])[:, None] * sampling[1]
    right = (np.arange(members.shape[1]) - middle[1]) * sampling[2]
    distance = np.hypot(down, right)
    angle = (np.floor((np.arctan2(down, right) + np.pi) / (2 * np.pi) * _ANGLES)).astype(int) % _ANGLES
    outermost = np.full(_ANGLES, np.inf)
    reached = np.zeros(_ANGLES)
    np.maximum.at(reached, angle[members], distance[members])
    # A thin rim of lung may miss a ray between two voxels.
    reached = scipy.ndimage.grey_closing(reached, size=_GAP_ANGLES, mode="wrap")
    outermost[reached > 0] = reached[reached > 0]
    return distance > outermost[angle]

"""The patient's body, and the air in it: not the air around, under the arms, in blankets or in the table."""

from __future__ import annotations

import numpy as np
import scipy

from ..ct.volume import AIR_HU

_TISSUE_ABOVE_HU = -320
_CROPPED_LUNG_HU = (-920, -500)
_LEAST_CROPPED_MM2 = 1500.0
_LEAST_SHARE_IN_HULL = 0.7
_SQUARE = np.ones((3, 3), dtype=bool)


def air_in_body(hu: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Air that the body encloses in its slice, and lung cut by the border of a narrow field of view.

    Slice by slice, because outside air and lungs may join through mouth and trachea.

    Parameters
    ----------
    hu
        float ``[slice, row, column]`` in axial order, voxels of about 2 mm.
    sampling
        Millimetres along slice, row and column.

    Returns
    -------
    np.ndarray
        bool of the same shape.
    """
    body = _body(hu > _TISSUE_ABOVE_HU)
    found = np.zeros(hu.shape, dtype=bool)
    for number in np.flatnonzero(body.any(axis=(1, 2))):
        outline = scipy.ndimage.binary_fill_holes(body[number])
        air = hu[number] <= _TISSUE_ABOVE_HU
        found[number] = air & outline
        found[number] |= _cropped_lungs(hu[number], air & ~outline, outline, sampling)
    return found


def _body(tissue: np.ndarray) -> np.ndarray:
    """The largest piece of tissue once thin sheets (table, blankets) are taken off, with its own thin parts again."""
    core = scipy.ndimage.binary_opening(tissue, structure=_SQUARE[None])
    parts, count = scipy.ndimage.label(core)
    if not count:
        return core
    body = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return tissue & scipy.ndimage.binary_dilation(body, structure=_SQUARE[None], iterations=2)


def _cropped_lungs(hu: np.ndarray, air: np.ndarray, outline: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Pieces of air that reach the border or the padding, are denser than air and lie within the body's hull."""
    found = np.zeros_like(air)
    parts, _ = scipy.ndimage.label(air & (hu > AIR_HU + 1))
    sizes = np.bincount(parts.ravel())
    hull = None
    for part in range(1, len(sizes)):
        if sizes[part] * sampling[1] * sampling[2] < _LEAST_CROPPED_MM2:
            continue
        members = parts == part
        if not _CROPPED_LUNG_HU[0] < np.median(hu[members]) < _CROPPED_LUNG_HU[1]:
            continue
        hull = convex_hull(outline, sampling) if hull is None else hull
        if hull is not None and np.mean(hull[members]) >= _LEAST_SHARE_IN_HULL:
            found |= members
    return found


def convex_hull(members: np.ndarray, sampling: np.ndarray) -> np.ndarray | None:
    """Convex hull ``[row, column]`` of one slice's voxels, or None where they are too few or in one line."""
    points = np.argwhere(members & ~scipy.ndimage.binary_erosion(members)) * sampling[1:]
    if len(points) < 10:
        return None
    try:
        equations = scipy.spatial.ConvexHull(points).equations
    except scipy.spatial.QhullError:
        return None
    rows, columns = (np.arange(size) * mm for size, mm in zip(members.shape, sampling[1:], strict=True))
    inside = np.ones(members.shape, dtype=bool)
    for down, right, offset in equations:
        inside &= down * rows[:, None] + right * columns + offset <= 1e-6
    return inside

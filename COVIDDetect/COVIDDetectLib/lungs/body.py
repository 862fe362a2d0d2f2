"""The patient's body, and the air in it: not the air around, under the arms, in blankets or in the table."""

from __future__ import annotations

import numpy as np
import scipy

from ..ct.morphology import dilated, eroded, filled
from ..ct.volume import AIR_HU

TISSUE_ABOVE_HU = -320
_SHEET_MM = 3.0
"""Half the thickness of what is no body: table tops, mattress covers, blankets, coils."""
_GAP_MM = 10.0
"""Half of a gap in a thin chest wall, where coarse voxels and thin sheets look the same."""
_LUNG_HU = (-950.0, -400.0)
_LEAST_PIECE_MM2 = 500.0
_LEAST_CROPPED_MM2 = 300.0
"""A sliver of the other lung at the edge of a picture about one."""
_RIM_MM = 4.0
"""Thinner is the blurred rim of skin where the air around it is clipped."""
_LEAST_SHARE_IN_HULL = 0.7
_SQUARE = np.ones((3, 3), dtype=bool)


def inside_body(hu: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """The body with all that its skin encloses, and lung cut by the border of a narrow field of view.

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
    body = _body(hu > TISSUE_ABOVE_HU, float(sampling[2]))
    inside = filled(body)
    air = (hu <= TISSUE_ABOVE_HU) & ~inside
    is_like_lung = air & (hu > _LUNG_HU[0]) & (hu < _LUNG_HU[1])
    is_large = np.count_nonzero(is_like_lung, axis=(1, 2)) * sampling[1] * sampling[2] >= _LEAST_PIECE_MM2
    numbers = np.flatnonzero(is_large & body.any(axis=(1, 2)))
    times = max(1, round(_GAP_MM / float(sampling[2])))
    for number, closed, enclosed in zip(numbers, *_closed(body[numbers], times), strict=True):
        outline = inside[number].copy()
        inside[number] |= _behind_thin_wall(hu[number], air[number], closed, enclosed, sampling)
        inside[number] |= _cropped_lungs(hu[number], air[number], outline, sampling)
    return inside


def air_in_body(hu: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Air that the body encloses; parameters and shape as of ``inside_body``."""
    return inside_body(hu, sampling) & (hu <= TISSUE_ABOVE_HU)


def _body(tissue: np.ndarray, pixel_mm: float) -> np.ndarray:
    """The largest piece of tissue once thin sheets are taken off, with its own thin parts again."""
    times = max(1, round(_SHEET_MM / pixel_mm))
    core = dilated(eroded(tissue, times), times)
    parts, count = scipy.ndimage.label(core)
    if not count:
        return core
    body = parts == 1 + int(np.argmax(np.bincount(parts[core])[1:]))
    return tissue & dilated(body, times + 1)


def _closed(body: np.ndarray, times: int) -> tuple[np.ndarray, np.ndarray]:
    """The body with its gaps closed, in each slice, and what it then encloses."""
    frame = ((0, 0), (times, times), (times, times))
    closed = eroded(dilated(np.pad(body, frame), times), times)[:, times:-times, times:-times]
    return closed, filled(closed) & ~closed


def _behind_thin_wall(
    hu: np.ndarray, air: np.ndarray, closed: np.ndarray, enclosed: np.ndarray, sampling: np.ndarray
) -> np.ndarray:
    """Air with the density of lung that the body encloses but for gaps in a chest wall of a voxel or two."""
    found = np.zeros_like(air)
    times = max(1, round(_GAP_MM / float(sampling[2])))
    enclosed = enclosed & air
    if np.count_nonzero(enclosed) * sampling[1] * sampling[2] < _LEAST_PIECE_MM2:
        return found
    parts, _ = scipy.ndimage.label(enclosed)
    sizes = np.bincount(parts.ravel()) * sampling[1] * sampling[2]
    for part in np.flatnonzero(sizes[1:] >= _LEAST_PIECE_MM2) + 1:
        members = parts == part
        if _LUNG_HU[0] < np.median(hu[members]) < _LUNG_HU[1]:
            near = scipy.ndimage.binary_dilation(members, structure=_SQUARE, iterations=times)
            found |= members | (near & closed & air)
    return found


def _cropped_lungs(hu: np.ndarray, air: np.ndarray, outline: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Pieces of air that reach the border or the padding, are denser than air and lie within the body's hull."""
    found = np.zeros_like(air)
    parts, _ = scipy.ndimage.label(air & (hu > AIR_HU + 1))
    sizes = np.bincount(parts.ravel()) * sampling[1] * sampling[2]
    times = max(1, round(_RIM_MM / float(sampling[2])))
    hull = None
    for part in np.flatnonzero(sizes[1:] >= _LEAST_CROPPED_MM2) + 1:
        members = parts == part
        if not _LUNG_HU[0] < np.median(hu[members]) < _LUNG_HU[1]:
            continue
        if not scipy.ndimage.binary_erosion(members, iterations=times, border_value=1).any():
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
    # Each edge bounds the columns of every row from one side; a level one bounds the rows.
    down, right, offset = (part[:, None] for part in equations.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = (1e-6 - offset - down * rows) / right
    last = np.where(right > 0, bounds, np.inf).min(axis=0)
    first = np.where(right < 0, bounds, -np.inf).max(axis=0)
    is_within = ((right != 0) | (down * rows + offset <= 1e-6)).all(axis=0)
    inside: np.ndarray = (columns >= first[:, None]) & (columns <= last[:, None]) & is_within[:, None]
    return inside

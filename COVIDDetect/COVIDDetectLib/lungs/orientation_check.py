"""Whether the anatomy lies as the header says: spine at the back, apices above, heart on the left."""

from __future__ import annotations

import numpy as np

from ..ct.layout_checks import Finding
from .sides import lung_in_view

_BONE_HU = 130
"""Below the clipped values of CTs that were recovered from pictures; soft tissue without contrast stays below."""
_STRIP_MM, _BEYOND_MM = 35.0, 15.0
_BEHIND_MM = 45.0
"""There lies the spine where lungs are consolidated at the back; in front of lungs lie raised arms and a jaw."""
_FEWEST_BONE_CM3 = 20.0
_SPINE_IN_FRONT = 0.42
"""Share of the midline's bone that lies at the back; 0.60 to 0.93 in 15 CTs and the phantoms."""
_WIDER_ABOVE = 1.08
"""Largest width of the lungs in their upper part over that in their lower part; 0.69 to 0.89 in CTs of whole lungs."""
_HEART_ON_THE_RIGHT = -0.8
"""Sum of three signs of the heart's side; 0.7 to 5.3 in CTs of whole lungs, and as much below 0 when mirrored."""
_LEAST_SPINE_CM2 = 4.0
"""Bone in most slices at one place: only the spine goes straight from top to bottom."""
_HALFWAY, _ASIDE = 0.06, 0.15
"""How far from the middle of the lungs the spine of a body on its side may lie along rows, and lies along columns. In
six CTs it lies 0.63 to 0.83 of the way back; 0.47 to 0.53 when they are turned, and 0.17 to 0.33 to the side."""
_LEAST_OTHER_LUNG = 0.4
_SEE = "choose the original series, or see whether the letters of the orientation are right"


def check_orientation(
    hu: np.ndarray, lungs: np.ndarray, sampling: np.ndarray, is_whole: bool, is_one: bool = False
) -> Finding | None:
    """A header that contradicts what is seen in the body, so that right and left may be exchanged.

    Parameters
    ----------
    hu, lungs
        Coarse CT and its lungs, ``[slice, row, column]``, axial LPS order by the header.
    sampling
        Size of a cell, mm, in the order of the axes.
    is_whole
        Whether both lungs are there from apex to base; else these, and the heart between them, are not judged.
    is_one
        Whether one lung is there alone: ribs, and not the spine, lie in front of its middle and behind it.
    """
    box = tuple(slice(at[0], at[-1] + 1) for at in (np.flatnonzero(lungs.any(axis=other)) for other in _OTHERS))
    inside = lungs[box[0]]
    spine, share_at_back = _spine(hu[box[0]] > _BONE_HU, box[1], box[2], sampling)
    if share_at_back is not None and share_at_back < _SPINE_IN_FRONT and not is_one:
        return _finding("The spine lies in front of the lungs: the header seems to exchange front and back")
    is_beside = _spine_is_beside(np.mean(hu[box[0]] > _BONE_HU, axis=0) > 0.5, box[1], box[2], sampling)
    # Beside one lung alone there is the spine.
    if is_beside and not lung_in_view(hu, lungs, (sampling[2], sampling[1], sampling[0])):
        return _finding("The spine lies beside the lungs: the header seems to exchange front and side")
    middle = round(spine) if spine is not None else (box[2].start + box[2].stop) // 2
    sizes = np.count_nonzero(inside[:, :, :middle]), np.count_nonzero(inside[:, :, middle:])
    # Where most of a lung is collapsed or consolidated, the other alone tells neither heart nor bases.
    if not is_whole or len(inside) < 8 or min(sizes) < _LEAST_OTHER_LUNG * max(sizes):
        return None
    if _width(inside, 0.75, 0.92) > _WIDER_ABOVE * _width(inside, 0.08, 0.25):
        return _finding("The lungs are wider above than below: the header seems to exchange head and feet")
    if spine is not None and _heart_side(hu[box[0]], inside, box[1], spine, sampling[0]) < _HEART_ON_THE_RIGHT:
        return _finding("The heart lies on the right: the header seems to exchange right and left")
    return None


_OTHERS = ((1, 2), (0, 2), (0, 1))


def _finding(seen: str) -> Finding:
    return Finding("orientation", f"{seen}; {_SEE}.", computable=True)


def _spine(bone: np.ndarray, rows: slice, columns: slice, sampling: np.ndarray) -> tuple[float | None, float | None]:
    """The column of the spine, and the share of the midline's bone that lies at the back; None without bone."""
    middle, half = (columns.start + columns.stop - 1) / 2, _STRIP_MM / sampling[2]
    first = max(0, int(middle - half))
    strip = bone[:, :, first : int(middle + half) + 1]
    depth = rows.stop - rows.start
    beyond = _BEYOND_MM / sampling[1]
    at_back = np.count_nonzero(strip[:, int(rows.start + 0.8 * depth) : int(rows.stop + _BEHIND_MM / sampling[1])])
    at_front = np.count_nonzero(strip[:, max(0, int(rows.start - beyond)) : int(rows.start + 0.2 * depth)])
    if (at_back + at_front) * float(np.prod(sampling)) / 1000 < _FEWEST_BONE_CM3:
        return None, None
    by_column = strip[:, int(rows.start + 0.65 * depth) : int(rows.stop + beyond)].sum(axis=(0, 1))
    spine = first + float(np.average(np.arange(len(by_column)), weights=by_column)) if at_back else None
    return spine, at_back / (at_back + at_front)


def _spine_is_beside(steady_bone: np.ndarray, rows: slice, columns: slice, sampling: np.ndarray) -> bool:
    """Whether the bone that is seen in most slices lies at the right or left of the lungs, where ribs should be."""
    beyond = (_BEYOND_MM / sampling[1:]).astype(int)
    first = np.maximum(0, np.array([rows.start, columns.start]) - beyond)
    near = steady_bone[first[0] : rows.stop + beyond[0], first[1] : columns.stop + beyond[1]]
    if np.count_nonzero(near) * sampling[1] * sampling[2] < 100 * _LEAST_SPINE_CM2:
        return False
    row, column = np.median(np.argwhere(near), axis=0) + first
    down = (row - rows.start) / (rows.stop - rows.start)
    across = (column - columns.start) / (columns.stop - columns.start)
    return bool(abs(down - 0.5) < _HALFWAY and abs(across - 0.5) > _ASIDE)


def _width(lungs: np.ndarray, low: float, high: float) -> float:
    """Largest width of the lungs, in cells, between two parts of their height: one may reach lower than the other."""
    slices: np.ndarray = np.any(
        lungs[int(low * len(lungs)) : max(int(high * len(lungs)), int(low * len(lungs)) + 1)], axis=1
    )
    widths = [np.ptp(np.flatnonzero(columns)) + 1 for columns in slices if columns.any()]
    return float(max(widths, default=0))


def _heart_side(hu: np.ndarray, lungs: np.ndarray, rows: slice, spine: float, slice_mm: float) -> float:
    """Above 0 where the heart lies on the left: tissue between the lungs, their sizes, and where they begin below."""
    count, depth = len(lungs), rows.stop - rows.start
    low = slice(int(0.15 * count), int(0.55 * count) + 1)
    front = slice(int(rows.start + 0.1 * depth), int(rows.start + 0.65 * depth))
    beside = lungs[low, front]
    to_the_left = np.maximum.accumulate(beside, axis=2)
    to_the_right = np.maximum.accumulate(beside[:, :, ::-1], axis=2)[:, :, ::-1]
    tissue = (to_the_left & to_the_right & (hu[low, front] > -30)).sum(axis=(0, 1))
    middle = round(spine)
    volumes = lungs[: low.stop].sum(axis=(0, 1))
    seen: np.ndarray = np.any(lungs, axis=0)
    begins_mm = np.where(seen, lungs.argmax(axis=0) * slice_mm, np.nan)
    right, left = begins_mm[:, :middle][seen[:, :middle]], begins_mm[:, middle + 1 :][seen[:, middle + 1 :]]
    if not (right.size and left.size):
        return 0.0
    higher_on_the_left_mm = float(np.percentile(left, 75) - np.percentile(right, 75))
    return (
        _log_ratio(tissue[middle + 1 :].sum(), tissue[:middle].sum()) / 0.5
        + _log_ratio(volumes[:middle].sum(), volumes[middle + 1 :].sum()) / 0.3
        + higher_on_the_left_mm / 30.0
    )


def _log_ratio(one: int, other: int) -> float:
    return float(np.clip(np.log((one + 1) / (other + 1)), -1.5, 1.5))

"""What a network marks by mistake outside the lungs: islands in the neck or outside the body, and thin threads."""

from __future__ import annotations

import numpy as np
import scipy

_THREAD_MM = 2.5
"""Half the width of what is cut off: pieces of trachea and bronchi, rims of the mediastinum."""
_LEAST_SHARE = 0.02


def tidy_lungs(found: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Cut off threads and drop small islands; the border of what stays is not moved.

    Parameters
    ----------
    found
        bool ``[slice, row, column]`` in axial order.
    pixel_mm
        Distance between columns.
    """
    times = max(1, round(_THREAD_MM / pixel_mm))
    core = found
    for _ in range(times):
        core = _shrunk(core)
    for _ in range(times):
        core = _grown(core)
    components, count = scipy.ndimage.label(core)
    if not count:
        return found
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    kept = (sizes >= _LEAST_SHARE * sizes.max())[components]
    tidied = kept.copy()
    tidied[1:] |= kept[:-1]
    tidied[:-1] |= kept[1:]
    # Back into corners, such as the angle between ribs and diaphragm, which the steps above rounded.
    for _ in range(times):
        tidied = _grown(tidied & found)
    return tidied & found


def _shrunk(mask: np.ndarray) -> np.ndarray:
    """Eroded in plane by one pixel; at the edge of the image nothing is lost, since lungs may be cut off there."""
    shrunk = mask.copy()
    shrunk[:, 1:] &= mask[:, :-1]
    shrunk[:, :-1] &= mask[:, 1:]
    shrunk[:, :, 1:] &= mask[:, :, :-1]
    shrunk[:, :, :-1] &= mask[:, :, 1:]
    return shrunk


def _grown(mask: np.ndarray) -> np.ndarray:
    """Dilated in plane by one pixel."""
    grown = mask.copy()
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    grown[:, :, 1:] |= mask[:, :, :-1]
    grown[:, :, :-1] |= mask[:, :, 1:]
    return grown

"""Consolidated lung that a network left out on some slices and marked on those above and below."""

from __future__ import annotations

import numpy as np
import scipy

from .pieces import opened

_DENSE_HU = (-300, 130)
"""Lung without much air, and no bone."""
_GUTTER_SHARE = 0.6
"""From front to back of the lungs: behind hilum and heart, beside the spine."""
_LONGEST_MM = 60.0
"""From mask below to mask above: a lower lobe is longer, and rarely left out from end to end."""
_THINNEST_MM, _LEAST_ML = 6.0, 20.0
"""Half the width; vessels and the edges of a crooked aorta are thinner and smaller."""


def gaps_beside_spine(hu: np.ndarray, marked: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Dense tissue at the back that has mask close below and close above.

    Heart, liver and spleen have no lung below them, fluid has none below it, and the vessels of the hilum lie farther
    in front.

    Parameters
    ----------
    hu
        float ``[slice, row, column]`` in axial order, voxels of about 2 mm.
    marked
        bool of the same shape: the mask.
    sampling
        Millimetres along slice, row and column.

    Returns
    -------
    np.ndarray
        bool: nothing of ``marked``.
    """
    found = np.zeros_like(marked)
    rows = np.flatnonzero(marked.any(axis=(0, 2)))
    if not len(rows):
        return found
    behind = slice(round(rows[0] + _GUTTER_SHARE * (rows[-1] - rows[0])), int(rows[-1]) + 1)
    part = marked[:, behind]
    number = np.arange(len(marked), dtype=np.float32)[:, None, None]
    below = np.maximum.accumulate(np.where(part, number, -np.inf))
    above = np.minimum.accumulate(np.where(part, number, np.inf)[::-1])[::-1]
    is_short = above - below <= _LONGEST_MM / float(sampling[0]) + 1
    dense = (hu[:, behind] > _DENSE_HU[0]) & (hu[:, behind] < _DENSE_HU[1])
    gap = opened(is_short & dense & ~part, max(1, round(_THINNEST_MM / float(sampling[2]))))
    parts, count = scipy.ndimage.label(gap)
    is_large = np.bincount(parts.ravel(), minlength=count + 1) * float(np.prod(sampling)) / 1000.0 >= _LEAST_ML
    is_large[0] = False
    found[:, behind] = is_large[parts]
    return found

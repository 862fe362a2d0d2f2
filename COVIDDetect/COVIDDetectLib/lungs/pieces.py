"""Which pieces of air, or of a mask, are lung: by density, size and height, measured against the largest of them."""

from __future__ import annotations

import numpy as np
import scipy

from ..ct.morphology import eroded_by_cross

_LUNG_HU = (-935.0, -500.0)
_GAS_BELOW_HU = -930.0
_GAS_BELOW_LUNG_HU = 30.0
"""So much emptier than the middle of the largest piece is gas where the lungs are nearly empty (emphysema)."""
_LARGE_SHARE, _PURE_GAS_BELOW_HU = 0.3, -975.0
"""A piece of this size may be the emptier lung of the two, as beside a transplant: only pure gas is none."""
_NO_LUNG_BELOW_HU = -985.0
"""The emptiest lungs are denser than pure gas, which alone is seen where no lung is."""
_SHARE_OF_SIZE = 0.2
_CORE_MM = 4.0
_LEAST_SHARE_OF_LARGEST = 0.03
_LEAST_SHARE_AT_HEIGHT = 0.5
_LEAST_DENSE_ML = 5.0
"""Much less than a child's lung; blurred walls of bowel rarely add up to it."""


def pieces_like_lung(
    hu: np.ndarray,
    members: np.ndarray,
    sampling: np.ndarray,
    least_share: float = _LEAST_SHARE_OF_LARGEST,
) -> np.ndarray:
    """The piece with most of lung's density, and others that are alike and at its height.

    Gas in bowel, throat and sinuses is emptier than the same patient's lungs, however empty these are, or lies below
    or above them.

    Parameters
    ----------
    hu
        float ``[slice, row, column]`` in axial order, voxels of about 2 mm.
    members
        bool of the same shape: air within the body, or a lung mask.
    sampling
        Millimetres along slice, row and column.
    least_share
        Pieces smaller than this share of the largest are left out.

    Returns
    -------
    np.ndarray
        bool: whole pieces of ``members``; none where nothing has the density of lung.
    """
    parts, count = scipy.ndimage.label(members)
    if not count:
        return members.copy()
    # The rim is blurred with what lies around it.
    is_core = eroded_by_cross(members, max(1, round(_CORE_MM / float(sampling[2]))))
    sizes = np.bincount(parts[members], minlength=count + 1)
    core, core_hu = parts[is_core], hu[is_core]
    alike = np.bincount(core[(core_hu > _LUNG_HU[0]) & (core_hu < _LUNG_HU[1])], minlength=count + 1)
    # In the emptiest lungs hardly a voxel is as dense as lung, but they are large.
    weights = alike + _SHARE_OF_SIZE * np.bincount(core, minlength=count + 1)
    main = int(np.argmax(weights))
    if weights[main] == 0:
        return np.zeros_like(members)
    middle_hu = float(np.median(core_hu[core == main]))
    if middle_hu < _NO_LUNG_BELOW_HU:
        # Bowel; or a pneumothorax larger than the other lung, which hangs on it by the airways.
        denser = members & (scipy.ndimage.uniform_filter(hu, (1, 3, 3)) > _PURE_GAS_BELOW_HU)
        if np.array_equal(denser, members):
            return np.zeros_like(members)
        return pieces_like_lung(hu, lung_dense_pieces(hu, denser, sampling), sampling, least_share)
    gas_below = min(_GAS_BELOW_HU, middle_hu - _GAS_BELOW_LUNG_HU)
    chosen = parts == main
    at_height = chosen.any(axis=(1, 2))
    for part, box in enumerate(scipy.ndimage.find_objects(parts), start=1):
        if part == main or sizes[part] < least_share * sizes[main]:
            continue
        piece = parts[box] == part
        middle = piece & is_core[box]
        is_large = sizes[part] >= _LARGE_SHARE * sizes[main]
        inside = hu[box][middle if middle.any() else piece]
        if np.median(inside) < (_PURE_GAS_BELOW_HU if is_large else gas_below):
            continue
        if np.count_nonzero(piece[at_height[box[0]]]) >= _LEAST_SHARE_AT_HEIGHT * sizes[part]:
            chosen[box] |= piece
    return chosen


def lung_dense_pieces(hu: np.ndarray, members: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """All pieces that hold as much of lung's density as could be lung: none is measured against another.

    Parameters, shapes and result as of ``pieces_like_lung``.
    """
    parts, count = scipy.ndimage.label(members)
    dense = eroded_by_cross(members, 1) & (hu > _LUNG_HU[0]) & (hu < _LUNG_HU[1])
    is_large = np.bincount(parts[dense], minlength=count + 1) * float(np.prod(sampling)) / 1000.0 >= _LEAST_DENSE_ML
    is_large[0] = False
    return is_large[parts]


def opened(members: np.ndarray, times: int) -> np.ndarray:
    """Without what is thinner in plane than about twice so many pixels."""
    return ~eroded_by_cross(~eroded_by_cross(members, times), times)

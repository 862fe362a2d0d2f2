"""Replaces a part of the lungs by texture of the same patient's healthy-looking lung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy

from ..ct.volume import CTVolume
from ..errors import MaskError
from ..lungs import LungMask

HEALTHY_HU = (-950.0, -750.0)
"""Mean of a neighborhood: denser is ground glass, emptier emphysema (the bounds of ``opacity``)."""

_NEIGHBORHOOD_MM = 6.0
_PIECE_MM = 16.0
_DEPTH_STEP_MM = 2.0
_BLEND_MM = 4.0
_CANDIDATES = 64
_FEWEST_DONORS = 500
_MM_WORTH = 0.02  # a donor that lies 1 mm deeper may cover 2 % more of a piece


def with_healthy_lung(
    ct: CTVolume, lung_mask: LungMask, voxels: np.ndarray, go_on: Callable[[], object] = lambda: None
) -> CTVolume:
    """Replace a part of the lungs; the same every time.

    The part is cut into pieces of 16 mm. Each is filled with a piece of healthy-looking lung, shifted as a whole, so
    that noise and vessels keep their grain, from as deep below the pleura. It fades into what is there over the next
    4 mm outside.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in axial order.
    voxels
        bool on that grid: what is replaced. Only what lies in the lungs is.
    go_on
        Called every few tenths of a second; what it raises ends the computation.

    Raises
    ------
    MaskError
        If there is too little healthy-looking lung to take from.
    """
    ct.geometry.require_axial()
    spacing_kji = np.array(ct.geometry.spacing[::-1])
    hu = ct.hu.copy()
    lungs = lung_mask.labels > 0
    replaced = voxels & lungs
    if not replaced.any():
        return ct
    box = scipy.ndimage.find_objects(lungs.view(np.uint8))[0]
    values, lungs, replaced = hu[box], lungs[box], replaced[box]  # values is a view: hu changes with it

    away_mm = _distance_mm(replaced, spacing_kji)
    go_on()
    touched = lungs & (away_mm < _BLEND_MM)
    healthy = _healthy(values, lungs, spacing_kji) & ~touched
    if np.count_nonzero(healthy) < _FEWEST_DONORS:
        raise MaskError("There is too little healthy-looking lung in this CT to replace a region with.")
    depth_mm = _depth_mm(lungs, spacing_kji)
    go_on()
    filled = _filled(values, healthy, touched, depth_mm, spacing_kji, go_on)
    share = 1 - away_mm[touched] / _BLEND_MM
    share[replaced[touched]] = 1
    values[touched] = np.rint(share * filled + (1 - share) * values[touched]).astype(hu.dtype)
    return replace(ct, hu=hu)


def unhealthy_lung(ct: CTVolume, lung_mask: LungMask) -> np.ndarray:
    """What of the lungs is too dense or too empty for healthy lung, vessels included; both on one grid, axial order."""
    lungs = lung_mask.labels > 0
    return lungs & ~_healthy(ct.hu, lungs, np.array(ct.geometry.spacing[::-1]))


def _healthy(values: np.ndarray, lungs: np.ndarray, spacing_kji: np.ndarray) -> np.ndarray:
    """Lung whose neighborhood in the slice, as far as it is lung, has the mean density of healthy lung."""
    size = (1, *(max(1, round(_NEIGHBORHOOD_MM / mm)) for mm in spacing_kji[1:]))
    inside = scipy.ndimage.uniform_filter(lungs.astype(np.float32), size)
    mean = scipy.ndimage.uniform_filter(np.where(lungs, values, 0).astype(np.float32), size) / np.maximum(inside, 1e-3)
    return lungs & (mean > HEALTHY_HU[0]) & (mean < HEALTHY_HU[1])


def _depth_mm(lungs: np.ndarray, spacing_kji: np.ndarray) -> np.ndarray:
    """Distance to the outside of the lungs, accurate to about 2 mm."""
    steps = np.maximum(1, (_DEPTH_STEP_MM / spacing_kji).astype(int))
    coarse = np.pad(lungs[:: steps[0], :: steps[1], :: steps[2]], 1)
    depth = scipy.ndimage.distance_transform_edt(coarse, sampling=spacing_kji * steps)[1:-1, 1:-1, 1:-1]
    at = [np.arange(size) // step for size, step in zip(lungs.shape, steps, strict=True)]
    return depth.astype(np.float32)[np.ix_(*at)]


def _distance_mm(members: np.ndarray, spacing_kji: np.ndarray) -> np.ndarray:
    """Distance to the nearest member; infinite where it is certainly more than the blend needs."""
    by = np.ceil(_BLEND_MM / spacing_kji).astype(int)
    box = scipy.ndimage.find_objects(members.view(np.uint8))[0]
    wide = tuple(slice(max(0, one.start - reach), one.stop + reach) for one, reach in zip(box, by, strict=True))
    distance = np.full(members.shape, np.inf, dtype=np.float32)
    distance[wide] = scipy.ndimage.distance_transform_edt(~members[wide], sampling=spacing_kji)
    return distance


def _filled(
    values: np.ndarray,
    healthy: np.ndarray,
    replaced: np.ndarray,
    depth_mm: np.ndarray,
    spacing_kji: np.ndarray,
    go_on: Callable[[], object],
) -> np.ndarray:
    """New values of the replaced voxels, in the order of ``values[replaced]``."""
    places = np.argwhere(replaced)
    filled = np.full(len(places), np.median(values[healthy]), dtype=np.float32)
    donors = np.argwhere(healthy)
    donors = donors[np.argsort(depth_mm[tuple(donors.T)], kind="stable")]
    donor_depths = depth_mm[tuple(donors.T)]
    pieces = (places // np.maximum(1, np.rint(_PIECE_MM / spacing_kji).astype(int))) @ [1_000_000, 1_000, 1]
    for piece in np.unique(pieces):
        go_on()
        members = np.flatnonzero(pieces == piece)
        center = np.rint(places[members].mean(axis=0)).astype(int)
        # Donors evenly from those that lie about as deep as the middle of the piece.
        first, last = np.searchsorted(donor_depths, depth_mm[tuple(center)] + np.array([-1.0, 1.0]) * _DEPTH_STEP_MM)
        first = min(first, len(donors) - _FEWEST_DONORS)
        chosen = np.linspace(first, max(last, first + _FEWEST_DONORS) - 1, _CANDIDATES).astype(int)
        _fill_piece(filled, members, places[members], donors[chosen] - center, values, healthy, depth_mm)
    return filled


def _fill_piece(
    filled: np.ndarray,
    members: np.ndarray,
    places: np.ndarray,
    shifts: np.ndarray,
    values: np.ndarray,
    healthy: np.ndarray,
    depth_mm: np.ndarray,
) -> None:
    """Fill one piece, in place, from the shift that covers it best, and what is left from the next best ones."""
    sources = places[None] + shifts[:, None]  # (shift, voxel, 3)
    inside = ((sources >= 0) & (sources < healthy.shape)).all(axis=2)
    sources[~inside] = 0
    k, j, i = np.moveaxis(sources, 2, 0)
    usable = inside & healthy[k, j, i]
    deeper_mm = np.abs(depth_mm[k, j, i] - depth_mm[tuple(places.T)])
    worth = usable.mean(axis=1) - _MM_WORTH * (deeper_mm * usable).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    open_ = np.ones(len(members), dtype=bool)
    for best in np.argsort(-worth, kind="stable"):
        now = open_ & usable[best]
        filled[members[now]] = values[k[best, now], j[best, now], i[best, now]]
        open_ &= ~now
        if not open_.any():
            return

"""Repair of a lung mask from strokes: "this is lung" grows over what was left out, "this is not" over what is too much.

Consolidation, fluid, heart and liver have nearly the same HU, so no threshold tells them apart. Cells of about 2.3 mm
near the strokes get a prior from cues (what the stroke looks like, the other lung mirrored, the ribs, the mask around),
which a random walker then carries from cell to cell, but not across edges: Grady, "Multilabel Random Walker Image
Segmentation Using Prior Models", CVPR 2005 (doi 10.1109/CVPR.2005.239).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from ..ct.volume import CTVolume
from .body import convex_hull
from .coarse import block_means
from .sides import LEFT, RIGHT

REACH_MM = 40.0
"""Nothing changes farther from a stroke."""
_CELL_MM = 2.3
_AIR_BELOW_HU, _DENSE_ABOVE_HU, _BONE_ABOVE_HU = -350.0, -200.0, 180.0
_FAT_HU = (-150.0, -30.0)
_BEHIND_RIBS_MM = 3.0
_EDGE_HU, _LEAST_WEIGHT, _PRIOR_WEIGHT = 40.0, 0.02, 0.2
_LIKE_HU, _LIKE_MM, _LIKE_WEIGHT = 35.0, 15.0, 10.0
"""What looks like a stroke "this is not lung" and lies near it is not lung either."""
_TOLERANCE, _MOST_STEPS = 1e-3, 200

_WEIGHTS = {
    "texture": -0.0135,
    "brightness": -0.0140,
    "other brightness": -0.0171,
    "texture beyond the stroke's": 0.0143,
    "mirrored": 0.0700,
    "ribs": 0.0998,
    "hull": 0.0352,
    "near": 3.290,
    "mask within 8 mm": 7.553,
    "mask within 16 mm": -4.553,
    "fat": -3.024,
    "air": -5.207,
    "distance": -0.0283,
    "mask": 1.885,
}
_OFFSET = 2.2
"""Logistic regression on cells near simulated strokes, in phantoms and four public CTs into which consolidation was
painted; then 0.7 more, because a stroke says that lung is missing. ``Testing/benchmarks/repair.py`` measures it on
others."""


def repair_lungs(ct: CTVolume, labels: np.ndarray, lung: np.ndarray, not_lung: np.ndarray) -> np.ndarray:
    """Grow strokes over what they mean.

    Parameters
    ----------
    ct
        CT in axial order.
    labels
        uint8 ``[slice, row, column]`` on its grid: 0, 1 right lung, 2 left.
    lung, not_lung
        uint8 of the same shape: strokes, by the lung that they add to or take from; 0 elsewhere.

    Returns
    -------
    np.ndarray
        New labels. Only voxels within ``REACH_MM`` of a stroke change; to a lung with strokes of one kind alone voxels
        are only added, or only taken from it, and never those of the other lung.
    """
    repaired = labels.copy()
    for side in (RIGHT, LEFT):
        added, taken = lung == side, not_lung == side
        if added.any() or taken.any():
            _repair_side(ct, repaired, side, added, taken)
    return repaired


@dataclass(frozen=True, eq=False)
class _Near:
    """The cells around the strokes of one lung; every array has their shape ``[slice, row, column]``.

    Parameters
    ----------
    box
        Where they lie in the CT.
    steps
        How many of its voxels make a cell, along each axis.
    mm
        Size of a cell.
    hu
        float32 means.
    mask, other
        bool: this lung as it is marked, and the other.
    mirrored
        bool: the other lung, mirrored.
    added, taken
        bool: the strokes.
    """

    box: tuple[slice, slice, slice]
    steps: np.ndarray
    mm: np.ndarray
    hu: np.ndarray
    mask: np.ndarray
    other: np.ndarray
    mirrored: np.ndarray
    added: np.ndarray
    taken: np.ndarray

    @classmethod
    def of(cls, ct: CTVolume, labels: np.ndarray, side: int, added: np.ndarray, taken: np.ndarray) -> _Near:
        sampling = np.array(ct.geometry.spacing[::-1], dtype=float)
        steps = np.maximum(1, np.round(_CELL_MM / sampling)).astype(int)
        margin = np.ceil(REACH_MM / sampling).astype(int) + 1
        drawn = scipy.ndimage.find_objects((added | taken).view(np.uint8))[0]
        first, middle, last = (
            slice(max(0, one.start - int(by)), min(size, one.stop + int(by)))
            for one, by, size in zip(drawn, margin, labels.shape, strict=True)
        )
        box = first, middle, last
        mine, others = (block_means(labels[box] == lung, steps) >= 0.5 for lung in (side, RIGHT + LEFT - side))
        across = _mirrored(labels, box, RIGHT + LEFT - side)
        return cls(
            box,
            steps,
            sampling * steps,
            block_means(ct.hu[box], steps),
            mine,
            others,
            block_means(across, steps) >= 0.5,
            block_means(added[box], steps) > 0,
            block_means(taken[box], steps) > 0,
        )

    def blurred(self, values: np.ndarray, mm: float) -> np.ndarray:
        """Gaussian of so many millimeters."""
        smooth: np.ndarray = scipy.ndimage.gaussian_filter(values.astype(np.float32), mm / self.mm)
        return smooth

    def distance(self, members: np.ndarray) -> np.ndarray:
        """Millimetres to the nearest member; endless where there is none."""
        if not members.any():
            return np.full(members.shape, np.inf)
        away: np.ndarray = scipy.ndimage.distance_transform_edt(~members, sampling=self.mm)
        return away

    def depth(self, members: np.ndarray, most_mm: float) -> np.ndarray:
        """Millimetres within the members, negative outside; 0 everywhere where there is none."""
        if not members.any():
            return np.zeros(members.shape)
        return np.clip(self.distance(~members) - self.distance(members), -most_mm, most_mm)


def _mirrored(labels: np.ndarray, box: tuple[slice, slice, slice], other: int) -> np.ndarray:
    """The other lung in a box, mirrored at the plane in the middle of both."""
    columns = np.flatnonzero((labels[box[0]] > 0).any(axis=(0, 1)))
    if not len(columns):
        return np.zeros(tuple(one.stop - one.start for one in box), dtype=bool)
    across = columns[0] + columns[-1] - np.arange(box[2].start, box[2].stop)
    is_seen = (across >= 0) & (across < labels.shape[2])
    found: np.ndarray = (labels[box[0], box[1]][:, :, np.clip(across, 0, labels.shape[2] - 1)] == other) & is_seen
    return found


def _repair_side(ct: CTVolume, labels: np.ndarray, side: int, added: np.ndarray, taken: np.ndarray) -> None:
    """In place."""
    near = _Near.of(ct, labels, side, added, taken)
    # Less by as much as two voxels may lie off the middles of their cells: so every voxel is within reach.
    reach = near.distance(near.added | near.taken) <= REACH_MM - np.linalg.norm(near.mm * (1 - 1 / near.steps))
    smooth = near.blurred(near.hu, 2.0)
    ribs_mm = _inwards_of_ribs(smooth > _BONE_ABOVE_HU, near)
    is_lung = (near.added | (near.mask & (near.hu < _AIR_BELOW_HU))) & ~near.taken
    is_not = ~is_lung & (near.taken | near.other | (smooth > _BONE_ABOVE_HU) | (ribs_mm < -_BEHIND_RIBS_MM))
    free = reach & ~is_lung & ~is_not
    chance = np.where(is_lung | (near.mask & ~is_not), 1.0, 0.0)
    if free.any():
        prior = 1 / (1 + np.exp(-np.clip(_logit(near, smooth, ribs_mm), -8, 8)))
        chance[free] = _walked(free, chance, prior, np.clip(smooth, -300, 300), near.mm)
    is_other = (chance > 0.5) != near.mask
    # A cell more, so that the new border is as smooth as the chance is.
    changed = scipy.ndimage.binary_dilation(is_other & reach, iterations=1) & reach
    part = labels[near.box]
    fine = _on_voxels(chance, near.steps, part.shape) > 0.5
    cells = (np.arange(size) // step for size, step in zip(part.shape, near.steps, strict=True))
    near_change = changed[np.ix_(*cells)]
    if added.any():
        part[near_change & fine & (part == 0)] = side
    if taken.any():
        part[near_change & ~fine & (part == side)] = 0
    labels[added & (labels == 0)] = side
    labels[taken & (labels == side)] = 0


def _logit(near: _Near, smooth: np.ndarray, ribs_mm: np.ndarray) -> np.ndarray:
    """The cues, weighted."""
    clipped = np.clip(near.hu, -300, 300)
    mean = near.blurred(clipped, 5.0)
    texture = np.sqrt(np.maximum(0, near.blurred(clipped**2, 5.0) - mean**2))
    marked = (near.mask | near.added) & ~near.taken
    example = near.added if near.added.any() else near.mask & (near.hu > _DENSE_ABOVE_HU)
    mean_hu, mean_texture = (float(cue[example].mean()) if example.any() else 0.0 for cue in (mean, texture))
    brighter = np.clip(mean - mean_hu, -150, 150)
    hull = near.depth(_hulls(marked, near.mm), 10.0)
    distance = near.distance(near.added)
    cues = {
        "texture": texture,
        "brightness": brighter,
        "other brightness": np.abs(brighter),
        "texture beyond the stroke's": texture - mean_texture,
        "mirrored": near.depth(near.mirrored, 12.0),
        "ribs": np.minimum(ribs_mm, 12.0),
        "hull": hull if example.any() and hull[example].mean() > 0 else np.zeros_like(hull),
        "near": np.exp(-distance / 8.0),
        "mask within 8 mm": near.blurred(marked, 8.0),
        "mask within 16 mm": near.blurred(marked, 16.0),
        "fat": near.blurred((near.hu > _FAT_HU[0]) & (near.hu < _FAT_HU[1]), 4.0),
        "air": near.blurred(near.hu < _AIR_BELOW_HU, 8.0),
        "distance": np.minimum(distance, REACH_MM),
        "mask": near.mask,
    }
    logit: np.ndarray = _OFFSET + sum(_WEIGHTS[name] * cue for name, cue in cues.items())
    if near.taken.any():
        unlike = (mean - mean[near.taken].mean()) / _LIKE_HU
        logit -= _LIKE_WEIGHT * np.exp(-np.square(unlike) - near.distance(near.taken) / _LIKE_MM)
    return logit


def _hulls(marked: np.ndarray, mm: np.ndarray) -> np.ndarray:
    """The convex hull of each slice."""
    hulls = np.zeros_like(marked)
    for one, members in zip(hulls, marked, strict=True):
        hull = convex_hull(members, mm) if members.any() else None
        if hull is not None:
            one[:] = hull
    return hulls


_ANGLES = 120
_RIBS_APART_MM, _ANGLES_APART, _LEAST_BONE = 8.0, 2.0, 0.03


def _inwards_of_ribs(bone: np.ndarray, near: _Near) -> np.ndarray:
    """Millimetres inwards of the ribs, seen from the middle of the lung; smooth from rib to rib, large without ribs."""
    lung = near.mask | near.added
    if not lung.any():
        return np.full(bone.shape, 12.0)
    _, rows, columns = np.nonzero(lung)
    down = (np.arange(bone.shape[1])[:, None] - rows.mean()) * near.mm[1]
    right = (np.arange(bone.shape[2]) - columns.mean()) * near.mm[2]
    radius = np.hypot(down, right)
    angle = (np.floor((np.arctan2(down, right) + np.pi) / (2 * np.pi) * _ANGLES)).astype(int) % _ANGLES
    nearest = np.full((len(bone), _ANGLES), np.inf)
    for found, bones, members in zip(nearest, bone, lung, strict=True):
        outermost = np.zeros(_ANGLES)
        np.maximum.at(outermost, angle[members], radius[members])
        is_beyond = bones & (radius > 0.8 * outermost[angle])
        np.minimum.at(found, angle[is_beyond], radius[is_beyond])
    known = np.isfinite(nearest)
    sigma = (_RIBS_APART_MM / near.mm[0], _ANGLES_APART)
    share, total = (
        scipy.ndimage.gaussian_filter(values, sigma, mode=("nearest", "wrap"))
        for values in (known.astype(float), np.where(known, nearest, 0.0))
    )
    cage = np.where(share > _LEAST_BONE, total / np.maximum(share, 1e-6), np.inf)
    return np.clip(cage[:, angle] - radius, -8.0, 12.0)


def _walked(free: np.ndarray, fixed: np.ndarray, prior: np.ndarray, hu: np.ndarray, mm: np.ndarray) -> np.ndarray:
    """The chance of each free cell that a walk from it ends in lung; it may end anywhere, by the prior."""
    count = np.count_nonzero(free)
    numbers = np.full(free.shape, -1)
    numbers[free] = np.arange(count)
    diagonal = np.full(count, _PRIOR_WEIGHT)
    right_side = _PRIOR_WEIGHT * prior[free]
    rows, columns, values = [np.arange(count)], [np.arange(count)], []
    for axis in range(3):
        low, high = (
            tuple(part if one == axis else slice(None) for one in range(3))
            for part in (slice(None, -1), slice(1, None))
        )
        weights = np.exp(-np.square((hu[high] - hu[low]) / _EDGE_HU)) + _LEAST_WEIGHT
        weights *= (2.0 / mm[axis]) ** 2
        both = free[low] & free[high]
        first, second, joined = numbers[low][both], numbers[high][both], weights[both]
        diagonal += np.bincount(first, joined, count) + np.bincount(second, joined, count)
        rows += [first, second]
        columns += [second, first]
        values += [-joined, -joined]
        for here, there in ((low, high), (high, low)):
            at_seed = free[here] & ~free[there]
            cells, pull = numbers[here][at_seed], weights[at_seed]
            diagonal += np.bincount(cells, pull, count)
            right_side += np.bincount(cells, pull * fixed[there][at_seed], count)
    entries = np.concatenate([diagonal, *values]), (np.concatenate(rows), np.concatenate(columns))
    walk = scipy.sparse.csr_matrix(entries, shape=(count, count))
    chance: np.ndarray = scipy.sparse.linalg.cg(
        walk, right_side, x0=prior[free], rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=scipy.sparse.diags(1 / diagonal)
    )[0]
    return chance


def _on_voxels(cells: np.ndarray, steps: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Linear between the middles of the cells."""
    fine = cells.astype(np.float32)
    for axis, (size, step) in enumerate(zip(shape, steps, strict=True)):
        at = np.clip((np.arange(size) - (step - 1) / 2) / step, 0, cells.shape[axis] - 1)
        low = np.floor(at).astype(int)
        share = (at - low).astype(np.float32).reshape([-1 if one == axis else 1 for one in range(3)])
        high = np.minimum(low + 1, cells.shape[axis] - 1)
        fine = fine.take(low, axis) * (1 - share) + fine.take(high, axis) * share
    return fine

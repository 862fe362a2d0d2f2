"""The inside of lungs as millimetres: where a point lies, how deep below the pleura, what is near it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from .fields import Spacing, smooth_field

_DEPTH_GRID_MM = 3.0

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class LungSpace:
    """Lungs on a grid, cropped to what is needed.

    Parameters
    ----------
    labels
        ``[slice, row, column]``: 0, 1 right, 2 left; any part of the lungs.
    spacing
        Millimetres from slice to slice, row to row, column to column.
    """

    labels: np.ndarray
    spacing: Spacing

    @cached_property
    def lung(self) -> np.ndarray:
        """Both lungs, bool."""
        return self.labels > 0

    @cached_property
    def voxels(self) -> np.ndarray:
        """Indices of all lung voxels in the flattened array."""
        return np.flatnonzero(self.lung)

    @cached_property
    def depth_mm(self) -> np.ndarray:
        """Depth below the surface of the lungs, float32; measured on a grid of 3 mm and interpolated."""
        steps = [max(1, round(_DEPTH_GRID_MM / mm)) for mm in self.spacing]
        coarse = np.pad(self.lung[:: steps[0], :: steps[1], :: steps[2]], ((1, 1), (1, 1), (1, 1)), mode="edge")
        coarse[:, [0, -1]] = False
        coarse[:, :, [0, -1]] = False
        sampling = [step * mm for step, mm in zip(steps, self.spacing, strict=True)]
        depth = scipy.ndimage.distance_transform_edt(coarse, sampling=sampling)[1:-1, 1:-1, 1:-1].astype(np.float32)
        for axis, (step, size) in enumerate(zip(steps, self.lung.shape, strict=True)):
            depth = _stretch(depth, axis, step, size)
        return depth

    def place(self, random: np.random.Generator, weights: np.ndarray | None = None) -> tuple[int, int, int]:
        """A random lung voxel; ``weights`` ``[slice, row, column]`` says where it is likelier."""
        if weights is None:
            voxel = self.voxels[random.integers(len(self.voxels))]
        else:
            candidates = self.voxels[random.integers(len(self.voxels), size=80)]
            share = weights.ravel()[candidates].astype(float) + 1e-9
            voxel = random.choice(candidates, p=share / share.sum())
        k, j, i = np.unravel_index(voxel, self.lung.shape)
        return int(k), int(j), int(i)

    def box(self, center: tuple[int, int, int], reach_mm: float) -> Box:
        """The part of the grid up to ``reach_mm`` from a voxel."""
        ranges = []
        for at, mm, size in zip(center, self.spacing, self.lung.shape, strict=True):
            reach = int(np.ceil(reach_mm / mm))
            ranges.append(slice(max(0, at - reach), min(size, at + reach + 1)))
        return ranges[0], ranges[1], ranges[2]

    def offsets_mm(self, center: tuple[int, int, int], box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Distance from the center along slices, rows and columns, to be broadcast over the box."""
        k, j, i = (
            ((np.arange(one.start, one.stop) - at) * mm).astype(np.float32)
            for one, at, mm in zip(box, center, self.spacing, strict=True)
        )
        return k[:, None, None], j[:, None], i

    def field(self, random: np.random.Generator, box: Box, grain_mm: float) -> np.ndarray:
        """``smooth_field`` over a box."""
        slices, rows, columns = (one.stop - one.start for one in box)
        return smooth_field(random, (slices, rows, columns), self.spacing, grain_mm)

    def lobules(
        self, random: np.random.Generator, box: Box, where: np.ndarray, size_mm: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Secondary lobules as the cells around scattered points.

        Parameters
        ----------
        where
            Bool over the box: the voxels asked for.

        Returns
        -------
        cell, septum_mm
            Number of each voxel's cell, and its distance from the septum between this and the next, ``(N,)``.
        """
        points = np.argwhere(where).astype(np.float32) * np.array(self.spacing, dtype=np.float32)
        if not len(points):
            return np.zeros(0, dtype=int), np.zeros(0, dtype=np.float32)
        low, high = points.min(0) - 1.5 * size_mm, points.max(0) + 1.5 * size_mm
        axes = [np.arange(a, b + size_mm, size_mm) for a, b in zip(low, high, strict=True)]
        seeds = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
        seeds += random.uniform(-0.5, 0.5, seeds.shape) * size_mm
        distance, cell = scipy.spatial.cKDTree(seeds).query(points, k=2)
        return cell[:, 0], ((distance[:, 1] - distance[:, 0]) / 2).astype(np.float32)


def _stretch(values: np.ndarray, axis: int, step: int, size: int) -> np.ndarray:
    """Linear interpolation back from every ``step``-th voxel."""
    if step == 1:
        return values
    positions = np.minimum(np.arange(size) / step, values.shape[axis] - 1).astype(np.float32)
    below = positions.astype(int)
    above = np.minimum(below + 1, values.shape[axis] - 1)
    share = (positions - below).reshape([-1 if one == axis else 1 for one in range(3)])
    return np.take(values, below, axis) * (1 - share) + np.take(values, above, axis) * share

"""Cells of the heat map on the CT-Mask volume; how like two maps are, and how well one meets known lesions.

A cell of the second ResBlock stands for two slices and for the 8 × 8 pixels round every eighth pixel; the first row and
column of cells, at the border, have only half of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ct.ct_mask import CTMask

Shape = tuple[int, int, int]
_PIXELS, _SLICES = 8, 2
_BLOB_CELLS = 2.0


@dataclass(frozen=True, eq=False)
class Cells:
    """Lungs and lesions of one CT-Mask volume, counted cell by cell.

    Parameters
    ----------
    voxels, lung, lesion
        Number of all voxels, of lung voxels and of lesion voxels in each cell, ``[slice, row, column]``.
    """

    voxels: np.ndarray
    lung: np.ndarray
    lesion: np.ndarray

    @property
    def lesion_share(self) -> float:
        """Share of the lung volume that is lesion."""
        return float(self.lesion.sum() / self.lung.sum())


def count_cells(ct_mask: CTMask, lesions: np.ndarray, shape: Shape) -> Cells:
    """Count a CT-Mask volume's voxels in the cells of a map of the given shape; ``lesions`` is on the volume's grid."""
    lung = ct_mask.mask > 0
    return Cells(
        sum_in_cells(np.ones(lung.shape, dtype=np.float32), shape),
        sum_in_cells(lung, shape),
        sum_in_cells(lesions & lung, shape),
    )


def sum_in_cells(values: np.ndarray, shape: Shape) -> np.ndarray:
    """Sum of the values ``[slice, row, column]`` of a CT-Mask volume in each cell, float32."""
    sums = values.astype(np.float32)
    for axis, count in enumerate(shape):
        sums = np.add.reduceat(sums, _starts(axis, count), axis)
    return sums


def spread_cells(cells: np.ndarray, shape: Shape) -> np.ndarray:
    """The value of its cell for every voxel of a CT-Mask volume of the given shape."""
    for axis, size in enumerate(shape):
        lengths = np.diff([*_starts(axis, cells.shape[axis]), size])
        cells = np.repeat(cells, lengths, axis)
    return cells


def points_into_lesion(heat: np.ndarray, cells: Cells) -> bool:
    """Whether the cell with the highest value holds lesion; a map that is empty points nowhere.

    The tolerance is the cell itself: nothing finer is known of where its value comes from.
    """
    return bool(heat.max() > 0 and cells.lesion[np.unravel_index(np.argmax(heat), heat.shape)] > 0)


def energy_in_lesions(heat: np.ndarray, cells: Cells) -> float:
    """Share of the sum of a map that lies in lesions; cells count by the share of lesion in them. 0 if it is empty."""
    total = float(heat.sum())
    return float((heat * cells.lesion / cells.voxels).sum()) / total if total > 0 else 0.0


def brightness_map(ct_mask: CTMask, shape: Shape) -> np.ndarray:
    """A map that only shows where the lungs are denser than their median, 0 outside the lungs."""
    lung = ct_mask.mask > 0
    image = ct_mask.image.astype(np.float32)
    return sum_in_cells(np.maximum(image - np.median(image[lung]), 0) * lung, shape)


def blob_map(cells: Cells, random: np.random.Generator) -> np.ndarray:
    """A Gaussian blob of two cells' standard deviation around a random place in the lungs, 0 outside the lungs."""
    lung = cells.lung / cells.lung.sum()
    center = np.unravel_index(
        random.choice(lung.size, p=lung.ravel().astype(float) / lung.sum(dtype=float)), lung.shape
    )
    axes = np.meshgrid(*(np.arange(n) - c for n, c in zip(lung.shape, center, strict=True)), indexing="ij", sparse=True)
    squared = sum(axis.astype(np.float32) ** 2 for axis in axes)
    return np.asarray(np.exp(-squared / (2 * _BLOB_CELLS**2)) * (cells.lung > 0), dtype=np.float32)


def likeness(real: np.ndarray, other: np.ndarray, cells: Cells) -> float:
    """Size of Spearman's rank correlation of two maps in the lungs' cells: the same map upside down is as like, at 1.

    0 where the other map is flat, and NaN where the real one is: what shows nothing cannot be unlike anything.
    """
    from scipy.stats import rankdata

    if is_flat(real, cells):
        return float("nan")
    if is_flat(other, cells):
        return 0.0
    lung = cells.lung > 0
    return abs(float(np.corrcoef(rankdata(real[lung]), rankdata(other[lung]))[0, 1]))


def is_flat(heat: np.ndarray, cells: Cells) -> bool:
    """Whether a map shows nothing in the lungs' cells."""
    return bool(np.ptp(heat[cells.lung > 0]) == 0)


def _starts(axis: int, count: int) -> list[int]:
    if axis == 0:
        return [_SLICES * cell for cell in range(count)]
    return [max(0, _PIXELS * cell - _PIXELS // 2) for cell in range(count)]

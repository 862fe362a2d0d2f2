"""Voxels of a labelmap against places in the patient and in a slice view; arrays are ``[k, j, i]``."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy


def voxels(image: Any) -> np.ndarray:
    """A view of the image's voxels that can be written."""
    shape = image.GetDimensions()[::-1]
    array: np.ndarray = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)
    return array


def matrix_of(elements: Any) -> np.ndarray:
    """A vtkMatrix4x4 as an array."""
    return np.array([[elements.GetElement(row, column) for column in range(4)] for row in range(4)])


def index_to_ras(image: Any) -> np.ndarray:
    """4×4 from array indices (i, j, k), counted from 0, to RAS of a vtkOrientedImageData."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    extent = image.GetExtent()
    start = np.eye(4)
    start[:3, 3] = extent[0], extent[2], extent[4]
    return matrix_of(matrix) @ start


def near_stroke(
    image: Any, stroke_ras: np.ndarray, radius_mm: float, plane: tuple[np.ndarray, np.ndarray, float] | None
) -> np.ndarray:
    """The voxels that a brush touches.

    Parameters
    ----------
    image
        vtkOrientedImageData whose grid counts.
    stroke_ras
        ``[point, 3]``: where the brush went.
    radius_mm
        Of the brush.
    plane
        Point, unit normal and thickness in mm of the slice that is painted in; None: a brush that is a sphere.

    Returns
    -------
    numpy.ndarray
        bool ``[k, j, i]``.
    """
    to_ras = index_to_ras(image)
    shape = image.GetDimensions()
    touched = np.zeros(shape[::-1], dtype=bool)
    to_index = np.linalg.inv(to_ras)
    reach = radius_mm + (plane[2] if plane else 0.0)
    # In index space a ball becomes an ellipsoid; its half axes are the lengths of the inverse's rows.
    margin = reach * np.linalg.norm(to_index[:3, :3], axis=1) + 1
    centers = stroke_ras @ to_index[:3, :3].T + to_index[:3, 3]
    low = np.maximum(np.floor(centers.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(centers.max(axis=0) + margin) + 1, shape).astype(int)
    if np.any(high <= low):
        return touched
    i, j, k = (np.arange(start, end) for start, end in zip(low, high, strict=True))
    indices = np.stack(np.meshgrid(k, j, i, indexing="ij")[::-1], axis=-1)
    places = indices @ to_ras[:3, :3].T + to_ras[:3, 3]
    inside = np.zeros(places.shape[:3], dtype=bool)
    if plane is not None:
        point, normal, thickness = plane
        height = (places - point) @ normal
        places = places - height[..., None] * normal
        in_slice = np.abs(height) <= thickness / 2 + 1e-6
    for start, end in zip(stroke_ras, stroke_ras[1:] if len(stroke_ras) > 1 else stroke_ras, strict=False):
        inside |= _distance_squared(places, start, end) <= radius_mm**2
    if plane is not None:
        inside &= in_slice
    touched[low[2] : high[2], low[1] : high[1], low[0] : high[0]] = inside
    return touched


def _distance_squared(places: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    length = float(along @ along)
    offset = places - start
    if length == 0.0:
        return np.einsum("...a,...a", offset, offset)
    part = np.clip(offset @ along / length, 0.0, 1.0)
    rest = offset - part[..., None] * along
    return np.einsum("...a,...a", rest, rest)


def inside_outline(image: Any, outline_xy: np.ndarray, ras_to_xy: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """The voxels that lie behind an outline drawn in a view, in all slices.

    Parameters
    ----------
    outline_xy
        ``[point, 2]`` in pixels of the view.
    ras_to_xy
        4×4 of the slice view.
    window
        Width and height of the view in pixels.
    """
    from skimage.draw import polygon2mask

    width, height = window
    drawn = polygon2mask((height, width), outline_xy[:, ::-1])
    matrix = ras_to_xy @ index_to_ras(image)
    k, j, i = np.ogrid[tuple(slice(0, size) for size in image.GetDimensions()[::-1])]
    x, y = (
        np.rint(matrix[row, 0] * i + matrix[row, 1] * j + matrix[row, 2] * k + matrix[row, 3]).astype(np.int32)
        for row in (0, 1)
    )
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return seen & drawn[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]

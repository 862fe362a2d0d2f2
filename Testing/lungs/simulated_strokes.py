"""Strokes as somebody would draw them who sees what is wrong with a lung mask."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

BRUSH_MM = 8.0
"""Diameter."""


def within(members: np.ndarray, mm: np.ndarray, reach_mm: float) -> np.ndarray:
    """What lies so near to bool members ``[slice, row, column]``; ``mm`` is the size of a voxel."""
    box = tuple(
        slice(max(0, one.start - int(by)), one.stop + int(by))
        for one, by in zip(
            ndimage.find_objects(members.view(np.uint8))[0], np.ceil(reach_mm / mm).astype(int) + 1, strict=True
        )
    )
    near = np.zeros_like(members)
    near[box] = ndimage.distance_transform_edt(~members[box], sampling=mm) <= reach_mm
    return near


def largest(members: np.ndarray) -> np.ndarray:
    """The largest connected part."""
    parts, _ = ndimage.label(members)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    found: np.ndarray = parts == sizes.argmax()
    return found


def clicks(wrong: np.ndarray, mm: np.ndarray) -> list[np.ndarray]:
    """One click of the brush in the middle of the largest wrong part, in each of the three planes."""
    depth = ndimage.distance_transform_edt(np.pad(largest(_opened(wrong)), 1), sampling=mm)[1:-1, 1:-1, 1:-1]
    middle = np.array(np.unravel_index(depth.argmax(), depth.shape))
    point = np.zeros_like(wrong)
    point[tuple(middle)] = True
    ball = within(point, mm, BRUSH_MM / 2)
    planes = (np.arange(size) == at for size, at in zip(wrong.shape, middle, strict=True))
    return [ball & plane.reshape([-1 if one == axis else 1 for one in range(3)]) for axis, plane in enumerate(planes)]


def stroke(wrong: np.ndarray, mm: np.ndarray) -> np.ndarray:
    """One stroke along the middle of the largest wrong part, in the slice of any plane in which it is largest.

    Parameters
    ----------
    wrong
        bool ``[slice, row, column]``, somewhere true.
    mm
        Size of a voxel.
    """
    part = largest(_opened(wrong))
    areas = [part.sum(axis=tuple({0, 1, 2} - {axis})) * np.prod(mm) / mm[axis] for axis in range(3)]
    axis = int(np.argmax([area.max() for area in areas]))
    number = int(areas[axis].argmax())
    flat_mm = float(np.delete(mm, axis)[0]), float(np.delete(mm, axis)[1])
    region = largest(np.take(part, number, axis))
    line = np.zeros(region.shape, dtype=bool)
    line[tuple(np.transpose(_middle_line(region, flat_mm)))] = True
    drawn = np.zeros_like(wrong)
    view = np.moveaxis(drawn, axis, 0)
    view[number] = region & (ndimage.distance_transform_edt(~line, sampling=flat_mm) <= BRUSH_MM / 2)
    return drawn


def _opened(wrong: np.ndarray) -> np.ndarray:
    opened: np.ndarray = ndimage.binary_opening(wrong, ndimage.generate_binary_structure(3, 1))
    return opened if opened.any() else wrong


def _middle_line(region: np.ndarray, mm: tuple[float, float]) -> list[tuple[int, int]]:
    """The longest way through a region, far from its edges."""
    from skimage.graph import MCP_Geometric

    depth = ndimage.distance_transform_edt(np.pad(region, 1), sampling=mm)[1:-1, 1:-1]
    core = largest(depth >= min(3.0, 0.5 * depth.max()))
    end = start = np.unravel_index(np.argmax(depth * core), depth.shape)
    for _ in range(2):
        ways, _steps = MCP_Geometric(np.where(core, 1.0, -1.0), sampling=mm).find_costs([end])
        start, end = end, np.unravel_index(np.argmax(np.where(core, ways, -1.0)), depth.shape)
    middle = MCP_Geometric(np.where(core, 1 / (0.5 + depth), -1.0), sampling=mm)
    middle.find_costs([start])
    line: list[tuple[int, int]] = middle.traceback(end)
    return line

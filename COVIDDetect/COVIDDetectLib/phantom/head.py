"""Axial slices of heads and necks, in which air is no lung: sinuses, nose, mouth, pharynx, trachea."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .anatomy import AIR, CORTEX, FAT, MARROW, MUSCLE, SKIN
from .surroundings import Plane


def head_slice(random: np.random.Generator, size: int, pixel_mm: float) -> np.ndarray:
    """One slice between the crown and the shoulders, float32 HU ``[row, column]``, the nose upward.

    Parameters
    ----------
    size
        Rows and columns.
    pixel_mm
        Edge of a pixel.
    """
    plane = Plane.of((size, size), pixel_mm)
    hu = np.full((size, size), AIR, dtype=np.float32)
    x0, y0 = random.normal(0, 12), random.uniform(-60, 30)
    level = random.random()  # from the larynx up to the crown
    is_neck = level < 0.35
    half_width = random.uniform(52, 75) if is_neck else random.uniform(66, 82)
    half_depth = random.uniform(58, 75) if is_neck else random.uniform(85, 105)

    def oval(cx: float, cy: float, wide: float, high: float) -> np.ndarray:
        radius = np.hypot((plane.x - x0 - cx) / wide, (plane.y - y0 - cy) / high)
        return (1 - radius) * min(wide, high)

    def put(depth: np.ndarray, value: float) -> None:
        hu[...] += plane.filled(depth) * (value - hu)

    outline = oval(0, 0, half_width, half_depth) + random.uniform(0, 3) * plane.field(random, 40)
    put(outline, SKIN)
    put(outline - 2, FAT)
    put(outline - random.uniform(3, 8), MUSCLE)
    if is_neck or random.random() < 0.5:
        back = random.uniform(8, 30)
        put(oval(0, back, random.uniform(13, 20), random.uniform(12, 16)), CORTEX)
        put(oval(0, back, 10, 9), MARROW)
        put(oval(0, back + 22, 9, 7), 30.0)
    if is_neck:
        put(oval(0, -random.uniform(8, 30), random.uniform(12, 18), random.uniform(10, 16)), 110.0)
        put(oval(0, -random.uniform(8, 30), random.uniform(6, 11), random.uniform(6, 14)), -990.0)
        for side in (-1, 1):
            put(oval(side * 28, -4, 7, 7), random.uniform(40, 260))
    elif level < 0.8:
        _paint_face(random, put, oval, half_depth)
    else:
        put(oval(0, 0, half_width - 8, half_depth - 8), CORTEX + 300)
        put(oval(0, 0, half_width - 15, half_depth - 15), 35.0)
        if random.random() < 0.4:  # the frontal sinus
            put(oval(random.normal(0, 5), -half_depth + 15, random.uniform(5, 25), random.uniform(3, 7)), -980.0)
    return hu


def _paint_face(
    random: np.random.Generator,
    put: Callable[[np.ndarray, float], None],
    oval: Callable[[float, float, float, float], np.ndarray],
    half_depth: float,
) -> None:
    """Skull base or jaws with the air between them."""
    if random.random() < 0.5:
        put(oval(0, 25, 62, half_depth - 30), CORTEX)
        put(oval(0, 25, 55, half_depth - 38), 35.0)
    front = -random.uniform(0.35, 0.55) * half_depth
    for side in (-1, 1):
        wide, high = random.uniform(9, 19), random.uniform(10, 22)
        put(oval(side * random.uniform(22, 32), front, wide + 2, high + 2), 500.0)
        put(oval(side * random.uniform(22, 32), front, wide, high), -985.0)
        if random.random() < 0.5:  # cells of the mastoid
            put(oval(side * 52, 28, random.uniform(6, 12), random.uniform(8, 16)), random.uniform(-600, 300))
    put(oval(0, front, random.uniform(4, 14), random.uniform(14, 30)), random.uniform(-980, -500))
    put(oval(0, 0.5 * front + 12, random.uniform(8, 18), random.uniform(4, 12)), -985.0)

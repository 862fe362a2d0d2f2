"""What lies round a patient in the scanner: tables, mattresses, blankets, cables, arms; and gas in the bowel.

All of it is painted into axial slices that are there already, phantoms or real ones, in millimetres: x to the right
edge of the image, y down, where the table is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from .fields import smooth_field

_TISSUE_ABOVE_HU = -300.0
_AIR_HU = -1000.0
_SOFT_TISSUE_HU = (-200.0, 180.0)
_LEAST_LIMB_MM2 = 800.0


@dataclass(frozen=True, eq=False)
class Plane:
    """Slices of one size and what is where on them.

    Parameters
    ----------
    x, y
        Positions in mm, ``[1, column]`` and ``[row, 1]``, from the middle of the image.
    pixel_mm
        Edge of a pixel.
    """

    x: np.ndarray
    y: np.ndarray
    pixel_mm: float

    @classmethod
    def of(cls, shape: tuple[int, ...], pixel_mm: float) -> Plane:
        """For slices ``[..., row, column]``."""
        rows, columns = shape[-2:]
        x = ((np.arange(columns) - (columns - 1) / 2) * pixel_mm).astype(np.float32)
        y = ((np.arange(rows) - (rows - 1) / 2) * pixel_mm).astype(np.float32)
        return cls(x[None, :], y[:, None], pixel_mm)

    def filled(self, depth_mm: np.ndarray) -> np.ndarray:
        """Share of each pixel that lies inside a shape, from the signed distance to its outline (positive inside)."""
        return np.clip(depth_mm / self.pixel_mm + 0.5, 0, 1)

    def field(self, random: np.random.Generator, grain_mm: float) -> np.ndarray:
        """A smooth random field ``[row, column]``."""
        shape = (1, self.y.shape[0], self.x.shape[1])
        return smooth_field(random, shape, (1.0, self.pixel_mm, self.pixel_mm), grain_mm)[0]


def body_outline(hu: np.ndarray, lungs: np.ndarray, pixel_mm: float, with_limbs: bool = True) -> np.ndarray:
    """The patient in one slice: bool ``[row, column]``, filled; table and blankets left out.

    Parameters
    ----------
    lungs
        bool of the same shape; always inside, also where the field of view cuts them.
    with_limbs
        Whether arms and legs apart from the trunk belong to it.
    """
    tissue = hu > _TISSUE_ABOVE_HU
    times = max(1, round(3.0 / pixel_mm))
    square = np.ones((3, 3), dtype=bool)
    core = scipy.ndimage.binary_erosion(scipy.ndimage.binary_fill_holes(tissue | lungs), square, times, border_value=1)
    parts, count = scipy.ndimage.label(core)
    if not count:
        return lungs.copy()
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    soft = (hu > _SOFT_TISSUE_HU[0]) & (hu < _SOFT_TISSUE_HU[1])
    softness = np.bincount(parts.ravel(), (soft | lungs).ravel(), minlength=count + 1) / np.maximum(sizes, 1)
    sizes[0] = 0
    weight = sizes * (softness > 0.5)
    if not weight.any():
        return lungs.copy()
    kept = np.zeros(count + 1, dtype=bool)
    kept[int(np.argmax(weight))] = True
    if with_limbs:
        kept |= (softness > 0.5) & (sizes * pixel_mm**2 > _LEAST_LIMB_MM2)
    kept[0] = False
    body = scipy.ndimage.binary_dilation(kept[parts], square, times + 1)
    return scipy.ndimage.binary_fill_holes(body & (tissue | core | lungs)) | lungs


def paint_surroundings(random: np.random.Generator, hu: np.ndarray, lungs: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Take away what is round the patient and paint another table with what lies on it.

    Parameters
    ----------
    hu
        float32 ``[slice, row, column]``: slices near each other, which lie on one table.
    lungs
        bool of the same shape.

    Returns
    -------
    ndarray
        float32 HU; inside the body nothing is changed.
    """
    with_limbs = bool(random.random() < 0.7)
    bodies = np.stack([body_outline(one, lung, pixel_mm, with_limbs) for one, lung in zip(hu, lungs, strict=True)])
    together = np.asarray(bodies.any(axis=0))
    plane = Plane.of(hu.shape, pixel_mm)
    around = np.full(together.shape, _AIR_HU + random.uniform(-15, 25), dtype=np.float32)
    if together.any():
        distance = scipy.ndimage.distance_transform_edt(~together).astype(np.float32) * pixel_mm
        if random.random() < 0.92:
            _paint_table(random, around, plane, together)
        if random.random() < 0.75:
            _paint_blankets(random, around, plane, distance)
        if not with_limbs or random.random() < 0.15:
            _paint_arms(random, around, plane, together)
        _paint_cables(random, around, plane, distance)
    # A pixel round the body keeps its HU, which are skin and air mixed.
    near = scipy.ndimage.binary_dilation(bodies, np.ones((1, 3, 3), dtype=bool), 1)
    return np.where(near, hu, around).astype(np.float32)


def _mix(around: np.ndarray, share: np.ndarray, hu: np.ndarray | float) -> None:
    around += share * (hu - around)


def _paint_table(random: np.random.Generator, around: np.ndarray, plane: Plane, body: np.ndarray) -> None:
    """A table (shell, trapezoid, slab or one line) with or without a mattress below and beside the body."""
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    middle = float(plane.x[0, (columns[0] + columns[-1]) // 2]) + random.normal(0, 12)
    half_body = 0.5 * (columns[-1] - columns[0] + 1) * plane.pixel_mm
    x, y = plane.x - middle, plane.y
    half = random.uniform(170, 270)
    rise = random.uniform(0, 70) if random.random() < 0.75 else 0.0
    gap = random.uniform(0, 8) if random.random() < 0.4 else random.uniform(5, 60)
    top = float(plane.y[rows[-1], 0]) + gap - rise * (x / half) ** 2
    across = half - np.abs(x)
    kind = random.choice(["shell", "trapezoid", "slab", "line"])
    line_mm, line_hu = random.uniform(1.2, 6), random.uniform(-600, 500)
    if kind == "line":
        line_mm *= 1.6
    else:
        depth = random.uniform(12, 95)
        if kind == "shell":
            bottom = top + depth
        else:
            flat = float(plane.y[rows[-1], 0]) + gap + depth
            slope = depth / (half * random.uniform(0.25, 0.7)) if kind == "trapezoid" else 0.0
            bottom = np.minimum(flat, top + slope * np.maximum(across, 0)) if slope else np.full_like(top, flat)
        foam = random.uniform(-995, -930) if random.random() < 0.7 else random.uniform(-930, -500)
        inside = plane.filled(np.minimum(np.minimum(y - top, bottom - y), across))
        _mix(around, inside, foam + random.uniform(0, 25) * plane.field(random, random.uniform(3, 25)))
        _mix(around, plane.filled(np.minimum(line_mm / 2 - np.abs(y - bottom), across)), line_hu)
        if random.random() < 0.25:  # a rail or a motor below
            lowest = float(np.max(bottom)) + random.uniform(-5, 25)
            rail = np.minimum(random.uniform(3, 12) - np.abs(y - lowest), random.uniform(20, 90) - np.abs(x))
            _mix(around, plane.filled(rail), random.uniform(0, 2500))
    _mix(around, plane.filled(np.minimum(line_mm / 2 - np.abs(y - top), across)), line_hu)
    if gap > 3 and random.random() < 0.7:
        _paint_mattress(random, around, plane, x, top, half_body, across)


def _paint_mattress(
    random: np.random.Generator,
    around: np.ndarray,
    plane: Plane,
    x: np.ndarray,
    top: np.ndarray,
    half_body: float,
    across: np.ndarray,
) -> None:
    """Foam or a cushion of beads on the table, as dense as lung at times, often higher beside the body."""
    beside = np.clip((np.abs(x) - half_body * random.uniform(0.5, 0.9)) / random.uniform(20, 80), 0, 1)
    height = random.uniform(8, 75) + random.uniform(0, 130) * beside * (random.random() < 0.6)
    height = height + random.uniform(0, 5) * plane.field(random, 35)[:1]
    surface = top - height
    inside = plane.filled(np.minimum(np.minimum(plane.y - surface, top - plane.y), across + 10))
    foam: np.ndarray | float = random.uniform(-985, -900) if random.random() < 0.5 else random.uniform(-930, -450)
    draw = random.random()
    if draw < 0.35:  # layers
        foam = foam + random.uniform(10, 90) * np.sin((plane.y - surface) * 2 * np.pi / random.uniform(4, 30))
    elif draw < 0.7:  # beads, folds
        foam = foam + random.uniform(10, 110) * plane.field(random, random.uniform(3, 20))
    _mix(around, inside, foam)
    if random.random() < 0.6:
        cover = random.uniform(0.4, 1.6) - np.abs(plane.y - surface)
        _mix(around, plane.filled(np.minimum(cover, across + 10)), random.uniform(-850, 60))


def _paint_blankets(random: np.random.Generator, around: np.ndarray, plane: Plane, distance: np.ndarray) -> None:
    """Sheets in folds round the body, and cloth between them."""
    folds = random.uniform(2, 14) * plane.field(random, random.uniform(25, 70))
    folds += random.uniform(0, 4) * plane.field(random, random.uniform(8, 20))
    above = plane.filled(30 * plane.field(random, 120) - plane.y + random.uniform(-60, 90))
    for _ in range(random.integers(1, 5)):
        away = random.uniform(1, 12) if random.random() < 0.5 else random.uniform(5, 70)
        sheet = random.uniform(0.4, 2.2) - np.abs(distance + folds - away)
        _mix(around, plane.filled(sheet) * above, random.uniform(-950, -250))
        folds = folds * random.uniform(0.4, 1.6) + random.uniform(0, 3) * plane.field(random, 30)
    if random.random() < 0.5:
        thick = random.uniform(5, 60)
        cloth = np.clip(plane.field(random, random.uniform(4, 14)) * 0.5 + random.uniform(0, 0.8), 0, 1)
        inside = plane.filled(thick - distance + folds) * above * cloth
        _mix(around, inside, random.uniform(-985, -650))


def _paint_arms(random: np.random.Generator, around: np.ndarray, plane: Plane, body: np.ndarray) -> None:
    """One or both arms beside the trunk or above it."""
    columns, rows = np.flatnonzero(body.any(axis=0)), np.flatnonzero(body.any(axis=1))
    middle_y = float(plane.y[(rows[0] + rows[-1]) // 2, 0])
    sides = (-1, 1) if random.random() < 0.7 else (int(random.choice([-1, 1])),)
    for side in sides:
        wide, high = random.uniform(26, 52), random.uniform(30, 60)
        edge = float(plane.x[0, columns[-1] if side > 0 else columns[0]])
        x0, y0 = edge + side * (wide + random.uniform(2, 30)), middle_y + random.uniform(-40, 70)
        radius = np.hypot((plane.x - x0) / wide, (plane.y - y0) / high)
        scale = min(wide, high)
        _mix(around, plane.filled((1 - radius) * scale), random.uniform(-115, -80))
        _mix(around, plane.filled((random.uniform(0.65, 0.92) - radius) * scale), random.uniform(35, 70))
        for offset in (0.0,) if random.random() < 0.6 else (-0.3, 0.3):
            bone = np.hypot(plane.x - x0 - offset * wide, plane.y - y0)
            bone_mm = random.uniform(7, 13)
            _mix(around, plane.filled(bone_mm - bone), random.uniform(600, 1300))
            _mix(around, plane.filled(0.5 * bone_mm - bone), random.uniform(-50, 200))


def _paint_cables(random: np.random.Generator, around: np.ndarray, plane: Plane, distance: np.ndarray) -> None:
    """Leads and tubes near the skin, some hollow."""
    for _ in range(random.integers(0, 5)):
        near = np.flatnonzero((distance > 2).ravel() & (distance < random.uniform(8, 60)).ravel())
        if not len(near):
            return
        row, column = np.unravel_index(int(random.choice(near)), distance.shape)
        x0, y0, radius = float(plane.x[0, column]), float(plane.y[row, 0]), random.uniform(0.8, 6)
        away = np.hypot(plane.x - x0, (plane.y - y0) * random.uniform(0.5, 1.5))
        _mix(around, plane.filled(radius - away), random.uniform(-200, 2500))
        if radius > 3 and random.random() < 0.6:
            _mix(around, plane.filled(0.6 * radius - away), random.uniform(-1000, 30))


def paint_bowel_gas(random: np.random.Generator, hu: np.ndarray, lungs: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Gas in stomach and colon, with walls, fluid levels and stool, anywhere in the trunk outside the lungs.

    Parameters
    ----------
    hu
        float32 ``[slice, row, column]``.
    lungs
        bool of the same shape; what is painted stays out of it, but may come near.
    """
    plane = Plane.of(hu.shape, pixel_mm)
    bodies = np.stack([body_outline(one, lung, pixel_mm, False) for one, lung in zip(hu, lungs, strict=True)])
    inner = scipy.ndimage.distance_transform_edt(bodies.all(axis=0)).astype(np.float32) * pixel_mm
    outer = scipy.ndimage.distance_transform_edt(~lungs.any(axis=0)).astype(np.float32) * pixel_mm
    depth = np.minimum(inner - random.uniform(12, 30), outer - random.uniform(2, 5))  # skin and diaphragm stay
    places = np.flatnonzero(depth.ravel() > 6)
    painted = hu.copy()
    if not len(places):
        return painted
    for number in range(random.integers(1, 7)):
        large = number == 0 and random.random() < 0.5
        radius = random.uniform(22, 60) if large else random.uniform(7, 28)
        row, column = np.unravel_index(int(random.choice(places)), depth.shape)
        angle, stretch = random.uniform(0, np.pi), random.uniform(0.5, 1.0)
        dx, dy = plane.x - plane.x[0, column], plane.y - plane.y[row, 0]
        along, crosswise = np.cos(angle) * dx + np.sin(angle) * dy, -np.sin(angle) * dx + np.cos(angle) * dy
        rough = 1 + random.uniform(0.05, 0.25) * plane.field(random, max(6.0, 0.7 * radius))
        gut = np.minimum(radius * rough - np.hypot(along, crosswise / stretch), depth)
        wall = plane.filled(gut + random.uniform(1.5, 4))
        wall *= plane.filled(depth + 4)
        inside = plane.filled(gut)
        content = np.full(gut.shape, random.uniform(-1000, -940), dtype=np.float32)
        draw = random.random()
        if draw < 0.35:
            level = radius * random.uniform(-0.5, 0.7)
            share = plane.filled(dy - level)
            content += share * (random.uniform(0, 60) - content)
        elif draw < 0.55:
            stool = np.clip(0.5 + 0.6 * plane.field(random, random.uniform(3, 8)), 0, 1)
            content += stool * (random.uniform(-150, 60) - content)
        painted += wall * (random.uniform(20, 90) - painted)
        painted += inside * (content - painted)
    return np.where(lungs, hu, painted).astype(np.float32)

"""Shapes of a thorax as formulas in millimetres: x to the patient's left, y to the back, z to the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# HU of tissues, as textbooks give them for 120 kV without contrast.
AIR, FAT, MUSCLE, BLOOD, LIVER, SPLEEN, MARROW, CORTEX = -1000.0, -100.0, 55.0, 45.0, 60.0, 50.0, 180.0, 600.0
SKIN, CARTILAGE, COUCH = 20.0, 110.0, -350.0


@dataclass(frozen=True)
class Body:
    """What differs from one patient to the next.

    Parameters
    ----------
    size
        Overall size; 1 is a half width of the chest cavity of 128 mm.
    fat_mm
        Thickness of the layer below the skin.
    dome_mm
        Height of the diaphragm's domes: small in deep inspiration.
    blood_hu
        Higher after contrast medium.
    """

    size: float
    fat_mm: float
    dome_mm: float
    heart: float
    blood_hu: float
    stomach_gas: bool

    @classmethod
    def draw(cls, random: np.random.Generator) -> Body:
        """A random patient."""
        contrast = random.random() < 0.4
        return cls(
            size=random.uniform(0.93, 1.05),
            fat_mm=random.uniform(6, 22),
            dome_mm=random.uniform(45, 80),
            heart=random.uniform(0.85, 1.15),
            blood_hu=random.uniform(140, 260) if contrast else random.uniform(35, 50),
            stomach_gas=bool(random.random() < 0.7),
        )


@dataclass(frozen=True, eq=False)
class Layer:
    """One thin layer of the thorax: HU, and the lungs as 0, 1 (right) and 2 (left), both ``[row, column]``."""

    hu: np.ndarray
    lungs: np.ndarray


APEX_MM, CARINA_MM = 122.0, 22.0
HILUM_MM = np.array([34.0, 2.0, 2.0])


def layer(body: Body, x: np.ndarray, y: np.ndarray, z: float, wobble: np.ndarray) -> Layer:
    """The thorax at height ``z``.

    Parameters
    ----------
    x, y
        Positions in mm, ``[1, column]`` and ``[row, 1]``.
    z
        Height in mm above the middle of the thorax.
    wobble
        Small random values ``[row, column]`` that keep outlines from being perfect ellipses.
    """
    x, y, z = x / body.size, y / body.size, z / body.size
    # The chest is narrower at the front than at the back.
    cavity = _superellipse(x * (1 + 0.3 * np.clip(-y / 88, 0, 1) ** 1.5), y + 2, *_cavity_mm(z)) + 0.025 * wobble
    shoulder = np.clip((z - 85) / 60, 0, 1)
    wall, fat = 22 + 14 * shoulder, body.fat_mm / body.size
    width, depth = _cavity_mm(min(z, 60.0))
    outer = _superellipse(x, y + 2, width + wall + fat + 30 * shoulder, depth + wall + fat)
    muscle = _superellipse(x, y + 2, width + wall + 26 * shoulder, depth + wall)

    hu = np.full(outer.shape, AIR)
    _couch(hu, x, y, depth + wall + fat)
    hu[outer < 1] = SKIN
    hu[outer < 1 - 3 / (depth + wall)] = FAT
    hu[muscle + 0.02 * wobble < 0.99] = MUSCLE
    hu[(muscle < 0.97) & (np.abs(wobble) < 0.12) & (cavity > 1.12)] = FAT
    inside = cavity < 1
    hu[inside] = FAT
    _skeleton(hu, x, y, z, cavity, muscle)

    right, left = x < 0, x >= 0
    dome = _diaphragm_mm(body, x, y, z)
    chest = inside & (z > dome)
    middle = _mediastinum(body, x, y, z)
    lungs = np.where(chest & ~middle & (cavity < 0.985) & (z < APEX_MM), np.where(left, 2, 1), 0).astype(np.uint8)
    _organs(hu, body, x, y, z, inside & ~chest, right)
    _vessels_of_the_middle(hu, body, x, y, z, middle & inside & chest)
    return Layer(hu, lungs)


def _superellipse(x: np.ndarray, y: np.ndarray, a: float, b: float, power: float = 2.4) -> np.ndarray:
    """1 on the outline."""
    return ((np.abs(x) / a) ** power + (np.abs(y) / b) ** power) ** (1 / power)


def _cavity_mm(z: float) -> tuple[float, float]:
    """Half width and half depth of the chest cavity: it narrows to the apex."""
    narrowing = np.sqrt(max(0.02, 1 - max(0.0, (z + 5) / 138) ** 2.6))
    return 128 * narrowing, 88 * (0.35 + 0.65 * narrowing)


def _diaphragm_mm(body: Body, x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
    """Height of the diaphragm: two domes, the right one higher, low at the back."""
    height = np.full(np.broadcast_shapes(x.shape, y.shape), -200.0)
    for side, top in ((-1, -42.0), (1, -56.0)):
        dome = top - body.dome_mm * (((x - side * 62) / 72) ** 2 + ((y + 14) / 92) ** 2) ** 1.3
        height = np.where((x < 0) == (side < 0), dome, height)
    return np.maximum(height, -118.0)


def _ball(
    x: np.ndarray, y: np.ndarray, z: float, center: tuple[float, float, float], radii: tuple[float, float, float]
) -> np.ndarray:
    """Below 1 inside an ellipsoid."""
    offsets = ((x - center[0]) / radii[0], (y - center[1]) / radii[1], (z - center[2]) / radii[2])
    return offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2


def _heart(body: Body, x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
    h = body.heart
    return _ball(x + 0.15 * (z + 40), y, z, (24, -26, -42), (58 * h, 46 * h, 56))


def _mediastinum(body: Body, x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
    """What lies between the lungs."""
    upper = ((x - 2) / 29) ** 2 + ((y + 6) / 62) ** 2 < 1
    hila = _ball(np.abs(x), y, z, (24, 2, 2), (20, 17, 26)) < 1
    heart = _heart(body, x, y, z) < 1
    front = (np.abs(x + 1) < 2.5 + 5 * np.clip(z / 100, 0, 1)) & (y < 0)
    spine = (x / 24) ** 2 + ((y - 66) / 27) ** 2 < 1
    aorta = ((x - 23) / 16) ** 2 + ((y - 45) / 16) ** 2 < 1
    column = (np.abs(x - 2) < 13) & (y > -20) & (y < 70)
    return upper & (z > 5) | hila | heart | front | spine | (aorta & (z < 55)) | column


def _vessels_of_the_middle(
    hu: np.ndarray, body: Body, x: np.ndarray, y: np.ndarray, z: float, middle: np.ndarray
) -> None:
    """Heart, great vessels, esophagus; the rest is fat."""

    def put(shape: np.ndarray, value: float) -> None:
        hu[shape & middle] = value

    put(_heart(body, x, y, z) < 1, MUSCLE)
    put(_ball(x, y, z, (30, -20, -45), (32, 26, 38)) < 1, body.blood_hu)
    put(_ball(x, y, z, (-14, -34, -25), (20, 22, 38)) < 1, body.blood_hu)
    if z < 55:
        put(((x - 23) / 13) ** 2 + ((y - 45) / 13) ** 2 < 1, body.blood_hu)
    if 38 < z < 58:  # the arch
        put(((x - 10 - 0.25 * y) / 13) ** 2 + ((y - 5) / 46) ** 2 < 1, body.blood_hu)
    if -5 < z <= 40:
        put(((x + 6) / 16) ** 2 + ((y + 30) / 16) ** 2 < 1, body.blood_hu)
        put((np.abs(x - 16) < 22 - 0.3 * z) & (np.abs(y + 18 - 0.3 * x) < 9) & (z < 16), body.blood_hu)
        put(((x + 24) / 8) ** 2 + ((y + 16) / 10) ** 2 < 1, body.blood_hu)
    if z > 58:
        for cx, cy in ((-16, -8), (4, -10), (17, 0), (-20, -22), (18, -22)):
            put((x - cx) ** 2 + (y - cy) ** 2 < 36, body.blood_hu)
    put((x - 5) ** 2 + ((y - 30) * 1.3) ** 2 < 64, 35.0)
    spread = _ball(np.abs(x), y, z, (30, 4, -4), (13, 12, 20)) < 1
    put(spread, body.blood_hu)


def _organs(
    hu: np.ndarray, body: Body, x: np.ndarray, y: np.ndarray, z: float, abdomen: np.ndarray, right: np.ndarray
) -> None:
    """Liver on the right; spleen, stomach and its gas on the left."""
    hu[abdomen & (right | (x < 28 - 0.3 * y) & (y < 20))] = LIVER
    hu[abdomen & (_ball(x, y, z, (88, 38, -95), (36, 42, 60)) < 1)] = SPLEEN
    stomach = _ball(x, y, z, (62, -22, -95), (46, 44, 52)) < 1
    hu[abdomen & stomach] = 25.0
    if body.stomach_gas:
        hu[abdomen & (_ball(x, y, z, (62, -22, -95), (38, 36, 44)) < 1) & (y < -30)] = -990.0


def _skeleton(hu: np.ndarray, x: np.ndarray, y: np.ndarray, z: float, cavity: np.ndarray, muscle: np.ndarray) -> None:
    """Vertebrae with discs, ribs that fall to the front, sternum, shoulder blades."""
    vertebra = (x / 19) ** 2 + ((y - 64) / 16) ** 2
    in_disc = (z + 400) % 25 < 5
    hu[vertebra < 1] = 90.0 if in_disc else MARROW
    if not in_disc:
        hu[(vertebra < 1) & (vertebra > 0.78)] = CORTEX
        hu[(np.abs(x) < 4.5) & (y > 88) & (y < 104)] = CORTEX
        hu[(np.abs(np.abs(x) - 19) < 13) & (np.abs(y - 84) < 4.5)] = 350.0
    hu[((x / 9) ** 2 + ((y - 84) / 8) ** 2) < 1] = 30.0

    to_front = (1 + np.cos(np.arctan2(np.abs(x), -(y + 2)))) / 2
    shell = (cavity > 1.03) & (cavity < 1.14)
    height = (z - 112 + 78 * to_front + 22 * 20) % 22
    rib = shell & (height < 9.5) & (z < 125)
    bony = to_front < 0.9
    hu[rib & bony] = 320.0
    hu[rib & bony & ((np.abs(cavity - 1.085) > 0.03) | (np.abs(height - 4.75) > 3.2))] = CORTEX
    hu[rib & ~bony] = CARTILAGE
    if -60 < z < 75:
        hu[(np.abs(x) < 17) & (cavity > 1.03) & (cavity < 1.16) & (y < 0)] = 260.0
    if z > 20:
        blade = np.abs(muscle - 0.9) < 0.022
        hu[blade & (np.abs(x) > 50) & (y > 30 + 0.2 * (z - 20))] = 420.0


def _couch(hu: np.ndarray, x: np.ndarray, y: np.ndarray, back_mm: float) -> None:
    """The table under the patient."""
    surface = back_mm + 10 - (x / 60) ** 2
    hu[(np.abs(y - surface) < 2.5) & (np.abs(x) < 200)] = COUCH

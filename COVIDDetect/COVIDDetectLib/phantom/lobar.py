"""Dense consolidation of the dependent part of the lungs or of a lobe, and fluid behind it: what thresholds miss."""

from __future__ import annotations

import numpy as np
import scipy

from .disease import replace_air, with_border
from .fields import Spacing, soft_step
from .space import LungSpace


def paint_lobar(
    random: np.random.Generator, hu: np.ndarray, labels: np.ndarray, spacing: Spacing
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Consolidation that reaches the chest wall, with open airways in it and often fluid beside it.

    Parameters
    ----------
    hu
        float32 ``[slice, row, column]``.
    labels
        Of the same shape: 0, 1 right lung, 2 left.
    spacing
        Millimetres from slice to slice, row to row, column to column.

    Returns
    -------
    hu, labels, lesions
        Changed HU; the lungs that are left (fluid takes their place, consolidation does not); the consolidation.
    """
    space = LungSpace(with_border(labels), spacing)
    left, lesions = labels.copy(), np.zeros(labels.shape, dtype=bool)
    if not len(space.voxels):
        return hu, left, lesions
    sides = (1, 2) if random.random() < 0.55 else (int(random.integers(1, 3)),)
    whole = (slice(0, hu.shape[0]), slice(0, hu.shape[1]), slice(0, hu.shape[2]))
    fluid_hu = random.uniform(30, 75) if random.random() < 0.6 else random.uniform(60, 130)  # after contrast
    for side in sides:
        lung = space.labels == side
        if np.count_nonzero(lung) < 20:
            continue
        height = _height_mm(random, space, lung) + random.uniform(1, 8) * space.field(random, whole, 30)
        height += random.uniform(0, 3) * space.field(random, whole, 9)
        if random.random() < 0.25:
            _pour_fluid(random, hu := hu.copy(), left, space, lung, height)
            lung = lung & (left == side)
        level = np.quantile(height[lung], min(1.0, random.uniform(0.12, 1.1))) if lung.any() else 0.0
        edge_mm = random.uniform(0.5, 2) if random.random() < 0.5 else random.uniform(2, 8)
        core = soft_step(level - height, edge_mm) * lung
        share = random.uniform(0.85, 1.0) + random.uniform(0, 0.12) * space.field(random, whole, random.uniform(3, 9))
        glass = random.uniform(0, 0.5) * soft_step(level + random.uniform(5, 35) - height, random.uniform(2, 8)) * lung
        filling = np.maximum(core * np.clip(share, 0, 1), glass).astype(np.float32)
        hu = replace_air(random, hu, filling, lung, fluid_hu)
        if random.random() < 0.8:
            airways = _open_airways(random, space, core > 0.7)
            hu = hu + airways * np.minimum(random.uniform(-980, -700) - hu, 0)
        lesions |= (filling > 0.12) & (labels == side)
    return hu.astype(np.float32), left, lesions & (left > 0)


def _height_mm(random: np.random.Generator, space: LungSpace, lung: np.ndarray) -> np.ndarray:
    """Height above a tilted plane at the back of this lung: what lies lowest fills first; now and then another side."""
    rows, columns = (np.arange(size, dtype=np.float32) for size in lung.shape[1:])
    angle = np.radians(random.normal(0, 22) if random.random() < 0.8 else random.uniform(-180, 180))
    y, x = rows[:, None] * space.spacing[1], columns[None, :] * space.spacing[2]
    plane = -np.cos(angle) * y + np.sin(angle) * x
    height = np.broadcast_to(plane, lung.shape).astype(np.float32)
    curve = random.uniform(0, 1.2) * np.minimum(space.depth_mm, 40)  # along the chest wall
    height = height + curve
    return height - float(height[lung].min())


def _pour_fluid(
    random: np.random.Generator,
    hu: np.ndarray,
    left: np.ndarray,
    space: LungSpace,
    lung: np.ndarray,
    height: np.ndarray,
) -> None:
    """Fluid of 0 to 20 HU behind what will be consolidated, in place."""
    smooth = scipy.ndimage.gaussian_filter(height, (0, 8 / space.spacing[1], 8 / space.spacing[2]))
    fluid = soft_step(np.quantile(smooth[lung], random.uniform(0.05, 0.4)) - smooth, 0.7) * lung
    hu += fluid * (random.uniform(0, 20) - hu)
    left[(fluid > 0.5) & (left > 0)] = 0


def _open_airways(random: np.random.Generator, space: LungSpace, core: np.ndarray) -> np.ndarray:
    """Tapering branches and, where they are cut across, rings of air in the consolidation: share 0…1."""
    found = np.zeros(core.shape, dtype=np.float32)
    places = np.flatnonzero(core)
    if not len(places):
        return found
    seen_mm = 0.5 * space.spacing[2]
    middle = np.array([core.shape[1] * 0.5 * space.spacing[1], core.shape[2] * 0.5 * space.spacing[2]])
    y = (np.arange(core.shape[1]) * space.spacing[1]).astype(np.float32)[:, None]
    x = (np.arange(core.shape[2]) * space.spacing[2]).astype(np.float32)[None, :]
    for _ in range(random.integers(1, 5) * core.shape[0]):
        k, j, i = np.unravel_index(int(random.choice(places)), core.shape)
        start = np.array([j * space.spacing[1], i * space.spacing[2]])
        outward = start - middle
        outward = outward / (np.linalg.norm(outward) + 1e-6) + random.normal(0, 0.6, 2)
        length = random.uniform(0, 6) if random.random() < 0.4 else random.uniform(8, 45)
        way = outward / (np.linalg.norm(outward) + 1e-6) * length
        square = float(way @ way) + 1e-6
        along = np.clip(((y - start[0]) * way[0] + (x - start[1]) * way[1]) / square, 0, 1)
        distance = np.hypot(y - start[0] - along * way[0], x - start[1] - along * way[1])
        radius = random.uniform(0.6, 2.6)
        share = np.clip((radius * (1 - 0.5 * along) - distance) / (2 * seen_mm) + 0.5, 0, min(1.0, radius / seen_mm))
        np.maximum(found[k], share.astype(np.float32), out=found[k])
    return found * core

"""Patterns that radiologists name, as the share of air that fluid or cells have replaced: 0 healthy, 1 airless.

Each pattern returns a box of the lungs and the share over it. Terms follow the Fleischner Society's glossary
(Hansell et al., Radiology 2008, doi 10.1148/radiol.2462070712).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from .fields import soft_step
from .space import Box, LungSpace

Center = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Where, how much air is replaced (float32 0…1), and airways that stay open in it (float32 0…1, or None)."""

    box: Box
    filling: np.ndarray
    open_airways: np.ndarray | None = None


def blob(
    random: np.random.Generator,
    space: LungSpace,
    center: Center,
    radius_mm: float,
    edge_mm: float,
    reach_mm: float | None = None,
) -> tuple[Box, np.ndarray]:
    """An irregular lump, 0…1; ``reach_mm`` keeps it that near to the pleura."""
    box = space.box(center, 1.7 * radius_mm + 2 * edge_mm)
    stretch = random.uniform(0.65, 1.35, 3)
    squares = [(o / s) ** 2 for o, s in zip(space.offsets_mm(center, box), stretch, strict=True)]
    distance = np.sqrt(squares[0] + squares[1] + squares[2]) / radius_mm
    rough = random.uniform(0.05, 0.3)
    distance = distance + rough * space.field(random, box, max(3.0, 0.8 * radius_mm))
    distance += 0.6 * rough * space.field(random, box, max(2.5, 0.3 * radius_mm))
    if reach_mm is not None:
        uneven = 1 + 0.35 * space.field(random, box, 14)
        distance = np.maximum(distance, space.depth_mm[box] / (reach_mm * np.clip(uneven, 0.3, 2)))
    filled = soft_step((1 - distance) * radius_mm, edge_mm) * space.lung[box]
    return box, filled.astype(np.float32)


def ground_glass(
    random: np.random.Generator, space: LungSpace, center: Center, radius_mm: float, paving: bool = False
) -> Pattern:
    """A patch of ground glass, fuzzy or with the sharp borders of lobules, with or without crazy paving."""
    sharp = random.random() < 0.45
    edge_mm = random.uniform(0.4, 1.2) if sharp else random.uniform(0.1, 0.28) * radius_mm
    reach_mm = random.uniform(0.35, 1.2) * radius_mm + 3 if random.random() < 0.5 else None
    box, filled = blob(random, space, center, radius_mm, edge_mm, reach_mm)
    share = random.uniform(0.16, 0.55)
    if sharp and random.random() < 0.6:
        filled = _by_lobules(random, space, box, filled)
    if random.random() < 0.45:  # mottled: many small foci that run together
        foci = space.field(random, box, random.uniform(5, 12)) + 0.6 * space.field(random, box, 3)
        filled = filled * (0.15 + 0.85 * soft_step(foci + random.uniform(-0.3, 0.6), random.uniform(0.15, 0.5)))
    texture = 1 + random.uniform(0.05, 0.3) * space.field(random, box, random.uniform(4, 14))
    texture += random.uniform(0.0, 0.35) * space.field(random, box, random.uniform(1.5, 3))
    filling = share * filled * np.clip(texture, 0.2, 1.9)
    if paving:
        net = septa(random, space, box, filled > 0.3, random.uniform(5, 10), random.uniform(0.5, 0.9))
        filling += filled * net * random.uniform(0.1, 0.35)
    return Pattern(box, np.clip(filling, 0, 1))


def _by_lobules(random: np.random.Generator, space: LungSpace, box: Box, filled: np.ndarray) -> np.ndarray:
    """Whole lobules are ill or healthy."""
    where = filled > 0.02
    cell, _ = space.lobules(random, box, where, random.uniform(9, 18))
    if not len(cell):
        return filled
    mean = np.bincount(cell, filled[where]) / np.maximum(np.bincount(cell), 1)
    result = np.zeros_like(filled)
    result[where] = soft_step(mean - 0.5, 0.2)[cell]
    return scipy.ndimage.gaussian_filter(result, [0.8 / mm for mm in space.spacing]) * space.lung[box]


def septa(
    random: np.random.Generator, space: LungSpace, box: Box, where: np.ndarray, size_mm: float, width_mm: float
) -> np.ndarray:
    """A net of thickened septa, 0…1 over the box; wider and fainter where voxels are coarse."""
    net = np.zeros(where.shape, dtype=np.float32)
    _, septum_mm = space.lobules(random, box, where, size_mm)
    seen_mm = max(width_mm, 0.6 * space.spacing[2], 0.25 * space.spacing[0])
    net[where] = np.exp(-((septum_mm / seen_mm) ** 2)) * (width_mm / seen_mm) ** 0.5
    # Not every septum is thick.
    return net * np.clip(0.6 + 0.6 * space.field(random, box, size_mm), 0, 1)


def consolidation(random: np.random.Generator, space: LungSpace, center: Center, radius_mm: float) -> Pattern:
    """Airless lung, mostly with a rim of ground glass and with open airways in it."""
    edge_mm = random.uniform(0.5, 2.5)
    reach_mm = random.uniform(0.3, 1.0) * radius_mm + 3 if random.random() < 0.5 else None
    box, core = blob(random, space, center, radius_mm, edge_mm, reach_mm)
    mottled = 0.08 * space.field(random, box, random.uniform(3, 8))
    filling = core * np.clip(random.uniform(0.8, 1.0) + mottled, 0, 1)
    airways = None
    if radius_mm > 7 and random.random() < 0.7:
        airways = _bronchogram(random, space, box, center, radius_mm) * core
    return Pattern(box, filling, airways)


def _bronchogram(
    random: np.random.Generator, space: LungSpace, box: Box, center: Center, radius_mm: float
) -> np.ndarray:
    """Branching tubes from the hilum's side to the periphery."""
    k, j, i = space.offsets_mm(center, box)
    middle = (space.lung.shape[2] / 2 - center[2]) * space.spacing[2]
    inward = np.array([random.normal(0, 15), random.normal(0, 20), middle])
    inward /= np.linalg.norm(inward) + 1e-6
    open_share = np.zeros(tuple(one.stop - one.start for one in box), dtype=np.float32)
    root = inward * radius_mm * random.uniform(0.6, 1.1)
    seen_mm = 0.5 * space.spacing[2]
    for _ in range(random.integers(2, 6)):
        tip = random.normal(0, 0.55, 3) * radius_mm - inward * radius_mm * random.uniform(0, 0.6)
        radius = random.uniform(0.7, 1.8)
        way = tip - root
        along = np.clip(
            ((k - root[0]) * way[0] + (j - root[1]) * way[1] + (i - root[2]) * way[2]) / (way @ way + 1e-6), 0, 1
        )
        distance = np.sqrt(
            (k - root[0] - along * way[0]) ** 2
            + (j - root[1] - along * way[1]) ** 2
            + (i - root[2] - along * way[2]) ** 2
        )
        inside = np.clip((radius * (1 - 0.5 * along) - distance) / (2 * seen_mm) + 0.5, 0, min(1.0, radius / seen_mm))
        np.maximum(open_share, inside, out=open_share)
    return open_share


def halo(random: np.random.Generator, space: LungSpace, center: Center, radius_mm: float, reverse: bool) -> Pattern:
    """Consolidation with a rim of ground glass; reversed, ground glass with a rim of consolidation."""
    box, outer = blob(random, space, center, radius_mm, random.uniform(0.6, 2.5))
    depth = random.uniform(0.55, 0.82)
    squares = [o**2 for o in space.offsets_mm(center, box)]
    distance = np.sqrt(squares[0] + squares[1] + squares[2]) / radius_mm
    wobble = 0.12 * space.field(random, box, max(3.0, 0.6 * radius_mm))
    inner = soft_step((depth - distance + wobble) * radius_mm, random.uniform(0.6, 2.0)) * outer
    dense, glass = random.uniform(0.75, 1.0), random.uniform(0.12, 0.45)
    if reverse:
        return Pattern(box, dense * (outer - inner) + glass * inner)
    return Pattern(box, glass * (outer - inner) + dense * inner)


def band(random: np.random.Generator, space: LungSpace, center: Center, length_mm: float) -> Pattern:
    """A curved plate of 1.5 to 5 mm, as parenchymal bands and plate-like atelectasis are."""
    box = space.box(center, length_mm)
    offsets = space.offsets_mm(center, box)
    normal = random.normal(0, 1, 3) * [0.8, 1, 1]
    normal /= np.linalg.norm(normal) + 1e-6
    height = normal[0] * offsets[0] + normal[1] * offsets[1] + normal[2] * offsets[2]
    height = height + random.uniform(0.5, 3) * space.field(random, box, 18)
    along = np.sqrt(np.maximum(offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2 - height**2, 0))
    half_mm = random.uniform(0.8, 2.5)
    seen_mm = max(half_mm, 0.6 * space.spacing[2])
    plate = np.exp(-((height / seen_mm) ** 4)) * half_mm / seen_mm
    ends = soft_step(length_mm * (0.8 + 0.1 * space.field(random, box, 10)) - along, 2.5)
    return Pattern(box, (random.uniform(0.4, 0.95) * plate * ends * space.lung[box]).astype(np.float32))


def subpleural_line(random: np.random.Generator, space: LungSpace, center: Center, radius_mm: float) -> Pattern:
    """A line parallel to the pleura, a few millimetres below it."""
    box, area = blob(random, space, center, radius_mm, 3.0)
    depth = space.depth_mm[box] + space.field(random, box, 12)
    seen_mm = max(1.2, 0.7 * space.spacing[2])
    line = np.exp(-(((depth - random.uniform(4, 9)) / seen_mm) ** 2)) * min(1.0, 1.4 / seen_mm)
    return Pattern(box, (random.uniform(0.4, 0.9) * line * area).astype(np.float32))


def reticulation(random: np.random.Generator, space: LungSpace, center: Center, radius_mm: float) -> Pattern:
    """A net of fine lines below the pleura on a breath of ground glass."""
    box, area = blob(random, space, center, radius_mm, random.uniform(2, 5), random.uniform(8, 30))
    net = septa(random, space, box, area > 0.2, random.uniform(4, 8), random.uniform(0.5, 1.0))
    return Pattern(box, np.clip(area * (random.uniform(0.08, 0.25) + random.uniform(0.3, 0.7) * net), 0, 1))

"""What resembles COVID-19 in a CT and is not: painted into healthy lungs as hard negative examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

from ..ct.volume import CTVolume
from .disease import box_with_border, replace_air, with_border
from .fields import Spacing, soft_step
from .interstitial import fibrosis, oedema
from .patterns import band, blob
from .space import LungSpace


def add_mimic(ct: CTVolume, lung_mask: np.ndarray, seed: int, kind: str) -> CTVolume:
    """Paint a finding that is not COVID-19 into the lungs of a real CT or a phantom.

    Parameters
    ----------
    ct
        In axial LPS order.
    lung_mask
        ``[slice, row, column]``, 0 outside the lungs, 1 right, 2 left.
    kind
        One of ``MIMICS``.
    """
    random = np.random.default_rng([seed, 5])
    box = box_with_border(lung_mask)
    i_mm, j_mm, k_mm = ct.geometry.spacing
    hu, _ = paint_mimic(random, ct.hu[box].astype(np.float32), lung_mask[box], (k_mm, j_mm, i_mm), kind)
    painted = ct.hu.copy()
    painted[box] = np.where(hu != ct.hu[box], np.clip(np.rint(hu), -1024, 3000), ct.hu[box]).astype(np.int16)
    return CTVolume(painted, ct.geometry, ct.name)


def paint_mimic(
    random: np.random.Generator, hu: np.ndarray, labels: np.ndarray, spacing: Spacing, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """``add_mimic`` on arrays of float32 HU.

    Returns
    -------
    hu, labels
        The changed HU, and the lungs that are left: pleural effusion takes their place.
    """
    space = LungSpace(with_border(labels), spacing)
    if not len(space.voxels):
        return hu, labels
    changed = MIMICS[kind](random, hu.copy(), space)
    left = labels if kind != "effusion" else np.where(_is_fluid(hu, changed), 0, labels)
    return changed if kind == "motion" else np.where(space.lung, changed, hu), left


def _is_fluid(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (after > -150) & (after - before > 100)


def _nodules(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """One to four round nodules of 5 to 24 mm, now and then many small ones; some calcified, some hollow."""
    many = random.random() < 0.2
    for _ in range(random.integers(8, 25) if many else random.integers(1, 5)):
        _solid(random, hu, space, random.uniform(2, 7) if many else random.uniform(2.5, 12))
    return hu


def _mass(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """One lobulated or spiculated mass of 28 to 80 mm."""
    _solid(random, hu, space, random.uniform(14, 40), spicules=random.random() < 0.5)
    return hu


def _solid(
    random: np.random.Generator,
    hu: np.ndarray,
    space: LungSpace,
    radius_mm: float,
    spicules: bool = False,
    center: tuple[int, int, int] | None = None,
) -> None:
    center = center or space.place(random)
    box = space.box(center, 1.8 * radius_mm + 3)
    k, j, i = space.offsets_mm(center, box)
    distance = np.sqrt(k**2 + j**2 + i**2)
    lobes = space.field(random, box, max(4.0, 0.6 * radius_mm))
    edge = radius_mm * (1 + 0.14 * lobes)
    if spicules:
        angle = np.arctan2(j, i) * random.integers(6, 12) + 2 * lobes
        edge = edge * (1 + 0.25 * np.clip(np.cos(angle), 0.6, 1) * soft_step(distance - 0.8 * radius_mm, 1.0))
    solid = soft_step(edge - distance, 0.7) * space.lung[box]
    part = hu[box]
    value = random.uniform(150, 600) if radius_mm < 8 and random.random() < 0.2 else random.uniform(-10, 80)
    part += solid * np.maximum(value - part, 0)
    if radius_mm > 8 and random.random() < 0.15:  # hollow
        part += soft_step(0.6 * edge - distance, 0.8) * space.lung[box] * np.minimum(-960 - part, 0)


def _mass_with_collapse(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """A mass at the hilum, and behind it a segment or lobe without air: dense, even, with a straight border."""
    side = space.labels == random.integers(1, 3)
    if not side.any():
        side = space.lung
    inner = side & (space.depth_mm < 15)
    columns = np.flatnonzero(inner.any(axis=(0, 1)))
    to_middle = np.abs(np.arange(hu.shape[2]) - hu.shape[2] / 2)
    wanted = inner & (to_middle < np.quantile(to_middle[columns], 0.35))
    choices = np.flatnonzero(wanted if wanted.any() else side)
    k, j, i = np.unravel_index(choices[random.integers(len(choices))], hu.shape)
    center = (int(k), int(j), int(i))
    _solid(random, hu, space, random.uniform(12, 30), center=center)
    return _collapse(random, hu, space, side, center)


def _collapse(
    random: np.random.Generator, hu: np.ndarray, space: LungSpace, side: np.ndarray, center: tuple[int, int, int]
) -> np.ndarray:
    """A wedge from ``center`` to the chest wall: between two planes through it."""
    whole = (slice(0, hu.shape[0]), slice(0, hu.shape[1]), slice(0, hu.shape[2]))
    k, j, i = space.offsets_mm(center, whole)
    outward = np.sign(center[2] - hu.shape[2] / 2 + 1e-3)
    axis = np.array([random.normal(0, 0.5), random.normal(0.2, 0.8), outward * random.uniform(0.3, 1)])
    axis /= np.linalg.norm(axis)
    along = axis[0] * k + axis[1] * j + axis[2] * i
    across = np.sqrt(np.maximum(k**2 + j**2 + i**2 - along**2, 0))
    opening = np.tan(np.radians(random.uniform(12, 40)))
    wavy = 3 * space.field(random, whole, 35)
    border = opening * (along + random.uniform(5, 20)) - across + wavy
    border = np.minimum(border, random.uniform(25, 120) - along)
    wedge = soft_step(border, random.uniform(0.6, 1.5)) * side
    value = random.uniform(10, 90)
    return hu + wedge * np.maximum(value - hu, 0)


def _dependent_density(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """A band along the back of the lungs, as gravity makes it in a patient who lies on the back."""
    uneven = 1 + 0.25 * space.field(random, _whole(hu), 30)
    strength = random.uniform(0.1, 0.55)
    filling: np.ndarray = strength * np.exp(-_above_back_mm(space) / (random.uniform(3, 14) * np.clip(uneven, 0.3, 2)))
    if random.random() < 0.5:  # more at the bases
        filling = filling * np.linspace(1.3, 0.3, hu.shape[0], dtype=np.float32)[:, None, None]
    return replace_air(random, hu, np.clip(filling, 0, 0.8).astype(np.float32), space.lung)


def _atelectasis(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """One to four plates without air, mostly at the bases."""
    low = np.exp(-3 * np.linspace(0, 1, hu.shape[0], dtype=np.float32))[:, None, None] * np.ones_like(hu)
    for _ in range(random.integers(1, 5)):
        pattern = band(random, space, space.place(random, low), random.uniform(15, 50))
        hu[pattern.box] = replace_air(random, hu[pattern.box], pattern.filling, space.lung[pattern.box])
    return hu


def _effusion(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Fluid at the back of one or both sides, and a rim of compressed lung on it."""
    sides = (1, 2) if random.random() < 0.5 else (int(random.integers(1, 3)),)
    above = _above_back_mm(space)
    fade = np.linspace(1.0, random.uniform(-0.6, 0.4), hu.shape[0], dtype=np.float32)[:, None, None]
    for side in sides:
        level = np.maximum(random.uniform(12, 60) * fade, 0) + 2 * space.field(random, _whole(hu), 40)
        lung = space.labels == side
        rim_mm = random.uniform(2, 15)
        rim = soft_step(level + rim_mm - above, random.uniform(0.8, 2.0)) * lung * (level > 4)
        hu = replace_air(random, hu, (rim * random.uniform(0.75, 1.0)).astype(np.float32), space.lung, 60)
        fluid = soft_step(level - above, 0.7) * lung * (level > 4)
        hu = hu + fluid * (random.uniform(0, 25) - hu)
    return hu


def _expiration(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Lungs that hold less air: evenly denser, more at the back, often a little patchy from trapped air."""
    slope = np.linspace(0.5, 1.5, hu.shape[1], dtype=np.float32)[:, None]
    filling = random.uniform(0.05, 0.2) * slope * np.ones_like(hu)
    if random.random() < 0.5:
        step = space.field(random, _whole(hu), random.uniform(18, 40))
        filling = filling * (1 - random.uniform(0.1, 0.35) * soft_step(step, random.uniform(0.05, 0.4)))
    return replace_air(random, hu, filling.astype(np.float32), space.lung)


def _motion(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Breathing and heartbeat: some slices show two positions at once."""
    rows, columns = random.uniform(1, 3.5, 2) / np.array(space.spacing[1:])
    moved = scipy.ndimage.shift(
        hu, (0, rows * random.choice([-1, 1]), columns * random.choice([-1, 1])), order=1, mode="nearest"
    )
    when = random.standard_normal(hu.shape[:1])
    when = scipy.ndimage.gaussian_filter1d(when, 1.0)
    share = 0.5 * soft_step(when - np.quantile(when, random.uniform(0.2, 0.8)), 0.1)[:, None, None]
    return (hu + share * (moved - hu)).astype(np.float32)


def _emphysema(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Holes of air in 5 to 40 % of the lungs, or large ones below the pleura."""
    site = space.field(random, _whole(hu), random.uniform(5, 18))
    if random.random() < 0.4:
        site = site + 2.5 * np.exp(-space.depth_mm / 8) + np.linspace(-1, 1, hu.shape[0])[:, None, None]
    limit = np.quantile(site[space.lung], 1 - random.uniform(0.05, 0.4))
    holes = soft_step(site - limit, random.uniform(0.08, 0.25)) * space.lung
    return hu + holes * np.where(hu < -600, -985 - hu, 0)


def _scars(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Caps of old scar over the apices, with strands, some chalk in them."""
    apex = np.clip(np.linspace(-3.2, 1.4, hu.shape[0], dtype=np.float32), 0, 1)[:, None, None]
    uneven = 1 + 0.6 * space.field(random, _whole(hu), 9)
    cap = soft_step(random.uniform(1.5, 7) * uneven * apex - space.depth_mm, 0.8) * apex
    hu = replace_air(random, hu, np.clip(cap * random.uniform(0.6, 1), 0, 1).astype(np.float32), space.lung)
    high = np.exp(4 * np.linspace(0, 1, hu.shape[0], dtype=np.float32))[:, None, None] * np.ones_like(hu)
    for _ in range(random.integers(1, 4)):
        center = space.place(random, high)
        pattern = band(random, space, center, random.uniform(8, 25))
        hu[pattern.box] = replace_air(random, hu[pattern.box], pattern.filling, space.lung[pattern.box])
        if random.random() < 0.4:
            _solid(random, hu, space, random.uniform(2, 4), center=center)
    return hu


def _lymph_and_vessels(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Wide, bright vessels and thick walls of airways: contrast medium, congestion, bronchitis."""
    dense = np.clip((hu + 600) / 500, 0, 1) * space.lung
    wide = scipy.ndimage.maximum_filter(dense, (1, 3, 3)) if random.random() < 0.5 else dense
    wide = scipy.ndimage.gaussian_filter(wide, (0, 0.5, 0.5))
    return hu + wide * np.maximum(random.uniform(50, 300) - hu, 0) * random.uniform(0.3, 1.0)


def _focal_fat_and_swelling(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """A wide lump that presses on the lung from the pleura: its inside is soft tissue or fat."""
    near = np.exp(-space.depth_mm / 3)
    box, lump = blob(random, space, space.place(random, near), random.uniform(8, 25), 0.7, random.uniform(6, 20))
    part = hu[box]
    part += lump * np.maximum(random.uniform(-100, 60) - part, 0)
    return hu


def _whole(hu: np.ndarray) -> tuple[slice, slice, slice]:
    slices, rows, columns = hu.shape
    return slice(0, slices), slice(0, rows), slice(0, columns)


def _above_back_mm(space: LungSpace) -> np.ndarray:
    """Height above the lowest lung voxel of the column, the patient on the back."""
    lung = space.lung
    rows = np.arange(lung.shape[1], dtype=np.float32)[None, :, None]
    last = np.where(lung.any(1), lung.shape[1] - 1 - np.argmax(lung[:, ::-1], axis=1), 0)
    # The back is curved and a level is not: smoothed over columns, those without lung left out.
    seen = lung.any(1).astype(np.float32)
    near = (0.0, 10 / space.spacing[2])
    last = scipy.ndimage.gaussian_filter(last * seen, near) / np.maximum(
        scipy.ndimage.gaussian_filter(seen, near), 1e-3
    )
    return np.maximum(last[:, None, :] - rows, 0).astype(np.float32) * space.spacing[1]


_Painter = Callable[[np.random.Generator, np.ndarray, LungSpace], np.ndarray]
MIMICS: dict[str, _Painter] = {
    "nodule": _nodules,
    "mass": _mass,
    "mass with collapse": _mass_with_collapse,
    "dependent": _dependent_density,
    "atelectasis": _atelectasis,
    "effusion": _effusion,
    "expiration": _expiration,
    "motion": _motion,
    "emphysema": _emphysema,
    "scars": _scars,
    "vessels": _lymph_and_vessels,
    "pleural mass": _focal_fat_and_swelling,
    "oedema": oedema,
    "fibrosis": fibrosis,
}
"""Kinds of findings that are not COVID-19."""

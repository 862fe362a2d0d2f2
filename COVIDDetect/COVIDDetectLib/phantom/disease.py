"""COVID-19-like disease painted into lungs: ground-glass opacity, crazy paving, consolidation, bands.

Distribution, stages and look follow the radiological descriptions that the paper rests on: peripheral, posterior,
mostly bilateral, patchy, more in the lower lungs, with vessels seen through the ground glass. Pan et al., Radiology
2020 (doi 10.1148/radiol.2020200370) describe the stages.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy

from ..ct.volume import CTVolume
from .fields import Spacing, soft_step
from .patterns import Pattern, band, consolidation, ground_glass, halo, reticulation, septa, subpleural_line
from .space import Box, LungSpace

EXTENTS = {"mild": (0.02, 0.06), "moderate": (0.08, 0.25), "severe": (0.3, 0.6)}
"""Share of the lungs that is diseased, from and to."""

_LESION_FROM = 0.12  # share of air replaced from which a voxel counts as lesion: about 100 HU above healthy lung
_FLUID_HU = 40.0
_MOST_PATCHES = 100
_RADII_MM = {"mild": (5.0, 16.0), "moderate": (8.0, 30.0), "severe": (12.0, 45.0)}
_STAGES = ("early", "progressive", "peak", "late")


def add_disease(
    ct: CTVolume, lung_mask: np.ndarray, seed: int, kind: str = "covid", extent: str = "moderate"
) -> tuple[CTVolume, np.ndarray]:
    """Paint disease into the lungs of a real CT or a phantom.

    Parameters
    ----------
    ct
        In axial LPS order.
    lung_mask
        ``[slice, row, column]``: 0, 1 right, 2 left.
    kind
        ``"covid"``: any stage. ``"ground-glass"``: nothing else. ``"consolidation"``: always with airless parts.
    extent
        ``"mild"``, ``"moderate"`` or ``"severe"``; the true share is drawn from ``EXTENTS``.

    Returns
    -------
    ct, lesions
        The diseased CT, and where the disease is, bool ``[slice, row, column]``.
    """
    random = np.random.default_rng([seed, 77])
    box = box_with_border(lung_mask)
    i_mm, j_mm, k_mm = ct.geometry.spacing
    hu, found = paint_disease(random, ct.hu[box].astype(np.float32), lung_mask[box], (k_mm, j_mm, i_mm), kind, extent)
    diseased = ct.hu.copy()
    diseased[box] = np.where(hu != ct.hu[box], np.clip(np.rint(hu), -1024, 3000), ct.hu[box]).astype(np.int16)
    lesions = np.zeros(ct.shape, dtype=bool)
    lesions[box] = found
    return CTVolume(diseased, ct.geometry, ct.name), lesions


def box_with_border(lung_mask: np.ndarray) -> Box:
    """The box of the lungs and one voxel around."""
    box = scipy.ndimage.find_objects((lung_mask > 0).astype(np.uint8))[0]
    first, second, third = (slice(max(0, one.start - 1), one.stop + 1) for one in box)
    return first, second, third


def paint_disease(
    random: np.random.Generator,
    hu: np.ndarray,
    labels: np.ndarray,
    spacing: Spacing,
    kind: str = "covid",
    extent: str = "moderate",
) -> tuple[np.ndarray, np.ndarray]:
    """``add_disease`` on arrays: float32 HU and labels ``[slice, row, column]``, millimetres in the same order."""
    space = LungSpace(with_border(labels), spacing)
    if not len(space.voxels):
        return hu, np.zeros(hu.shape, dtype=bool)
    stage = {"ground-glass": "early", "consolidation": "peak"}.get(kind) or str(random.choice(_STAGES))
    share = random.uniform(*EXTENTS[extent])
    filling = np.zeros(hu.shape, dtype=np.float32)
    airways = np.zeros(hu.shape, dtype=np.float32)
    if extent != "mild" and random.random() < (0.5 if extent == "severe" else 0.25):
        filling = _confluent(random, space, share * random.uniform(0.4, 0.9))
    weights = _susceptibility(random, space)
    goal = share * len(space.voxels)
    for number in range(_MOST_PATCHES):
        if number and np.count_nonzero(filling > _LESION_FROM) >= goal:
            break
        for pattern in _patch(random, space, weights, stage, extent, kind, first=number == 0):
            part = filling[pattern.box]
            np.copyto(part, 1 - (1 - part) * (1 - np.clip(pattern.filling, 0, 1)))
            if pattern.open_airways is not None:
                np.maximum(airways[pattern.box], pattern.open_airways, out=airways[pattern.box])
    filling *= space.lung
    diseased = replace_air(random, hu, filling, space.lung)
    diseased += airways * np.minimum(-930 - diseased, 0) * random.uniform(0.7, 1)
    return diseased, (filling >= _LESION_FROM) & (labels > 0)


def with_border(labels: np.ndarray) -> np.ndarray:
    """Labels and the pixel around them, which is half lung: else a dark line would part disease from the chest wall."""
    around = scipy.ndimage.grey_dilation(labels.astype(np.uint8), size=(1, 3, 3))
    return np.where(labels > 0, labels, around).astype(np.uint8)


def replace_air(
    random: np.random.Generator, hu: np.ndarray, filling: np.ndarray, lung: np.ndarray, fluid_hu: float = _FLUID_HU
) -> np.ndarray:
    """HU after a share of each voxel's air has been replaced: vessels stay, and so does the image's noise."""
    steps = np.abs(np.diff(hu, axis=2))[lung[:, :, 1:]]
    noise_hu = float(np.median(steps)) * 1.05 if steps.size else 15.0
    grain = scipy.ndimage.gaussian_filter(random.standard_normal(hu.shape).astype(np.float32), (0, 0.6, 0.6)) * 2.1
    # Where there is no air there is nothing to fill: no grain on ribs and vessels.
    return hu + filling * (np.maximum(fluid_hu - hu, 0) + noise_hu * grain * (hu < -100))


def _susceptibility(random: np.random.Generator, space: LungSpace) -> np.ndarray:
    """Where patches begin: near the pleura, at the back, at the bases, in most patients on both sides."""
    slices, rows, _ = space.lung.shape
    to_back = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    to_head = np.linspace(0, 1, slices, dtype=np.float32)[:, None, None]
    weights = 0.15 + np.exp(-space.depth_mm / random.uniform(6, 25))
    weights = weights * np.exp(random.uniform(-0.3, 2.5) * to_back - random.uniform(-0.8, 1.8) * to_head)
    uneven = random.random()
    if uneven < 0.15:
        weights *= space.labels == random.integers(1, 3)
    elif uneven < 0.5:
        weights *= np.where(space.labels == random.integers(1, 3), 1.0, random.uniform(0.1, 0.6))
    return weights if (weights * space.lung).any() else np.ones_like(weights)


def _patch(
    random: np.random.Generator,
    space: LungSpace,
    weights: np.ndarray,
    stage: str,
    extent: str,
    kind: str,
    first: bool,
) -> list[Pattern]:
    """One more place of disease, as the stage has it."""
    center = space.place(random, weights)
    low, high = _RADII_MM[extent]
    radius = float(np.exp(random.uniform(np.log(low), np.log(high))))
    draw = random.random()
    if kind == "ground-glass" or (stage == "early" and draw < 0.8):
        return [ground_glass(random, space, center, radius)]
    if stage == "early":
        return [halo(random, space, center, min(radius, 14), reverse=False)]
    makers: dict[str, tuple[tuple[float, Callable[[], list[Pattern]]], ...]] = {
        "progressive": (
            (0.45, lambda: [ground_glass(random, space, center, radius, paving=True)]),
            (0.70, lambda: [ground_glass(random, space, center, radius)]),
            (0.85, lambda: _cored(random, space, center, radius)),
            (1.00, lambda: [halo(random, space, center, max(radius, 8), reverse=random.random() < 0.3)]),
        ),
        "peak": (
            (0.35, lambda: _cored(random, space, center, radius)),
            (0.60, lambda: [consolidation(random, space, center, 0.7 * radius)]),
            (0.80, lambda: [ground_glass(random, space, center, radius, paving=random.random() < 0.5)]),
            (1.00, lambda: [halo(random, space, center, max(radius, 8), reverse=random.random() < 0.4)]),
        ),
        "late": (
            (0.25, lambda: [ground_glass(random, space, center, radius)]),
            (0.45, lambda: [reticulation(random, space, center, radius), ground_glass(random, space, center, radius)]),
            (0.60, lambda: [band(random, space, center, random.uniform(12, 45))]),
            (0.72, lambda: [subpleural_line(random, space, center, max(radius, 14))]),
            (0.86, lambda: [halo(random, space, center, max(radius, 9), reverse=True)]),
            (1.00, lambda: _cored(random, space, center, 0.8 * radius)),
        ),
    }
    if first:  # what makes the stage must be there; a band alone is no disease
        if stage == "late":
            return [ground_glass(random, space, center, radius), reticulation(random, space, center, radius)]
        if stage == "peak":
            return _cored(random, space, center, radius)
    return next(make for limit, make in makers[stage] if draw <= limit)()


def _cored(random: np.random.Generator, space: LungSpace, center: tuple[int, int, int], radius: float) -> list[Pattern]:
    """Ground glass around a consolidation."""
    return [
        ground_glass(random, space, center, radius, paving=random.random() < 0.4),
        consolidation(random, space, center, radius * random.uniform(0.4, 0.75)),
    ]


def _confluent(random: np.random.Generator, space: LungSpace, share: float) -> np.ndarray:
    """Ground glass without shape over a share of the lungs, drawn to the pleura, the back and the bases."""
    shape = space.lung.shape
    whole = (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
    site = 0.9 * space.field(random, whole, random.uniform(35, 60)) + 0.7 * space.field(
        random, whole, random.uniform(14, 28)
    )
    site += 0.35 * space.field(random, whole, 7)
    site += np.linspace(0, random.uniform(0, 1.5), shape[1], dtype=np.float32)[:, None]
    site -= np.linspace(0, random.uniform(-0.3, 1.2), shape[0], dtype=np.float32)[:, None, None]
    site += random.uniform(0, 2) * np.exp(-space.depth_mm / random.uniform(8, 20))
    opacity = soft_step(site - np.quantile(site[space.lung], 1 - share), random.uniform(0.08, 0.35))
    texture = 1 + 0.25 * space.field(random, whole, random.uniform(4, 12))
    filling = random.uniform(0.2, 0.5) * opacity * np.clip(texture, 0.3, 1.7)
    if random.random() < 0.4:
        where = (opacity > 0.4) & space.lung
        filling += (
            opacity
            * random.uniform(0.15, 0.4)
            * septa(random, space, whole, where, random.uniform(5, 10), random.uniform(0.5, 0.9))
        )
    return np.clip(filling, 0, 1).astype(np.float32)

"""What resembles COVID-19 in a CT and is not: painted into healthy lungs as hard negative examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..volume import CTVolume
from .fields import Spacing, smooth_field, soft_step


def add_mimic(ct: CTVolume, lung_mask: np.ndarray, seed: int, kind: str) -> CTVolume:
    """Paint a finding that is not COVID-19 into the lungs of a real CT or a phantom.

    Parameters
    ----------
    ct
        In axial LPS order.
    lung_mask
        ``[slice, row, column]``, 0 outside the lungs.
    kind
        One of ``MIMICS``.
    """
    random = np.random.default_rng([seed, 5])
    k_mm, j_mm, i_mm = reversed(ct.geometry.spacing)
    lung = lung_mask > 0
    hu = MIMICS[kind](random, ct.hu.astype(np.float32), lung, (k_mm, j_mm, i_mm))
    painted = np.where(lung, np.clip(np.rint(hu), -1024, 3000), ct.hu).astype(np.int16)
    return CTVolume(painted, ct.geometry, ct.name)


def _nodules(random: np.random.Generator, hu: np.ndarray, lung: np.ndarray, spacing: Spacing) -> np.ndarray:
    """One to three round nodules of 5 to 24 mm."""
    for _ in range(random.integers(1, 4)):
        hu = _ball(random, hu, lung, spacing, radius_mm=random.uniform(2.5, 12))
    return hu


def _mass(random: np.random.Generator, hu: np.ndarray, lung: np.ndarray, spacing: Spacing) -> np.ndarray:
    """One lobulated mass of 28 to 64 mm."""
    return _ball(random, hu, lung, spacing, radius_mm=random.uniform(14, 32))


def _ball(
    random: np.random.Generator, hu: np.ndarray, lung: np.ndarray, spacing: Spacing, radius_mm: float
) -> np.ndarray:
    places = np.flatnonzero(lung)
    center = np.unravel_index(places[random.integers(len(places))], lung.shape)
    box = tuple(
        slice(max(0, int(c - 1.6 * radius_mm / mm) - 1), int(c + 1.6 * radius_mm / mm) + 2)
        for c, mm in zip(center, spacing, strict=True)
    )
    part = hu[box]
    offsets = [
        (np.arange(s.start, s.start + size) - c) * mm
        for s, size, c, mm in zip(box, part.shape, center, spacing, strict=True)
    ]
    k_mm, j_mm, i_mm = np.meshgrid(*offsets, indexing="ij", sparse=True)
    distance_mm = np.sqrt(k_mm**2 + j_mm**2 + i_mm**2)
    lobes = smooth_field(random, part.shape, spacing, max(4.0, 0.6 * radius_mm))
    solid = soft_step(radius_mm * (1 + 0.12 * lobes) - distance_mm, 0.8) * lung[box]
    hu[box] = part + solid * np.maximum(random.uniform(0, 60) - part, 0)
    return hu


def _dependent_density(random: np.random.Generator, hu: np.ndarray, lung: np.ndarray, spacing: Spacing) -> np.ndarray:
    """A band along the back of the lungs, as gravity makes it in a patient who lies on the back."""
    rows = np.arange(lung.shape[1])[None, :, None]
    last = np.where(lung.any(1), lung.shape[1] - 1 - np.argmax(lung[:, ::-1], axis=1), 0)[:, None, :]
    depth_mm = np.maximum(last - rows, 0) * spacing[1]
    uneven = 1 + 0.2 * smooth_field(random, hu.shape, spacing, 30)
    band = np.exp(-depth_mm / random.uniform(5, 18)) * random.uniform(120, 380) * uneven
    return hu + band * (hu < -300)


def _emphysema(random: np.random.Generator, hu: np.ndarray, lung: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Holes of air in 5 to 35 % of the lungs."""
    site = smooth_field(random, hu.shape, spacing, random.uniform(6, 16))
    holes = soft_step(site - np.quantile(site[lung], 1 - random.uniform(0.05, 0.35)), 0.15) * lung
    return hu + holes * np.where(hu < -600, -985 - hu, 0)


_Painter = Callable[[np.random.Generator, np.ndarray, np.ndarray, Spacing], np.ndarray]
MIMICS: dict[str, _Painter] = {
    "nodule": _nodules,
    "mass": _mass,
    "dependent": _dependent_density,
    "emphysema": _emphysema,
}
"""Kinds of findings that are not COVID-19."""

"""COVID-19-like disease painted into lungs: ground-glass opacity, crazy paving and consolidation.

Distribution and look follow the radiological descriptions that the paper rests on: peripheral, posterior, mostly
bilateral, patchy, more in the lower lungs, with vessels seen through the ground glass.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..volume import CTVolume
from .fields import Spacing, smooth_field, soft_step

EXTENTS = {"mild": (0.02, 0.06), "moderate": (0.08, 0.25), "severe": (0.3, 0.6)}
"""Share of the lungs that is diseased, from and to."""

_DISTANCE_GRID_MM = 3.0


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
        ``"covid"``: ground glass, often with crazy paving or consolidated cores. ``"ground-glass"``: nothing else.
        ``"consolidation"``: always with dense cores.
    extent
        ``"mild"``, ``"moderate"`` or ``"severe"``; the true share is drawn from ``EXTENTS``.

    Returns
    -------
    ct, lesions
        The diseased CT, and where the disease is, bool ``[slice, row, column]``.
    """
    random = np.random.default_rng([seed, 77])
    box = ndimage.find_objects((lung_mask > 0).astype(np.uint8))[0]
    labels, healthy = lung_mask[box], ct.hu[box].astype(np.float32)
    lung = labels > 0
    k_mm, j_mm, i_mm = reversed(ct.geometry.spacing)
    spacing = (k_mm, j_mm, i_mm)

    site = _susceptibility(random, labels, spacing)
    share = random.uniform(*EXTENTS[extent])
    edge = random.uniform(0.12, 0.35)
    opacity = soft_step(site - np.quantile(site[lung], 1 - share), edge) * lung
    opacity = ndimage.gaussian_filter(opacity.astype(np.float32), [0.6 / mm for mm in spacing]) * lung

    ground_glass_hu = random.uniform(-680, -380) + 80 * smooth_field(random, lung.shape, spacing, 15)
    if kind != "ground-glass" and random.random() < 0.4:
        # Crazy paving: thickened septa as a fine net over the ground glass.
        ground_glass_hu += 90 * np.abs(smooth_field(random, lung.shape, spacing, 4))
    hu = healthy + opacity * random.uniform(0.75, 1.0) * np.maximum(ground_glass_hu - healthy, 0)
    if kind == "consolidation" or (kind == "covid" and random.random() < 0.6):
        core = site + 0.4 * smooth_field(random, lung.shape, spacing, 12)
        limit = np.quantile(core[lung], 1 - share * random.uniform(0.1, 0.6))
        dense_hu = random.uniform(-80, 40) + 25 * smooth_field(random, lung.shape, spacing, 10)
        hu += soft_step(core - limit, 0.12) * lung * np.maximum(dense_hu - hu, 0)
    grain = ndimage.gaussian_filter(random.standard_normal(lung.shape).astype(np.float32), (0, 0.7, 0.7))
    hu += opacity * random.uniform(5, 25) * grain

    diseased = ct.hu.copy()
    diseased[box] = np.where(lung, np.clip(np.rint(hu), -1024, 3000), healthy).astype(np.int16)
    lesions = np.zeros(ct.shape, dtype=bool)
    lesions[box] = (opacity > 0.5) & lung
    return CTVolume(diseased, ct.geometry, ct.name), lesions


def _susceptibility(random: np.random.Generator, labels: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Where disease sits first: patches of several sizes, drawn to the pleura, the back and the bases."""
    shape = labels.shape
    site = (
        0.9 * smooth_field(random, shape, spacing, random.uniform(35, 60))
        + 0.7 * smooth_field(random, shape, spacing, random.uniform(16, 28))
        + 0.35 * smooth_field(random, shape, spacing, 8)
    )
    to_back = np.linspace(0, 1, shape[1], dtype=np.float32)[:, None]
    to_head = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    near_pleura = np.exp(-_depth_mm(labels > 0, spacing) / random.uniform(8, 20))
    site += random.uniform(0.8, 2.2) * near_pleura + random.uniform(0, 1.2) * to_back
    site -= random.uniform(-0.3, 1.2) * to_head
    if random.random() < 0.2:  # one-sided disease
        site -= 3 * (labels == random.integers(1, 3))
    return site


def _depth_mm(lung: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Depth below the surface of the lungs, computed on a coarser grid: nobody sees the difference."""
    steps = [max(1, round(_DISTANCE_GRID_MM / mm)) for mm in spacing]
    coarse = np.pad(lung[:: steps[0], :: steps[1], :: steps[2]], 1)
    depth = ndimage.distance_transform_edt(coarse, sampling=[s * mm for s, mm in zip(steps, spacing, strict=True)])
    depth = depth[1:-1, 1:-1, 1:-1].astype(np.float32)
    for axis, step in enumerate(steps):
        depth = np.repeat(depth, step, axis)
    slices, rows, columns = lung.shape
    return depth[:slices, :rows, :columns]

"""Volumes to learn from, each drawn anew: a background, moved, changed, and painted with disease or with mimics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from ...ct.ct_mask import window_to_8_bit
from ...phantom import MIMICS, paint_disease, paint_mimic
from ...phantom.disease import replace_air
from .backgrounds import Background, lungs_box

REAL_SHARE = 0.6
"""Of the drawn volumes, those that lie in real CTs; the rest are phantoms."""

_EXTENTS = ("mild", "mild", "mild", "moderate", "moderate", "moderate", "moderate", "severe", "severe", "severe")
_KINDS = ("covid", "covid", "covid", "covid", "ground-glass", "consolidation", "consolidation")
_MIMICS = tuple(MIMICS)
_HARD_MIMICS = ("mass", "mass with collapse", "effusion", "dependent", "expiration", "atelectasis", "motion")
_MARGIN = 0.12


@dataclass(frozen=True, eq=False)
class Scene:
    """What the classifier reads, uint8 image and bool mask, and what guides it: ``[slice, row, column]`` each."""

    image: np.ndarray
    mask: np.ndarray
    lesions: np.ndarray

    @property
    def is_positive(self) -> bool:
        """Whether disease is in view."""
        return bool(np.count_nonzero(self.lesions) >= 12)


def choose_background(backgrounds: list[Background], random: np.random.Generator) -> Background:
    """A real one or a phantom."""
    real = [one for one in backgrounds if one.is_real]
    phantoms = [one for one in backgrounds if not one.is_real]
    chosen = real if real and (not phantoms or random.random() < REAL_SHARE) else phantoms
    return chosen[int(random.integers(len(chosen)))]


def draw_scene(
    background: Background,
    diseased: bool,
    slices: int,
    size: tuple[int, int],
    random: np.random.Generator,
    difficulty: float = 1.0,
) -> Scene:
    """Paint and scan a patient.

    Parameters
    ----------
    diseased
        With COVID-like disease, now and then beside something else; otherwise healthy or with mimics only.
    slices, size
        Grid of the result.
    difficulty
        Share of the scenes that are as hard as patients; the others are a good scan of plain disease or of none.
    """
    hu, labels, spacing = _scan(background, slices, size, random)
    if random.random() >= difficulty:
        lesions = np.zeros(hu.shape, dtype=bool)
        if diseased:
            hu, lesions = paint_disease(random, hu, labels, spacing, "covid", str(random.choice(_EXTENTS[3:])))
        return Scene(window_to_8_bit(hu), labels > 0, lesions)
    hu = _other_lungs(hu, labels, spacing, random)
    mimics = random.choice([0, 1, 2], p=[0.55, 0.35, 0.1] if diseased else [0.15, 0.45, 0.4])
    for _ in range(mimics):
        kinds = _HARD_MIMICS if random.random() < 0.55 else _MIMICS
        hu, labels = paint_mimic(random, hu, labels, spacing, str(random.choice(kinds)))
    lesions = np.zeros(hu.shape, dtype=bool)
    if diseased:
        kind, extent = str(random.choice(_KINDS)), str(random.choice(_EXTENTS))
        hu, lesions = paint_disease(random, hu, labels, spacing, kind, extent)
    mask = _mask_as_found(hu, labels > 0, random)
    image = window_to_8_bit(develop(hu, random))
    return Scene(image, mask, lesions)


def _scan(
    background: Background, slices: int, size: tuple[int, int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """The lungs' box on a new grid: HU, labels and spacing."""
    first, last = _range_of_slices(background, random)
    part = background.labels[first:last]
    rows, columns = (np.flatnonzero(part.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    box = []
    for found, count in ((rows, part.shape[1]), (columns, part.shape[2])):
        margin = int(_MARGIN * (found[-1] - found[0] + 1)) + 2
        box.append(slice(max(0, found[0] - margin), min(count, found[-1] + margin + 1)))
    hu, labels = _resliced(background, first, last, (box[0], box[1]), slices, random)
    grid, stretch = _grid(rows, columns, (box[0], box[1]), size, random)
    warped = sample_slices(hu, grid, "bilinear", outside=-1000)
    lungs = sample_slices(labels.astype(np.float32), grid, "nearest").astype(np.uint8)
    k_mm, j_mm, i_mm = background.spacing
    # Patients differ in size: the same box may be a larger or a smaller chest.
    body = random.uniform(0.85, 1.2)
    spacing = (
        float(np.clip(k_mm * (last - first) / slices * body, 0.6, 12)),
        j_mm * (rows[-1] - rows[0] + 1) / size[0] * stretch * body,
        i_mm * (columns[-1] - columns[0] + 1) / size[1] * stretch * body,
    )
    if random.random() < 0.5:
        warped, lungs = warped[:, :, ::-1], lungs[:, :, ::-1]
    if random.random() < 0.08:
        warped, lungs = warped[:, ::-1], lungs[:, ::-1]
    if random.random() < 0.08:
        warped, lungs = warped[::-1], lungs[::-1]
    return np.ascontiguousarray(warped), np.ascontiguousarray(lungs), spacing


def _range_of_slices(background: Background, random: np.random.Generator) -> tuple[int, int]:
    """All of the lungs, or a part as in a cropped scan; a thin part stands for the slices of a thin-slice scan."""
    k = lungs_box(background)[0]
    count = k.stop - k.start
    share = random.uniform(0.93, 1.0) if random.random() < 0.6 else random.uniform(0.15, 1.0)
    length = max(6, min(count, round(count * share)))
    first = k.start + int(random.integers(0, count - length + 1))
    return first, first + length


def _resliced(
    background: Background, first: int, last: int, box: tuple[slice, slice], slices: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """New slices between ``first`` and ``last``, thinner or thicker than their distance."""
    count = last - first
    distance = count / slices
    reach = max(1.0, distance * random.uniform(0.4, 1.3))
    hu = np.empty((slices, box[0].stop - box[0].start, box[1].stop - box[1].start), dtype=np.float32)
    labels = np.empty(hu.shape, dtype=np.uint8)
    for number in range(slices):
        at = first + np.clip((number + 0.5) * distance - 0.5, 0, count - 1)
        near = np.arange(max(0, math.ceil(at - reach)), min(len(background.hu) - 1, math.floor(at + reach)) + 1)
        weights = np.maximum(1 - np.abs(near - at) / reach, 1e-3)
        weights /= weights.sum()
        hu[number] = sum(
            w * background.hu[k, box[0], box[1]].astype(np.float32) for k, w in zip(near, weights, strict=True)
        )
        labels[number] = background.labels[round(at), box[0], box[1]]
    return hu, labels


def _grid(
    rows: np.ndarray,
    columns: np.ndarray,
    box: tuple[slice, slice],
    size: tuple[int, int],
    random: np.random.Generator,
) -> tuple[torch.Tensor, float]:
    """Where each pixel of the result lies in the box, for ``grid_sample``: turned, sheared, bent; and its scale."""
    y = np.linspace(-1, 1, size[0])[:, None] + np.zeros(size)
    x = np.linspace(-1, 1, size[1])[None, :] + np.zeros(size)
    angle = math.radians(random.normal(0, 5))
    shear = math.tan(math.radians(random.uniform(-7, 7)))
    stretch = random.uniform(0.92, 1.1)
    height, width = (float(found[-1] - found[0] + 1) for found in (rows, columns))
    y, x = stretch * random.uniform(0.95, 1.05) * y * height / 2, stretch * random.uniform(0.95, 1.05) * x * width / 2
    y, x = math.cos(angle) * y + math.sin(angle) * x, -math.sin(angle) * y + math.cos(angle) * x
    x = x + shear * y
    for target, extent in ((y, height), (x, width)):
        bend = ndimage.zoom(
            random.standard_normal((4, 5)), (size[0] / 4, size[1] / 5), order=3, mode="nearest", grid_mode=True
        )
        target += random.uniform(0, 0.025) * extent * bend[: size[0], : size[1]]
    middle = (rows[0] + rows[-1]) / 2 - box[0].start, (columns[0] + columns[-1]) / 2 - box[1].start
    y += middle[0] + random.uniform(-0.03, 0.03) * height
    x += middle[1] + random.uniform(-0.03, 0.03) * width
    full = box[0].stop - box[0].start, box[1].stop - box[1].start
    grid = np.stack([(2 * x + 1) / full[1] - 1, (2 * y + 1) / full[0] - 1], -1)
    return torch.from_numpy(grid.astype(np.float32)), stretch


def sample_slices(volume: np.ndarray, grid: torch.Tensor, mode: str, outside: float = 0.0) -> np.ndarray:
    """All slices of ``[slice, row, column]`` at the same places ``(rows, columns, 2)``, as in ``grid_sample``."""
    stack = torch.from_numpy(volume)[None] - outside  # slices as channels: one grid for all
    return torch.nn.functional.grid_sample(stack, grid[None], mode=mode, align_corners=False)[0].numpy() + outside


def _other_lungs(
    hu: np.ndarray, labels: np.ndarray, spacing: tuple[float, float, float], random: np.random.Generator
) -> np.ndarray:
    """Lungs of another density, blood of another brightness: neither must tell patients apart."""
    lung = labels > 0
    draw = random.random()
    if draw < 0.4:
        slope = np.linspace(1 - random.uniform(0, 0.6), 1 + random.uniform(0, 0.6), hu.shape[1], dtype=np.float32)
        filling = random.uniform(0, 0.16) * slope[:, None] * lung
        hu = replace_air(random, hu, filling.astype(np.float32), lung)
    elif draw < 0.6:
        hu = hu - random.uniform(0, 45) * (lung & (hu < -600))
    if random.random() < 0.35:
        blood = (hu > 20) & (hu < 400)
        hu = hu + random.uniform(-60, 150) * ndimage.gaussian_filter(blood.astype(np.float32), (0, 0.7, 0.7))
    return hu


def _mask_as_found(hu: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Masks as networks, thresholds and hands make them: a little large or small, without dense parts, smooth."""
    draw = random.random()
    if draw < 0.2:
        mask = ndimage.binary_dilation(mask, np.ones((1, 3, 3)), iterations=int(random.integers(1, 4)))
    elif draw < 0.35:
        mask = ndimage.binary_erosion(mask, np.ones((1, 3, 3)), iterations=int(random.integers(1, 3)))
    if random.random() < 0.3:
        mask = mask & (ndimage.gaussian_filter(hu, (0, 1, 1)) < random.uniform(-450, -150))
    if random.random() < 0.2:
        mask = ndimage.gaussian_filter(mask.astype(np.float32), (0.3, 2, 2)) > 0.5
    return mask


def develop(hu: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Kernels, noise, streaks and calibration of scanners."""
    draw = random.random()
    if draw < 0.25:
        hu = ndimage.gaussian_filter(hu, (0, *[random.uniform(0.3, 1.0)] * 2))
    elif draw < 0.5:
        hu = hu + random.uniform(0.2, 1.2) * (hu - ndimage.gaussian_filter(hu, (0, 1, 1)))
    if random.random() < 0.7:
        noise = random.standard_normal(hu.shape, dtype=np.float32)
        if random.random() < 0.6:
            noise = ndimage.gaussian_filter(noise, (0, *[random.uniform(0.4, 1.0)] * 2))
        noise *= math.exp(random.uniform(math.log(4), math.log(80))) / float(noise.std())
        if random.random() < 0.5:  # more noise where shoulders and hips lie in the beam
            noise *= np.exp(ndimage.gaussian_filter1d(random.standard_normal(len(hu)), 3) * 1.5)[:, None, None].astype(
                np.float32
            )
        hu = hu + noise
    if random.random() < 0.15:
        streaks = ndimage.gaussian_filter(random.standard_normal(hu.shape, dtype=np.float32), (0, 0.7, 18))
        hu = hu + streaks * random.uniform(8, 45) / float(streaks.std())
    return (hu + 500) * random.uniform(0.93, 1.07) - 500 + random.uniform(-25, 25)


def short_floats() -> bool:
    """Whether this processor computes in bfloat16, which halves the time."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())

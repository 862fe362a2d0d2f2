"""Slices for the UNet, each drawn anew: another patient, another table, another scanner; and what is lung in them."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from ...ct.ct_mask import window_to_8_bit
from ...phantom import MIMICS, head_slice, paint_bowel_gas, paint_disease, paint_lobar, paint_mimic, paint_surroundings
from .backgrounds import UNSURE_SLICES, Background
from .scenes import develop, sample_slices

_ANYWHERE_SHARE = 0.15  # of the draws: head, neck, abdomen and thighs must stay empty
_APEX_SHARE = 0.12  # of the draws, those from a little below the apex up: so must neck and shoulders
_APEX_MM = (-25.0, 100.0)
_BASE_SHARE = 0.15  # of the draws, those from below the diaphragm to the lowest third of the lungs
_BASE_MM = (-90.0, 60.0)
_HEAD_SHARE = 0.03
_DARK_SHARE = 0.25  # of the slices with lung: emphysema, full inspiration, a scanner that is off
_DARKEST_HU = -1010.0
_PADDINGS_HU = (-1000.0, -1024.0, -2000.0, -3024.0)
_EXTENTS = ("mild", "moderate", "severe", "severe", "severe")
_KINDS = ("covid", "consolidation", "consolidation")


def draw_slice(background: Background, size: int, random: np.random.Generator) -> np.ndarray:
    """One whole slice, painted, moved and laid on another table.

    Returns
    -------
    ndarray
        uint8 ``[3, size, size]``: image, lungs (0 or 1), lesions (0 or 1).
    """
    if random.random() < _HEAD_SHARE:
        return _draw_head(size, random)
    k_mm, j_mm, i_mm = background.spacing
    place = _place(background, random)
    hu, labels = _slab(background, place, random)
    lesions = np.zeros(labels.shape, dtype=bool)
    box = _part_to_draw(hu, labels, (j_mm, i_mm))
    if labels.any():
        if random.random() < _DARK_SHARE:
            hu = _darkened(hu, labels, random)
        hu, labels, lesions = _painted(hu, labels, (k_mm, j_mm, i_mm), random)
    grid, pixel_mm = _grid(hu.shape[1:], (j_mm, i_mm), box, size, random)
    seen = sample_slices(np.ones((1, *hu.shape[1:]), dtype=np.float32), grid, "nearest")[0] > 0.5
    moved = sample_slices(hu, grid, "bilinear", outside=-1000)
    lungs = sample_slices((labels > 0).astype(np.float32), grid, "bilinear") >= 0.5
    lesions = sample_slices(lesions.astype(np.float32), grid, "bilinear") >= 0.5
    if random.random() < 0.5:
        moved, lungs, lesions, seen = moved[:, :, ::-1], lungs[:, :, ::-1], lesions[:, :, ::-1], seen[:, ::-1]
    if random.random() < 0.08:  # prone; the table stays below
        moved, lungs, lesions, seen = moved[:, ::-1], lungs[:, ::-1], lesions[:, ::-1], seen[::-1]
    moved = np.ascontiguousarray(moved)
    if random.random() < (0.6 if _is_low(background, place) else 0.06):
        moved = paint_bowel_gas(random, moved, lungs, pixel_mm)
    is_cut = np.count_nonzero((moved > -300) & ~ndimage.binary_erosion(seen, iterations=2) & seen) > 8
    if random.random() < 0.5:
        moved = paint_surroundings(random, moved, lungs, pixel_mm)
    if is_cut or random.random() < 0.3:
        moved = np.where(seen, moved, random.choice(_PADDINGS_HU))
    return _scanned(moved, lungs, lesions, random)


def _draw_head(size: int, random: np.random.Generator) -> np.ndarray:
    """A head or a neck on a table: nothing in it is lung."""
    pixel_mm = random.uniform(250, 700) / size
    head = head_slice(random, size, pixel_mm)[None]
    nothing = np.zeros(head.shape, dtype=bool)
    return _scanned(paint_surroundings(random, head, nothing, pixel_mm), nothing, nothing, random)


def _scanned(hu: np.ndarray, lungs: np.ndarray, lesions: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Blur, kernel, noise and the round field of view of a scanner; image, lungs and lesions as uint8."""
    if random.random() < 0.65:
        hu = develop(hu, random)
    if random.random() < 0.14:  # thin slices in a sharp kernel, low dose
        noise = ndimage.gaussian_filter(random.standard_normal(hu.shape, dtype=np.float32), (0, 0.5, 0.5))
        hu = hu + noise * random.uniform(40, 150) / float(noise.std())
    if random.random() < 0.12:  # kept as pictures in a lung window
        hu = np.minimum(hu, random.uniform(100, 300))
    if random.random() < 0.4:
        outside = _outside_round_view(hu.shape[1], random)
        hu = np.where(outside, random.choice(_PADDINGS_HU), hu)
        lungs, lesions = lungs & ~outside, lesions & ~outside
    return np.concatenate([window_to_8_bit(hu), lungs.astype(np.uint8), lesions.astype(np.uint8)])


def _place(background: Background, random: np.random.Generator) -> int:
    """A slice in the lungs, around the apex, around the diaphragm or anywhere, but none whose truth is not known."""
    last = len(background.hu) - 1
    while (place := min(max(0, _any_place(background, random)), last)) in UNSURE_SLICES.get(background.name, ()):
        pass
    return place


def _any_place(background: Background, random: np.random.Generator) -> int:
    with_lung = np.flatnonzero(background.labels.any(axis=(1, 2)))
    draw = random.random() if len(with_lung) else 0.0
    if draw < _ANYWHERE_SHARE:
        return int(random.integers(len(background.hu)))
    if draw < _ANYWHERE_SHARE + _APEX_SHARE:
        return int(with_lung[-1]) + round(random.uniform(*_APEX_MM) / background.spacing[0])
    if draw < _ANYWHERE_SHARE + _APEX_SHARE + _BASE_SHARE:
        return int(with_lung[0]) + round(random.uniform(*_BASE_MM) / background.spacing[0])
    return int(random.choice(with_lung))


def _is_low(background: Background, place: int) -> bool:
    """Whether stomach and bowel may lie there."""
    with_lung = np.flatnonzero(background.labels.any(axis=(1, 2)))
    if not len(with_lung):
        return False
    return bool(place < with_lung[0] + min(0.3 * len(with_lung), 70 / background.spacing[0]))


def _slab(background: Background, place: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A slice as it is, or the mean of its neighbours up to 12 mm: thick slices, breathing; ``[1, row, column]``."""
    reach = round(random.uniform(1.5, 6) / background.spacing[0]) if random.random() < 0.3 else 0
    slab = slice(max(0, place - reach), place + reach + 1)
    hu, around = background.hu[slab].mean(axis=0, dtype=np.float32), background.labels[slab]
    sides = np.where(background.labels[place] > 0, background.labels[place], around.max(axis=0))
    labels = np.where((around > 0).mean(axis=0) >= 0.5, sides, 0).astype(np.uint8)
    return hu[None], labels[None]


def _darkened(hu: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Lungs with more air in them; vessels and borders stay."""
    share = random.uniform(0.1, 0.75) * np.clip((-400 - hu) / 400, 0, 1) * (labels > 0)
    return (hu + share * np.minimum(_DARKEST_HU - hu, 0)).astype(np.float32)


def _painted(
    hu: np.ndarray, labels: np.ndarray, spacing: tuple[float, float, float], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = (np.flatnonzero(labels.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    box = (slice(None), slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3))
    part, lungs = hu[box], labels[box]
    painted = np.zeros(part.shape, dtype=bool)
    if random.random() < 0.4:
        part, lungs = paint_mimic(random, part, lungs, spacing, str(random.choice(tuple(MIMICS))))
    draw = random.random()
    if draw < 0.45:
        kind, extent = str(random.choice(_KINDS)), str(random.choice(_EXTENTS))
        part, painted = paint_disease(random, part, lungs, spacing, kind, extent)
    if draw > 0.4 and draw < 0.7:
        part, lungs, dense = paint_lobar(random, part, lungs, spacing)
        painted = (painted | dense) & (lungs > 0)
    hu, labels, lesions = hu.copy(), labels.copy(), np.zeros(labels.shape, dtype=bool)
    hu[box], labels[box], lesions[box] = part, lungs, painted
    return hu, labels, lesions


def _part_to_draw(hu: np.ndarray, labels: np.ndarray, spacing: tuple[float, float]) -> tuple[float, float, float]:
    """Middle (row, column, in mm from the slice's middle) and half width in mm of the body."""
    tissue = ndimage.uniform_filter((hu[0] > -300) & (hu[0] < 300) | (labels[0] > 0), 9, output=np.float32) > 0.9
    if np.count_nonzero(tissue) * spacing[0] * spacing[1] < 4000:
        return 0.0, 0.0, 0.5 * hu.shape[2] * spacing[1]
    (top, bottom), (left, right) = (np.flatnonzero(tissue.any(axis=axis))[[0, -1]] for axis in (1, 0))
    half = 0.5 * max((right - left) * spacing[1], (bottom - top) * spacing[0]) + 8
    middle = (top + bottom - hu.shape[1]) / 2 * spacing[0], (left + right - hu.shape[2]) / 2 * spacing[1]
    return float(middle[0]), float(middle[1]), float(half)


def _grid(
    shape: tuple[int, ...],
    spacing: tuple[float, float],
    body: tuple[float, float, float],
    size: int,
    random: np.random.Generator,
) -> tuple[Tensor, float]:
    """A field of view round the body, turned and bent a little, as places for ``grid_sample``; pixel in mm.

    Most hold the body and little more; others cut its sides, or show half a metre of air and the whole table.
    """
    low, high = ((1.0, 1.35), (0.72, 1.0), (1.35, 2.1))[int(random.choice(3, p=[0.64, 0.18, 0.18]))]
    half_mm = body[2] * random.uniform(low, high)
    y, x = np.meshgrid(np.linspace(-half_mm, half_mm, size), np.linspace(-half_mm, half_mm, size), indexing="ij")
    angle, shear = math.radians(random.normal(0, 7)), math.tan(math.radians(random.uniform(-8, 8)))
    y, x = math.cos(angle) * y + math.sin(angle) * x, -math.sin(angle) * y + math.cos(angle) * x
    y, x = y * random.uniform(0.88, 1.14), (x + shear * y) * random.uniform(0.92, 1.08)
    free = 0.1 + 0.5 * max(0.0, half_mm / body[2] - 1)
    for target, middle in ((y, body[0]), (x, body[1])):
        bend = torch.from_numpy(random.standard_normal((1, 1, 5, 5)).astype(np.float32))
        smooth = torch.nn.functional.interpolate(bend, size=(size, size), mode="bicubic", align_corners=False)
        target += random.uniform(0, 0.012) * 2 * half_mm * smooth[0, 0].numpy()
        target += middle + random.uniform(-free, free) * body[2]
    grid = np.stack([2 * x / (shape[1] * spacing[1]), 2 * y / (shape[0] * spacing[0])], -1)
    return torch.from_numpy(grid.astype(np.float32)), 2 * half_mm / size


def _outside_round_view(size: int, random: np.random.Generator) -> np.ndarray:
    """What lies outside a scanner's round field of view, bool ``[row, column]``."""
    place = np.linspace(-1, 1, size)
    return np.hypot(place[:, None], place[None, :]) > random.uniform(0.92, 1.08)

"""Volumes to learn from: a background, moved, changed, painted with disease or with mimics, and scanned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from ...ct.ct_mask import InputForm, hide_surroundings, window_to_8_bit
from ...phantom import MIMICS, paint_disease, paint_mimic
from ...phantom.disease import replace_air
from .backgrounds import HARD_TO_TELL, Background, lungs_box

REAL_SHARE = 0.7
"""Of the drawn volumes, those that lie in real CTs; the rest are phantoms."""

_EXTENTS = ("mild", "mild", "mild", "moderate", "moderate", "moderate", "moderate", "severe", "severe", "severe")
_KINDS = ("covid", "covid", "covid", "covid", "ground-glass", "consolidation", "consolidation")
_MIMICS = tuple(MIMICS)
_HARD_MIMICS = ("mass", "mass with collapse", "effusion", "dependent", "expiration", "atelectasis", "motion", "oedema")
_MARGIN = 0.12
_WHOLE_SHARE = 0.25
_AS_IT_IS_SHARE = 0.15
_FEWEST_SLABS = 8

SLICE_MM = 5.0
"""Thickness of the slabs that the classifier sees: that of the paper's CTs."""


@dataclass(frozen=True, eq=False)
class Patient:
    """Painted lungs before the scanner: float32 HU, labels of the lungs, lesions, ``[slice, row, column]`` each.

    ``is_plain`` patients are scanned well and their masks are right: what is learned first. ``rise_hu`` is by how much
    disease raises the mean of the lungs; 0 where there is none.
    """

    hu: np.ndarray
    labels: np.ndarray
    lesions: np.ndarray
    spacing: tuple[float, float, float]
    is_plain: bool
    rise_hu: float


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
    often = np.array([2.0 if one.name in HARD_TO_TELL else 1.0 for one in chosen])
    return chosen[int(random.choice(len(chosen), p=often / often.sum()))]


def most_slabs(background: Background) -> int:
    """As many slices of the thickness that the weights are for as the lungs fill."""
    k = lungs_box(background)[0]
    return max(_FEWEST_SLABS, round((k.stop - k.start) * background.spacing[0] / (0.8 * SLICE_MM)))


def draw_scene(
    background: Background,
    diseased: bool,
    slices: int,
    size: tuple[int, int],
    random: np.random.Generator,
    difficulty: float = 1.0,
) -> Scene:
    """Paint a patient and scan him once; parameters as for ``paint_patient``."""
    return scan_patient(paint_patient(background, diseased, slices, size, random, difficulty), random)


def paint_patient(
    background: Background,
    diseased: bool,
    slices: int,
    size: tuple[int, int],
    random: np.random.Generator,
    difficulty: float = 1.0,
) -> Patient:
    """Move a background and paint into it.

    Parameters
    ----------
    diseased
        With COVID-like disease, now and then beside something else; otherwise healthy or with mimics only.
    slices, size
        Grid of the result.
    difficulty
        Share of the patients that are as hard as real ones; the others have plain disease or none, in a good scan.
    """
    hu, labels, spacing = _scan(background, slices, size, random)
    if random.random() >= difficulty:
        if not diseased:
            return Patient(hu, labels, np.zeros(hu.shape, dtype=bool), spacing, is_plain=True, rise_hu=0.0)
        return _diseased(hu, labels, spacing, random, "covid", str(random.choice(_EXTENTS[3:])), is_plain=True)
    hu = _other_lungs(hu, labels, spacing, random)
    mimics = random.choice([0, 1, 2], p=[0.55, 0.35, 0.1] if diseased else [0.3, 0.4, 0.3])
    for _ in range(mimics):
        kinds = _HARD_MIMICS if random.random() < 0.55 else _MIMICS
        hu, labels = paint_mimic(random, hu, labels, spacing, str(random.choice(kinds)))
    if not diseased:
        return Patient(hu, labels, np.zeros(hu.shape, dtype=bool), spacing, is_plain=False, rise_hu=0.0)
    kind, extent = str(random.choice(_KINDS)), str(random.choice(_EXTENTS))
    return _diseased(hu, labels, spacing, random, kind, extent, is_plain=False)


def _diseased(
    hu: np.ndarray,
    labels: np.ndarray,
    spacing: tuple[float, float, float],
    random: np.random.Generator,
    kind: str,
    extent: str,
    is_plain: bool,
) -> Patient:
    painted, lesions = paint_disease(random, hu, labels, spacing, kind, extent)
    lungs = labels > 0
    rise_hu = float((painted - hu)[lungs].mean()) if lungs.any() else 0.0
    return Patient(painted, labels, lesions, spacing, is_plain, rise_hu)


def scan_patient(patient: Patient, random: np.random.Generator, form: InputForm | None = None) -> Scene:
    """One scan of a patient: a mask as it is found, the scanner's blur and noise, the surroundings hidden.

    Parameters
    ----------
    form
        How far from the mask the scan is shown; all of it if None.
    """
    hu, lesions = patient.hu, patient.lesions
    mask = patient.labels > 0
    if not patient.is_plain:
        mask = _mask_as_found(hu, mask, lesions, random)
        if random.random() >= _AS_IT_IS_SHARE:
            hu = develop(hu, random)
    image = window_to_8_bit(hu)
    if form is not None and form.surroundings_mm is not None:
        shown = hide_surroundings(np.ones(mask.shape, dtype=np.uint8), mask.astype(np.uint8), patient.spacing[1:], form)
        lesions = lesions & (shown == 1)
        image = hide_surroundings(image, mask.astype(np.uint8), patient.spacing[1:], form)
    if random.random() < 0.5:
        image, mask, lesions = (np.ascontiguousarray(volume[:, :, ::-1]) for volume in (image, mask, lesions))
    return Scene(image, mask, lesions)


def _scan(
    background: Background, slices: int, size: tuple[int, int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """The lungs' box on a new grid: HU, labels and spacing."""
    first, last = _range_of_slices(background, slices, random)
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


def _range_of_slices(background: Background, slices: int, random: np.random.Generator) -> tuple[int, int]:
    """So much of the lungs that the slices have about the thickness that the weights are for, or all of the lungs."""
    k = lungs_box(background)[0]
    count = k.stop - k.start
    if random.random() < _WHOLE_SHARE:
        length = round(count * random.uniform(0.93, 1.0))
    else:
        length = round(slices * SLICE_MM * random.uniform(0.8, 1.3) / background.spacing[0])
    length = max(min(6, count), min(count, length))
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


def _mask_as_found(hu: np.ndarray, mask: np.ndarray, lesions: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Masks as networks, thresholds and hands make them.

    A little large or small, without dense parts or the dense disease, smooth, without the last slices at an end, or
    with a piece of something else.
    """
    draw = random.random()
    if draw < 0.2:
        mask = ndimage.binary_dilation(mask, np.ones((1, 3, 3)), iterations=int(random.integers(1, 4)))
    elif draw < 0.35:
        mask = ndimage.binary_erosion(mask, np.ones((1, 3, 3)), iterations=int(random.integers(1, 3)))
    if random.random() < 0.25:
        mask = mask & (ndimage.gaussian_filter(hu, (0, 1, 1)) < random.uniform(-450, -150))
    if random.random() < 0.15:
        dense = lesions & (ndimage.gaussian_filter(hu, (0, 2, 2)) > random.uniform(-300, -100))
        mask = mask & ~dense
    if random.random() < 0.2:
        mask = ndimage.gaussian_filter(mask.astype(np.float32), (0.3, 2, 2)) > 0.5
    if random.random() < 0.15:
        found = mask.copy()
        size = [int(random.integers(1, 4)), *(int(random.integers(4, 30)) for _ in range(2))]
        at = [int(random.integers(0, max(1, count - wanted))) for count, wanted in zip(mask.shape, size, strict=True)]
        found[tuple(slice(a, a + n) for a, n in zip(at, size, strict=True))] = True
        mask = found
    if random.random() < 0.3:
        mask = mask.copy()
        mask[: int(random.integers(0, 3))] = False
        mask[len(mask) - int(random.integers(0, 3)) :] = False
    return mask


def develop(hu: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Kernels, slabs, coarse grids, breathing, noise, streaks and calibration of scanners."""
    hu = _blurred(hu, random)
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


def _blurred(hu: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Sharp, smooth or as it is, in plane and along the slices; blur must not count as disease."""
    draw = random.random()
    if draw < 0.3:
        hu = ndimage.gaussian_filter(hu, (0, *[random.uniform(0.3, 2.2)] * 2))
    elif draw < 0.5:
        hu = hu + random.uniform(0.2, 1.2) * (hu - ndimage.gaussian_filter(hu, (0, 1, 1)))
    elif draw < 0.6:
        step = int(random.integers(2, 4))  # coarse pixels and back
        small = torch.nn.functional.avg_pool2d(
            torch.from_numpy(np.ascontiguousarray(hu, dtype=np.float32))[:, None], step
        )
        hu = torch.nn.functional.interpolate(small, size=hu.shape[1:], mode="bilinear")[:, 0].numpy()
    draw = random.random()
    if draw < 0.25:  # overlapping slabs
        hu = ndimage.gaussian_filter1d(hu, random.uniform(0.3, 1.5), axis=0)
    elif draw < 0.35:  # thick slices, cut into thinner ones again
        step = int(random.integers(2, 4))
        part = hu[: len(hu) // step * step].reshape(-1, step, *hu.shape[1:]).mean(axis=1)
        hu = np.concatenate([np.repeat(part, step, axis=0), hu[len(part) * step :]])
    return hu.astype(np.float32, copy=False)


def short_floats() -> bool:
    """Whether this processor computes in bfloat16, which halves the time."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())

"""Training of the UNet on slices painted anew at every step: dense disease is lung, whatever thresholds say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from ...ct.ct_mask import window_to_8_bit
from ...networks.unet import UNet
from ...phantom import MIMICS, paint_disease, paint_mimic
from .backgrounds import Background
from .scenes import choose_background, develop, sample_slices, short_floats

_SLICES_A_DRAW = 2
_ANYWHERE_SHARE = 0.2  # of the draws: the abdomen must stay empty
_APEX_SHARE = 0.2  # of the draws, those from a little below the apex up: so must neck and shoulders
_APEX_MM = (-25.0, 100.0)
_LESION_WEIGHT = 3.0
_PADDING_HU = -3024.0
_EXTENTS = ("mild", "moderate", "severe", "severe")
_KINDS = ("covid", "covid", "consolidation", "consolidation")


@dataclass(frozen=True)
class LungsPhase:
    """A stretch of training: steps, slices a step, their edge in pixels (a multiple of 16), and the largest rate."""

    steps: int
    batch: int
    size: int
    rate: float


LUNGS_PHASES = (LungsPhase(2000, 8, 256, 2e-3), LungsPhase(500, 4, 368, 8e-4))


def draw_slices(background: Background, size: int, random: np.random.Generator) -> np.ndarray:
    """Some whole slices near each other, painted and moved.

    Returns
    -------
    ndarray
        uint8 ``[slice, 3, size, size]``: image, lungs (0 or 1), lesions (0 or 1).
    """
    k_mm, j_mm, i_mm = background.spacing
    stride = max(1, round(random.uniform(2, 8) / k_mm))
    chosen = _place(background, random) + stride * np.arange(_SLICES_A_DRAW)
    chosen = np.clip(chosen, 0, len(background.hu) - 1)
    hu = background.hu[chosen].astype(np.float32)
    labels = background.labels[chosen]
    lesions = np.zeros(labels.shape, dtype=bool)
    if labels.any():
        hu, labels, lesions = _painted(hu, labels, (stride * k_mm, j_mm, i_mm), random)
    grid = _grid(hu.shape[1:], (j_mm, i_mm), size, random)
    moved = sample_slices(hu, grid, "bilinear", outside=-1000)
    lungs = sample_slices((labels > 0).astype(np.float32), grid, "bilinear") >= 0.5
    lesions = sample_slices(lesions.astype(np.float32), grid, "bilinear") >= 0.5
    if random.random() < 0.5:
        moved, lungs, lesions = moved[:, :, ::-1], lungs[:, :, ::-1], lesions[:, :, ::-1]
    if random.random() < 0.15:  # prone
        moved, lungs, lesions = moved[:, ::-1], lungs[:, ::-1], lesions[:, ::-1]
    moved = develop(np.ascontiguousarray(moved), random)
    if random.random() < 0.4:
        moved = _round_field_of_view(moved, random)
    return np.stack([window_to_8_bit(moved), lungs.astype(np.uint8), lesions.astype(np.uint8)], axis=1)


def _place(background: Background, random: np.random.Generator) -> int:
    """A slice in the lungs, around the apex or anywhere."""
    with_lung = np.flatnonzero(background.labels.any(axis=(1, 2)))
    draw = random.random()
    if draw < _ANYWHERE_SHARE:
        return int(random.integers(len(background.hu)))
    if draw < _ANYWHERE_SHARE + _APEX_SHARE:
        return int(with_lung[-1]) + round(random.uniform(*_APEX_MM) / background.spacing[0])
    return int(random.choice(with_lung))


def _painted(
    hu: np.ndarray, labels: np.ndarray, spacing: tuple[float, float, float], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = (np.flatnonzero(labels.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    box = (slice(None), slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3))
    part, lungs = hu[box], labels[box]
    painted = np.zeros(part.shape, dtype=bool)
    if random.random() < 0.5:
        part, lungs = paint_mimic(random, part, lungs, spacing, str(random.choice(tuple(MIMICS))))
    if random.random() < 0.65:
        kind, extent = str(random.choice(_KINDS)), str(random.choice(_EXTENTS))
        part, painted = paint_disease(random, part, lungs, spacing, kind, extent)
    hu, labels, lesions = hu.copy(), labels.copy(), np.zeros(labels.shape, dtype=bool)
    hu[box], labels[box], lesions[box] = part, lungs, painted
    return hu, labels, lesions


def _grid(shape: tuple[int, ...], spacing: tuple[float, float], size: int, random: np.random.Generator) -> Tensor:
    """A field of view of 300 to 500 mm, turned and bent a little, as places in the slice for ``grid_sample``."""
    widest = max(shape[0] * spacing[0], shape[1] * spacing[1])
    scale = random.uniform(0.72, 1.2) if random.random() < 0.8 else random.uniform(0.5, 1.5)
    half_mm = 0.5 * widest * scale
    y, x = np.meshgrid(np.linspace(-half_mm, half_mm, size), np.linspace(-half_mm, half_mm, size), indexing="ij")
    angle, shear = math.radians(random.normal(0, 7)), math.tan(math.radians(random.uniform(-8, 8)))
    y, x = math.cos(angle) * y + math.sin(angle) * x, -math.sin(angle) * y + math.cos(angle) * x
    y, x = y * random.uniform(0.88, 1.14), (x + shear * y) * random.uniform(0.92, 1.08)
    for target in (y, x):
        bend = random.standard_normal((5, 5))
        zoomed = ndimage.zoom(bend, size / 5, order=3, mode="nearest", grid_mode=True)[:size, :size]
        target += random.uniform(0, 0.012) * 2 * half_mm * zoomed
        target += random.uniform(-0.08, 0.08) * 2 * half_mm
    grid = np.stack([2 * x / (shape[1] * spacing[1]), 2 * y / (shape[0] * spacing[0])], -1)
    return torch.from_numpy(grid.astype(np.float32))


def _round_field_of_view(hu: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """What scanners write outside their round field of view."""
    place = np.linspace(-1, 1, hu.shape[1])
    outside = np.hypot(place[:, None], place[None, :]) > random.uniform(0.93, 1.05)
    return np.where(outside, _PADDING_HU, hu)


class SliceBatches(torch.utils.data.Dataset[Tensor]):
    """The batch of each step, uint8 ``(batch, 3, size, size)``: image, lungs, lesions. The same for the same seed."""

    def __init__(self, backgrounds: list[Background], phase: LungsPhase, seed: tuple[int, ...]) -> None:
        self._backgrounds, self._phase, self._seed = backgrounds, phase, seed

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, step: int) -> Tensor:
        random = np.random.default_rng([*self._seed, step])
        draws = []
        for _ in range(max(1, self._phase.batch // _SLICES_A_DRAW)):
            draws.append(draw_slices(choose_background(self._backgrounds, random), self._phase.size, random))
        return torch.from_numpy(np.concatenate(draws))


def train_unet(
    backgrounds: list[Background],
    phases: tuple[LungsPhase, ...] = LUNGS_PHASES,
    start: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float], None] | None = None,
) -> dict[str, Tensor]:
    """Train the UNet (Adam, one cycle a phase).

    Parameters
    ----------
    start
        Weights to go on from; fresh ones if None.
    workers
        Processes that draw slices while this one learns; 0 draws here.
    report
        Called with (phase, step, loss).
    """
    torch.manual_seed(seed)
    network: UNet = UNet().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None:
        network.load_state_dict(dict(start))
    for number, phase in enumerate(phases):
        optimizer = torch.optim.Adam(network.parameters(), lr=phase.rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.2
        )
        batches = torch.utils.data.DataLoader(
            SliceBatches(backgrounds, phase, (seed, 100 + number)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )
        for step, batch in enumerate(batches):
            images = (batch[:, :1].float() / 255.0).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
                logits = network(images)
            loss = segmentation_loss(logits.float(), batch[:, 1].float(), batch[:, 2].float())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if report:
                report(number, step, float(loss.detach()))
    return network.state_dict()


def segmentation_loss(logits: Tensor, lungs: Tensor, lesions: Tensor) -> Tensor:
    """Cross-entropy, in which lesions count three times, plus one minus the Dice coefficient of the batch.

    Parameters
    ----------
    logits
        ``(N, 2, H, W)``.
    lungs, lesions
        ``(N, H, W)``, 1 in the lungs and in the lesions.
    """
    lung_probability = logits.softmax(dim=1)[:, 1]
    dice = (2 * (lung_probability * lungs).sum() + 1) / (lung_probability.sum() + lungs.sum() + 1)
    weights = 1 + (_LESION_WEIGHT - 1) * lesions
    cross_entropy = torch.nn.functional.cross_entropy(logits, lungs.long(), reduction="none")
    return (weights * cross_entropy).sum() / weights.sum() + 1 - dice

"""Training of the UNet on slices painted anew at every step: dense disease is lung, whatever thresholds say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...networks.unet import UNet
from .backgrounds import Background
from .course import Course
from .lung_slices import draw_slice
from .normalization import keep_normalization, measure_normalization
from .scenes import short_floats

_LESION_WEIGHT, _HARD_WEIGHT = 4.0, 2.0
_AROUND_PIXELS = 8
_DENSE_FROM = 120  # of 255: about -350 HU
_REAL_SHARE = 0.75


@dataclass(frozen=True)
class LungsPhase:
    """A stretch of training.

    Parameters
    ----------
    size
        Edge of the slices in pixels, a multiple of 16.
    rate
        The largest of the phase.
    is_settled
        Batch normalization is measured on many slices first and then kept, as it is when the network is used; else
        it depends on the few patients of a batch. In weights to begin from it has been measured: it is kept.
    """

    steps: int
    batch: int
    size: int
    rate: float
    is_settled: bool = False


LUNGS_PHASES = (
    LungsPhase(1800, 8, 192, 3e-3),
    LungsPhase(900, 8, 256, 1.5e-3),
    LungsPhase(450, 6, 368, 4e-4, is_settled=True),
)
FURTHER_PHASES = (
    LungsPhase(350, 8, 256, 4e-4, is_settled=True),
    LungsPhase(600, 6, 368, 2e-4, is_settled=True),
    LungsPhase(750, 6, 368, 2.5e-4, is_settled=True),
)
"""For weights that know healthy lungs already; dense disease was what version 1 left out."""


class SliceBatches(torch.utils.data.Dataset[Tensor]):
    """The batch of each step, uint8 ``(batch, 3, size, size)``: image, lungs, lesions. The same for the same seed."""

    def __init__(self, backgrounds: list[Background], phase: LungsPhase, seed: tuple[int, ...]) -> None:
        self._backgrounds, self._phase, self._seed = backgrounds, phase, seed
        self._real = [one for one in backgrounds if one.is_real]
        self._phantoms = [one for one in backgrounds if not one.is_real]

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, step: int) -> Tensor:
        random = np.random.default_rng([*self._seed, step])
        draws = []
        for _ in range(self._phase.batch):
            chosen = self._real if random.random() < _REAL_SHARE else self._phantoms
            chosen = chosen or self._backgrounds
            draws.append(draw_slice(chosen[int(random.integers(len(chosen)))], self._phase.size, random))
        return torch.from_numpy(np.stack(draws))


def train_unet(
    backgrounds: list[Background],
    phases: tuple[LungsPhase, ...] = LUNGS_PHASES,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float], None] | None = None,
    folder: Path | None = None,
    settling_steps: int = 150,
    begin_from: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Train the UNet (Adam, one cycle a phase).

    Parameters
    ----------
    workers
        Processes that draw slices while this one learns; 0 draws here.
    report
        Called with (phase, step, loss).
    folder
        Where the course is kept, so that a training that was ended goes on.
    settling_steps
        Batches on which the normalization of a settled phase is measured.
    begin_from
        Weights that are trained further; from nothing if None.
    """
    torch.manual_seed(seed)
    network: UNet = UNet().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if begin_from:
        network.load_state_dict(begin_from)
    course = Course(network, folder, "unet-further" if begin_from else "unet")
    for number, phase in enumerate(phases):
        if course.is_over(number):
            continue
        optimizer = torch.optim.Adam(network.parameters(), lr=phase.rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.2
        )
        first = course.begin(number, optimizer, schedule)
        if phase.is_settled:
            if first == 0 and not begin_from:
                settling = SliceBatches(backgrounds, replace(phase, steps=settling_steps), (seed, 99))
                measure_normalization(network, (_images(settling[step]) for step in range(settling_steps)))
            keep_normalization(network)
        batches = torch.utils.data.DataLoader(
            torch.utils.data.Subset(SliceBatches(backgrounds, phase, (seed, 100 + number)), range(first, phase.steps)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )
        for step, batch in enumerate(batches, start=first):
            loss = _learn(network, batch, optimizer)
            schedule.step()
            course.step_done(step, optimizer, schedule)
            if report:
                report(number, step, loss)
    return network.state_dict()


def _images(batch: Tensor) -> Tensor:
    return (batch[:, :1].float() / 255.0).to(memory_format=torch.channels_last)


def _learn(network: UNet, batch: Tensor, optimizer: torch.optim.Optimizer) -> float:
    """One step; the loss before it."""
    with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
        logits = network(_images(batch))
    loss = segmentation_loss(logits.float(), batch[:, 1].float(), pixel_weights(batch))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def pixel_weights(batch: Tensor) -> Tensor:
    """How much each pixel counts.

    Most of all lesions. More than the rest: lung as dense as tissue, and the tissue around both; without that, masks
    grow into the chest wall.

    Parameters
    ----------
    batch
        uint8 ``(N, 3, H, W)``: image, lungs, lesions.

    Returns
    -------
    Tensor
        ``(N, H, W)``, from 1 on.
    """
    image, lungs, lesions = batch[:, 0], batch[:, 1] > 0, batch[:, 2] > 0
    dense = lesions | lungs & (image > _DENSE_FROM)
    width = 2 * _AROUND_PIXELS + 1
    near = dense[:, None].float()
    for kernel in ((1, width), (width, 1)):
        near = torch.nn.functional.max_pool2d(near, kernel, stride=1, padding=(kernel[0] // 2, kernel[1] // 2))
    hard = dense | (near[:, 0] > 0) & ~lungs
    return 1 + (_HARD_WEIGHT - 1) * hard.float() + (_LESION_WEIGHT - _HARD_WEIGHT) * lesions.float()


def segmentation_loss(logits: Tensor, lungs: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of the cross-entropy, plus one minus the Dice coefficient of the batch.

    Parameters
    ----------
    logits
        ``(N, 2, H, W)``.
    lungs
        ``(N, H, W)``, 1 in the lungs.
    weights
        Of the pixels, ``(N, H, W)``.
    """
    lung_probability = logits.softmax(dim=1)[:, 1]
    dice = (2 * (lung_probability * lungs).sum() + 1) / (lung_probability.sum() + lungs.sum() + 1)
    cross_entropy = torch.nn.functional.cross_entropy(logits, lungs.long(), reduction="none")
    return (weights * cross_entropy).sum() / weights.sum() + 1 - dice

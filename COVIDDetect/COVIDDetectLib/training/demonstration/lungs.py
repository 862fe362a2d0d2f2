"""Training of the UNet on slices painted anew at every step: dense disease is lung, whatever thresholds say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...networks.unet import UNet
from .backgrounds import Background
from .course import Course
from .lung_slices import SLICES_A_DRAW, draw_slices
from .scenes import short_floats

_LESION_WEIGHT = 3.0
_REAL_SHARE = 0.75


@dataclass(frozen=True)
class LungsPhase:
    """A stretch of training: steps, slices a step, their edge in pixels (a multiple of 16), and the largest rate."""

    steps: int
    batch: int
    size: int
    rate: float


LUNGS_PHASES = (LungsPhase(900, 8, 192, 2e-3), LungsPhase(700, 8, 256, 1.5e-3), LungsPhase(500, 4, 368, 8e-4))


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
        for _ in range(max(1, self._phase.batch // SLICES_A_DRAW)):
            chosen = self._real if random.random() < _REAL_SHARE else self._phantoms
            chosen = chosen or self._backgrounds
            draws.append(draw_slices(chosen[int(random.integers(len(chosen)))], self._phase.size, random))
        return torch.from_numpy(np.concatenate(draws))


def train_unet(
    backgrounds: list[Background],
    phases: tuple[LungsPhase, ...] = LUNGS_PHASES,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float], None] | None = None,
    folder: Path | None = None,
) -> dict[str, Tensor]:
    """Train the UNet from nothing (Adam, one cycle a phase).

    Parameters
    ----------
    workers
        Processes that draw slices while this one learns; 0 draws here.
    report
        Called with (phase, step, loss).
    folder
        Where the course is kept, so that a training that was ended goes on.
    """
    torch.manual_seed(seed)
    network: UNet = UNet().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = Course(network, folder, "unet")
    for number, phase in enumerate(phases):
        if course.is_over(number):
            continue
        optimizer = torch.optim.Adam(network.parameters(), lr=phase.rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.2
        )
        first = course.begin(number, optimizer, schedule)
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


def _learn(network: UNet, batch: Tensor, optimizer: torch.optim.Optimizer) -> float:
    """One step; the loss before it."""
    images = (batch[:, :1].float() / 255.0).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
        logits = network(images)
    loss = segmentation_loss(logits.float(), batch[:, 1].float(), batch[:, 2].float())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


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

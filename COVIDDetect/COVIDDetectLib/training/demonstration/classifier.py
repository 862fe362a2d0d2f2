"""Training of DeCoVNet on synthetic disease, whose masks guide the early steps (Docs/use/demonstration-weights.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...ct.ct_mask import InputForm
from ...networks.decovnet import DeCoVNet
from .backgrounds import Background
from .course import Course
from .scenes import SLICE_MM, Patient, choose_background, paint_patient, scan_patient, short_floats

_GUIDED_LAYERS = ((2, 64), (5, 32), (8, 32))  # ReLUs of the classifier and their channels
_LESION_WEIGHT = 3.0
_CLASSIFIER_GAIN = 0.35
_LUNG_CELL = 0.3
"""Share of lung from which a cell of the second ResBlock counts as lung."""
_EVIDENCE_EVERY = 4
"""Steps from one look at the evidence to the next: its gradient of a gradient costs more than all else in a step."""
_PAIRS_BACK = (0, 5, 11)
"""A pair is scanned in a step of its own, and again when so many pairs more have been painted."""

FORM = InputForm((192, 288), slice_mm=SLICE_MM, surroundings_mm=10.0)
"""What the trained weights see of a CT."""


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one input size.

    Parameters
    ----------
    steps
        Each sees a healthy and a diseased volume.
    sizes
        Rows and columns; each step draws one of them.
    slices
        Fewest and most slices of a drawn volume.
    rate
        Largest learning rate of the one-cycle schedule (AdamW).
    guidance
        Weight of the lesion masks beside the volumes' labels; 0 leaves the weak labels alone.
    evidence
        Weight of the share of the evidence that lies outside the lungs.
    easy_steps
        Over so many steps the patients grow from easy to hard.
    """

    steps: int
    sizes: tuple[tuple[int, int], ...]
    slices: tuple[int, int]
    rate: float
    guidance: float
    evidence: float = 0.0
    easy_steps: int = 0


_SMALL, _MIDDLE, _FULL = (128, 192), (160, 240), (192, 288)
PHASES = (
    Phase(steps=700, sizes=(_SMALL,), slices=(12, 28), rate=1e-3, guidance=4.0, easy_steps=250),
    Phase(steps=650, sizes=(_SMALL, _SMALL, _MIDDLE, _FULL), slices=(14, 32), rate=5e-4, guidance=2.0, evidence=1.0),
    Phase(steps=450, sizes=(_SMALL, _MIDDLE), slices=(28, 60), rate=4e-4, guidance=2.0, evidence=1.0),
    Phase(steps=60, sizes=(_FULL,), slices=(32, 56), rate=5e-5, guidance=0.0, evidence=1.0),
    Phase(steps=250, sizes=(_SMALL, _MIDDLE), slices=(24, 56), rate=4e-4, guidance=1.0, evidence=1.0),
    Phase(steps=300, sizes=(_SMALL, _MIDDLE, _FULL), slices=(24, 56), rate=3e-4, guidance=1.0, evidence=1.0),
)


class LesionGuidance(nn.Module):
    """Asks the second ResBlock and each convolution of the classifier where the lesions are; gone after training."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv3d(channels, 1, 1) for channels in (128, *(c for _, c in _GUIDED_LAYERS)))

    def forward(self, network: DeCoVNet, features: Tensor, lesions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, 2)``, and the weighted cross-entropy on the max-pooled lesion masks ``(N, 1, T, H, W)``."""
        activation = features
        losses = [self._loss(self.heads[0], activation, lesions)]
        guided = {index: head for (index, _), head in zip(_GUIDED_LAYERS, self.heads[1:], strict=True)}
        for index, layer in enumerate(network.classifier.convolutions):
            activation = layer(activation)
            if index in guided:
                losses.append(self._loss(guided[index], activation, lesions))
        return network.classifier.output(activation), torch.stack(losses).mean()

    @staticmethod
    def _loss(head: nn.Module, activation: Tensor, lesions: Tensor) -> Tensor:
        size = list(activation.shape[-3:])
        target = torch.nn.functional.adaptive_max_pool3d(lesions, size)
        weight = torch.tensor(_LESION_WEIGHT)
        return torch.nn.functional.binary_cross_entropy_with_logits(head(activation).float(), target, pos_weight=weight)


def evidence_outside(logits: Tensor, features: Tensor, mask: Tensor) -> Tensor:
    """Share of the decision's evidence that lies outside the lungs, differentiable.

    Evidence of a cell is the sum over channels of |gradient of the margin × feature| at the second ResBlock's output.

    Parameters
    ----------
    logits
        ``(N, 2)``, computed from ``features``.
    features
        ``(N, C, T', H', W')``.
    mask
        ``(N, 1, T, H, W)``, 1 in the lungs.

    Returns
    -------
    Tensor
        Mean over the volumes, 0…1.
    """
    margins = (logits[:, 1] - logits[:, 0]).float().sum()
    (gradient,) = torch.autograd.grad(margins, features, create_graph=True)
    evidence = (gradient * features).abs().sum(dim=1).float()
    slices, rows, columns = features.shape[-3:]
    cells = torch.nn.functional.adaptive_avg_pool3d(mask, (slices, rows, columns))[:, 0]
    outside = (evidence * (cells < _LUNG_CELL)).flatten(1).sum(1)
    return (outside / (evidence.flatten(1).sum(1) + 1e-6)).mean()


class SceneBatches(torch.utils.data.Dataset[Tensor]):
    """The batch of each step, uint8 ``(2, 3, T, H, W)``: image, mask, lesions. The same for the same seed.

    A healthy patient and a diseased one. Painting takes longer than learning, so that each pair is scanned anew in
    three steps that lie apart: with another kernel, noise, mask and side.
    """

    def __init__(self, backgrounds: list[Background], phase: Phase, seed: tuple[int, ...]) -> None:
        self._backgrounds, self._phase, self._seed = backgrounds, phase, seed
        self._painted: dict[int, tuple[Patient, Patient]] = {}

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, step: int) -> Tensor:
        random = np.random.default_rng([*self._seed, step, 1])
        number = max(0, step // len(_PAIRS_BACK) - _PAIRS_BACK[step % len(_PAIRS_BACK)])
        volumes = []
        for patient in self._pair(number):
            scene = scan_patient(patient, random, FORM)
            volumes.append(np.stack([scene.image, scene.mask.astype(np.uint8), scene.lesions.astype(np.uint8)]))
        return torch.from_numpy(np.stack(volumes))

    def _pair(self, number: int) -> tuple[Patient, Patient]:
        if number not in self._painted:
            for old in [one for one in self._painted if one < number - max(_PAIRS_BACK)]:
                del self._painted[old]
            self._painted[number] = self._paint(number)
        return self._painted[number]

    def _paint(self, number: int) -> tuple[Patient, Patient]:
        phase = self._phase
        random = np.random.default_rng([*self._seed, number])
        difficulty = min(1.0, number * len(_PAIRS_BACK) / phase.easy_steps) if phase.easy_steps else 1.0
        slices = int(random.integers(phase.slices[0], phase.slices[1] + 1))
        size = phase.sizes[int(random.integers(len(phase.sizes)))]
        background = choose_background(self._backgrounds, random)
        healthy = paint_patient(background, False, slices, size, random, difficulty)
        if random.random() < 0.5:
            background = choose_background(self._backgrounds, random)
        return healthy, paint_patient(background, True, slices, size, random, difficulty)


def train_demonstration_classifier(
    backgrounds: list[Background],
    phases: tuple[Phase, ...] = PHASES,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float, float, float], None] | None = None,
    folder: Path | None = None,
) -> dict[str, Tensor]:
    """Train the paper's variant; no two steps see the same scan.

    Parameters
    ----------
    workers
        Processes that draw volumes while this one learns; 0 draws here.
    report
        Called with (phase, step, cross-entropy, lesion loss, share of the evidence outside the lungs).
    folder
        Where the state is kept, so that a training that was ended goes on; None keeps none.
    """
    torch.manual_seed(seed)
    network = DeCoVNet("paper")
    initialize(network)
    network = network.train().to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    guidance = LesionGuidance()
    parameters = [*network.parameters(), *guidance.parameters()]
    course = Course(nn.ModuleList([network, guidance]), folder, "decovnet")
    for number, phase in enumerate(phases):
        if course.is_over(number):
            continue
        optimizer = torch.optim.AdamW(parameters, lr=phase.rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.12
        )
        first = course.begin(number, optimizer, schedule)
        batches = torch.utils.data.DataLoader(
            torch.utils.data.Subset(SceneBatches(backgrounds, phase, (seed, number)), range(first, phase.steps)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=6 if workers else None,
        )
        for step, batch in enumerate(batches, start=first):
            volumes = batch.float()
            volumes[:, 0] /= 255.0
            ct_mask = volumes[:, :2].to(memory_format=torch.channels_last_3d)
            lesions = volumes[:, 2:]
            # A crop can leave no lesion in view: then the volume is a negative one.
            labels = (lesions.flatten(1).sum(1) >= 12).long()
            outside = torch.zeros(())
            with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
                features = network.features(ct_mask)
                logits, lesion_loss = guidance(network, features, lesions)
                if phase.evidence and step % _EVIDENCE_EVERY == 0:
                    outside = evidence_outside(logits, features, volumes[:, 1:2])
            cross_entropy = torch.nn.functional.cross_entropy(logits.float(), labels, label_smoothing=0.01)
            optimizer.zero_grad()
            (cross_entropy + phase.guidance * lesion_loss + phase.evidence * outside).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            course.step_done(step, optimizer, schedule)
            if report:
                report(number, step, *(float(one.detach()) for one in (cross_entropy, lesion_loss, outside)))
    return network.state_dict()


def initialize(network: nn.Module) -> None:
    """Kaiming initialization for convolutions, batch norm at 1 and 0; the first answers are near one half.

    The classifier's convolutions have no batch norm, and max-pooling makes what they read larger and positive: at
    their full size the 32 numbers they end in are about 10, and the logits jump so much from step to step that the
    labels teach nothing for hundreds of steps. A third of it keeps them near 1.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                with torch.no_grad():
                    module.weight *= _CLASSIFIER_GAIN
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Conv3d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

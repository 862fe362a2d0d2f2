"""Training of DeCoVNet on synthetic disease, whose masks guide the early steps (Docs/use/demonstration-weights.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ...ct.ct_mask import InputForm
from ...networks.decovnet import DeCoVNet
from .backgrounds import Background
from .course import Course
from .normalization import keep_normalization, measure_normalization
from .scenes import SLICE_MM, Patient, choose_background, most_slabs, paint_patient, scan_patient, short_floats

_GUIDED_LAYERS = ((2, 64), (5, 32), (8, 32))  # ReLUs of the classifier and their channels
_LESION_WEIGHT = 3.0
_CLASSIFIER_GAIN = 0.35
_LUNG_CELL = 0.3
"""Share of lung from which a cell of the second ResBlock counts as lung."""
_EVIDENCE_EVERY = 4
"""Steps from one look at the evidence to the next: its gradient of a gradient costs more than all else in a step."""
_CONSISTENCY_EVERY, _CONSISTENCY_AT = 4, 2
"""Steps from one nudged scan to the next, and where between two looks at the evidence."""
_PLAIN_RISE_HU, _LEAST_LABEL_WEIGHT = 15.0, 0.2
"""Disease that raises the mean of the lungs by less is hardly seen under noise and blur, and its label counts less:
otherwise the network learns to call smooth or dense lungs diseased."""
_MEAN_DECAY = 0.999
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
    consistency
        Weight of how far the margin moves when the scan and its mask are nudged.
    easy_steps
        Over so many steps the patients grow from easy to hard.
    is_settled
        Batch normalization is as it was measured and is not learned from each pair; and the weights that count are
        their exponential mean over the last steps, which no single patient has drawn to his side.
    """

    steps: int
    sizes: tuple[tuple[int, int], ...]
    slices: tuple[int, int]
    rate: float
    guidance: float
    evidence: float = 0.0
    consistency: float = 0.0
    easy_steps: int = 0
    is_settled: bool = False


_SMALL, _MIDDLE, _FULL = (128, 192), (160, 240), (192, 288)
PHASES = (
    Phase(steps=700, sizes=(_SMALL,), slices=(12, 28), rate=1e-3, guidance=4.0, easy_steps=250),
    Phase(steps=650, sizes=(_SMALL, _SMALL, _MIDDLE, _FULL), slices=(14, 32), rate=5e-4, guidance=2.0, evidence=1.0),
    Phase(steps=450, sizes=(_SMALL, _MIDDLE), slices=(28, 60), rate=4e-4, guidance=2.0, evidence=1.0),
    Phase(steps=60, sizes=(_FULL,), slices=(32, 56), rate=5e-5, guidance=0.0, evidence=1.0),
    Phase(steps=250, sizes=(_SMALL, _MIDDLE), slices=(24, 56), rate=4e-4, guidance=1.0, evidence=1.0),
    Phase(steps=300, sizes=(_SMALL, _MIDDLE, _FULL), slices=(24, 56), rate=3e-4, guidance=1.0, evidence=1.0),
    Phase(
        steps=4000,
        sizes=(_SMALL, _SMALL, _MIDDLE, _MIDDLE, _FULL),
        slices=(12, 52),
        rate=3e-4,
        guidance=0.5,
        evidence=1.0,
        consistency=0.5,
        is_settled=True,
    ),
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


def nudged(volumes: Tensor, random: np.random.Generator) -> Tensor:
    """The same scan and mask as they might as well have come: mirrored, half a slab on, an end slice or a pixel less.

    Parameters
    ----------
    volumes
        float ``(N, 2, T, H, W)``: image and mask.
    """
    image, mask = volumes[:, :1], volumes[:, 1:2]
    if random.random() < 0.5:
        image, mask = image.flip(-1), mask.flip(-1)
    draw = random.random()
    if draw < 0.33:
        mask = torch.nn.functional.max_pool3d(mask, (1, 3, 3), stride=1, padding=(0, 1, 1))
    elif draw < 0.66:
        mask = -torch.nn.functional.max_pool3d(-mask, (1, 3, 3), stride=1, padding=(0, 1, 1))
    if random.random() < 0.5:
        image = (image + torch.cat([image[:, :, 1:], image[:, :, -1:]], dim=2)) / 2
    kept = torch.ones(image.shape[2])
    if random.random() < 0.5:
        kept[0 if random.random() < 0.5 else -1] = 0
    kept = kept[:, None, None]
    return torch.cat([image * kept, mask * kept], dim=1)


class SceneBatches(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """The batch of each step: uint8 ``(2, 3, T, H, W)``, image, mask, lesions; and how much each label counts.

    A healthy patient and a diseased one, the same for the same seed. Painting takes longer than learning, so that each
    pair is scanned anew in three steps that lie apart: with another kernel, noise, mask and side.
    """

    def __init__(self, backgrounds: list[Background], phase: Phase, seed: tuple[int, ...]) -> None:
        self._backgrounds, self._phase, self._seed = backgrounds, phase, seed
        self._painted: dict[int, tuple[Patient, Patient]] = {}

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        random = np.random.default_rng([*self._seed, step, 1])
        number = max(0, step // len(_PAIRS_BACK) - _PAIRS_BACK[step % len(_PAIRS_BACK)])
        pair = self._pair(number)
        volumes = []
        for patient in pair:
            scene = scan_patient(patient, random, FORM)
            volumes.append(np.stack([scene.image, scene.mask.astype(np.uint8), scene.lesions.astype(np.uint8)]))
        return torch.from_numpy(np.stack(volumes)), torch.tensor([label_weight(patient) for patient in pair])

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
        one = choose_background(self._backgrounds, random)
        other = choose_background(self._backgrounds, random) if random.random() < 0.5 else one
        # Few slices are not stretched to many: blood and airways at the bases would look like disease.
        slices = min(slices, most_slabs(one), most_slabs(other))
        healthy = paint_patient(one, False, slices, size, random, difficulty)
        return healthy, paint_patient(other, True, slices, size, random, difficulty)


def label_weight(patient: Patient) -> float:
    """How much the label of a patient counts: less the less his disease can be seen."""
    if not patient.lesions.any():
        return 1.0
    return min(1.0, max(_LEAST_LABEL_WEIGHT, patient.rise_hu / _PLAIN_RISE_HU))


def train_demonstration_classifier(
    backgrounds: list[Background],
    phases: tuple[Phase, ...] = PHASES,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float, float, float, float], None] | None = None,
    folder: Path | None = None,
    settling_steps: int = 100,
) -> dict[str, Tensor]:
    """Train the paper's variant; no two steps see the same scan.

    Parameters
    ----------
    workers
        Processes that draw volumes while this one learns; 0 draws here.
    report
        Called with (phase, step, cross-entropy, lesion loss, share of the evidence outside the lungs, mean move of a
        nudged margin); the last two are 0 in steps that do not look at them.
    folder
        Where the state is kept, so that a training that was ended goes on; None keeps none.
    settling_steps
        Batches on which the normalization of a settled phase is measured.
    """
    torch.manual_seed(seed)
    network = DeCoVNet("paper")
    initialize(network)
    network = network.train().to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(_MEAN_DECAY), use_buffers=True)
    guidance = LesionGuidance()
    parameters = [*network.parameters(), *guidance.parameters()]
    course = Course(nn.ModuleList([network, guidance, mean]), folder, "decovnet")
    for number, phase in enumerate(phases):
        if course.is_over(number):
            continue
        optimizer = torch.optim.AdamW(parameters, lr=phase.rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.12
        )
        first = course.begin(number, optimizer, schedule)
        if phase.is_settled:
            if first == 0:
                settling = SceneBatches(backgrounds, replace(phase, steps=settling_steps), (seed, number, 99))
                measure_normalization(network, (_ct_mask(settling[step][0]) for step in range(settling_steps)))
                mean.n_averaged.zero_()
            keep_normalization(network)
        batches = torch.utils.data.DataLoader(
            torch.utils.data.Subset(SceneBatches(backgrounds, phase, (seed, number)), range(first, phase.steps)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=6 if workers else None,
        )
        for step, (batch, label_weights) in enumerate(batches, start=first):
            losses = _losses(network, guidance, phase, step, batch, label_weights)
            optimizer.zero_grad()
            (
                losses[0] + phase.guidance * losses[1] + phase.evidence * losses[2] + phase.consistency * losses[3]
            ).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            if phase.is_settled:
                mean.update_parameters(network)
                if step + 1 == phase.steps:
                    network.load_state_dict(mean.module.state_dict())
            course.step_done(step, optimizer, schedule)
            if report:
                report(number, step, *(float(one.detach()) for one in losses))
    return network.state_dict()


def _ct_mask(batch: Tensor) -> Tensor:
    volumes = batch[:, :2].float()
    volumes[:, 0] /= 255.0
    return volumes.to(memory_format=torch.channels_last_3d)


def _losses(
    network: DeCoVNet, guidance: LesionGuidance, phase: Phase, step: int, batch: Tensor, label_weights: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cross-entropy, lesion loss, share of the evidence outside the lungs, move of a nudged margin."""
    ct_mask, lesions = _ct_mask(batch), batch[:, 2:].float()
    # A crop can leave no lesion in view: then the volume is a negative one.
    labels = (lesions.flatten(1).sum(1) >= 12).long()
    outside = moved = torch.zeros(())
    with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
        features = network.features(ct_mask)
        logits, lesion_loss = guidance(network, features, lesions)
        if phase.evidence and step % _EVIDENCE_EVERY == 0:
            outside = evidence_outside(logits, features, ct_mask[:, 1:2])
        if phase.consistency and step % _CONSISTENCY_EVERY == _CONSISTENCY_AT:
            again = network(nudged(ct_mask, np.random.default_rng(step)))
            margins, nudged_margins = (pair[:, 1].float() - pair[:, 0].float() for pair in (logits, again))
            moved = torch.nn.functional.smooth_l1_loss(nudged_margins, margins)
    cross_entropy = torch.nn.functional.cross_entropy(logits.float(), labels, label_smoothing=0.01, reduction="none")
    return (label_weights * cross_entropy).mean(), lesion_loss, outside, moved


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

"""Training of DeCoVNet on synthetic disease, whose masks guide the early steps (see Docs/demonstration-weights.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ...networks.decovnet import DeCoVNet
from .backgrounds import Background
from .scenes import choose_background, draw_scene, short_floats

_GUIDED_LAYERS = ((2, 64), (5, 32), (8, 32))  # ReLUs of the classifier and their channels
_LESION_WEIGHT = 3.0
_CLASSIFIER_GAIN = 0.35


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one input size.

    Parameters
    ----------
    steps, pairs
        Number of steps, and of pairs of a diseased and a healthy volume in each.
    sizes
        Rows and columns; each step draws one of them.
    slices
        Fewest and most slices of a drawn volume.
    rate
        Largest learning rate of the one-cycle schedule (AdamW).
    guidance
        Weight of the lesion masks beside the volumes' labels; 0 leaves the weak labels alone.
    easy_steps
        Over so many steps the scenes grow from easy to hard.
    """

    steps: int
    pairs: int
    sizes: tuple[tuple[int, int], ...]
    slices: tuple[int, int]
    rate: float
    guidance: float
    easy_steps: int = 0


_SMALL, _MIDDLE, _FULL = (128, 192), (160, 240), (192, 288)
PHASES = (
    Phase(steps=800, pairs=1, sizes=(_SMALL,), slices=(12, 28), rate=1e-3, guidance=4.0, easy_steps=250),
    Phase(steps=400, pairs=1, sizes=(_SMALL, _SMALL, _MIDDLE, _FULL), slices=(12, 28), rate=4e-4, guidance=2.0),
    Phase(steps=900, pairs=1, sizes=(_SMALL, _SMALL, _MIDDLE, _FULL), slices=(12, 28), rate=5e-4, guidance=2.0),
    Phase(steps=480, pairs=1, sizes=(_SMALL, _SMALL, _MIDDLE), slices=(16, 80), rate=4e-4, guidance=2.0),
    Phase(steps=40, pairs=1, sizes=(_FULL,), slices=(16, 56), rate=5e-5, guidance=0.0),
)


class LesionGuidance(nn.Module):
    """Asks the second ResBlock and each convolution of the classifier where the lesions are; gone after training."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv3d(channels, 1, 1) for channels in (128, *(c for _, c in _GUIDED_LAYERS)))

    def forward(self, network: DeCoVNet, ct_mask: Tensor, lesions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, 2)``, and the weighted cross-entropy on the max-pooled lesion masks ``(N, 1, T, H, W)``."""
        activation = network.features(ct_mask)
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


class SceneBatches(torch.utils.data.Dataset[Tensor]):
    """The batch of each step, uint8 ``(2 pairs, 3, T, H, W)``: image, mask, lesions. The same for the same seed."""

    def __init__(self, backgrounds: list[Background], phase: Phase, seed: tuple[int, ...]) -> None:
        self._backgrounds, self._phase, self._seed = backgrounds, phase, seed

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, step: int) -> Tensor:
        random = np.random.default_rng([*self._seed, step])
        difficulty = min(1.0, step / self._phase.easy_steps) if self._phase.easy_steps else 1.0
        slices = int(random.integers(self._phase.slices[0], self._phase.slices[1] + 1))
        size = self._phase.sizes[int(random.integers(len(self._phase.sizes)))]
        volumes = []
        for _ in range(self._phase.pairs):
            background = choose_background(self._backgrounds, random)
            for diseased in (False, True):
                if diseased and random.random() < 0.5:
                    background = choose_background(self._backgrounds, random)
                scene = draw_scene(background, diseased, slices, size, random, difficulty)
                volumes.append(np.stack([scene.image, scene.mask.astype(np.uint8), scene.lesions.astype(np.uint8)]))
        return torch.from_numpy(np.stack(volumes))


def train_classifier(
    backgrounds: list[Background],
    phases: tuple[Phase, ...] = PHASES,
    start: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    workers: int = 1,
    report: Callable[[int, int, float, float], None] | None = None,
) -> dict[str, Tensor]:
    """Train the paper's variant; every step sees patients that never were before.

    Parameters
    ----------
    start
        Weights to go on from; fresh ones if None.
    workers
        Processes that draw volumes while this one learns; 0 draws here.
    report
        Called with (phase, step, cross-entropy, lesion loss).
    """
    torch.manual_seed(seed)
    network = DeCoVNet("paper")
    initialize(network)
    if start is not None:
        network.load_state_dict(dict(start))
    network = network.train().to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    guidance = LesionGuidance()
    parameters = [*network.parameters(), *guidance.parameters()]
    for number, phase in enumerate(phases):
        optimizer = torch.optim.AdamW(parameters, lr=phase.rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=phase.rate, total_steps=phase.steps, pct_start=0.12
        )
        batches = torch.utils.data.DataLoader(
            SceneBatches(backgrounds, phase, (seed, number)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )
        for step, batch in enumerate(batches):
            volumes = batch.float()
            volumes[:, 0] /= 255.0
            ct_mask = volumes[:, :2].to(memory_format=torch.channels_last_3d)
            lesions = volumes[:, 2:]
            # A crop can leave no lesion in view: then the volume is a negative one.
            labels = (lesions.flatten(1).sum(1) >= 12).long()
            with torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
                logits, lesion_loss = guidance(network, ct_mask, lesions)
            cross_entropy = torch.nn.functional.cross_entropy(logits.float(), labels, label_smoothing=0.02)
            optimizer.zero_grad()
            (cross_entropy + phase.guidance * lesion_loss).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            if report:
                report(number, step, float(cross_entropy.detach()), float(lesion_loss.detach()))
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

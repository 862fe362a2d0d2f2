"""Training of DeCoVNet on synthetic disease, whose masks guide the early steps (see Docs/demonstration-weights.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.decovnet import DeCoVNet
from .augmentation import Augmentation, warp
from .lungs import blur_and_noise
from .pool import TrainingVolume, load_ct_mask

AUGMENTATION = Augmentation(brightness=0.2, contrast=0.2, translation=0.05)
_GUIDED_LAYERS = ((2, 64), (5, 32), (8, 32))  # ReLUs of the classifier and their channels
_LESION_WEIGHT = 3.0


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one input size.

    Parameters
    ----------
    steps
        Each step sees one diseased and one healthy volume.
    size
        Rows and columns.
    slices
        Fewest and most slices of a drawn volume.
    rate
        Largest learning rate of the one-cycle schedule (AdamW).
    guidance
        Weight of the lesion masks beside the volumes' labels; 0 leaves the weak labels alone.
    """

    steps: int
    size: tuple[int, int]
    slices: tuple[int, int]
    rate: float
    guidance: float


PHASES = (
    Phase(steps=900, size=(128, 192), slices=(20, 28), rate=1e-3, guidance=1.0),
    Phase(steps=500, size=(192, 288), slices=(20, 40), rate=4e-4, guidance=0.5),
    Phase(steps=200, size=(192, 288), slices=(24, 64), rate=5e-5, guidance=0.1),
)


class LesionGuidance(nn.Module):
    """Asks the second ResBlock and each convolution of the classifier where the lesions are; gone after training."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv3d(channels, 1, 1) for channels in (128, *(c for _, c in _GUIDED_LAYERS)))

    def forward(self, network: DeCoVNet, ct_mask: Tensor, lesions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, 2)`` and the weighted binary cross-entropy on the max-pooled lesion masks ``(N, 1, T, H, W)``."""
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
        return torch.nn.functional.binary_cross_entropy_with_logits(head(activation), target, pos_weight=weight)


def train_classifier(
    files: list[Path],
    phases: tuple[Phase, ...] = PHASES,
    start: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    report: Callable[[int, int, float, float], None] | None = None,
    checkpoint: Callable[[int, Mapping[str, Tensor]], None] | None = None,
) -> dict[str, Tensor]:
    """Train the paper's variant on stored cases.

    Parameters
    ----------
    files
        Cases as stored by ``pool.store_case``; both classes must be there.
    report
        Called with (phase, step, cross-entropy, lesion loss).
    checkpoint
        Called with (phase, weights) at the end of each phase.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    volumes = [load_ct_mask(file) for file in files]
    classes = [[v for v in volumes if not v.positive], [v for v in volumes if v.positive]]
    network = DeCoVNet("paper")
    initialize(network)
    if start is not None:
        network.load_state_dict(dict(start))
    network = network.to(memory_format=torch.channels_last_3d).train()
    guidance = LesionGuidance()
    parameters = [*network.parameters(), *guidance.parameters()]
    for number, phase in enumerate(phases):
        optimizer = torch.optim.AdamW(parameters, lr=phase.rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=phase.rate, total_steps=phase.steps)
        for step in range(phase.steps):
            slices = int(random.integers(phase.slices[0], phase.slices[1] + 1))
            pair = [draw_volume(members, slices, phase.size, random) for members in classes]
            ct_mask = torch.stack([volume[:2] for volume in pair]).to(memory_format=torch.channels_last_3d)
            lesions = torch.stack([volume[2:] for volume in pair])
            # A crop or warp can leave no lesion in view: then the volume is a negative one.
            labels = (lesions.flatten(1).sum(1) >= 8).long()
            logits, lesion_loss = guidance(network, ct_mask, lesions)
            cross_entropy = torch.nn.functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            (cross_entropy + phase.guidance * lesion_loss).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            if report:
                report(number, step, float(cross_entropy.detach()), float(lesion_loss.detach()))
        if checkpoint:
            checkpoint(number, network.state_dict())
    return network.state_dict()


def initialize(network: nn.Module) -> None:
    """Kaiming initialization for convolutions and linear layers, batch norm at 1 and 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def draw_volume(
    volumes: list[TrainingVolume], slices: int, size: tuple[int, int], random: np.random.Generator
) -> Tensor:
    """A random volume, augmented: image, mask, lesions ``(3, slices, *size)``."""
    volume = volumes[int(random.integers(len(volumes)))]
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    image, mask, lesions = (_stretch(array, slices, random) for array in _crop_slices(volume, random))
    channels = torch.stack([image / 255.0, mask, lesions])
    if size != tuple(channels.shape[-2:]):
        channels = torch.nn.functional.interpolate(channels, size=size, mode="bilinear")
    channels = warp(channels, AUGMENTATION.draw_affine(generator))
    if random.random() < 0.5:
        channels = channels.flip(-1)
    if random.random() < 0.1:
        channels = channels.flip(-2)
    image = AUGMENTATION.change_gray(channels[0], generator)
    image = blur_and_noise(image[None], random)[0].clamp(0, 1)
    return torch.stack([image, (channels[1] >= 0.5).float(), (channels[2] >= 0.5).float()])


def _crop_slices(
    volume: TrainingVolume, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Now and then only a part of the lungs, as in a cropped scan."""
    count = len(volume.image)
    first, last = 0, count
    if random.random() < 0.4:
        length = max(8, int(count * random.uniform(0.5, 1.0)))
        first = int(random.integers(0, max(1, count - length + 1)))
        last = min(count, first + length)
    return volume.image[first:last], volume.mask[first:last], volume.lesions[first:last]


def _stretch(array: np.ndarray, slices: int, random: np.random.Generator) -> Tensor:
    """``slices`` slices, interpolated between the neighbors along the body as thick or thin slices would show it."""
    stack = torch.from_numpy(array.astype(np.float32))
    positions = torch.linspace(0, len(stack) - 1, slices)
    below = positions.floor().long()
    above = (below + 1).clamp(max=len(stack) - 1)
    share = (positions - below)[:, None, None]
    return stack[below] * (1 - share) + stack[above] * share

"""Training of the UNet on stored cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..networks.unet import UNet
from .augmentation import Augmentation, warp
from .pool import load_slices

AUGMENTATION = Augmentation(rotation_degrees=15, scaling=0.25, brightness=0.15, contrast=0.2)
_BACKGROUND_SHARE = 0.15  # of the drawn slices, those that show no lung: neck and abdomen must stay empty


def train_unet(
    files: list[Path],
    steps: int,
    batch: int = 8,
    size: int = 368,
    start: Mapping[str, Tensor] | None = None,
    rate: float = 1e-3,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> dict[str, Tensor]:
    """Train on random slices of the stored cases, each warped and changed in gray anew.

    Parameters
    ----------
    files
        Cases as stored by ``pool.store_case``.
    steps, batch, size
        Number of steps, slices a step, and edge of the slices in pixels (a multiple of 16).
    start
        Weights to go on from.
    rate
        Largest learning rate of the one-cycle schedule (Adam).
    report
        Called with (step, loss).

    Returns
    -------
    dict
        The trained weights.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = UNet().to(memory_format=torch.channels_last).train()
    if start is not None:
        network.load_state_dict(dict(start))
    slices = _SlicePool(files)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.2)
    for step in range(steps):
        pairs = [_augment(*slices.draw(random), size, random) for _ in range(batch)]
        images = torch.stack([image for image, _ in pairs]).to(memory_format=torch.channels_last)
        lungs = torch.stack([mask for _, mask in pairs])
        loss = segmentation_loss(network(images), lungs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if report:
            report(step, float(loss.detach()))
    return network.state_dict()


def segmentation_loss(logits: Tensor, lungs: Tensor) -> Tensor:
    """Cross-entropy plus one minus the Dice coefficient of the batch.

    Parameters
    ----------
    logits
        ``(N, 2, H, W)``.
    lungs
        ``(N, H, W)``, 1 in the lungs.
    """
    lung_probability = logits.softmax(dim=1)[:, 1]
    dice = (2 * (lung_probability * lungs).sum() + 1) / (lung_probability.sum() + lungs.sum() + 1)
    return torch.nn.functional.cross_entropy(logits, lungs.long()) + 1 - dice


class _SlicePool:
    """All stored slices in memory; diseased and healthy cases are drawn alike, slices with lung preferred."""

    def __init__(self, files: list[Path]) -> None:
        self._cases = [load_slices(file) for file in files]
        self._with_lung = [np.flatnonzero(lungs.any(axis=(1, 2))) for _, lungs in self._cases]

    def draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        case = int(random.integers(len(self._cases)))
        images, lungs = self._cases[case]
        any_slice = random.random() < _BACKGROUND_SHARE
        index = int(random.integers(len(images)) if any_slice else random.choice(self._with_lung[case]))
        return images[index], lungs[index]


def _augment(
    image: np.ndarray, lungs: np.ndarray, size: int, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Image ``(1, size, size)`` in 0…1 and mask ``(size, size)``."""
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    # Air outside: 0 is what grid_sample pads with.
    both = torch.stack([torch.from_numpy(image) / 255.0, torch.from_numpy(lungs).float()])[:, None]
    if size != both.shape[-1]:
        both = torch.nn.functional.interpolate(both, size=(size, size), mode="bilinear")
    both = warp(both, AUGMENTATION.draw_affine(generator))
    if random.random() < 0.5:
        both = both.flip(-1)
    if random.random() < 0.15:  # prone
        both = both.flip(-2)
    changed = AUGMENTATION.change_gray(both[0], generator)
    changed = blur_and_noise(changed[None], random)[0]
    return changed.clamp(0, 1), (both[1, 0] >= 0.5).float()


def blur_and_noise(image: Tensor, random: np.random.Generator) -> Tensor:
    """Reconstruction kernels from soft to sharp: ``(1, T, H, W)`` in 0…1 is blurred in plane, or gets noise."""
    if random.random() < 0.3:
        image = torch.nn.functional.avg_pool2d(image, kernel_size=3, stride=1, padding=1, count_include_pad=False)
    if random.random() < 0.6:
        image = image + float(random.uniform(0.0, 0.06)) * torch.randn(image.shape)
    return image

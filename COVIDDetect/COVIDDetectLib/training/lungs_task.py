"""What the UNet learns: the lungs on single slices, from unsupervised or reviewed masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.unet import UNet
from .chance import random_at
from .paper import LUNGS_BATCH
from .preparation import Prepared


class LungsTask:
    """Slices of all training cases in any order; cross-entropy of background and lung.

    Parameters
    ----------
    network
        On ``device``.
    training, tuning
        Prepared with the recipe of a UNet.
    """

    def __init__(
        self, network: UNet, training: Sequence[Prepared], tuning: Sequence[Prepared], seed: int, device: str
    ) -> None:
        self._network, self._training, self._tuning, self._seed, self._device = network, training, tuning, seed, device
        self._first_slices = np.cumsum([0, *(one.open().shape[1] for one in training)])

    @property
    def network(self) -> UNet:
        """What learns."""
        return self._network

    def order(self, epoch: int) -> list[int]:
        """Every slice of every training case once."""
        order: list[int] = random_at(self._seed, 0, epoch).permutation(int(self._first_slices[-1])).tolist()
        return order

    def loss(self, network: nn.Module, samples: Sequence[int], epoch: int, position: int) -> Tensor:
        """Mean cross-entropy of the pixels of some slices."""
        slices, lungs = self._tensors(np.stack([self._slice(sample) for sample in samples], axis=1))
        return nn.functional.cross_entropy(network(slices).float(), lungs)

    def measure(self, tuning: int) -> tuple[float, ...]:
        """Pixels of a tuning case by truth and answer."""
        return confusion(self._network, self._tuning[tuning], self._device)

    def tuning_count(self) -> int:
        """Number of tuning cases."""
        return len(self._tuning)

    def summarize(self, measured: Sequence[tuple[float, ...]]) -> Mapping[str, float]:
        """Mean IoU of background and lung, and the IoU of the lungs alone."""
        mean, lungs = intersection_over_union(measured)
        return {"tuning_mean_iou": mean, "tuning_lungs_iou": lungs}

    def score(self, figures: Mapping[str, float]) -> float:
        """Mean IoU."""
        return figures["tuning_mean_iou"]

    def name(self, sample: int) -> str:
        """Of the case that the slice is from."""
        return self._training[self._case_of(sample)].case.name

    def _case_of(self, sample: int) -> int:
        return int(np.searchsorted(self._first_slices, sample, side="right")) - 1

    def _slice(self, sample: int) -> np.ndarray:
        case = self._case_of(sample)
        return self._training[case].open()[:, sample - self._first_slices[case]]

    def _tensors(self, slices: np.ndarray) -> tuple[Tensor, Tensor]:
        return to_tensors(slices, self._device)


def to_tensors(slices: np.ndarray, device: str) -> tuple[Tensor, Tensor]:
    """From uint8 ``(2, N, H, W)`` to the UNet's input ``(N, 1, H, W)`` in 0…1, and the lungs ``(N, H, W)``, 0 or 1."""
    image, lungs = torch.from_numpy(np.array(slices)).to(device)
    return image[:, None].float() / 255.0, lungs.long()


def confusion(network: UNet, prepared: Prepared, device: str) -> tuple[float, float, float, float]:
    """Numbers of pixels of a case: true background, false lung, missed lung, true lung."""
    counts = np.zeros(4)
    volume = prepared.open()
    for start in range(0, volume.shape[1], LUNGS_BATCH):
        slices, lungs = to_tensors(volume[:, start : start + LUNGS_BATCH], device)
        answer = network(slices).argmax(dim=1)
        counts += torch.bincount((2 * lungs + answer).ravel(), minlength=4).cpu().numpy()
    negative, false, missed, positive = counts.tolist()
    return negative, false, missed, positive


def intersection_over_union(confusions: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """Mean IoU of background and lung, and the IoU of the lungs, over the pixels of all cases together."""
    negative, false, missed, positive = np.array(confusions).sum(axis=0)
    background, lungs = negative / (negative + false + missed), positive / (positive + false + missed)
    return float(background + lungs) / 2, float(lungs)

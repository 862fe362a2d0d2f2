"""What DeCoVNet learns: one label per volume, as in Zheng et al. 2020, section on training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ..evaluation.metrics import roc_auc
from ..evaluation.predictions import Predictions
from ..networks.decovnet import COVID_POSITIVE, DeCoVNet
from .augmentation import PAPER, warp
from .chance import random_at, torch_random_at
from .preparation import Prepared


class ClassifierTask:
    """One volume a step, the smaller class drawn again until both are equal, cross-entropy, the paper's augmentation.

    Parameters
    ----------
    network
        On ``device``.
    training, tuning
        Prepared with the recipe of a DeCoVNet; every case has a label.
    """

    def __init__(
        self, network: DeCoVNet, training: Sequence[Prepared], tuning: Sequence[Prepared], seed: int, device: str
    ) -> None:
        self._network, self._training, self._tuning, self._seed, self._device = network, training, tuning, seed, device

    @property
    def network(self) -> DeCoVNet:
        """What learns."""
        return self._network

    def order(self, epoch: int) -> list[int]:
        """Every case, and as many of the smaller class again as make both equal."""
        return balanced_order([cast(int, one.case.label) for one in self._training], random_at(self._seed, 0, epoch))

    def loss(self, network: nn.Module, samples: Sequence[int], epoch: int, position: int) -> Tensor:
        """Cross-entropy of one volume (their numbers of slices differ, so that they cannot be stacked)."""
        (sample,) = samples
        prepared = self._training[sample]
        ct_mask = prepared.ct_mask().tensor()[0].to(self._device)
        ct_mask = augmented(ct_mask, torch_random_at(self._seed, 1, epoch, position))
        return nn.functional.cross_entropy(network(ct_mask[None]).float(), self._label(prepared))

    def measure(self, tuning: int) -> tuple[float, ...]:
        """Label, probability and cross-entropy of a tuning case."""
        prepared = self._tuning[tuning]
        ct_mask = prepared.ct_mask().tensor().to(self._device)
        logits = self._network.classifier(self._network.features_by_chunks(ct_mask)).float()
        loss = nn.functional.cross_entropy(logits, self._label(prepared))
        return cast(int, prepared.case.label), float(torch.softmax(logits, 1)[0, COVID_POSITIVE]), float(loss)

    def tuning_count(self) -> int:
        """Number of tuning cases."""
        return len(self._tuning)

    def summarize(self, measured: Sequence[tuple[float, ...]]) -> Mapping[str, float]:
        """Mean cross-entropy and ROC AUC of the tuning cases."""
        labels, probabilities, losses = np.array(measured).T
        cases = tuple(one.case.name for one in self._tuning)
        area = roc_auc(Predictions(cases, probabilities, labels.astype(bool))).value
        return {"tuning_loss": float(losses.mean()), "tuning_roc_auc": float(area)}

    def score(self, figures: Mapping[str, float]) -> float:
        """The smaller the cross-entropy of the tuning cases, the better."""
        return -figures["tuning_loss"]

    def name(self, sample: int) -> str:
        """Of its case."""
        return self._training[sample].case.name

    def _label(self, prepared: Prepared) -> Tensor:
        return torch.tensor([prepared.case.label], device=self._device)


def balanced_order(labels: Sequence[int], random: np.random.Generator) -> list[int]:
    """Every index once, those of the smaller class again until both classes are equal, shuffled."""
    classes = [[index for index, label in enumerate(labels) if label == value] for value in (0, 1)]
    larger = max(map(len, classes))
    order = []
    for members in classes:
        whole, more = divmod(larger, len(members))
        order += members * whole + [members[index] for index in random.permutation(len(members))[:more]]
    return [order[index] for index in random.permutation(len(order))]


def augmented(ct_mask: Tensor, generator: torch.Generator) -> Tensor:
    """The paper's augmentation of a CT-Mask volume ``(2, T, H, W)``: one draw for all slices.

    The image stays in 0…1, as 8-bit pictures do, and the mask in {0, 1}.
    """
    # Half precision is for the network; it would blur places and gray values.
    with torch.autocast(ct_mask.device.type, enabled=False):
        image, mask = warp(ct_mask, PAPER.draw_affine(generator))
        return torch.stack([PAPER.change_gray(image, generator).clamp(0.0, 1.0), (mask >= 0.5).float()])

"""Calibration of the probability: temperature and shift, folded into the last layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...analysis.analyze import score_ct_mask
from ...ct.ct_mask import InputForm, make_ct_mask
from ...networks.decovnet import DeCoVNet, with_zero_sum_logits
from ...phantom import EXTENTS, MIMICS, add_disease, add_mimic
from .backgrounds import Background, as_ct

FIRST_SEED = 1_500_000_000
"""Seeds from here on belong to calibration."""

MIMICS_IN_TURN = tuple(MIMICS)
_PIXEL_MM = 1.4
_SURE = 0.99
"""What a plain case may get: synthetic cases are plainer than patients, and separable cases alone would ask for 1."""


def coarser(background: Background) -> Background:
    """The background in pixels of about 1.4 mm: painting is slow, and the network sees no finer ones."""
    k_mm, j_mm, i_mm = background.spacing
    step = max(1, round(_PIXEL_MM / i_mm))
    if step == 1:
        return background
    rows, columns = (size // step * step for size in background.hu.shape[1:])
    blocks = (len(background.hu), rows // step, step, columns // step, step)
    hu = background.hu[:, :rows, :columns].reshape(blocks).mean(axis=(2, 4))
    labels = background.labels[:, step // 2 : rows : step, step // 2 : columns : step]
    spacing = (k_mm, j_mm * step, i_mm * step)
    return Background(np.rint(hu).astype(np.int16), np.ascontiguousarray(labels), spacing, background.name)


@dataclass(frozen=True)
class Calibration:
    """Margins (positive minus negative logit) are divided by ``temperature`` after ``shift`` is taken off."""

    temperature: float
    shift: float


def held_back_margins(
    weights: Mapping[str, Tensor], backgrounds: list[Background], form: InputForm
) -> tuple[np.ndarray, np.ndarray]:
    """Margins and labels of whole volumes with seeds that were not trained on: healthy, with mimics, with disease."""
    network = DeCoVNet("paper")
    network.load_state_dict(dict(weights))
    network = network.eval()
    margins, labels = [], []
    for number, background in enumerate(backgrounds):
        background = coarser(background)
        ct, seed = as_ct(background), FIRST_SEED + number
        mimics = [MIMICS_IN_TURN[(2 * number + offset) % len(MIMICS_IN_TURN)] for offset in (0, 1)]
        volumes = [ct, *(add_mimic(ct, background.labels, seed, kind) for kind in mimics)]
        volumes += [add_disease(ct, background.labels, seed, extent=extent)[0] for extent in EXTENTS]
        for position, volume in enumerate(volumes):
            score, _ = score_ct_mask(network, make_ct_mask(volume, background.labels > 0, form))
            margins.append(score.logits[1] - score.logits[0])
            labels.append(position > len(mimics))
    return np.array(margins), np.array(labels)


def fit_calibration(margins: np.ndarray, labels: np.ndarray) -> Calibration:
    """Least cross-entropy against targets of 1 % and 99 %; certainty is taken away or left, never added."""
    target = torch.from_numpy(np.where(labels, _SURE, 1 - _SURE))
    margin = torch.from_numpy(margins)
    log_temperature = torch.zeros((), dtype=torch.double, requires_grad=True)
    shift = torch.tensor(0.0, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature, shift], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        scaled = (margin - shift) / log_temperature.exp()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(scaled, target)
        loss.backward()
        return loss

    optimizer.step(closure)
    return Calibration(max(1.0, float(log_temperature.detach().exp())), float(shift.detach()))


def fold(weights: Mapping[str, Tensor], calibration: Calibration) -> dict[str, Tensor]:
    """The same network with the calibration in its last linear layer, whose two outputs then sum to zero.

    Softmax knows only the difference of the logits; what both have in common is left to chance by training. Grad-CAM of
    the positive logit alone would show it too, and can even show healthy lung where all evidence went into the negative
    logit. With the common part taken off, the positive logit is half the margin, and its map that of the decision.
    """
    folded = dict(weights)
    half = torch.tensor([calibration.shift / 2, -calibration.shift / 2])
    folded["classifier.output.weight"] = folded["classifier.output.weight"] / calibration.temperature
    folded["classifier.output.bias"] = (folded["classifier.output.bias"] + half) / calibration.temperature
    return with_zero_sum_logits(folded)

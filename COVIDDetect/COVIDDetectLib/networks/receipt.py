"""What DeCoVNet's margin is the sum of: a term for each channel of the classifier's last convolution, at a place.

The classifier ends in a global maximum and a linear layer, so that the margin (positive minus negative logit) is
``bias + sum over channels c of weight_c * max over x of a_c(x)``, exactly. Each maximum can be followed back to the
cell of the first pooling that feeds it most (gradient times activation: what it comes from is piecewise linear).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from .decovnet import COVID_POSITIVE, DeCoVNet

_UP_TO_FIRST_RELU = 3
"""Layers of the classifier whose output is followed back: pooling to 16×24×36, convolution, ReLU."""


@dataclass(frozen=True, eq=False)
class Receipt:
    """A margin taken apart.

    Parameters
    ----------
    margin
        Positive minus negative logit.
    bias
        The part that is the same for every scan.
    activations, weights
        float64 ``(32,)``: each channel's maximum over the scan, ≥ 0, and what it weighs. ``bias`` and
        ``activations @ weights`` sum to the margin.
    cells
        float64 ``(32, 3)``: slice, row and column in the grid of the second ResBlock's output of what feeds each
        channel's maximum most; NaN for a channel that is silent everywhere.
    """

    margin: float
    bias: float
    activations: np.ndarray
    weights: np.ndarray
    cells: np.ndarray


def take_apart(network: DeCoVNet, features: Tensor) -> Receipt:
    """The receipt of a scan.

    Parameters
    ----------
    network
        In evaluation mode, of either variant.
    features
        ``(1, 128, T/2, H/8, W/8)``: output of the second residual block.
    """
    convolutions = network.classifier.convolutions
    with torch.no_grad():
        first = convolutions[:_UP_TO_FIRST_RELU](features)
        # Pooling hands values and gradients on as they are: followed back no farther, it is ten times faster.
        size = cast("tuple[int, int, int]", convolutions[_UP_TO_FIRST_RELU].output_size)
        pooled, fed_by = nn.functional.adaptive_max_pool3d(first, size, return_indices=True)
    pooled = pooled.detach().requires_grad_(True)
    with torch.enable_grad():
        maxima = convolutions[_UP_TO_FIRST_RELU + 1 :](pooled)[0]
        weights, bias = margin_weights(network.classifier.output)
        activations = maxima.detach().cpu().double()  # in this order: Apple's GPUs have no double precision
        cells = np.full((len(maxima), 3), np.nan)
        for channel in torch.nonzero(maxima.detach() > 0).flatten().tolist():
            (gradient,) = torch.autograd.grad(maxima[channel], pooled, retain_graph=True)
            share = (gradient * pooled.detach()).flatten()
            fed = torch.zeros_like(first[0, 0]).flatten().index_add(0, fed_by.flatten(), share).view(first.shape[2:])
            cell = np.unravel_index(int(fed.argmax()), tuple(fed.shape))
            cells[channel] = [
                _center(int(at), bins, size) for at, bins, size in zip(cell, fed.shape, features.shape[2:], strict=True)
            ]
    return Receipt(float(bias + activations @ weights), bias, activations.numpy(), weights.numpy(), cells)


def margin_weights(output: nn.Module) -> tuple[Tensor, float]:
    """What each channel weighs in the margin, float64 ``(32,)`` on the CPU, and the constant; layers are joined."""
    layers = [cast(nn.Linear, layer) for layer in (output if isinstance(output, nn.Sequential) else [output])]
    last = layers[-1]
    negative = 1 - COVID_POSITIVE
    weights = (last.weight[COVID_POSITIVE] - last.weight[negative]).detach().cpu().double()
    bias = float((last.bias[COVID_POSITIVE] - last.bias[negative]).detach().cpu().double())
    for layer in layers[-2::-1]:
        bias += float(weights @ layer.bias.detach().cpu().double())
        weights = weights @ layer.weight.detach().cpu().double()
    return weights, bias


def _center(at: int, bins: int, size: int) -> float:
    """Where the middle of a bin of adaptive pooling lies among the ``size`` cells that it pools."""
    start, stop = at * size // bins, -(-(at + 1) * size // bins)
    return (start + stop - 1) / 2

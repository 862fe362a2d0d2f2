"""Batch normalization that is measured on many batches and then kept, for networks that learn from small ones."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .scenes import short_floats


def measure_normalization(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Set the means and variances of batch normalization to those of ``inputs``.

    Training leaves an average over its last ten steps or so: a few patients in as many fields of view.
    """
    layers = normalizing_layers(network)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.train()
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean of all batches
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=short_floats()):
        for one in inputs:
            network(one)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def keep_normalization(network: nn.Module) -> None:
    """Leave batch normalization as it is while the rest learns."""
    for layer in normalizing_layers(network):
        layer.eval()


def normalizing_layers(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """The layers of batch normalization."""
    return [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]

"""HiResCAM (Draelos and Carin, arXiv 2011.08891): each cell's own share of what the number is the sum of."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from .decovnet import DeCoVNet
from .receipt import margin_weights

SMOOTH_CELLS = (0.5, 1.0, 1.0)
"""Along slice, row and column. The classifier takes maxima: what speaks for and against one place is spread over
neighboring cells, and only together do they say how much that place counts."""


def score_with_hires_cam(
    network: DeCoVNet, features: Tensor, healthy: np.ndarray | None = None
) -> tuple[Tensor, np.ndarray]:
    """Logits and HiResCAM in one pass of the classifier; the backbone needs no graph.

    Parameters
    ----------
    network
        DeCoVNet in evaluation mode.
    features
        ``(1, C, T', H', W')`` output of the second residual block.
    healthy
        ``(32,)``: what each channel's maximum is in healthy scans. Only what a scan has more of counts then: the map
        shows where the terms of the receipt (``networks.receipt``) come from, and stays dark in a healthy scan. None
        counts from zero.

    Returns
    -------
    logits, hires_cam
        Logits ``(2,)`` of COVID-negative and COVID-positive, and the raw map ``[T', H', W']``, float32: what speaks
        for COVID-19, and below 0 against it, in log-odds a cell. It is gradient × feature of the margin of the logits,
        summed over the channels and over neighboring cells.
    """
    features = features.detach().requires_grad_(True)
    with torch.enable_grad():
        maxima = network.classifier.convolutions(features)[0]
        weights = margin_weights(network.classifier.output)[0].to(maxima)
        (gradient,) = torch.autograd.grad(weights * _share_beyond(healthy, maxima.detach()) @ maxima, features)
    with torch.no_grad():
        logits = network.classifier.output(maxima[None])[0]
        signed = (gradient * features).sum(dim=1)[0].float().cpu().numpy()
    return logits.float().cpu(), ndimage.gaussian_filter(signed, SMOOTH_CELLS, mode="constant")


def _share_beyond(healthy: np.ndarray | None, maxima: Tensor) -> Tensor:
    """What share of each channel's maximum healthy scans do not have."""
    if healthy is None:
        return torch.ones_like(maxima)
    return (1 - torch.from_numpy(healthy).to(maxima) / maxima.clamp(min=1e-6)).clamp(min=0)

"""HiResCAM (Draelos and Carin, arXiv 2011.08891): each cell's own share of what the number is the sum of."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from torch import Tensor

from .decovnet import COVID_NEGATIVE, COVID_POSITIVE, DeCoVNet
from .grad_cam import logits_and_gradient

SMOOTH_CELLS = (0.5, 1.0, 1.0)
"""Along slice, row and column. The classifier takes maxima: what speaks for and against one place is spread over
neighboring cells, and only together do they say how much that place counts."""


def score_with_hires_cam(network: DeCoVNet, features: Tensor) -> tuple[Tensor, np.ndarray]:
    """Logits and HiResCAM in one pass of the classifier; the backbone needs no graph.

    Parameters
    ----------
    network
        DeCoVNet in evaluation mode.
    features
        ``(1, C, T', H', W')`` output of the second residual block.

    Returns
    -------
    logits, hires_cam
        Logits ``(2,)`` of COVID-negative and COVID-positive, and the raw map ``[T', H', W']``, float32: what speaks
        for COVID-19, and below 0 against it, in log-odds a cell. It is gradient × feature of the margin of the logits,
        summed over the channels and over neighboring cells.
    """
    logits, gradient = logits_and_gradient(
        network, features, lambda logits: logits[COVID_POSITIVE] - logits[COVID_NEGATIVE]
    )
    signed = (gradient * features.detach()).sum(dim=1)[0].float().cpu().numpy()
    return logits.float().cpu(), ndimage.gaussian_filter(signed, SMOOTH_CELLS, mode="constant")

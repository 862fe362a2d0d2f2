"""Integrated gradients (Sundararajan et al., ICML 2017) of the COVID-positive logit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .decovnet import COVID_POSITIVE, DeCoVNet

STEPS = 16


def integrated_gradients(
    network: DeCoVNet, features: Tensor, baseline: Tensor, report: Callable[[int, int], None]
) -> np.ndarray:
    """What each cell adds to the logit on the straight way from other features to those of the scan.

    In the features, not in the input: there each step would need the whole backbone, forwards and back.

    Parameters
    ----------
    network
        In evaluation mode.
    features, baseline
        ``(1, C, T', H', W')`` outputs of the second residual block.
    report
        Called with (steps done, steps in all); may raise.

    Returns
    -------
    np.ndarray
        float32 ``[T', H', W']``, for and against. The sum is nearly the difference of the two logits: it would be
        exact with endless steps, here at the points of Gauss and Legendre.
    """
    points, weights = np.polynomial.legendre.leggauss(STEPS)
    difference = features - baseline
    total = torch.zeros_like(features)
    for step, (point, weight) in enumerate(zip(points, weights, strict=True)):
        report(step, STEPS)
        between = (baseline + float(1 + point) / 2 * difference).requires_grad_(True)
        with torch.enable_grad():
            logit = network.classifier(between)[0, COVID_POSITIVE]
            (gradient,) = torch.autograd.grad(logit, between)
        total += float(weight) / 2 * gradient
    report(STEPS, STEPS)
    cells: np.ndarray = (total * difference)[0].sum(dim=0).float().cpu().numpy()
    return cells

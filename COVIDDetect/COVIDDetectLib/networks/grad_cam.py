"""Grad-CAM (Selvaraju et al., ICCV 2017) of the COVID-positive logit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .decovnet import COVID_POSITIVE, DeCoVNet


def score_with_grad_cam(network: DeCoVNet, features: Tensor) -> tuple[Tensor, np.ndarray]:
    """Logits and Grad-CAM in one pass of the classifier.

    The backbone needs no graph: Grad-CAM at its output only asks how the logit changes with the features.

    Parameters
    ----------
    network
        DeCoVNet in evaluation mode.
    features
        ``(1, C, T', H', W')`` output of the second residual block.

    Returns
    -------
    logits, grad_cam
        Logits ``(2,)`` of COVID-negative and COVID-positive, and the raw map ``[T', H', W']``, float32, ≥ 0: the
        features weighted by the mean gradient of the positive logit before softmax, negative sums cut off.
    """
    logits, gradient = logits_and_gradient(network, features, lambda logits: logits[COVID_POSITIVE])
    weights = gradient[0].mean(dim=(1, 2, 3))
    grad_cam = torch.einsum("c,ctyx->tyx", weights, features[0]).clamp_(min=0)
    return logits.float().cpu(), grad_cam.float().cpu().numpy()


def logits_and_gradient(network: DeCoVNet, features: Tensor, of: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits ``(2,)``, and how what ``of`` makes of them changes with the features, ``(1, C, T', H', W')``."""
    features = features.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = network.classifier(features)[0]
        (gradient,) = torch.autograd.grad(of(logits), features)
    return logits.detach(), gradient

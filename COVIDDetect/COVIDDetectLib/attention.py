"""What the network looked at: Grad-CAM (Selvaraju et al., ICCV 2017) of the COVID-positive logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .geometry import Geometry

if TYPE_CHECKING:
    from torch import Tensor

    from .networks.decovnet import DeCoVNet

DEFAULT_LAYER = "second ResBlock"


@dataclass(frozen=True, eq=False)
class Attention:
    """A heat map on the network's own coarse grid.

    Parameters
    ----------
    values
        float32 ``[slice, row, column]``, 0…1: relative to this volume's own maximum.
    geometry
        Where the coarse grid lies, LPS; viewers interpolate between its cells.
    raw_maximum
        The value that 1 stands for. 0 if nothing spoke for COVID-19.
    layer
        The layer whose activations are weighted, and the method where it is not Grad-CAM.
    """

    values: np.ndarray
    geometry: Geometry
    raw_maximum: float
    layer: str = DEFAULT_LAYER


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
    import torch

    from .networks.decovnet import COVID_POSITIVE

    features = features.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = network.classifier(features)[0]
        (gradient,) = torch.autograd.grad(logits[COVID_POSITIVE], features)
    with torch.no_grad():
        weights = gradient[0].mean(dim=(1, 2, 3))
        grad_cam = torch.einsum("c,ctyx->tyx", weights, features[0]).clamp_(min=0)
    return logits.detach().float().cpu(), grad_cam.float().cpu().numpy()


def place_attention(grad_cam: np.ndarray, ct_mask_geometry: Geometry) -> Attention:
    """Normalize a raw map and find where its cells lie.

    A cell of the second ResBlock covers two slices, and its strided, symmetrically padded convolutions are centered
    on every eighth pixel: cell (t, y, x) lies at slice 2t + ½, row 8y, column 8x of the CT-Mask volume.
    """
    matrix = ct_mask_geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (ct_mask_geometry.ijk_to_lps @ [0.0, 0.0, 0.5, 1.0])[:3]
    matrix[:3, :3] *= (8.0, 8.0, 2.0)
    return normalized(grad_cam, Geometry.from_ijk_to_lps(matrix))


def normalized(raw: np.ndarray, geometry: Geometry, layer: str = DEFAULT_LAYER) -> Attention:
    """A raw map ≥ 0 relative to its maximum, which is kept."""
    raw_maximum = float(raw.max())
    values = raw / raw_maximum if raw_maximum > 0 else np.zeros_like(raw)
    return Attention(values.astype(np.float32), geometry, raw_maximum, layer)

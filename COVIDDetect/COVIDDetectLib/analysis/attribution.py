"""Other heat maps, computed on demand.

HiResCAM: Draelos and Carin, arXiv 2011.08891. Grad-CAM: Selvaraju et al., ICCV 2017. Grad-CAM++: Chattopadhay et al.,
WACV 2018. Integrated gradients: Sundararajan et al., ICML 2017. Occlusion: Zeiler and Fergus, ECCV 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ..ct.ct_mask import make_ct_mask
from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..errors import InputError
from ..lungs import LungMask
from ..weights.cards import ModelCard, scoring_card
from ..weights.domain import healthy_activations
from ..weights.loaded import loaded_network
from .analyze import Progress
from .attention import DEFAULT_LAYER, Attention, normalized, place_attention
from .features import features_of
from .heat_map import HeatMap

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.decovnet import DeCoVNet

METHODS = {
    "hires-cam": DEFAULT_LAYER,
    "grad-cam": f"{DEFAULT_LAYER}, Grad-CAM",
    "grad-cam-classifier": "first convolution of the classifier, Grad-CAM",
    "grad-cam-plus-plus": f"{DEFAULT_LAYER}, Grad-CAM++",
    "integrated-gradients": f"{DEFAULT_LAYER}, integrated gradients",
    "occlusion": f"{DEFAULT_LAYER}, occlusion",
}
"""Names of the methods, and what the user reads of each: the layer, and the method where it is not HiResCAM."""


def explain(
    ct: CTVolume,
    lung_mask: LungMask,
    method: str = "hires-cam",
    *,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> HeatMap:
    """A heat map of what speaks for COVID-19, and but for Grad-CAM against it, by one of ``METHODS``.

    Parameters
    ----------
    ct, lung_mask
        As they were scored, on one grid, in any orientation.
    method
        A key of ``METHODS``. The first four take about as long as a score, integrated gradients and occlusion up to
        twenty seconds on two cores. Integrated gradients begin with a CT of air in the same mask.
    device, weights, progress
        As for ``analyze``; all progress is of the stage ``"attention"``.

    Returns
    -------
    HeatMap
        Its ``whole.layer`` names layer and method.
    """
    if method not in METHODS:
        raise InputError(f"There is no heat map “{method}”; choose one of: {', '.join(METHODS)}.")
    card = scoring_card(weights)
    ct, lung_mask = ct.axial()[0], lung_mask.axial()
    ct_mask = make_ct_mask(ct, lung_mask.labels > 0, card.input_form)

    def report(done: int, total: int) -> None:
        if progress:
            progress(Progress("attention", done, total))

    def compute(device: str, slices: int) -> Attention:
        from ..networks.grad_cam import score_with_grad_cam
        from ..networks.hires_cam import score_with_hires_cam
        from ..networks.integrated_gradients import integrated_gradients
        from ..networks.occlusion import occlusion

        network = cast("DeCoVNet", loaded_network(card, device))
        has_steps = method in ("integrated-gradients", "occlusion")
        features = features_of(network, ct_mask, device, slices, None if has_steps else report)
        if method == "integrated-gradients":
            air = replace(ct_mask, image=np.zeros_like(ct_mask.image))
            baseline = features_of(network, air, device, slices)
            raw = integrated_gradients(network, features, baseline, report)
        elif method == "occlusion":
            raw = occlusion(network, features, report)
        elif method == "grad-cam-plus-plus":
            raw = _grad_cam_plus_plus(network, features)
        elif method == "grad-cam-classifier":
            raw, shape = _grad_cam_in_classifier(network, features), features.shape[2:]
            geometry = place_attention(np.zeros(shape), ct_mask.geometry).geometry
            scale = [size / cells for size, cells in zip(shape, raw.shape, strict=True)]
            return normalized(raw, scaled(geometry, (scale[0], scale[1], scale[2])), METHODS[method])
        elif method == "grad-cam":
            _, raw = score_with_grad_cam(network, features)
        else:
            _, raw = score_with_hires_cam(network, features, healthy_activations(card))
        at_least = card.full_heat or 0.0 if method == "hires-cam" else 0.0
        return normalized(raw, place_attention(raw, ct_mask.geometry).geometry, METHODS[method], at_least)

    attention, _ = within_memory(compute, trusted_device(device), 64)
    return HeatMap.of(attention, lung_mask)


def scaled(geometry: Geometry, scale: tuple[float, float, float]) -> Geometry:
    """The grid of cells that join ``scale`` (slices, rows, columns) cells of another, border on border."""
    along_ijk = np.array(scale[::-1])
    matrix = geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (geometry.ijk_to_lps @ [*(along_ijk / 2 - 0.5), 1.0])[:3]
    matrix[:3, :3] *= along_ijk
    return Geometry.from_ijk_to_lps(matrix)


def _weighted(weights: Tensor, activations: Tensor) -> np.ndarray:
    """Sum of activations ``(1, C, t, y, x)`` by weights ``(C,)``, negative sums cut off."""
    import torch

    with torch.no_grad():
        return torch.einsum("c,ctyx->tyx", weights, activations[0]).clamp_(min=0).float().cpu().numpy()


def _grad_cam_in_classifier(network: DeCoVNet, features: Tensor) -> np.ndarray:
    """Grad-CAM at the first convolution of the classifier with its ReLU, on the grid that it pools to."""
    import torch

    from ..networks.decovnet import COVID_POSITIVE

    convolutions = network.classifier.convolutions
    with torch.enable_grad():
        with torch.no_grad():
            activations = convolutions[:3](features)
        activations.requires_grad_(True)
        logit = network.classifier.output(convolutions[3:](activations))[0, COVID_POSITIVE]
        (gradient,) = torch.autograd.grad(logit, activations)
    return _weighted(gradient[0].mean(dim=(1, 2, 3)), activations.detach())


def _grad_cam_plus_plus(network: DeCoVNet, features: Tensor) -> np.ndarray:
    """Each cell's positive gradient counts by how much that cell alone decides (equation 19 of the paper)."""
    import torch

    from ..networks.decovnet import COVID_POSITIVE
    from ..networks.grad_cam import logits_and_gradient

    _, gradient = logits_and_gradient(network, features, lambda logits: logits[COVID_POSITIVE])
    with torch.no_grad():
        squared = gradient**2
        below = 2 * squared + gradient**3 * features.sum(dim=(2, 3, 4), keepdim=True)
        alpha = torch.where(below != 0, squared / below, 0.0)
        weights = (alpha * gradient.clamp(min=0)).sum(dim=(2, 3, 4))[0]
    return _weighted(weights, features.detach())

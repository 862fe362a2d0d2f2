"""Does the map show what the network uses? Deletion and insertion, and the randomization test."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.cells import Cells, spread_cells
from ..ct.ct_mask import CTMask

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Shares of the lungs' cells that are exchanged."""

_LAYERS = {
    "output": "classifier.output",
    "third convolution": "classifier.convolutions.7",
    "second convolution": "classifier.convolutions.4",
    "first convolution": "classifier.convolutions.1",
    "second ResBlock": "block2",
    "first ResBlock": "block1",
    "stem": "stem",
}
CASCADE = tuple(_LAYERS)
"""Layers in the order in which they lose what they learned, from the output to the input."""


def deletion_and_insertion(
    probability_of: Callable[[CTMask], float], diseased: CTMask, healthy: CTMask, heat: np.ndarray, cells: Cells
) -> tuple[list[float], list[float]]:
    """Probabilities while the hottest cells lose their disease, and while only they get it.

    As in Petsiuk et al., BMVC 2018, with one difference: what is deleted is replaced by the same patient's healthy
    tissue, which synthetic disease has, and not by gray, which the network never saw.

    Parameters
    ----------
    probability_of
        The network.
    diseased, healthy
        The same patient with disease and without, on one grid.
    heat
        The map; cells outside the lungs are left alone.

    Returns
    -------
    deletion, insertion
        At each of ``FRACTIONS``.
    """
    lung = np.flatnonzero(cells.lung.ravel() > 0)
    order = lung[np.argsort(-heat.ravel()[lung], kind="stable")]
    deletion: list[float] = []
    insertion: list[float] = []
    for fraction in FRACTIONS:
        chosen = np.zeros(heat.size, dtype=bool)
        chosen[order[: round(fraction * len(order))]] = True
        hottest = spread_cells(chosen.reshape(heat.shape), diseased.image.shape)
        for start, other, curve in ((diseased, healthy, deletion), (healthy, diseased, insertion)):
            image = np.where(hottest, other.image, start.image)
            curve.append(probability_of(CTMask(image, diseased.mask, diseased.geometry)))
    return deletion, insertion


def area_under(curve: list[float]) -> float:
    """Area under a curve of probabilities over ``FRACTIONS``, 0…1."""
    from scipy.integrate import trapezoid

    return float(trapezoid(curve, FRACTIONS))


def randomized_networks(network: DeCoVNet, seed: int) -> list[tuple[str, DeCoVNet]]:
    """Copies of the network, each with one more layer randomized than the one before (Adebayo et al., NeurIPS 2018)."""
    from ..networks.forgetting import forgetful

    fresh, networks, current = forgetful(network, seed), [], network
    for name in CASCADE:
        current = copy.deepcopy(current).eval()
        current.get_submodule(_LAYERS[name]).load_state_dict(fresh.get_submodule(_LAYERS[name]).state_dict())
        networks.append((name, current))
    return networks

"""Whether a heat map tells the truth, measured on synthetic lesions whose masks are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.cells import (
    blob_map,
    brightness_map,
    count_cells,
    energy_in_lesions,
    is_flat,
    likeness,
    points_into_lesion,
)
from ..ct.ct_mask import CTMask, averaged_slabs, bounding_box, make_ct_mask, resample_in_plane
from ..device import memory_for
from ..weights.cards import ModelCard
from ..weights.domain import healthy_activations
from .held_back import HeldBackCase
from .perturbation import deletion_and_insertion, randomized_networks

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

HEAT_MAP, BRIGHTNESS, BLOB, TRUTH = "heat map", "brightness in the lungs", "random blob", "the lesions themselves"
MAPS = (HEAT_MAP, BRIGHTNESS, BLOB)
"""What is compared. ``TRUTH``, the lesions in the map's own coarse cells, shows the best that a map can do."""


@dataclass(frozen=True, eq=False)
class CaseResult:
    """What was measured on one case.

    Parameters
    ----------
    name, finding, is_diseased
        As in ``HeldBackCase``.
    probability
        Of COVID-19.
    lesion_share
        Share of the lung volume that is lesion; the rest is empty where there is no disease.
    points, energy
        By map: whether its peak lies in a lesion, and the share of its sum that lies in lesions.
    deletion, insertion
        By map: probabilities at ``FRACTIONS``; empty where they were not asked for.
    randomized
        By layer of ``CASCADE``: likeness of the map after forgetting the layers so far to the real map.
    emptied
        The layers after which that map shows nothing in the lungs.
    """

    name: str
    finding: str
    is_diseased: bool
    probability: float
    lesion_share: float = 0.0
    points: dict[str, bool] = field(default_factory=dict)
    energy: dict[str, float] = field(default_factory=dict)
    deletion: dict[str, list[float]] = field(default_factory=dict)
    insertion: dict[str, list[float]] = field(default_factory=dict)
    randomized: dict[str, float] = field(default_factory=dict)
    emptied: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Example:
    """What a picture of a case is drawn from: the CT-Mask volume, its lesions, and the map on its coarse grid."""

    result: CaseResult
    ct_mask: CTMask
    lesions: np.ndarray
    heat: np.ndarray


def measure(
    network: DeCoVNet,
    card: ModelCard,
    cases: Iterable[HeldBackCase],
    perturbed: int,
    device: str = "cpu",
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[Example]:
    """Measure every case; the first ``perturbed`` diseased ones also by deletion, insertion and randomization.

    The lung masks are the true ones: what is measured is the classifier and its map.

    Parameters
    ----------
    progress
        Called with the name of each case when it is done.

    Raises
    ------
    DeviceError
        If the GPU has too little memory for a case.
    """
    examples: list[Example] = []
    for number, case in enumerate(cases):
        tested = case.is_diseased and sum(one.result.is_diseased for one in examples) < perturbed
        random = np.random.default_rng([seed, number])
        with memory_for(case.name, "choose --device cpu"):
            examples.append(_measure_case(network, card, case, tested, device, random))
        if progress:
            progress(case.name)
    return examples


def _measure_case(
    network: DeCoVNet,
    card: ModelCard,
    case: HeldBackCase,
    tested: bool,
    device: str,
    random: np.random.Generator,
) -> Example:
    lung = case.lung_mask > 0
    ct_mask = make_ct_mask(case.ct, lung, card.input_form)
    lesions = averaged_slabs(case.lesions[bounding_box(lung)], len(ct_mask.image))
    lesions = resample_in_plane(lesions, *card.input_size) >= 0.5
    probability, heat = _score(network, ct_mask, device, healthy_activations(card))
    if not case.is_diseased:
        return Example(CaseResult(case.name, case.finding, False, probability), ct_mask, lesions, heat)
    shape = heat.shape
    cells = count_cells(ct_mask, lesions, shape)
    maps = {
        HEAT_MAP: heat,
        BRIGHTNESS: brightness_map(ct_mask, shape),
        BLOB: blob_map(cells, random),
        TRUTH: cells.lesion,
    }
    result = CaseResult(
        case.name,
        case.finding,
        True,
        probability,
        cells.lesion_share,
        {name: points_into_lesion(values, cells) for name, values in maps.items()},
        {name: energy_in_lesions(values, cells) for name, values in maps.items()},
    )
    if tested:
        healthy = make_ct_mask(case.healthy, lung, card.input_form)
        for name, values in maps.items():
            result.deletion[name], result.insertion[name] = deletion_and_insertion(
                lambda changed: _probability(network, changed, device), ct_mask, healthy, values, cells
            )
        for layer, forgetful in randomized_networks(network, int(random.integers(2**31))):
            forgotten = _score(forgetful, ct_mask, device, None)[1]
            result.randomized[layer] = likeness(heat, forgotten, cells)
            if is_flat(forgotten, cells):
                result.emptied.append(layer)
    return Example(result, ct_mask, lesions, heat)


def _score(network: DeCoVNet, ct_mask: CTMask, device: str, healthy: np.ndarray | None) -> tuple[float, np.ndarray]:
    import torch

    from ..networks.hires_cam import score_with_hires_cam

    features = network.features_by_chunks(ct_mask.tensor().to(device))
    logits, hires_cam = score_with_hires_cam(network, features, healthy)
    return float(torch.softmax(logits.double(), dim=0)[1]), hires_cam.clip(min=0)


def _probability(network: DeCoVNet, ct_mask: CTMask, device: str) -> float:
    from ..networks.decovnet import probability_from

    return probability_from(network, network.features_by_chunks(ct_mask.tensor().to(device)))

"""What if: the probability with one lung only, and with a region replaced by the patient's own healthy-looking lung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ..ct.ct_mask import make_ct_mask
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..lungs import LEFT, RIGHT, LungMask
from ..weights.cards import ModelCard, scoring_card
from ..weights.loaded import loaded_network
from .analyze import Progress, Score, score_features
from .attention import Attention
from .features import features_of
from .healthy_lung import with_healthy_lung
from .heat_map import HeatMap
from .regions import SIDES, Region, region_voxels

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet


@dataclass(frozen=True)
class Experiment:
    """A what-if score.

    Parameters
    ----------
    name
        What was changed, as the user reads it.
    probability
        Of the changed volume.
    difference
        To the probability of the volume as it is.
    """

    name: str
    probability: float
    difference: float


def run_experiments(
    ct: CTVolume,
    lung_mask: LungMask,
    region: Region | None = None,
    *,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Experiment, ...]:
    """Score a CT with the right and with the left lung only, and with a region replaced.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation. A lung that is not in the mask, or is the only one, is no experiment.
    region
        One of the regions of this CT, mask and weights; None for none.
    device, weights, progress
        As for ``analyze``.

    Returns
    -------
    tuple of Experiment
        Right lung only, left lung only, region replaced; as many of them as there are.
    """
    card = scoring_card(weights)
    ct, lung_mask = ct.axial()[0], lung_mask.axial()
    sides = [side for side in (RIGHT, LEFT) if (lung_mask.labels == side).any()]
    sides = sides if len(sides) > 1 else []
    count = 1 + len(sides) + (region is not None)
    where = trusted_device(device)
    scored = 0

    def score(ct: CTVolume, lung_mask: LungMask) -> tuple[Score, Attention]:
        nonlocal scored, where
        (result, where) = within_memory(lambda device, slices: score_on(ct, lung_mask, device, slices), where, 64)
        scored += 1
        return result

    def score_on(ct: CTVolume, lung_mask: LungMask, device: str, slices: int) -> tuple[Score, Attention]:
        def report(done: int, total: int) -> None:
            if progress:
                progress(Progress("score", scored * total + done, count * total))

        ct_mask = make_ct_mask(ct, lung_mask.labels > 0, card.input_form)
        network = cast("DeCoVNet", loaded_network(card, device))
        features = features_of(network, ct_mask, device, slices, report)
        return score_features(network, features, ct_mask, card)

    as_it_is, attention = score(ct, lung_mask)

    def compared(name: str, ct: CTVolume, lung_mask: LungMask) -> Experiment:
        probability = score(ct, lung_mask)[0].probability
        return Experiment(name, probability, probability - as_it_is.probability)

    experiments = []
    for side in sides:
        only = replace(lung_mask, labels=np.where(lung_mask.labels == side, lung_mask.labels, 0))
        experiments.append(compared(f"{SIDES[side].capitalize()} lung only", ct, only))
    if region is not None:
        voxels = region_voxels(HeatMap.of(attention, lung_mask), lung_mask, region)
        healthy = with_healthy_lung(ct, lung_mask, voxels)
        experiments.append(compared(f"Region {region.rank} replaced by healthy-looking lung", healthy, lung_mask))
    return tuple(experiments)

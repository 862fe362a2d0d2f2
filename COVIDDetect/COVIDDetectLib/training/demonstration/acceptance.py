"""What is asked of the demonstration weights, measured on cases that they did not learn from, printed as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from ...analysis.analyze import score_ct_mask
from ...ct.ct_mask import make_ct_mask
from ...ct.volume import CTVolume
from ...lungs import segment_lungs
from ...networks.decovnet import DeCoVNet
from ...phantom import MIMICS, add_disease, add_mimic
from ...weights.cards import default_card, load_network
from .backgrounds import Background, as_ct, phantom_background

FIRST_SEED = 2_000_000_000
"""Seeds from here on are neither those of training nor those of ``coviddetect evaluate-attention``."""


def print_acceptance(real: list[Background], phantoms: int, seeds: int) -> None:
    """Scores of every kind of case on every background, the AUC, and how well the UNet finds the lungs."""
    positives: list[float] = []
    negatives: list[float] = []
    backgrounds = [*real, *(phantom_background(FIRST_SEED + number) for number in range(phantoms))]
    for background in backgrounds:
        ct = as_ct(background)
        print(background.name)
        for finding, changed, labels in _cases(ct, background.labels, seeds if background.is_real else 1):
            probability = _score(changed, labels)
            (positives if finding.endswith("disease") else negatives).append(probability)
            print(f"  {finding:30s} {probability:.3f}", flush=True)
        _print_dice(ct, background.labels)
    wins = np.array(positives)[:, None] - np.array(negatives)[None]
    auc = np.mean(wins > 0) + 0.5 * np.mean(wins == 0)
    print(f"AUC {auc:.3f} of {len(positives)} diseased and {len(negatives)} other cases")
    sensitivity, specificity = np.mean(np.array(positives) >= 0.5), np.mean(np.array(negatives) < 0.5)
    print(f"At 0.5: {sensitivity:.2f} of the diseased above, {specificity:.2f} of the others below")


def _cases(ct: CTVolume, labels: np.ndarray, seeds: int) -> Iterator[tuple[str, CTVolume, np.ndarray]]:
    yield "healthy", ct, labels
    for number in range(seeds):
        seed = FIRST_SEED + number
        for extent in ("mild", "moderate", "severe"):
            yield f"{extent} disease", add_disease(ct, labels, seed, extent=extent)[0], labels
        for kind in MIMICS:
            yield kind, add_mimic(ct, labels, seed, kind), labels


def _score(ct: CTVolume, labels: np.ndarray) -> float:
    card = default_card("decovnet")
    network = cast(DeCoVNet, load_network(card))
    return score_ct_mask(network, make_ct_mask(ct, labels > 0, card.input_form))[0].probability


def _print_dice(ct: CTVolume, labels: np.ndarray) -> None:
    diseased = add_disease(ct, labels, FIRST_SEED, "consolidation", "moderate")[0]
    for title, volume in (("healthy", ct), ("consolidated", diseased)):
        found = segment_lungs(volume, "unet").labels
        dice = 2 * np.count_nonzero((found > 0) & (labels > 0)) / (np.count_nonzero(found) + np.count_nonzero(labels))
        print(f"  Dice of the UNet, {title:12s} {dice:.4f}", flush=True)

"""The perfect analysis of a phantom, from its ground truth: needs no network, and so no torch."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from .. import __version__
from ..analysis.analyze import Analysis, Score
from ..analysis.attention import normalized
from ..analysis.heat_map import HeatMap
from ..analysis.opacity import measure_opacity
from ..analysis.regions import hottest_regions
from ..lungs import LungMask, lung_mask_sha256
from ..weights.cards import default_card
from .thorax import Phantom


def ideal_analysis(phantom: Phantom) -> Analysis:
    """The lungs and the lesions that the phantom was made with as lung mask and heat map, and a sure probability.

    Examples
    --------
    >>> from COVIDDetectLib.phantom import thorax
    >>> ideal_analysis(thorax(shape=(32, 64, 64), spacing=(5.0, 5.0, 9.0))).probability < 0.05
    True
    """
    ct, card = phantom.ct, default_card("decovnet")
    lung_mask = LungMask.from_labels(phantom.lung_mask, ct.geometry)
    heat_map = HeatMap.of(normalized(phantom.lesions.astype(np.float32), ct.geometry), lung_mask)
    logit = 2.0 if phantom.lesions.any() else -2.0
    return Analysis(
        score=Score(float(1 / (1 + np.exp(-2 * logit))), (-logit, logit)),
        decision_threshold=0.5,
        lung_mask=lung_mask,
        heat_map=heat_map,
        regions=hottest_regions(heat_map, ct, lung_mask),
        opacity=measure_opacity(ct, lung_mask),
        card=card,
        lungs_card=None,
        lungs_method="given",
        device="nothing: known of the phantom",
        seconds={},
        ct_name=ct.name,
        ct_sha256=ct.sha256,
        lung_mask_sha256=lung_mask_sha256(lung_mask),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        software={"coviddetect": __version__},
    )

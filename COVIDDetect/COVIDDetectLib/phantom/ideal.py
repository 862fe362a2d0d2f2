"""The perfect analysis of a phantom, from its ground truth: needs no network, and so no torch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from .. import __version__
from ..analysis.analyze import Analysis, Score
from ..analysis.attention import Attention, normalized
from ..analysis.evidence import Evidence, Term
from ..analysis.heat_map import HeatMap
from ..analysis.opacity import measure_lobes, measure_opacity
from ..analysis.regions import Region, hottest_regions
from ..ct.volume import CTVolume
from ..lungs import LungMask, lung_mask_sha256
from ..weights.cards import ModelCard, default_card
from .thorax import Phantom


def ideal_analysis(phantom: Phantom) -> Analysis:
    """The lungs and the lesions that the phantom was made with as lung mask and heat map, and a sure probability.

    Examples
    --------
    >>> from COVIDDetectLib.phantom import thorax
    >>> ideal_analysis(thorax(shape=(32, 64, 64), spacing=(5.0, 5.0, 9.0))).probability < 0.05
    True
    """
    ct = phantom.ct
    lung_mask = LungMask.from_labels(phantom.lung_mask, ct.geometry)
    attention = normalized(phantom.lesions.astype(np.float32), ct.geometry)
    return analysis_of(ct, lung_mask, attention, 2.0 if phantom.lesions.any() else -2.0)


def analysis_of(
    ct: CTVolume,
    lung_mask: LungMask,
    attention: Attention,
    logit: float,
    card: ModelCard | None = None,
    lungs_method: str = "given",
    findings: Sequence[str] = (),
) -> Analysis:
    """An analysis with a lung mask, a heat map and a logit that are known otherwise; all else is measured from them.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any order.
    attention
        The whole heat map, in axial order.
    logit
        Of COVID-positive; the other is its negative.
    card
        The weights that shall have scored; the bundled ones if None.
    lungs_method
        How the mask was found.
    findings
        Become the notes.
    """
    card = card or default_card("decovnet")
    axial, axial_mask = ct.axial()[0], lung_mask.axial()
    heat_map = HeatMap.of(attention, axial_mask)
    regions = hottest_regions(heat_map, axial, axial_mask)
    return Analysis(
        score=Score(float(1 / (1 + np.exp(-2 * logit))), (-logit, logit)),
        decision_threshold=card.decision_threshold or 0.5,
        lung_mask=lung_mask,
        heat_map=heat_map,
        evidence=_evidence(2 * logit, regions),
        regions=regions,
        opacity=measure_opacity(axial, axial_mask),
        lobes=measure_lobes(axial, axial_mask),
        card=card,
        lungs_card=None,
        lungs_method=lungs_method,
        device="nothing: known of the phantom",
        seconds={},
        ct_name=ct.name,
        ct_sha256=ct.sha256,
        lung_mask_sha256=lung_mask_sha256(axial_mask),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        software={"coviddetect": __version__},
        notes=tuple(findings),
    )


def _evidence(margin: float, regions: Sequence[Region]) -> Evidence:
    """All that speaks lies in the hottest region; without one the number is where every scan starts."""
    if not regions:
        return Evidence(margin, margin, ())
    first = regions[0]
    return Evidence(margin, 0.0, (Term(margin, first.peak_lps, f"{first.side} {first.third}"),))

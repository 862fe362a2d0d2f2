"""What has changed between two results, and what may not be compared without saying so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.analysis.attention import place_attention
from COVIDDetectLib.analysis.follow_up import Dated, follow_up, lobe_logits
from COVIDDetectLib.analysis.opacity import measure_lobes
from COVIDDetectLib.analysis.registration import Registration
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.phantom.ideal import analysis_of, ideal_analysis

from Testing.lungs.drawn_lobes import lobes_in

ONE_CHEST = Registration(tuple(tuple(row) for row in np.eye(4).tolist()), 0.97, 1.0)


@pytest.fixture(scope="module")
def now(small_phantom: Phantom) -> dict[str, Any]:
    return ideal_analysis(small_phantom).to_record()


@pytest.fixture
def then(now: dict[str, Any]) -> dict[str, Any]:
    """An earlier CT with 50 mL less of ground glass on the right, and half of the evidence."""
    right, left = now["opacity"]
    less = {**right, "ground_glass_ml": right["ground_glass_ml"] - 50.0}
    terms = [{**one, "logit": one["logit"] / 2} for one in now["evidence"]["terms"]]
    return {
        **now,
        "probability": 0.4,
        "logits": {"negative": 0.2, "positive": -0.2},
        "opacity": [less, left],
        "evidence": {**now["evidence"], "terms": terms},
        "input": {"name": "", "sha256": "0" * 64},
    }


def test_each_lung_has_its_change(then: dict[str, Any], now: dict[str, Any]) -> None:
    found = follow_up(Dated(then, day=date(2024, 1, 31)), Dated(now, day=date(2024, 3, 1)), ONE_CHEST)
    right, left = found.lungs
    assert (right.side, left.side) == ("right", "left")
    assert right.opacity_ml.difference == pytest.approx(50.0)
    assert left.opacity_ml.difference == 0.0
    assert right.volume_ml.percent == 0.0
    assert found.days == 30
    assert found.probability.before == 0.4 and found.logit is not None
    evidence = sum(part.evidence.difference for part in found.lungs if part.evidence)
    assert evidence == pytest.approx(sum(one["logit"] for one in now["evidence"]["terms"]) / 2)
    assert found.doubts == ()


def test_lobes_are_compared_where_both_masks_have_them(small_phantom: Phantom) -> None:
    lungs = LungMask(small_phantom.lung_mask, small_phantom.ct.geometry, lobes_in(small_phantom.lung_mask))
    values = small_phantom.lesions[::2, ::8, ::8].astype(np.float32)
    attention = place_attention(values, small_phantom.ct.geometry)
    whole = analysis_of(small_phantom.ct, lungs, attention, 2.0)
    assert whole.lobes == measure_lobes(small_phantom.ct, lungs)
    record = whole.to_record()
    logits = lobe_logits(record, lungs)
    assert logits is not None and sum(logits.values()) == pytest.approx(4.0)
    other = {**record, "input": {"name": "", "sha256": "0" * 64}}
    found = follow_up(Dated(other, lobe_logits=logits), Dated(record, lobe_logits=logits))
    assert [(part.side, part.lobe) for part in found.lobes] == list(logits)
    assert all(part.evidence is not None and part.evidence.difference == 0 for part in found.lobes)
    assert follow_up(Dated({**other, "lobes": []}), Dated(record)).lobes == ()
    assert lobe_logits(record, replace(lungs, lobes=None)) is None


@pytest.mark.parametrize(
    ("change", "registration", "said"),
    [
        ({}, replace(ONE_CHEST, overlap=0.7), "do not look like the same chest"),
        ({}, replace(ONE_CHEST, seen_in_both=0.5), "Only 50 % of the lungs are seen in both"),
        ({"weights": "0" * 64}, ONE_CHEST, "Other weights scored then"),
        ({"method": "threshold"}, ONE_CHEST, "found in another way"),
        ({"volume": 0.7}, ONE_CHEST, "depth of breath"),
        ({"width": (0.3, 0.99)}, ONE_CHEST, "do not read a change out of it"),
        ({"outside": True}, ONE_CHEST, "not to be relied on"),
        ({"evidence": 2.0}, ONE_CHEST, "where it is strongest"),
    ],
)
def test_what_makes_the_change_doubtful_is_said(
    then: dict[str, Any], now: dict[str, Any], change: dict[str, Any], registration: Registration, said: str
) -> None:
    now = {**now, "lungs": {**now["lungs"], "method": "unet"}, "width": _width(now["probability"], now["probability"])}
    then = {**then, "lungs": {**then["lungs"], "method": change.get("method", "unet")}}
    then["weights"] = {**then["weights"], "sha256": change.get("weights", then["weights"]["sha256"])}
    then["width"] = _width(*change.get("width", (0.4, 0.4)))
    then["domain"] = {"is_inside": not change.get("outside", False)}
    if more := change.get("evidence"):
        terms = [{**one, "logit": more + one["logit"]} for one in now["evidence"]["terms"]]
        then["evidence"] = {**now["evidence"], "terms": terms}
        now["opacity"] = then["opacity"]
    factor = change.get("volume", 1.0)
    then["opacity"] = [{**lung, "volume_ml": factor * lung["volume_ml"]} for lung in then["opacity"]]
    found = follow_up(Dated(then), Dated(now), registration)
    (doubt,) = found.doubts
    assert said in doubt
    assert (found.logit is None) == ("weights" in change)
    assert all((part.evidence is None) == ("weights" in change) for part in found.lungs)


@pytest.mark.parametrize(
    ("earlier", "later", "said"),
    [
        ({"stale": "The lung mask was edited after scoring."}, {}, "The earlier result is out of date"),
        ({}, {"stale": "The CT was changed after scoring."}, "The later result is out of date"),
        ({"levels": (-950.0, -700.0, -300.0, 50.0)}, {}, "different limits"),
        ({"day": date(2024, 3, 1)}, {"day": date(2024, 1, 31)}, "exchange the two"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    then: dict[str, Any], now: dict[str, Any], earlier: dict[str, Any], later: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        follow_up(Dated(then, **earlier), Dated(now, **later))


def test_a_ct_is_not_compared_with_itself(now: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="of one CT"):
        follow_up(Dated(now), Dated(now))


def _width(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "readings": []}

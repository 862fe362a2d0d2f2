"""The straight way of one CT: the same for every storage order, refused where it makes no sense, recorded in full."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Analysis, Progress, analyze
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, InputError, MaskError, WeightsError
from COVIDDetectLib.lungs import LungMask, lung_mask_sha256
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.weights.cards import default_card

ORDERS = [
    Reorientation((0, 1, 2), (True, True, False)),
    Reorientation((1, 0, 2), (False, False, True)),
    Reorientation((2, 1, 0), (False, True, False)),
    Reorientation((0, 2, 1), (True, False, False)),
    Reorientation((1, 2, 0), (False, False, False)),
    Reorientation((2, 0, 1), (True, False, True)),
]
"""Every exchange of axes, the two rotations too, whose way back is another one; ``test_geometry`` has all 48 orders."""


@cache
def phantom() -> Phantom:
    """Small, with disease."""
    return thorax(seed=5, shape=(18, 128, 128), spacing=(2.8, 2.8, 15.0), disease="covid")


@cache
def analysis_of_axial() -> Analysis:
    return analyze(phantom().ct, lungs="unet", device="cpu")


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_probability_and_mask_are_unchanged_when_axes_are_exchanged_or_flipped(order: Reorientation) -> None:
    ct = phantom().ct
    stored = CTVolume(np.ascontiguousarray(order.apply(ct.hu)), ct.geometry.reoriented(order, ct.shape))

    analysis = analyze(stored, lungs="unet", device="cpu")

    expected = analysis_of_axial()
    assert analysis.probability == pytest.approx(expected.probability, abs=1e-4)
    np.testing.assert_array_equal(analysis.lung_mask.labels, order.apply(expected.lung_mask.labels))
    assert analysis.lung_mask.geometry == stored.geometry
    assert analysis.attention.geometry.same_grid(expected.attention.geometry)
    np.testing.assert_allclose(analysis.heat_map.in_lungs.values, expected.heat_map.in_lungs.values, atol=1e-3)
    assert analysis.opacity == expected.opacity
    assert analysis.ct_sha256 == expected.ct_sha256
    assert analysis.lung_mask_sha256 == expected.lung_mask_sha256 == lung_mask_sha256(analysis.lung_mask)
    assert [replace(r, peak_lps=(0, 0, 0)) for r in analysis.regions] == [
        replace(r, peak_lps=(0, 0, 0), peak=pytest.approx(r.peak, abs=1e-3)) for r in expected.regions
    ]


def test_heat_map_lies_over_the_lungs() -> None:
    attention, mask = analysis_of_axial().attention, analysis_of_axial().lung_mask
    cells = np.argwhere(attention.values >= 0)[:, ::-1]
    places = attention.geometry.ijk_to_lps @ np.c_[cells, np.ones(len(cells))].T
    lungs = np.argwhere(mask.labels)[:, ::-1]
    lung_places = mask.geometry.ijk_to_lps @ np.c_[lungs, np.ones(len(lungs))].T
    cell_mm = np.array(attention.geometry.spacing)[:, None]
    assert np.all(np.abs(places.min(1)[:3] - lung_places.min(1)[:3]) <= cell_mm[:, 0])
    assert np.all(np.abs(places.max(1)[:3] - lung_places.max(1)[:3]) <= cell_mm[:, 0])


def test_a_mask_made_by_hand_is_taken_as_it_is() -> None:
    expected = analysis_of_axial()
    given = analyze(phantom().ct, lungs=expected.lung_mask, device="cpu")
    assert given.probability == pytest.approx(expected.probability, abs=1e-6)
    assert given.lungs_method == "given"
    assert given.lungs_card is None
    right_only = LungMask.from_labels(np.where(expected.lung_mask.labels == 1, 1, 0), expected.lung_mask.geometry)
    assert analyze(phantom().ct, lungs=right_only, device="cpu").lung_mask.volumes_ml[1] == 0


def test_a_mask_that_reaches_outside_the_body_is_named_and_scored_as_it_is() -> None:
    small = phantom()
    labels = small.lung_mask.copy()
    labels[12:16, 2:12, 4:24] = 1  # air in front of the patient
    lungs = LungMask.from_labels(labels, small.ct.geometry)
    analysis = analyze(small.ct, lungs=lungs, device="cpu")
    assert any(note.startswith("1 part of the lung mask lies outside the body") for note in analysis.notes)
    np.testing.assert_array_equal(analysis.lung_mask.labels, labels)


def test_record_holds_everything_and_is_json() -> None:
    record = json.loads(json.dumps(analysis_of_axial().to_record()))
    assert record["schema"] == "coviddetect-analysis-1"
    assert record["probability"] == analysis_of_axial().probability
    assert record["decision_threshold"] == 0.5
    assert record["weights"]["sha256"] == default_card("decovnet").sha256
    assert record["lungs"]["method"] == "unet"
    assert record["lungs"]["right_ml"] > 500 and record["lungs"]["left_ml"] > 500
    assert record["device"] == "CPU"
    assert set(record["seconds"]) == {"lungs", "score", "attention"}
    assert [lung["side"] for lung in record["opacity"]] == ["right", "left"]
    assert record["opacity"][0]["volume_ml"] == record["lungs"]["right_ml"]
    assert len(record["regions"]) == len(analysis_of_axial().regions)
    assert record["notes"] == []
    assert 0 < record["attention"]["share_in_lungs"] <= 1
    assert {"coviddetect", "python", "torch", "numpy", "SimpleITK"} <= record["software"].keys()
    assert len(record["input"]["sha256"]) == 64


def test_what_was_found_about_the_ct_is_part_of_the_notes() -> None:
    given = analyze(phantom().ct, lungs=analysis_of_axial().lung_mask, device="cpu", findings=["It is cut off."])
    assert given.notes == ("It is cut off.",)
    assert given.to_record()["notes"] == ["It is cut off."]


def test_probability_is_the_softmax_of_the_logits() -> None:
    negative, positive = analysis_of_axial().score.logits
    assert analysis_of_axial().probability == pytest.approx(1 / (1 + np.exp(negative - positive)), abs=1e-9)


def test_progress_counts_slices_and_a_cancel_passes_through() -> None:
    seen: list[Progress] = []
    analyze(phantom().ct, lungs="unet", device="cpu", progress=seen.append)
    lungs = [step for step in seen if step.stage == "lungs"]
    assert lungs[-1].done == lungs[-1].total == phantom().ct.shape[0]
    assert seen[-1] == Progress("attention", 1, 1)

    def cancel(_: Progress) -> None:
        raise Cancelled("The analysis was cancelled.")

    with pytest.raises(Cancelled):
        analyze(phantom().ct, lungs="unet", device="cpu", progress=cancel)


@pytest.mark.parametrize("offset", [1024, 2000])
def test_volumes_that_are_not_hounsfield_units_are_refused(offset: int) -> None:
    ct = phantom().ct
    with pytest.raises(InputError, match="not Hounsfield units"):
        analyze(CTVolume.from_array(ct.hu.astype(np.int32) + offset, ct.geometry), device="cpu")


def test_a_ct_without_lungs_is_refused() -> None:
    hu = np.full((20, 64, 64), -1000, dtype=np.int16)
    hu[:, 10:54, 10:54] = 40
    for method in ("unet", "threshold"):
        with pytest.raises(MaskError, match="[Ll]ung"):
            analyze(CTVolume(hu, Geometry.axial((5.0, 5.0, 5.0))), lungs=method, device="cpu")


def test_a_mask_on_another_grid_is_refused() -> None:
    expected = analysis_of_axial().lung_mask
    moved = LungMask(expected.labels, replace(expected.geometry, origin=(99.0, 0.0, 0.0)))
    with pytest.raises(MaskError, match="voxel grid"):
        analyze(phantom().ct, lungs=moved, device="cpu")


def test_weights_of_the_unet_cannot_score() -> None:
    with pytest.raises(WeightsError, match="cannot score"):
        analyze(phantom().ct, weights=default_card("unet"), device="cpu")

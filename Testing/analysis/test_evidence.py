"""What the number is the sum of: joined by place, named by lung, and counted from what healthy scans have."""

import json

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import analyze
from COVIDDetectLib.analysis.evidence import NOWHERE, OUTSIDE, Evidence
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.networks.receipt import Receipt
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard

VOXELS, CELLS = Geometry.axial(), Geometry.axial((8.0, 8.0, 8.0))


def lungs() -> LungMask:
    labels = np.zeros((96, 96, 160), dtype=np.uint8)
    labels[:, 16:80, 16:72], labels[:, 16:80, 88:144] = 1, 2
    return LungMask(labels, VOXELS)


def evidence(*terms: tuple[float, tuple[float, float, float]], healthy: np.ndarray | None = None) -> Evidence:
    """Of channels that weigh so much with an activation of 1, each in its cell (slice, row, column)."""
    weights = np.array([weight for weight, _ in terms])
    activations = np.ones(len(terms))
    cells = np.array([cell for _, cell in terms], dtype=float)
    receipt = Receipt(float(weights.sum() - 1), -1.0, activations, weights, cells)
    return Evidence.of(receipt, healthy, CELLS, lungs())


def test_terms_are_named_by_lung_and_third_and_sorted_by_weight() -> None:
    found = evidence((0.2, (11, 5, 4)), (-0.7, (1, 5, 14)), (0.5, (6, 0, 10)))
    assert [(term.logit, term.where) for term in found.terms] == [
        (-0.7, "left lower"),
        (0.5, OUTSIDE),
        (0.2, "right upper"),
    ]
    assert found.terms[0].position_lps_mm == (112.0, 40.0, 8.0)
    assert found.speaks_for == pytest.approx(0.7)


def test_channels_at_one_place_are_one_term() -> None:
    found = evidence((0.2, (5, 5, 4)), (0.4, (6, 6, 5)), (-0.1, (4, 5, 4)), (0.3, (5, 5, 14)))
    assert [(round(term.logit, 6), term.where) for term in found.terms] == [(0.5, "right middle"), (0.3, "left middle")]


def test_healthy_scans_are_the_starting_point() -> None:
    found = evidence((2.0, (5, 5, 4)), (-1.0, (5, 5, 14)), healthy=np.array([1.0, 1.5]))
    assert found.starting_point == pytest.approx(-1 + 2 - 1.5)
    (term,) = (term for term in found.terms if term.logit)
    assert (term.logit, term.position_lps_mm, term.where) == (pytest.approx(0.5), None, NOWHERE)
    assert found.starting_point + sum(term.logit for term in found.terms) == pytest.approx(found.margin)


def test_the_record_holds_a_sum_that_is_the_margin(small_phantom: Phantom, fresh_card: ModelCard) -> None:
    mask = LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)
    record = json.loads(json.dumps(analyze(small_phantom.ct, lungs=mask, device="cpu", weights=fresh_card).to_record()))
    entry = record["evidence"]
    logits = record["logits"]
    assert entry["margin"] == pytest.approx(logits["positive"] - logits["negative"], abs=1e-5)
    total = entry["starting_point"] + sum(term["logit"] for term in entry["terms"])
    assert total == pytest.approx(entry["margin"], abs=1e-5)
    assert Evidence.from_entry(entry).terms[0].where == entry["terms"][0]["where"]

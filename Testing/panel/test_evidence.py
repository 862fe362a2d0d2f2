"""The number is shown as the sum that it is, and each term leads to its place."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.steps import analyze, load_phantom, write_result


def evidence(*terms: tuple[float, str], margin: float = 0.0) -> Any:
    from COVIDDetectLib.analysis.evidence import Evidence, Term

    places = {"no single place": None}
    made = tuple(
        Term(logit, places.get(where, (10.0 * number, -20.0, 30.0)), where)
        for number, (logit, where) in enumerate(terms)
    )
    return Evidence(margin, margin - sum(term.logit for term in made), made)


def test_what_decided_stands_under_the_number_and_the_sum_a_click_away(panel: Any) -> None:
    write_result(
        load_phantom(), evidence=evidence((1.2, "right lower"), (-0.4, "left middle"), (0.3, "no single place"))
    )
    ui = panel.ui
    assert ui.evidenceLabel.visible and not ui.evidenceTableLabel.visible
    for text in (
        "For:",
        "right, lower third",
        "+1.20",
        "Against:",
        "left, middle third",
        "−0.40",
        "fewer signs of health",
    ):
        assert text in ui.evidenceLabel.text
    ui.evidenceLabel.linkActivated("all")
    assert ui.evidenceTableLabel.visible
    assert "Starting point" in ui.evidenceTableLabel.text and "−1.10" in ui.evidenceTableLabel.text


def test_a_click_on_a_term_goes_to_its_place(panel: Any) -> None:
    import slicer

    write_result(load_phantom(), evidence=evidence((1.2, "right lower"), (-0.4, "left middle")))
    panel.ui.evidenceLabel.linkActivated("1")
    slices = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    assert slices.GetSliceToRAS().GetElement(2, 3) == pytest.approx(30.0, abs=5.1)


def test_a_scan_for_which_nothing_speaks_says_so(panel: Any) -> None:
    write_result(load_phantom(), evidence=evidence((-0.8, "left upper"), (0.02, "right lower")))
    assert panel.ui.evidenceLabel.text.startswith("Nothing in this scan speaks for COVID-19.")
    assert "For:" not in panel.ui.evidenceLabel.text


def test_what_is_computed_sums_to_the_number_that_is_shown(panel: Any, real_worker: Any) -> None:
    load_phantom()
    record = analyze(panel).record
    entry = record["evidence"]
    total = entry["starting_point"] + sum(term["logit"] for term in entry["terms"])
    assert total == pytest.approx(record["logits"]["positive"] - record["logits"]["negative"], abs=1e-4)
    assert panel.ui.evidenceLabel.visible

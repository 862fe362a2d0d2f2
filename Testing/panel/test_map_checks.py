"""The marks under the heat map come by themselves after the number's width; a failed one is said in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from Testing.panel.host import close_scene, wait_until
from Testing.panel.steps import (
    LONGEST_ANALYSIS_S,
    analyze,
    composite,
    let_views_settle,
    load_phantom,
    pixels,
    write_result,
)
from Testing.panel.test_one_page import HEIGHT, height_of_page

if TYPE_CHECKING:
    from COVIDDetectLib.analysis.map_checks import MapChecks

MARKS = ("in&nbsp;lungs", "knows&nbsp;the&nbsp;weights", "repeatable", "does&nbsp;what&nbsp;it&nbsp;says")
PASSED, FAILED, UNKNOWN = (f"{mark}&nbsp;" for mark in "\N{CHECK MARK}\N{BALLOT X}\N{EN DASH}")


def checks(**different: Any) -> MapChecks:
    from COVIDDetectLib.analysis.map_checks import Check, MapChecks

    passed = MapChecks(
        True, Check(0.9, 0.5, True), Check(0.05, 0.3, True), Check(0.9, 0.7, True), Check(0.05, 0.05, True)
    )
    return replace(passed, **different)


def failed(value: float, limit: float) -> Any:
    from COVIDDetectLib.analysis.map_checks import Check

    return Check(value, limit, False)


def legend_title() -> str:
    import slicer

    shown = slicer.mrmlScene.GetNodeByID(composite("Red").GetForegroundVolumeID())
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(shown)
    assert legend.GetVisibility()
    return str(legend.GetTitleText())


def test_they_come_by_themselves_after_the_width_and_are_kept_with_the_result(panel: Any, tmp_path: Path) -> None:
    import slicer

    load_phantom()
    result, label = analyze(panel), panel.ui.mapChecksLabel
    assert not label.visible
    wait_until(lambda: result.record["map_checks"], 10, "the map is checked")
    assert result.record["width"] and label.visible
    assert all(PASSED + mark in label.text for mark in MARKS if mark != "repeatable")
    assert UNKNOWN + "repeatable" in label.text, "these readings have no maps"
    assert "could not be checked" in label.toolTip and "0.10; below 0.30" in label.toolTip
    assert result.stale == "" and not panel.logic.busy and panel.logic.backgroundJob is None
    assert height_of_page(panel) <= HEIGHT
    told = label.text
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: panel.ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    assert label.text == told and panel.logic.backgroundJob is None


@pytest.mark.parametrize(
    ("name", "value", "limit", "sentence"),
    [
        ("knows_weights", 1.0, 0.3, "it looks the same with weights that know nothing"),
        ("does_what_it_says", 0.4, 0.05, "Do not take hot places for what decided"),
        ("repeatable", 0.3, 0.7, "they move when scan and mask are nudged"),
        ("in_lungs", 0.3, 0.5, "Most of the heat lies outside the lungs"),
    ],
)
def test_a_failed_one_is_said_in_words_under_the_map_and_at_its_legend(
    panel: Any, name: str, value: float, limit: float, sentence: str
) -> None:
    write_result(load_phantom(), map_checks=checks())
    ui = panel.ui
    assert ui.mapChecksLabel.text.count(PASSED) == 4 and FAILED not in ui.mapChecksLabel.text
    assert legend_title() == "Heat"
    write_result(ui.ctSelector.currentNode(), map_checks=checks(**{name: failed(value, limit)}))
    text = ui.mapChecksLabel.text
    assert text.count(PASSED) == 3 and text.count(FAILED) == 1
    assert sentence in text
    assert f"{value:.2f}" in ui.mapChecksLabel.toolTip
    assert legend_title() == "Unreliable"
    words = " ".join(panel.panel.heat_map.warning.seen_in("Red").split())
    assert words.startswith("Hatched heat map.") and sentence in words
    assert height_of_page(panel) <= HEIGHT


def test_a_map_that_failed_is_hatched_until_a_check_passes_or_it_is_replaced(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = write_result(ct, map_checks=checks())
    panel.ui.ctSelector.setCurrentNode(ct)
    warning = panel.panel.heat_map.warning
    heat_map, values = result.in_lungs_node, slicer.util.arrayFromVolume(result.in_lungs_node).copy()
    let_views_settle()
    plain = pixels()
    result.write_map_checks(checks(repeatable=None, in_lungs=failed(0.3, 0.5)))
    panel.panel.update()
    copy = slicer.mrmlScene.GetNodeByID(composite("Red").GetForegroundVolumeID())
    assert copy is not heat_map and "hatched" in copy.GetName()
    striped = slicer.util.arrayFromVolume(copy)
    assert 0.3 < (striped > 0.3).sum() * cell_ml(copy) / ((values > 0.3).sum() * cell_ml(heat_map)) < 0.7
    assert (slicer.util.arrayFromVolume(heat_map) == values).all(), "what is exported has no stripes"
    assert (pixels() != plain).any() and warning.seen_in("Red")
    assert "Another volume" not in panel.ui.heatMapNoteLabel.text
    assert copy.GetID() not in panel_cts(panel)
    panel.ui.heatMapVisibleCheckBox.click()
    assert not warning.seen_in("Red") and not slicer.util.getNodesByClass("vtkMRMLVolumeNode").count(copy)
    panel.ui.heatMapVisibleCheckBox.click()
    assert warning.seen_in("Red")
    result.write_map_checks(checks())
    panel.panel.update()
    assert composite("Red").GetForegroundVolumeID() == heat_map.GetID()
    assert not warning.seen_in("Red")
    assert (pixels() == plain).all(), "as before"


def cell_ml(volume: Any) -> float:
    x, y, z = volume.GetSpacing()
    return float(x * y * z / 1000)


def panel_cts(panel: Any) -> list[str]:
    selector = panel.ui.ctSelector
    return [selector.nodeFromIndex(number).GetID() for number in range(selector.nodeCount())]


def test_of_a_dark_map_nothing_is_checked_and_nothing_fails(panel: Any) -> None:
    from COVIDDetectLib.analysis.map_checks import MapChecks

    write_result(load_phantom(), map_checks=MapChecks(False))
    label = panel.ui.mapChecksLabel
    assert label.visible and "No heat to check" in label.text
    assert PASSED not in label.text and FAILED not in label.text
    assert legend_title() == "Heat"


def test_they_belong_to_the_map_that_was_checked(panel: Any) -> None:
    load_phantom()
    result, ui = analyze(panel), panel.ui
    wait_until(lambda: result.record["map_checks"], 10, "the map is checked")
    ui.layerComboBox.activated(ui.layerComboBox.findText("Occlusion"))
    wait_until(lambda: not panel.logic.busy, 5, "the other map is made")
    assert not ui.mapChecksLabel.visible
    ui.layerComboBox.activated(0)
    wait_until(lambda: not panel.logic.busy, 5, "the first map is made again")
    assert ui.mapChecksLabel.visible


def test_what_the_user_asks_for_takes_their_place(panel: Any, client: Any) -> None:
    load_phantom()
    result = analyze(panel)
    wait_until(lambda: result.record["width"], 5, "the CT is read again")
    with client.held():
        panel.panel.idle_worker._start()
        assert panel.logic.backgroundJob.kind == "checks" and not panel.logic.busy
        panel.ui.experimentsButton.click()
        assert panel.logic.busy and panel.logic.backgroundJob is None
    wait_until(lambda: result.record["map_checks"], 10, "the map is checked")


@pytest.mark.slow
def test_the_worker_checks_the_map_and_leaves_the_result_as_it_is(panel: Any, real_worker: Any) -> None:
    load_phantom()
    result = analyze(panel)
    panel.panel.idle_worker._start()
    wait_until(lambda: result.record["width"], LONGEST_ANALYSIS_S, "the CT is read again")
    before, process = result.record, real_worker.process_id
    panel.panel.idle_worker._start()
    wait_until(lambda: result.record["map_checks"], LONGEST_ANALYSIS_S, "the map is checked")
    assert {**result.record, "map_checks": None} == before
    found = result.map_checks
    assert found.has_heat and all(check is not None for check in found.each.values())
    assert result.stale == "" and real_worker.process_id == process

"""The logic in a script, as of any other Slicer module: along with the panel, and gone when nobody uses it any more."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest
from COVIDDetectLib.errors import COVIDDetectError

from Testing.panel.host import wait_until
from Testing.panel.instant_client import InstantClient
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, ideal, load_phantom, write_result
from Testing.panel.test_mask import erase_a_piece


@pytest.fixture
def logic(panel: Any) -> Any:
    """A second logic."""
    from COVIDDetect import COVIDDetectLogic

    logic = COVIDDetectLogic(InstantClient())
    yield logic
    logic.stop()


@pytest.mark.parametrize("lives_on", [True, False])
def test_the_panel_shows_and_watches_what_a_script_wrote(panel: Any, logic: Any, lives_on: bool) -> None:
    ct = load_phantom()
    result = logic.analyze(ct, lungs="threshold")
    assert panel.ui.resultWidget.isVisibleTo(panel.parent)
    if not lives_on:
        logic.stop()
    segments = result.lung_mask_node.GetSegmentation()
    segments.RemoveSegment(segments.GetNthSegmentID(0))
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.isVisibleTo(panel.parent)


def test_the_panel_hears_of_an_edit_during_a_script_s_analysis(panel: Any, logic: Any) -> None:
    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    lungs = mask.GetSegmentation()
    right = lungs.GetNthSegmentID(0)
    logic.progressed.connect(lambda job, progress: lungs.RemoveSegment(right) if lungs.GetSegment(right) else None)
    result = logic.analyze(ct, mask)
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.isVisibleTo(panel.parent)
    assert not panel.ui.probabilityLabel.enabled


@pytest.mark.parametrize("is_first", [True, False])
def test_the_panel_takes_the_mask_that_a_script_scored_with(panel: Any, is_first: bool) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import new_segmentation

    ct = load_phantom()
    if not is_first:
        write_result(ct)
    other = new_segmentation(ct, "Another mask")
    panel.ui.maskSelector.setCurrentNode(other)
    result = write_result(ct)
    assert result.stale == ""
    assert panel.ui.maskSelector.currentNode() is result.lung_mask_node
    panel.ui.maskSelector.setCurrentNode(other)
    assert result.stale == ""
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    slicer.app.processEvents()
    assert panel.ui.maskSelector.currentNode() is other, "the user's choice afterwards stays"


def test_a_script_takes_no_mask_from_under_her_hands(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import new_segmentation, write_lung_mask_node

    ct = load_phantom()
    analyze(panel)
    own = new_segmentation(ct, "Own")
    write_lung_mask_node(ideal().lung_mask, own)
    panel.ui.maskSelector.setCurrentNode(own)
    panel.ui.editMaskButton.click()
    result = write_result(ct)
    slicer.app.processEvents()
    assert panel.panel.mask_editor.is_open
    assert panel.ui.maskSelector.currentNode() is own
    assert result.stale == ""
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    panel.ui.editMaskButton.click()
    assert panel.ui.maskSelector.currentNode() is own


def test_a_script_that_uses_the_panel_s_own_logic_takes_no_mask_that_is_being_edited(panel: Any) -> None:
    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    erase_a_piece(panel)
    result = panel.logic.analyze(ct, lungs="threshold")
    assert result.lung_mask_node is not mask
    assert panel.panel.mask_editor.is_open and panel.ui.maskSelector.currentNode() is mask
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."


def test_a_listener_that_fails_stops_neither_the_script_nor_the_panel(
    panel: Any, logic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    ct = load_phantom()
    logic.resultsChanged.connect(fails)
    assert analyze(panel).stale == ""
    assert panel.ui.messageLabel.text == ""
    logic.finished.connect(fails)
    assert logic.analyze(ct, lungs="threshold").stale == ""
    assert set(heard) == {ZeroDivisionError}


def test_the_decision_threshold_of_a_script_s_result_stays_its_own(panel: Any) -> None:
    ct = load_phantom()
    result = write_result(ct, decision_threshold=0.3)
    assert panel.panel.parameters.decisionThreshold == pytest.approx(0.3)
    panel.panel.parameters.heatMapOpacity = 0.7
    assert result.decision_threshold == pytest.approx(0.3)
    panel.panel.parameters.decisionThreshold = 0.8
    assert result.decision_threshold == pytest.approx(0.8)
    assert write_result(ct, decision_threshold=0.3).decision_threshold == pytest.approx(0.8)
    assert panel.panel.parameters.decisionThreshold == pytest.approx(0.8)


def test_an_error_that_nobody_expects_ends_the_wait_of_a_script_and_of_the_panel(
    panel: Any, logic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from COVIDDetectLib.mrml import outcome

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))
    monkeypatch.setattr(outcome, "write_analysis_nodes", fails)
    ct = load_phantom()
    with pytest.raises(COVIDDetectError, match="Error Log"):
        logic.analyze(ct, lungs="threshold")
    begin(panel)
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert "Error Log" in panel.ui.messageLabel.text
    assert not panel.ui.progressWidget.isVisibleTo(panel.parent)
    assert heard == [ZeroDivisionError] * 2


def test_a_script_that_writes_does_not_make_its_own_result_stale(panel: Any, logic: Any) -> None:
    ct = load_phantom()
    first = analyze(panel)
    again = logic.analyze(ct, lungs="threshold")
    assert again.node is first.node
    assert again.lung_mask_node is first.lung_mask_node
    assert again.stale == ""


def test_what_is_wrong_with_a_ct_stands_beside_the_number_of_a_script(panel: Any, logic: Any) -> None:
    import slicer
    import vtk

    ct = load_phantom()
    shear = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(1, 2, 0.3)
    shear.SetMatrixTransformToParent(matrix)
    ct.SetAndObserveTransformNodeID(shear.GetID())
    assert any("tilted" in note for note in logic.analyze(ct, lungs="threshold").record["notes"])
    ct.SetAndObserveTransformNodeID(None)
    assert not any("tilted" in note for note in logic.analyze(ct, lungs="threshold").record["notes"])


def test_a_logic_that_nobody_holds_takes_its_process_with_it(panel: Any) -> None:
    from COVIDDetect import COVIDDetectLogic

    logic = COVIDDetectLogic()
    logic.analyze(load_phantom(), lungs="threshold")
    process = logic._client.process_id
    gone = weakref.ref(logic)
    del logic
    gc.collect()
    assert gone() is None
    wait_until(lambda: not is_running(process), 5.0, "its process is gone")


def test_a_logic_that_another_thread_collects_is_ended_by_the_main_one(panel: Any) -> None:
    from COVIDDetect import COVIDDetectLogic

    def leave_behind() -> int:
        logic = COVIDDetectLogic()
        logic.finished.connect(lambda job, result: logic)  # nobody else holds it, but it holds itself
        logic._client.warm_up("cpu")
        wait_until(lambda: logic._client.process_id, 10.0, "its process runs")
        return logic._client.process_id

    gc.disable()
    try:
        process = leave_behind()
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
    finally:
        gc.enable()
    assert is_running(process)
    COVIDDetectLogic().stop()
    wait_until(lambda: not is_running(process), 5.0, "its process is gone")


def test_the_module_s_own_test_passes_and_skips_nothing(panel: Any) -> None:
    import unittest

    from COVIDDetect import COVIDDetectTest

    outcome = unittest.TestResult()
    unittest.TestLoader().loadTestsFromTestCase(COVIDDetectTest).run(outcome)
    assert outcome.wasSuccessful(), outcome.errors + outcome.failures
    assert outcome.testsRun == 2 and outcome.skipped == []


def is_running(process: int) -> bool:
    from pathlib import Path

    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_widget_whose_setup_failed_can_be_cleaned_up(panel: Any) -> None:
    import slicer

    from COVIDDetect import COVIDDetectWidget

    widget = COVIDDetectWidget(panel.parent)
    widget.cleanup()
    assert slicer.modules.COVIDDetectWidget is panel

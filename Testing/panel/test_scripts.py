"""The logic in a script, as of any other Slicer module: beside the panel, and gone when nobody uses it any more."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, load_phantom
from Testing.panel.test_never_misleads import move


@pytest.fixture
def logic(panel: Any) -> Any:
    """A second logic."""
    from COVIDDetect import COVIDDetectLogic

    logic = COVIDDetectLogic()
    yield logic
    logic.stop()


def test_the_panel_shows_and_watches_what_a_script_wrote(panel: Any, logic: Any) -> None:
    ct = load_phantom()
    result = logic.analyze(ct, lungs="threshold")
    assert panel.ui.resultCollapsibleButton.isVisibleTo(panel.parent)
    logic.stop()
    segments = result.lung_mask_node.GetSegmentation()
    segments.RemoveSegment(segments.GetNthSegmentID(0))
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.isVisibleTo(panel.parent)


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


def test_what_was_put_off_is_let_go_of(panel: Any) -> None:
    from COVIDDetectLib.worker.chore import Chore
    from COVIDDetectLib.worker.later import Later

    class Owner:
        def __init__(self) -> None:
            self.calls = 0
            self.later = Later(self.call)

        def call(self) -> None:
            self.calls += 1

    def called_once() -> weakref.ref[Owner]:
        owner = Owner()
        for _ in range(3):
            owner.later.start()
        wait_until(lambda: owner.calls, 5.0, "it is called")
        assert owner.calls == 1
        owner.later.stop()
        owner.later.stop()
        return weakref.ref(owner)

    gone = called_once()
    done: list[np.ndarray] = []

    def pieces() -> Any:
        yield
        return np.zeros(3)

    chore = Chore(pieces(), done.append, done.append)
    wait_until(lambda: done, 5.0, "the chore is done")
    chore_gone = weakref.ref(chore)
    del chore
    gc.collect()
    assert gone() is None
    assert chore_gone() is None


def test_a_widget_whose_setup_failed_can_be_cleaned_up(panel: Any) -> None:
    import slicer

    from COVIDDetect import COVIDDetectWidget

    widget = COVIDDetectWidget(panel.parent)
    widget.cleanup()
    assert slicer.modules.COVIDDetectWidget is panel


def test_moving_in_a_batch_is_noticed_by_every_watch(panel: Any, logic: Any) -> None:
    import slicer

    ct = load_phantom()
    result = logic.analyze(ct, lungs="threshold")
    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    move(ct, 10.0)
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    assert result.stale == "The CT was changed after scoring."

"""No number and no heat map is shown for anything but what was scored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, finish, load_phantom


def composites() -> list[Any]:
    import slicer

    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))


def test_another_foreground_is_left_alone(panel: Any) -> None:
    import slicer

    load_phantom()
    analyze(panel)
    fused = load_phantom("Fused")
    slicer.util.setSliceViewerLayers(foreground=fused)
    panel.ui.decisionThresholdSlider.value = 0.8
    assert all(view.GetForegroundVolumeID() == fused.GetID() for view in composites())


def test_a_ct_that_changes_during_its_analysis_gives_a_sentence_and_no_result(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    begin(panel, "unet")
    slicer.util.updateVolumeFromArray(ct, np.full((20, 64, 64), -1000, dtype=np.int16))
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "the analysis ends")
    assert panel.ui.messageLabel.text == "The CT was changed during the analysis; analyze it again."
    assert not panel.ui.progressWidget.visible
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_what_was_accepted_stays_beside_the_number(panel: Any) -> None:
    import slicer

    from Testing.panel.steps import finish, phantom

    node = load_phantom()
    slicer.util.updateVolumeFromArray(node, phantom().ct.hu[8:20])
    combo = panel.ui.methodComboBox
    combo.currentIndex = combo.findData("threshold")
    panel.ui.analyzeButton.click()
    panel.ui.analyzeButton.click()
    result = finish(panel)
    assert any("only 12 axial slices" in note for note in result.record["notes"])
    assert panel.ui.notesWidget.visible and "only 12 axial slices" in panel.ui.notesLabel.text


def test_each_ct_keeps_its_own_decision_threshold(panel: Any) -> None:
    first = load_phantom("First")
    analyze(panel)
    panel.ui.decisionThresholdSlider.value = 0.3
    second = load_phantom("Second")
    panel.ui.ctSelector.setCurrentNode(second)
    analyze(panel)
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.5)
    panel.ui.ctSelector.setCurrentNode(first)
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.3)
    panel.ui.rescoreButton.click()
    finish(panel)
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.3)
    panel.ui.ctSelector.setCurrentNode(second)
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.5)


def test_to_take_back_the_choice_of_another_mask_is_a_choice_too(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    mask = result.lung_mask_node
    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    copy.CreateDefaultDisplayNodes()
    copy.GetSegmentation().DeepCopy(mask.GetSegmentation())
    panel.ui.maskSelector.setCurrentNode(copy)
    panel.ui.rescoreButton.click()
    finish(panel)
    assert result.lung_mask_node is copy
    panel.ui.maskSelector.setCurrentNode(None)
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    panel.ui.rescoreButton.click()
    finish(panel)
    assert result.lung_mask_node is not copy
    assert result.stale == ""


def test_density_segments_go_with_the_bounds_that_they_show(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    assert result.opacity_node is not None
    panel.ui.groundGlassFromSpinBox.value = -700
    wait_until(lambda: result.opacity_bounds[1] == -700, 5, "measured again")
    assert result.opacity_node is None


@pytest.mark.parametrize("change", ["a segment added", "painted", "renamed"])
@pytest.mark.parametrize("then", ["other bounds", "another score", "shown again"])
def test_density_segments_that_somebody_worked_on_stay(panel: Any, change: str, then: str) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    own = result.opacity_node
    segments = own.GetSegmentation()
    if change == "a segment added":
        segments.AddEmptySegment("mine", "My lesion")
    elif change == "renamed":
        own.SetName("For the board")
    else:
        segment = segments.GetNthSegmentID(0)
        voxels = slicer.util.arrayFromSegmentBinaryLabelmap(own, segment)
        voxels[:] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, own, segment)
    if then == "other bounds":
        panel.ui.groundGlassFromSpinBox.value = -700
        wait_until(lambda: result.opacity_bounds[1] == -700, 5, "measured again")
        assert result.opacity_node is None
    elif then == "another score":
        panel.ui.rescoreButton.click()
        finish(panel)
        assert result.opacity_node is None
    else:
        panel.ui.opacitySegmentsButton.click()
        assert result.opacity_node not in (None, own)
    assert own.GetScene() is not None


def test_density_segments_wanted_while_the_bounds_still_move_stay_and_are_those_of_the_numbers(panel: Any) -> None:
    import time

    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.groundGlassFromSpinBox.value = -700
    panel.ui.opacitySegmentsButton.click()
    assert result.opacity_bounds[1] == -700
    until = time.monotonic() + 1
    while time.monotonic() < until:
        slicer.app.processEvents()
    assert result.opacity_node is not None


def test_bounds_that_go_to_and_fro_are_measured_in_the_end(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    start = panel.ui.groundGlassFromSpinBox.value
    for bound in (-740, start, -740):
        panel.ui.groundGlassFromSpinBox.value = bound
    wait_until(lambda: result.opacity_bounds[1] == -740, 5, "measured again")


def test_the_result_says_what_its_weights_are_for(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    assert "trained on synthetic disease" in panel.ui.meaningLabel.text

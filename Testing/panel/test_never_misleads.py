"""No number and no heat map is shown for anything but what was scored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, load_phantom


def composites() -> list[Any]:
    import slicer

    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))


def move(node: Any, mm: float) -> Any:
    """Put a node under a translation."""
    import slicer
    import vtk

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, mm)
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def test_a_heat_map_never_lies_over_another_ct(panel: Any) -> None:
    import slicer

    load_phantom("First")
    analyze(panel)
    other = load_phantom("Other")
    slicer.util.setSliceViewerLayers(background=other)
    assert all(view.GetForegroundVolumeID() is None for view in composites())
    panel.ui.opacitySlider.value = 0.9
    assert all(view.GetForegroundVolumeID() is None for view in composites())


def test_another_foreground_is_left_alone(panel: Any) -> None:
    import slicer

    load_phantom()
    analyze(panel)
    fused = load_phantom("Fused")
    slicer.util.setSliceViewerLayers(foreground=fused)
    panel.ui.decisionThresholdSlider.value = 0.8
    assert all(view.GetForegroundVolumeID() == fused.GetID() for view in composites())


def test_outlines_of_one_ct_are_not_shown_over_another(panel: Any) -> None:
    load_phantom("First")
    mask = analyze(panel).lung_mask_node
    other = load_phantom("Other")
    panel.ui.ctSelector.setCurrentNode(other)
    assert not mask.GetDisplayNode().GetVisibility()


@pytest.mark.parametrize("what", ["ct", "mask"])
def test_moving_ct_or_mask_makes_the_result_stale(panel: Any, what: str) -> None:
    ct = load_phantom()
    result = analyze(panel)
    move(ct if what == "ct" else result.lung_mask_node, 40.0)
    assert result.stale == (
        "The CT was changed after scoring." if what == "ct" else "The lung mask was moved after scoring."
    )


def test_edits_that_nobody_watched_are_found(panel: Any) -> None:
    from COVIDDetectLib.mrml.scene import is_edited

    load_phantom()
    result = analyze(panel)
    mask = result.lung_mask_node
    with panel.logic._watch.paused():
        mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))
    assert result.stale == ""
    panel.logic._watch.verify_results()
    assert result.stale == "The lung mask was edited after scoring."
    assert is_edited(mask)


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
    assert "only 12 axial slices" in panel.ui.verdictLabel.text


@pytest.mark.parametrize(
    ("probability", "threshold", "text"),
    [
        (0.496, 0.5, "0.496"),
        (0.504, 0.5, "0.50"),
        (0.9962, 0.5, "> 0.99"),
        (0.0012, 0.5, "< 0.01"),
        (0.87, 0.5, "0.87"),
    ],
)
def test_rounding_never_contradicts_the_verdict(panel: Any, probability: float, threshold: float, text: str) -> None:
    from COVIDDetectLib.panel.result_section import probability_text

    assert probability_text(probability, threshold) == text

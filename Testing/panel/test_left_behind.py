"""Masks and CTs that are changed, copied or moved anywhere in Slicer: nothing is lost, nothing current by mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.lungs import lung_mask_sha256

from Testing.panel.host import is_slicer
from Testing.panel.steps import analyze, finish, load_phantom, seen_in
from Testing.panel.test_mask import erase_a_piece, right_voxels
from Testing.panel.test_watch import move


def scored_mask_is_the_one_in_the_scene(result: Any) -> bool:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    mask = lung_mask_from_node(result.lung_mask_node, result.ct_node)
    return lung_mask_sha256(mask) == result.record["lungs"]["sha256"]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked in message boxes, which are answered with their default."""
    from COVIDDetectLib.panel import questions

    asked: list[str] = []

    def answer(box: Any, default: Any) -> Any:
        asked.append(box.text)
        return default

    monkeypatch.setattr(questions, "answer_to", answer)
    return asked


def test_undo_after_a_score_makes_it_stale_and_redo_holds_again(panel: Any) -> None:
    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    before = right_voxels(mask, ct)
    erase_a_piece(panel)
    editor = panel.panel.mask_editor.editor
    panel.panel.rescore()
    result = finish(panel)
    assert result.stale == ""
    editor.undo()
    assert right_voxels(mask, ct) == before
    assert result.stale == "The lung mask was edited after scoring."
    editor.redo()
    assert right_voxels(mask, ct) < before
    assert result.stale == ""


def test_a_copy_that_she_corrected_is_never_overwritten(panel: Any, answers: list[str]) -> None:
    import slicer

    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    clone = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Copy")
    clone.Copy(mask)
    panel._parameterNode.lungMask = clone
    erase_a_piece(panel)
    panel.ui.editMaskButton.click()
    edited = right_voxels(clone, ct)
    panel.panel.rescore()
    assert finish(panel).lung_mask_node is clone
    panel.ui.analyzeButton.click()
    finish(panel)
    assert right_voxels(clone, ct) == edited
    assert len(answers) == 1 and "corrected by hand" in answers[0]


def test_rescored_after_the_ct_moved_the_lungs_are_found_where_it_is_now(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    mask, probability = result.lung_mask_node, result.record["probability"]
    voxels = right_voxels(mask, ct)
    move(ct, 40.0)
    assert result.stale == "The CT was changed after scoring."
    panel.ui.rescoreButton.click()
    result = finish(panel)
    assert result.stale == "" and result.lung_mask_node is mask
    assert right_voxels(mask, ct) == voxels
    assert result.record["probability"] == pytest.approx(probability, abs=1e-4)
    assert scored_mask_is_the_one_in_the_scene(result)
    move(ct, -25.0)  # and from now on the mask follows
    assert right_voxels(mask, ct) < voxels


def test_a_corrected_mask_that_the_ct_left_is_asked_about(panel: Any, answers: list[str]) -> None:
    ct = load_phantom()
    result = analyze(panel)
    erase_a_piece(panel)
    panel.panel.rescore()
    finish(panel)
    move(ct, 40.0)
    erase_a_piece(panel)
    assert result.stale == "The CT was changed after scoring.", "an edit does not bring the mask to the CT"
    panel.ui.rescoreButton.click()
    finish(panel)
    assert len(answers) == 1 and "check whether the mask still fits" in answers[0]


def test_lungs_are_found_anew_in_a_ct_that_was_cropped_in_place(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    analyze(panel)
    slicer.util.updateVolumeFromArray(ct, np.ascontiguousarray(slicer.util.arrayFromVolume(ct)[2:, 4:-4, 4:-4]))
    panel.ui.rescoreButton.click()
    result = finish(panel)
    assert result.stale == ""
    assert scored_mask_is_the_one_in_the_scene(result)
    assert seen_in(result.lung_mask_node)


def test_a_mask_that_is_bent_is_left_alone_and_another_made(panel: Any) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    bending = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    mask.SetAndObserveTransformNodeID(bending.GetID())
    result = analyze(panel)
    assert panel.ui.messageLabel.text == ""
    assert result.lung_mask_node is not mask
    assert mask.GetTransformNodeID() == bending.GetID()


def test_a_heat_map_that_is_removed_leaves_no_other_volume_over_the_ct(panel: Any) -> None:
    import slicer

    load_phantom("Other patient")
    ct = load_phantom("This patient")
    panel.ui.ctSelector.setCurrentNode(ct)
    result = analyze(panel)
    slicer.mrmlScene.RemoveNode(result.in_lungs_node)
    slicer.app.processEvents()
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() == ct.GetID()
        assert view.GetForegroundVolumeID() is None


def test_all_of_a_result_lies_in_the_study_of_its_ct(panel: Any) -> None:
    import slicer

    if not is_slicer():
        pytest.skip("the embedded viewer keeps no subject hierarchy")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    ct = load_phantom()
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(ct), study)
    result = analyze(panel)
    for node in (result.node, result.lung_mask_node, result.heat_map_node, result.in_lungs_node):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study, node.GetName()
    hierarchy.RemoveItem(patient)
    assert slicer.util.getNodesByClass("vtkMRMLTableNode") == []


def test_a_mask_can_be_edited_on_when_its_ct_is_gone(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = analyze(panel)
    segments = result.lung_mask_node.GetSegmentation()
    slicer.mrmlScene.RemoveNode(ct)
    for _edit in range(2):  # the first time it is noticed that the CT is gone
        segments.RemoveSegment(segments.GetNthSegmentID(0))
    assert result.stale

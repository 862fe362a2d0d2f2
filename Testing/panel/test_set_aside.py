"""Masks and densities come and go with the CT that they belong to, whichever is chosen: never over another patient."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, composite, finish, load_phantom
from Testing.panel.test_mask import erase_a_piece
from Testing.panel.test_removed_nodes import remove


def show(ct: Any, foreground: Any = None) -> None:
    """In all slice views."""
    import slicer

    slicer.util.setSliceViewerLayers(background=ct, foreground=foreground, foregroundOpacity=0.5)
    slicer.app.processEvents()


def is_outlined(mask: Any) -> bool:
    """Whether a mask is seen in slice views."""
    display = mask.GetDisplayNode()
    return bool(display.GetVisibility() and display.GetVisibility2D())


def views_with(mask: Any) -> list[str]:
    """The slice views on screen in which a mask is seen."""
    import slicer

    display = mask.GetDisplayNode()
    nodes = [slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode() for name in ("Red", "Green", "Yellow")]
    return [node.GetName() for node in nodes if is_outlined(mask) and display.IsDisplayableInView(node.GetID())]


@pytest.fixture
def two(panel: Any) -> Any:
    """Two CTs that were analyzed, and the masks; the second is chosen and shown."""
    cts, masks = [], []
    for name in ("First", "Second"):
        cts.append(load_phantom(name))
        panel.ui.ctSelector.setCurrentNode(cts[-1])
        masks.append(analyze(panel).lung_mask_node)
    return cts, masks


def test_over_another_patient_lies_no_mask_of_a_ct_that_was_removed(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    left = [result.lung_mask_node, result.opacity_node]
    remove(ct)
    panel.ui.ctSelector.setCurrentNode(load_phantom("Another patient"))
    assert not any(is_outlined(node) for node in left)


@pytest.mark.parametrize("chosen", ["First", "Second", "Third", ""])
def test_side_by_side_each_mask_is_seen_in_the_views_of_its_own_ct(panel: Any, two: Any, chosen: str) -> None:
    import slicer

    (first, second), masks = two
    load_phantom("Third")
    panel.ui.ctSelector.setCurrentNode(slicer.util.getNode(chosen) if chosen else None)
    show(second)
    assert [views_with(mask) for mask in masks] == [[], ["Red", "Green", "Yellow"]]
    composite("Red").SetBackgroundVolumeID(first.GetID())
    assert [views_with(mask) for mask in masks] == [["Red"], ["Green", "Yellow"]]
    in_3d = slicer.util.getNodesByClass("vtkMRMLViewNode")[0].GetID()
    are_in_3d = [mask.GetDisplayNode().IsDisplayableInView(in_3d) for mask in masks]
    assert are_in_3d == [chosen in ("First", ""), chosen in ("Second", "")]
    show(first)
    assert [views_with(mask) for mask in masks] == [["Red", "Green", "Yellow"], []]


def test_views_that_she_chose_for_a_mask_herself_stay(panel: Any, two: Any) -> None:
    (first, _), (mask, _) = two
    yellow = composite("Yellow")
    mask.GetDisplayNode().AddViewNodeID("vtkMRMLSliceNodeYellow")
    show(first)
    assert views_with(mask) == ["Yellow"]
    yellow.SetBackgroundVolumeID(load_phantom("Third").GetID())
    show(first)
    assert views_with(mask) == ["Yellow"]


def test_views_that_she_chooses_for_a_mask_side_by_side_stay(panel: Any, two: Any) -> None:
    (first, second), (mask, mask_of_second) = two
    composite("Red").SetBackgroundVolumeID(first.GetID())
    mask.GetDisplayNode().AddViewNodeID("vtkMRMLSliceNodeGreen")  # dragged there
    mask_of_second.GetDisplayNode().RemoveAllViewNodeIDs()  # Show in all views
    for _ in range(2):
        panel.panel.update()
    assert [views_with(one) for one in (mask, mask_of_second)] == [["Red", "Green"], ["Red", "Green", "Yellow"]]
    show(second)
    composite("Red").SetBackgroundVolumeID(first.GetID())
    assert views_with(mask_of_second) == ["Green", "Yellow"], "kept to its views again once it was seen in all"


def test_while_a_mask_is_edited_nothing_else_of_its_ct_lies_over_another(panel: Any, two: Any) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    (first, _), (_, mask) = two
    panel.ui.opacitySegmentsButton.click()
    (densities,) = [one.opacity_node for one in Result.all() if one.opacity_node]
    composite("Red").SetBackgroundVolumeID(first.GetID())
    panel.ui.editMaskButton.click()
    assert views_with(mask) == ["Red", "Green", "Yellow"]
    assert views_with(densities) == ["Green", "Yellow"]
    panel.ui.editMaskButton.click()
    assert views_with(mask) == ["Green", "Yellow"]


def test_without_slice_views_only_the_lungs_of_the_chosen_ct_are_shown(panel: Any, two: Any) -> None:
    import slicer

    (first, second), (mask_of_first, mask_of_second) = two
    manager = slicer.app.layoutManager()
    show(first)
    panel.ui.ctSelector.setCurrentNode(first)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUp3DView)
    try:
        slicer.app.processEvents()
        assert mask_of_first.GetDisplayNode().GetVisibility() and not mask_of_second.GetDisplayNode().GetVisibility()
        panel.ui.ctSelector.setCurrentNode(second)
        slicer.app.processEvents()
        assert mask_of_second.GetDisplayNode().GetVisibility() and not mask_of_first.GetDisplayNode().GetVisibility()
    finally:
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)


def test_outlines_come_back_over_their_ct_though_another_was_chosen_while_the_views_showed_that(panel: Any) -> None:
    first = load_phantom("First")
    mask = analyze(panel).lung_mask_node
    second = load_phantom("Second")
    show(second)
    assert not is_outlined(mask)
    panel.ui.ctSelector.setCurrentNode(second)
    assert not is_outlined(mask)
    show(first)
    assert is_outlined(mask)
    show(second)
    assert not is_outlined(mask)


def test_a_mask_of_two_cts_is_seen_over_both_whichever_is_chosen(panel: Any, two: Any) -> None:
    (first, second), (mask, _) = two
    panel.ui.maskSelector.setCurrentNode(mask)
    for score in (False, True):
        if score:
            panel.ui.rescoreButton.click()
            finish(panel)
        for ct in (first, second, first):
            show(ct)
            assert is_outlined(mask), (ct.GetName(), score)
        third = load_phantom("Third")
        show(third)
        assert not is_outlined(mask)
        composite("Red").SetBackgroundVolumeID(first.GetID())
        assert views_with(mask) == ["Red"]


def test_over_a_scored_prior_only_the_ct_that_is_blended_in_is_outlined(panel: Any, two: Any) -> None:
    (prior, ct), (mask_of_prior, mask) = two
    show(prior, foreground=ct)
    assert panel.ui.probabilityLabel.enabled
    assert is_outlined(mask) and not is_outlined(mask_of_prior)


@pytest.mark.parametrize("is_painted", [True, False])
def test_who_wants_a_new_mask_no_longer_edits_the_old_one(
    panel: Any, monkeypatch: pytest.MonkeyPatch, is_painted: bool
) -> None:
    from COVIDDetectLib.panel import panel as module

    load_phantom()
    mask = analyze(panel).lung_mask_node
    if is_painted:
        erase_a_piece(panel)
    else:
        panel.ui.editMaskButton.click()
    assert panel.panel.mask_editor.is_open
    monkeypatch.setattr(module, "which_mask", lambda *_: "new")
    panel.ui.analyzeButton.click()
    assert panel.logic.busy and not panel.panel.mask_editor.is_open
    result = finish(panel)
    assert (result.lung_mask_node is not mask) == is_painted
    assert panel.ui.maskSelector.currentNode() is result.lung_mask_node
    assert not panel.ui.staleWidget.isVisibleTo(panel.parent)


def test_a_script_that_uses_the_panel_s_own_logic_takes_no_mask_from_under_her_hands(panel: Any) -> None:
    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    erase_a_piece(panel)
    result = panel.logic.analyze(ct, lungs="threshold")
    assert result.lung_mask_node is not mask
    assert panel.panel.mask_editor.is_open and panel.ui.maskSelector.currentNode() is mask
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."


def test_what_was_set_aside_comes_back_where_its_ct_is_shown_at_first(panel: Any, two: Any) -> None:
    import slicer

    (first, _), (mask, _) = two
    assert not is_outlined(mask)
    panel.panel.heat_map.forget()  # as after a reload, or when a scene is loaded that was saved like this
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    show(first)
    scene.EndState(scene.BatchProcessState)
    assert is_outlined(mask)


def test_outlines_come_and_go_with_their_own_ct_and_what_she_does_by_the_eye_stays(panel: Any) -> None:
    import slicer

    def show(ct: Any) -> None:
        slicer.util.setSliceViewerLayers(background=ct)
        slicer.app.processEvents()

    other = load_phantom("Another patient")
    display = analyze(panel).lung_mask_node.GetDisplayNode()
    ct = load_phantom()
    panel.ui.ctSelector.setCurrentNode(ct)
    analyze(panel)
    assert not display.GetVisibility()
    for shown in (other, ct, other, ct):
        show(shown)
        assert bool(display.GetVisibility()) == (shown is other)
    display.SetVisibility(True)  # by the eye in the Data module
    panel.panel.update()
    assert display.GetVisibility()
    show(other)
    display.SetVisibility(False)
    panel.panel.update()
    show(ct)
    show(other)
    assert not display.GetVisibility()


def test_masks_of_hers_that_were_scored_are_seen_over_their_own_ct_alone(panel: Any) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    clone = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Hers")
    clone.CreateDefaultDisplayNodes()
    segmentation = slicer.vtkSegmentation()
    segmentation.DeepCopy(mask.GetSegmentation())
    clone.SetAndObserveSegmentation(segmentation)
    for chosen in (clone, mask):
        panel.ui.maskSelector.setCurrentNode(chosen)
        panel.ui.rescoreButton.click()
        wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert clone.GetDisplayNode().GetVisibility()
    panel.ui.ctSelector.setCurrentNode(load_phantom("Another patient"))
    assert not clone.GetDisplayNode().GetVisibility()


def test_a_mask_that_is_chosen_for_a_ct_is_seen_whatever_ct_it_was_made_for(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import new_segmentation

    mask = new_segmentation(load_phantom("Prior"), "Drawn on the prior")
    panel.ui.ctSelector.setCurrentNode(load_phantom())
    assert not mask.GetDisplayNode().GetVisibility()
    panel.ui.maskSelector.setCurrentNode(mask)
    assert mask.GetDisplayNode().GetVisibility()


def test_the_mask_of_a_ct_that_is_analyzed_while_another_is_chosen_does_not_lie_over_that(panel: Any) -> None:
    ct = load_phantom()
    begin(panel)
    panel.ui.ctSelector.setCurrentNode(load_phantom("Another patient"))
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    from COVIDDetectLib.mrml.nodes.result import Result

    (result,) = Result.all()
    assert result.ct_node is ct
    assert not result.lung_mask_node.GetDisplayNode().GetVisibility()
    panel.ui.ctSelector.setCurrentNode(ct)
    assert result.lung_mask_node.GetDisplayNode().GetVisibility()

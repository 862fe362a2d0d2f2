"""The slice views belong to everybody: what a user or another module shows there stays, and ours never misleads."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, begin, composite, load_phantom


def composites() -> list[Any]:
    import slicer

    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))


def test_while_the_views_show_another_volume_the_number_is_gray_and_the_outlines_are_gone(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = analyze(panel)
    display = result.lung_mask_node.GetDisplayNode()
    other = load_phantom("Prior")
    slicer.util.setSliceViewerLayers(background=other)
    slicer.app.processEvents()
    assert "another volume" in panel.ui.verdictLabel.text
    assert not panel.ui.probabilityLabel.enabled
    assert not display.GetVisibility2D()
    assert all(view.GetForegroundVolumeID() != result.in_lungs_node.GetID() for view in composites())
    slicer.util.setSliceViewerLayers(background=ct)
    slicer.app.processEvents()
    assert "another volume" not in panel.ui.verdictLabel.text
    assert panel.ui.probabilityLabel.enabled
    assert display.GetVisibility2D()
    assert panel.ui.maskVisibleCheckBox.checked
    assert all(view.GetForegroundVolumeID() == result.in_lungs_node.GetID() for view in composites())


def test_what_she_does_with_the_foreground_of_a_view_stays(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    red, green, *_ = composites()
    red.SetForegroundOpacity(0.1)
    green.SetForegroundVolumeID(None)
    panel.panel.update()
    assert red.GetForegroundOpacity() == pytest.approx(0.1)
    assert green.GetForegroundVolumeID() is None
    panel.ui.opacitySlider.value = 0.9
    assert red.GetForegroundOpacity() == pytest.approx(0.9)
    assert green.GetForegroundVolumeID() == result.in_lungs_node.GetID()


def test_a_re_score_leaves_the_prior_beside_the_ct(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    prior = load_phantom("Prior")
    red = composites()[0]
    red.SetBackgroundVolumeID(prior.GetID())
    panel.ui.rescoreButton.click()
    from Testing.panel.steps import finish

    finish(panel)
    assert red.GetBackgroundVolumeID() == prior.GetID()
    assert red.GetForegroundVolumeID() is None


def test_a_cancelled_analysis_leaves_window_and_level(panel: Any) -> None:
    from Testing.panel.steps import begin

    ct = load_phantom()
    ct.GetDisplayNode().AutoWindowLevelOff()
    ct.GetDisplayNode().SetWindowLevel(400, 40)
    begin(panel, "unet")
    panel.ui.cancelButton.click()
    wait_until(lambda: not panel.logic.busy, 5, "cancelled")
    assert (ct.GetDisplayNode().GetWindow(), ct.GetDisplayNode().GetLevel()) == (400, 40)


def test_window_and_level_that_she_chose_during_the_first_analysis_stay(panel: Any) -> None:
    from Testing.panel.steps import finish

    ct = load_phantom()
    begin(panel, "threshold")
    ct.GetDisplayNode().AutoWindowLevelOff()
    ct.GetDisplayNode().SetWindowLevel(400, 40)
    finish(panel)
    assert (ct.GetDisplayNode().GetWindow(), ct.GetDisplayNode().GetLevel()) == (400, 40)


def test_blended_over_another_volume_the_ct_is_shown(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = analyze(panel)
    prior = load_phantom("Prior")
    slicer.util.setSliceViewerLayers(background=prior, foreground=ct, foregroundOpacity=0.5)
    slicer.app.processEvents()
    assert panel.ui.probabilityLabel.enabled
    assert result.lung_mask_node.GetDisplayNode().GetVisibility2D()
    slicer.util.setSliceViewerLayers(foregroundOpacity=0)
    slicer.app.processEvents()
    assert not panel.ui.probabilityLabel.enabled


def test_the_mask_that_she_edits_stays_over_any_volume(panel: Any) -> None:
    import slicer

    load_phantom()
    display = analyze(panel).lung_mask_node.GetDisplayNode()
    panel.ui.editMaskButton.click()
    slicer.util.setSliceViewerLayers(background=load_phantom("Prior"))
    slicer.app.processEvents()
    assert display.GetVisibility2D()
    panel.ui.editMaskButton.click()
    slicer.app.processEvents()
    assert not display.GetVisibility2D()


def test_lungs_in_3d_stay_while_the_slice_views_show_another_volume(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    panel.ui.heatMapIn3DCheckBox.click()
    lungs, densities = (node.GetDisplayNode() for node in (result.lung_mask_node, result.opacity_node))
    slicer.util.setSliceViewerLayers(background=load_phantom("Prior"))
    slicer.app.processEvents()
    assert lungs.GetVisibility()
    assert lungs.GetVisibility3D()
    assert not lungs.GetVisibility2D()
    assert not densities.GetVisibility()
    slicer.util.setSliceViewerLayers(background=result.ct_node)
    slicer.app.processEvents()
    assert lungs.GetVisibility2D()
    assert densities.GetVisibility()


@pytest.fixture
def one_slice(panel: Any) -> Any:
    """The layout *Red slice only*; at the end it is four-up again."""
    import slicer

    manager = slicer.app.layoutManager()
    yield lambda: manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)


def test_views_behind_the_layout_do_not_count_as_showing_the_ct(panel: Any, one_slice: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    composite("Red").SetBackgroundVolumeID(load_phantom("Prior").GetID())
    slicer.app.processEvents()
    assert panel.ui.probabilityLabel.enabled, "green and yellow show the CT"
    one_slice()
    slicer.app.processEvents()
    assert not panel.ui.probabilityLabel.enabled
    assert not result.lung_mask_node.GetDisplayNode().GetVisibility2D()


def test_densities_are_not_painted_over_another_volume(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = analyze(panel)
    slicer.util.setSliceViewerLayers(background=load_phantom("Prior"))
    slicer.app.processEvents()
    panel.ui.opacitySegmentsButton.click()
    display = result.opacity_node.GetDisplayNode()
    assert not display.GetVisibility()
    slicer.util.setSliceViewerLayers(background=ct)
    slicer.app.processEvents()
    assert display.GetVisibility()


def test_densities_that_she_hid_stay_hidden(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    display = result.opacity_node.GetDisplayNode()
    display.SetVisibility(False)
    panel.ui.maskVisibleCheckBox.click()
    panel.ui.maskVisibleCheckBox.click()
    panel.ui.ctSelector.setCurrentNode(load_phantom("Prior"))
    panel.ui.ctSelector.setCurrentNode(ct)
    assert not display.GetVisibility()


def test_outlines_are_not_switched_off_by_choosing_the_other_of_two_cts_on_screen(panel: Any) -> None:
    first = load_phantom()
    of_first = analyze(panel)
    second = load_phantom("Second")
    panel.ui.ctSelector.setCurrentNode(second)
    of_second = analyze(panel)
    panel.ui.ctSelector.setCurrentNode(first)
    composite("Yellow").SetBackgroundVolumeID(second.GetID())
    panel.ui.ctSelector.setCurrentNode(second)
    assert panel.ui.maskVisibleCheckBox.checked
    assert of_second.lung_mask_node.GetDisplayNode().GetVisibility2D()
    panel.ui.ctSelector.setCurrentNode(first)
    assert panel.ui.maskVisibleCheckBox.checked
    assert of_first.lung_mask_node.GetDisplayNode().GetVisibility2D()


def test_a_scene_that_is_added_shows_its_own_outlines_and_ends_editing(panel: Any, tmp_path: Any) -> None:
    import slicer

    load_phantom("Second")
    analyze(panel)
    file = str(tmp_path / "second.mrb")
    assert slicer.util.saveScene(file)
    slicer.mrmlScene.Clear(0)
    load_phantom()
    first = analyze(panel)
    panel.ui.editMaskButton.click()
    slicer.util.loadScene(file)
    slicer.app.processEvents()
    assert not panel.ui.editMaskButton.checked
    assert panel.ui.ctSelector.currentNode().GetName() == "Second"
    assert not first.lung_mask_node.GetDisplayNode().GetVisibility()
    assert panel.panel.parameters.lungMask.GetDisplayNode().GetVisibility()


def test_a_re_score_shows_no_outlines_over_another_volume(panel: Any) -> None:
    import slicer

    from Testing.panel.steps import finish

    load_phantom()
    result = analyze(panel)
    other = load_phantom("Prior")
    panel.ui.rescoreButton.click()
    slicer.util.setSliceViewerLayers(background=other)
    slicer.app.processEvents()
    finish(panel)
    assert not result.lung_mask_node.GetDisplayNode().GetVisibility2D()


def test_densities_that_she_worked_on_and_masks_that_were_scored_before_are_seen_over_their_own_ct_alone(
    panel: Any,
) -> None:
    ct = load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    densities, lungs = result.opacity_node, result.lung_mask_node
    densities.SetName("For the board")
    lungs.GetSegmentation().RemoveSegment(lungs.GetSegmentation().GetNthSegmentID(0))
    panel.ui.maskSelector.setCurrentNode(None)
    assert analyze(panel).lung_mask_node is not lungs
    assert result.opacity_node is None
    displays = [node.GetDisplayNode() for node in (densities, lungs)]
    assert all(display.GetVisibility() for display in displays)
    panel.ui.ctSelector.setCurrentNode(load_phantom("Another patient"))
    assert not any(display.GetVisibility() for display in displays)
    panel.ui.ctSelector.setCurrentNode(ct)
    assert all(display.GetVisibility() for display in displays)
    displays[0].SetVisibility(False)
    panel.ui.ctSelector.setCurrentNode(None)
    panel.ui.ctSelector.setCurrentNode(ct)
    assert [display.GetVisibility() for display in displays] == [False, True]

"""The slice views belong to everybody: what a user or another module shows there stays, and ours never misleads."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, begin, composite, load_phantom, seen_in, show, write_result


def composites() -> list[Any]:
    import slicer

    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))


def test_while_the_views_show_another_volume_the_number_is_gray_and_the_outlines_are_gone(panel: Any) -> None:
    ct = load_phantom()
    result = write_result(ct)
    show(load_phantom("Prior"))
    assert "different volume" in panel.ui.verdictLabel.text
    assert not panel.ui.probabilityLabel.enabled
    assert seen_in(result.lung_mask_node) == []
    assert all(view.GetForegroundVolumeID() != result.in_lungs_node.GetID() for view in composites())
    show(ct)
    assert "different volume" not in panel.ui.verdictLabel.text
    assert panel.ui.probabilityLabel.enabled
    assert seen_in(result.lung_mask_node)
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
    show(prior, foreground=ct)
    assert panel.ui.probabilityLabel.enabled
    assert seen_in(result.lung_mask_node)
    slicer.util.setSliceViewerLayers(foregroundOpacity=0)
    slicer.app.processEvents()
    assert not panel.ui.probabilityLabel.enabled


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
    assert seen_in(result.lung_mask_node) == []


def test_densities_that_are_made_while_the_views_show_another_volume_wait_for_their_ct(panel: Any) -> None:
    ct = load_phantom()
    result = write_result(ct)
    show(load_phantom("Prior"))
    panel.ui.opacitySegmentsButton.click()
    assert seen_in(result.opacity_node) == []
    show(ct)
    assert seen_in(result.opacity_node)

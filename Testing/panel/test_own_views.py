"""Masks and densities are seen in the views of their own CT, whichever is chosen, and never over another patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import (
    LONGEST_ANALYSIS_S,
    analyze,
    begin,
    composite,
    is_seen_in_3d,
    load_phantom,
    seen_in,
    show,
    write_result,
)
from Testing.panel.test_removed_nodes import remove

ALL = ["Green", "Red", "Yellow"]


@pytest.fixture
def layout(host: None) -> Iterator[Callable[[str], None]]:
    """Switches to a layout by its name; at the end it is four-up again."""
    import slicer

    def switch(name: str) -> None:
        slicer.app.layoutManager().setLayout(getattr(slicer.vtkMRMLLayoutNode, f"SlicerLayout{name}"))
        slicer.app.processEvents()

    yield switch
    switch("FourUpView")


@pytest.fixture
def two(panel: Any) -> Any:
    """Two CTs that were scored, and their masks; the second is chosen and shown."""
    cts = [load_phantom("First"), load_phantom("Second")]
    masks = [write_result(ct).lung_mask_node for ct in cts]
    for ct in cts:
        panel.ui.ctSelector.setCurrentNode(ct)
    return cts, masks


def remove_a_lung(mask: Any) -> None:
    mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))


def all_that_can_be_made(panel: Any, ct: Any) -> list[Any]:
    """Mask and densities of a result, and those of an earlier one that somebody worked on."""
    earlier = write_result(ct)
    panel.ui.opacitySegmentsButton.click()
    nodes = [earlier.lung_mask_node, earlier.opacity_node]
    nodes[1].SetName("For the board")
    remove_a_lung(nodes[0])
    result = write_result(ct)
    panel.ui.opacitySegmentsButton.click()
    nodes += [result.lung_mask_node, result.opacity_node]
    assert len(set(nodes)) == 4
    return nodes


def put_in_the_only_view(panel: Any, ct: Any, other: Any, layout: Any) -> None:
    composite("Red").SetBackgroundVolumeID(other.GetID())
    layout("OneUpRedSliceView")


def remove_the_ct(panel: Any, ct: Any, other: Any, layout: Any) -> None:
    remove(ct)
    panel.ui.ctSelector.setCurrentNode(other)


def score_again(panel: Any, ct: Any, other: Any, layout: Any) -> None:
    show(other)
    write_result(ct)


HOW = {
    "chosen in the panel": lambda panel, ct, other, layout: panel.ui.ctSelector.setCurrentNode(other),
    "shown by another module": lambda panel, ct, other, layout: show(other),
    "in the only view of a layout": put_in_the_only_view,
    "with nothing chosen": lambda panel, ct, other, layout: (panel.ui.ctSelector.setCurrentNode(None), show(other)),
    "when its CT was removed": remove_the_ct,
    "while its CT is scored again": score_again,
}


@pytest.mark.parametrize("how", HOW)
def test_nothing_of_ours_is_seen_over_another_ct(panel: Any, layout: Any, how: str) -> None:
    import slicer

    ct, other = load_phantom(), load_phantom("Another patient")
    panel.ui.ctSelector.setCurrentNode(ct)
    nodes = all_that_can_be_made(panel, ct)
    assert [seen_in(node) for node in nodes] == [ALL] * 4
    HOW[how](panel, ct, other, layout)
    panel.ui.opacitySlider.value = 0.9  # and nothing brings the heat map back
    assert [seen_in(node) for node in nodes if node.GetScene()] == [[]] * (3 if "again" in how else 4)
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() == ct.GetID() or view.GetForegroundVolumeID() is None
    if ct.GetScene():
        show(ct)
        assert all(seen_in(node) for node in nodes if node.GetScene())


@pytest.mark.parametrize("chosen", ["First", "Second", "Third", ""])
def test_side_by_side_each_mask_is_seen_in_the_views_of_its_own_ct(panel: Any, two: Any, chosen: str) -> None:
    import slicer

    (first, second), masks = two
    load_phantom("Third")
    panel.ui.ctSelector.setCurrentNode(slicer.util.getNode(chosen) if chosen else None)
    show(second)
    assert [seen_in(mask) for mask in masks] == [[], ALL]
    composite("Red").SetBackgroundVolumeID(first.GetID())
    assert [seen_in(mask) for mask in masks] == [["Red"], ["Green", "Yellow"]]
    assert [is_seen_in_3d(mask) for mask in masks] == [chosen in ("First", ""), chosen in ("Second", "")]
    show(first)
    assert [seen_in(mask) for mask in masks] == [ALL, []]


def test_views_that_the_user_chose_for_a_mask_stay(panel: Any, two: Any) -> None:
    (first, second), (mask, _) = two
    yellow = composite("Yellow")
    mask.GetDisplayNode().AddViewNodeID("vtkMRMLSliceNodeYellow")
    panel.panel.update()
    assert seen_in(mask) == ["Yellow"], "even over another CT, as the user wants it"
    show(first)
    assert seen_in(mask) == ["Yellow"]
    yellow.SetBackgroundVolumeID(load_phantom("Third").GetID())
    show(second)
    assert seen_in(mask) == [], "but over the next CT nobody wanted it"
    show(first)
    assert seen_in(mask) == ["Yellow"]


def test_views_that_the_user_chooses_for_a_mask_side_by_side_stay(panel: Any, two: Any) -> None:
    (first, second), (mask, mask_of_second) = two
    composite("Red").SetBackgroundVolumeID(first.GetID())
    mask.GetDisplayNode().AddViewNodeID("vtkMRMLSliceNodeGreen")  # dragged there
    mask_of_second.GetDisplayNode().RemoveAllViewNodeIDs()  # Show in all views
    for _ in range(2):
        panel.panel.update()
    assert [seen_in(one) for one in (mask, mask_of_second)] == [["Green", "Red"], ALL]
    show(second)
    composite("Red").SetBackgroundVolumeID(first.GetID())
    assert seen_in(mask_of_second) == ["Green", "Yellow"], "kept to its views again once it was seen in all"


def test_only_the_mask_that_is_edited_is_seen_over_any_volume(panel: Any, two: Any) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    (first, second), (_, mask) = two
    panel.ui.opacitySegmentsButton.click()
    densities = Result.of(second).opacity_node
    composite("Red").SetBackgroundVolumeID(first.GetID())
    panel.ui.editMaskButton.click()
    assert (seen_in(mask), seen_in(densities)) == (ALL, ["Green", "Yellow"])
    show(first)
    assert (seen_in(mask), seen_in(densities)) == (ALL, [])
    panel.ui.editMaskButton.click()
    assert seen_in(mask) == []
    show(second)
    assert (seen_in(mask), seen_in(densities)) == (ALL, ALL)


def test_in_3d_are_only_the_lungs_of_the_chosen_ct_whatever_the_slice_views_show(
    panel: Any, two: Any, layout: Any
) -> None:
    (first, second), masks = two
    show(load_phantom("Third"))
    assert [is_seen_in_3d(mask) for mask in masks] == [False, True]
    layout("OneUp3DView")
    for chosen, seen in ((first, [True, False]), (second, [False, True])):
        panel.ui.ctSelector.setCurrentNode(chosen)
        assert [is_seen_in_3d(mask) for mask in masks] == seen


def test_a_mask_of_two_cts_is_seen_over_both_whichever_is_chosen(panel: Any, two: Any) -> None:
    (first, second), (mask, _) = two
    panel.ui.maskSelector.setCurrentNode(mask)
    for score in (False, True):
        if score:
            write_result(second, mask)
        for ct in (first, second, first):
            show(ct)
            assert seen_in(mask) == ALL, (ct.GetName(), score)
        show(load_phantom("Third"))
        assert seen_in(mask) == []
        composite("Red").SetBackgroundVolumeID(first.GetID())
        assert seen_in(mask) == ["Red"]
    for chosen in (first, second):
        panel.ui.ctSelector.setCurrentNode(chosen)
        assert seen_in(mask) == ALL
        panel.ui.maskVisibleCheckBox.click()
        assert seen_in(mask) == []
        panel.ui.maskVisibleCheckBox.click()
        assert seen_in(mask) == ALL
    panel.ui.ctSelector.setCurrentNode(load_phantom("Fourth"))
    assert seen_in(mask) == []


def test_over_a_scored_prior_only_the_ct_that_is_blended_in_is_outlined(panel: Any, two: Any) -> None:
    (prior, ct), masks = two
    show(prior, foreground=ct)
    assert panel.ui.probabilityLabel.enabled
    assert [seen_in(mask) for mask in masks] == [[], ALL]


def test_masks_come_back_where_their_ct_is_shown_in_a_batch(panel: Any, two: Any) -> None:
    import slicer

    (first, _), (mask, _) = two
    assert seen_in(mask) == []
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    show(first)
    scene.EndState(scene.BatchProcessState)
    assert seen_in(mask) == ALL


def test_a_scene_that_was_saved_beside_another_ct_shows_each_mask_over_its_own(
    panel: Any, two: Any, tmp_path: Any
) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.result import Result

    assert slicer.util.saveScene(str(tmp_path / "two.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "two.mrb"))
    cts = [slicer.util.getNode(name) for name in ("First", "Second")]
    masks = [Result.of(ct).lung_mask_node for ct in cts]
    assert [seen_in(mask) for mask in masks] == [[], ALL]
    show(cts[0])
    assert [seen_in(mask) for mask in masks] == [ALL, []]


@pytest.mark.parametrize("what", ["mask", "densities"])
def test_what_the_user_hid_by_the_eye_stays_hidden(panel: Any, what: str) -> None:
    ct, other = load_phantom(), load_phantom("Another patient")
    panel.ui.ctSelector.setCurrentNode(ct)
    nodes = all_that_can_be_made(panel, ct)
    hidden = nodes[0 if what == "mask" else 3]
    hidden.GetDisplayNode().SetVisibility(False)
    for chosen in (other, None, ct):
        panel.ui.ctSelector.setCurrentNode(chosen)
    for _ in range(2 * (what == "densities")):
        panel.ui.maskVisibleCheckBox.click()
    for shown in (other, ct):
        show(shown)
    assert [seen_in(node) for node in nodes] == [[] if node is hidden else ALL for node in nodes]


def test_a_mask_that_is_chosen_for_a_ct_is_seen_whatever_ct_it_was_made_for(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import new_segmentation

    mask = new_segmentation(load_phantom("Prior"), "Drawn on the prior")
    panel.ui.ctSelector.setCurrentNode(load_phantom())
    assert seen_in(mask) == []
    panel.ui.maskSelector.setCurrentNode(mask)
    assert seen_in(mask) == ALL


@pytest.mark.parametrize("chosen", ["", "Third"])
def test_masks_that_a_script_makes_are_seen_over_their_own_ct_whatever_is_chosen(panel: Any, chosen: str) -> None:
    import slicer

    cts = [load_phantom(name) for name in ("First", "Second", "Third")]
    panel.ui.ctSelector.setCurrentNode(slicer.util.getNode(chosen) if chosen else None)
    show(cts[0])
    masks = [write_result(ct).lung_mask_node for ct in cts[:2]]
    for number, ct in enumerate(cts):
        show(ct)
        assert [seen_in(mask) for mask in masks] == [ALL if number == one else [] for one in range(2)]


def test_the_mask_of_a_ct_that_is_analyzed_while_another_is_chosen_is_not_seen_over_that(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    ct = load_phantom()
    begin(panel)
    panel.ui.ctSelector.setCurrentNode(load_phantom("Another patient"))
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    mask = Result.of(ct).lung_mask_node
    assert seen_in(mask) == []
    panel.ui.ctSelector.setCurrentNode(ct)
    assert seen_in(mask) == ALL


def test_outlines_are_not_switched_off_by_choosing_the_other_of_two_cts_on_screen(panel: Any, two: Any) -> None:
    (first, second), masks = two
    panel.ui.ctSelector.setCurrentNode(first)
    composite("Yellow").SetBackgroundVolumeID(second.GetID())
    for chosen, mask in ((second, masks[1]), (first, masks[0])):
        panel.ui.ctSelector.setCurrentNode(chosen)
        assert panel.ui.maskVisibleCheckBox.checked
        assert seen_in(mask) == ALL


def test_outlines_that_are_switched_off_stay_off_over_the_next_ct_and_its_next_score(panel: Any, two: Any) -> None:
    (first, _), (mask, _) = two
    panel.ui.maskVisibleCheckBox.click()
    panel.ui.ctSelector.setCurrentNode(first)
    assert not panel.ui.maskVisibleCheckBox.checked
    assert seen_in(mask) == []
    remove_a_lung(mask)
    again = write_result(first).lung_mask_node
    assert again is not mask
    assert seen_in(again) == []
    panel.ui.maskVisibleCheckBox.click()
    assert seen_in(again) == ALL


def test_a_scene_that_is_added_shows_its_own_outlines_and_ends_editing(panel: Any, tmp_path: Any) -> None:
    import slicer

    write_result(load_phantom("Second"))
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
    assert seen_in(first.lung_mask_node) == []
    assert seen_in(panel.panel.parameters.lungMask) == ALL

"""The mask belongs to the user: correcting it, choosing another, and what the result then says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import (
    analyze,
    center_of,
    drag,
    edit_with,
    finish,
    load_phantom,
    on_screen,
    phantom,
    seen_in,
    view,
)


def erase_a_piece(panel: Any) -> None:
    """Open the editor and draw over the right lung with the eraser."""
    edit_with(panel, "Erase", center_of(1))
    x, y = on_screen(center_of(1))
    drag(view(), [(x, y), (x + 10, y + 5), (x + 20, y + 10)])


def right_voxels(mask: Any, ct: Any) -> int:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    return int(np.count_nonzero(lung_mask_from_node(mask, ct).labels == 1))


def test_a_brush_stroke_makes_the_result_stale_at_once(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    before = right_voxels(result.lung_mask_node, ct)
    erase_a_piece(panel)
    assert right_voxels(result.lung_mask_node, ct) < before
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.visible
    assert panel.ui.staleLabel.text == result.stale
    assert not panel.ui.probabilityLabel.enabled
    assert str(result.node.GetTable().GetColumn(1).GetValue(0)).startswith("Out of date")


def test_what_is_painted_is_lung_from_then_on(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    before, right_ml = right_voxels(result.lung_mask_node, ct), result.record["lungs"]["right_ml"]
    place = center_of(0)  # between the lungs
    edit_with(panel, "Paint", place)
    x, y = on_screen(place)
    drag(view(), [(x, y), (x + 10, y + 5), (x + 20, y + 10)])
    assert right_voxels(result.lung_mask_node, ct) > before
    assert result.stale == "The lung mask was edited after scoring."
    panel.panel.rescore()
    assert finish(panel).record["lungs"]["right_ml"] > right_ml


def test_rescore_takes_the_mask_as_it_is_now_and_leaves_it(panel: Any) -> None:
    ct = load_phantom()
    first = analyze(panel)
    mask = first.lung_mask_node
    erase_a_piece(panel)
    panel.ui.editMaskButton.click()
    edited = right_voxels(mask, ct)
    panel.ui.rescoreButton.click()
    result = finish(panel)
    assert result.stale == ""
    assert not panel.ui.staleWidget.visible
    assert panel.ui.probabilityLabel.enabled
    assert result.node is first.node
    assert result.lung_mask_node is mask
    assert right_voxels(mask, ct) == edited
    assert [score.change for score in result.history] == ["", "lung mask changed"]
    assert "→" in panel.ui.historyLabel.text


def test_undo_brings_the_mask_back_and_its_number(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    mask = result.lung_mask_node
    before = right_voxels(mask, ct)
    erase_a_piece(panel)
    assert right_voxels(mask, ct) < before
    assert result.stale == "The lung mask was edited after scoring."
    panel.panel.mask_editor.editor.undo()
    assert right_voxels(mask, ct) == before
    assert result.stale == ""
    assert panel.ui.probabilityLabel.enabled
    assert str(result.node.GetTable().GetColumn(1).GetValue(0)) == "Current"


@pytest.mark.parametrize("answer", ["Score with my mask", "Make a new mask", "Cancel"])
def test_analyze_never_overwrites_a_corrected_mask(panel: Any, answer: str) -> None:
    import qt
    import slicer

    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    erase_a_piece(panel)
    panel.ui.editMaskButton.click()
    edited = right_voxels(mask, ct)
    asked: list[str] = []

    def reply() -> None:
        box = slicer.app.activeModalWidget()
        if box is None:
            qt.QTimer.singleShot(50, reply)
            return
        asked.append(box.text)
        next(button for button in box.buttons() if button.text.replace("&", "") == answer).click()

    qt.QTimer.singleShot(50, reply)
    panel.ui.analyzeButton.click()
    wait_until(lambda: not panel.logic.busy, 60, "the analysis ends")
    assert "corrected by hand" in asked[0]
    assert right_voxels(mask, ct) == edited
    masks = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    assert masks == (2 if answer == "Make a new mask" else 1)
    assert (panel._parameterNode.lungMask is mask) == (answer != "Make a new mask")


def test_a_mask_that_nobody_touched_is_made_anew_in_place(panel: Any) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    assert analyze(panel).lung_mask_node is mask
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_what_is_painted_during_an_analysis_makes_its_result_stale(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    erase_a_piece(panel)
    panel.ui.editMaskButton.click()
    panel.panel.rescore()
    mask = result.lung_mask_node
    segment_id = mask.GetSegmentation().GetNthSegmentID(1)
    mask.GetSegmentation().RemoveSegment(segment_id)
    assert finish(panel).stale == "The lung mask was edited after scoring."


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("right lung", "left lung"), True),
        (("lung_upper_lobe_right", "lung_lower_lobe_left"), True),
        (("Lungs",), True),
        (("Liver", "Spleen"), False),
        (("Lung nodule right",), False),
    ],
)
def test_segmentations_of_others_are_known_by_their_names(panel: Any, names: tuple[str, ...], expected: bool) -> None:
    import slicer

    ct = load_phantom()
    other = foreign_segmentation(ct, names)
    panel.ui.maskSelector.setCurrentNode(other)
    panel.ui.analyzeButton.click()
    if expected:
        result = finish(panel)
        assert result.lung_mask_node is other
        assert result.record["lungs"]["method"] == "given"
        assert result.record["lungs"]["left_ml"] > 100
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    else:
        assert not panel.logic.busy
        assert "has no lung" in panel.ui.messageLabel.text


def foreign_segmentation(ct: Any, names: tuple[str, ...]) -> Any:
    """As another module would leave it: segments with names alone, both lungs shared out among them."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Other")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    lungs = phantom().lung_mask
    for number, name in enumerate(names):
        segment_id = node.GetSegmentation().AddEmptySegment("", name)
        inside = lungs > 0 if len(names) == 1 else lungs == number + 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(inside.astype(np.uint8), node, segment_id, ct)
    return node


def test_choosing_another_mask_makes_the_result_stale_until_it_is_taken_back(panel: Any) -> None:
    ct = load_phantom()
    result = analyze(panel)
    own = result.lung_mask_node
    panel.ui.maskSelector.setCurrentNode(foreign_segmentation(ct, ("right lung", "left lung")))
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    panel.ui.maskSelector.setCurrentNode(own)
    assert result.stale == ""


def test_outlines_are_switched_with_m_and_the_heat_map_with_h(panel: Any) -> None:
    load_phantom()
    mask = analyze(panel).lung_mask_node
    press(panel, "M")
    assert seen_in(mask) == []
    press(panel, "M")
    assert seen_in(mask)
    press(panel, "H")
    assert not panel._parameterNode.heatMapVisible
    press(panel, "H")
    assert panel._parameterNode.heatMapVisible


@pytest.mark.parametrize("what", ["Visibility", "Visibility2D", "Visibility2DOutline"])
def test_the_check_box_follows_outlines_that_are_hidden_elsewhere(panel: Any, what: str) -> None:
    load_phantom()
    display = analyze(panel).lung_mask_node.GetDisplayNode()
    display.SetVisibility2DFill(True)
    getattr(display, f"Set{what}")(False)
    assert not panel.ui.maskVisibleCheckBox.checked
    getattr(display, f"Set{what}")(True)
    assert panel.ui.maskVisibleCheckBox.checked
    getattr(display, f"Set{what}")(False)
    panel.ui.maskVisibleCheckBox.click()
    assert getattr(display, f"Get{what}")()


def test_outlines_that_are_hidden_stay_hidden_after_scoring_again(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    panel.ui.maskVisibleCheckBox.click()
    mask = analyze(panel).lung_mask_node
    assert not panel.ui.maskVisibleCheckBox.checked
    assert seen_in(mask) == []


def press(panel: Any, key: str) -> None:
    """What the key's shortcut does."""
    import slicer

    shortcut = next(one for one in panel.panel.shortcuts._shortcuts if one.key.toString() == key)
    assert shortcut.enabled
    shortcut.activated()
    slicer.app.processEvents()


def test_closing_the_mask_editor_keeps_what_was_painted(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    erase_a_piece(panel)
    edited = right_voxels(mask, ct)
    slicer.util.selectModule("Data" if hasattr(slicer.modules, "data") else "COVIDDetect")
    slicer.util.selectModule("COVIDDetect")
    panel.panel.mask_editor.close()
    assert not panel.ui.editMaskButton.checked
    assert right_voxels(mask, ct) == edited


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


def test_the_editor_opens_with_the_lung_of_the_chosen_region(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_segment_ids

    load_phantom()
    result = analyze(panel)
    right, left = lung_segment_ids(result.lung_mask_node)
    sides = [region["side"] for region in result.record["regions"]]
    assert {"right", "left"} == set(sides)
    for side, lung in (("left", left), ("right", right)):
        panel.ui.regionsTable.setCurrentCell(sides.index(side), 0)
        panel.ui.editMaskButton.click()
        assert panel.panel.mask_editor.editor.currentSegmentID() == lung, "else the brush would do nothing there"
        panel.ui.editMaskButton.click()

"""What is computed of one CT is never read as another's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from COVIDDetectLib.errors import DeviceError

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, begin, composite, load_phantom, seen_in, show, write_result
from Testing.panel.test_removed_nodes import remove


def test_progress_names_the_ct_while_another_one_is_selected(panel: Any, client: Any) -> None:
    first = load_phantom("First<b>")
    said: list[str] = []
    with client.held(), panel.logic.progressed.connected(lambda *_: said.append(panel.ui.progressLabel.text)):
        begin(panel, "unet")
        wait_until(lambda: said, LONGEST_ANALYSIS_S, "progress")
        panel.ui.ctSelector.setCurrentNode(load_phantom("Other"))
        assert panel.ui.progressLabel.text == f"First<b>: {said[-1]}"
        assert "First&lt;b&gt; is being analyzed." in panel.ui.analyzeButton.toolTip
        client.report()
        assert said[1].startswith("First<b>: ")
        panel.ui.ctSelector.setCurrentNode(first)
        assert not panel.ui.progressLabel.text.startswith("First")
        assert "An analysis is running." in panel.ui.analyzeButton.toolTip
        panel.ui.cancelButton.click()
        wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
    assert panel.ui.messageLabel.text == ""


def test_an_error_names_the_ct_while_another_one_is_selected(panel: Any, client: Any) -> None:
    first = load_phantom("First")
    with client.held():
        begin(panel, "unet")
        panel.ui.ctSelector.setCurrentNode(load_phantom("Other"))
        client.fail(DeviceError("The process that computes ended unexpectedly."))
    assert panel.ui.messageLabel.text == "First: The process that computes ended unexpectedly."
    panel.ui.ctSelector.setCurrentNode(first)
    assert panel.ui.messageLabel.text == ""


def test_what_ends_well_beside_another_ct_says_nothing_there(panel: Any, client: Any) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    first = load_phantom("First")
    with client.held():
        begin(panel)
        other = load_phantom("Other")
        panel.ui.ctSelector.setCurrentNode(other)
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "the analysis ends")
    assert panel.ui.messageLabel.text == ""
    assert not panel.ui.resultWidget.visible
    assert Result.of(other) is None and Result.of(first) is not None


@pytest.mark.parametrize("what", ["fine", "doubtful", "out of date", "not scored"])
def test_another_patient_in_the_views_is_named_at_once_and_one_click_away(panel: Any, what: str) -> None:
    from COVIDDetectLib.weights.domain import DomainFit

    ct, ui = load_phantom("First"), panel.ui
    assert not ui.inViewsWidget.visible
    if what != "not scored":
        doubt = {"domain": DomainFit(9.0, 1.0, "Unlike the training CTs.")} if what == "doubtful" else {}
        result = write_result(ct, **doubt)
        if what == "out of date":
            result.lung_mask_node.GetSegmentation().RemoveAllSegments()
        assert ui.verdictLabel.text and "different volume" not in ui.verdictLabel.text
    other = load_phantom("Second<b>")
    composite("Red").SetBackgroundVolumeID(other.GetID())
    assert not ui.inViewsWidget.visible, "beside it, the chosen one is seen"
    show(other)
    assert ui.inViewsWidget.visible
    assert ui.inViewsLabel.text == "The views show Second<b>."
    if what != "not scored":
        assert "The views show a different volume, not this CT." in ui.verdictLabel.text
        assert not ui.probabilityLabel.enabled
    ui.inViewsButton.click()
    assert ui.ctSelector.currentNode() is other
    assert not ui.inViewsWidget.visible
    assert not ui.resultWidget.visible
    show(ct)
    assert ui.inViewsLabel.text == "The views show First."


def test_what_is_no_ct_is_not_offered(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    result = write_result(ct)
    show(result.heat_map_node)
    assert not panel.ui.inViewsWidget.visible
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    labels.SetAndObserveImageData(ct.GetImageData())
    show(labels)
    assert not panel.ui.inViewsWidget.visible


@dataclass(frozen=True)
class Made:
    """What a result has in the scene."""

    table: Any
    mask: Any
    densities: Any
    maps: tuple[Any, Any]

    def left(self) -> list[bool]:
        """Which of them are in the scene still: table, mask, densities, heat maps."""
        nodes = (self.table, self.mask, self.densities, *self.maps)
        return [node.GetScene() is not None for node in nodes]


def score(panel: Any, ct: Any) -> Made:
    panel.ui.ctSelector.setCurrentNode(ct)
    result = write_result(ct)
    panel.ui.opacitySegmentsButton.click()
    maps = result.heat_map_node, result.in_lungs_node
    return Made(result.node, result.lung_mask_node, result.opacity_node, maps)


def test_with_a_ct_that_was_removed_goes_what_was_made_from_it_when_the_user_says_so(panel: Any) -> None:
    ct, other = load_phantom("First"), load_phantom("Second")
    made, made_of_other = score(panel, ct), score(panel, other)
    assert not panel.ui.leftBehindWidget.visible
    remove(ct)
    assert panel.ui.leftBehindWidget.visible
    assert panel.ui.leftBehindLabel.text == "First was removed; its result is still in the scene."
    assert made.left() == [True] * 5, "it is offered, not done"
    panel.ui.leftBehindButton.click()
    assert not panel.ui.leftBehindWidget.visible
    assert made.left() == [False] * 5
    assert made_of_other.left() == [True] * 5
    assert panel.ui.ctSelector.currentNode() is other
    assert panel.ui.resultWidget.visible and panel.ui.probabilityLabel.enabled


@pytest.mark.parametrize("whose", ["corrected by hand", "another result's too"])
def test_a_mask_that_is_needed_still_stays_when_its_ct_was_removed(panel: Any, whose: str) -> None:
    ct, other = load_phantom("First"), load_phantom("Second")
    made = score(panel, ct)
    if whose == "corrected by hand":
        made.mask.GetSegmentation().RemoveSegment(made.mask.GetSegmentation().GetNthSegmentID(0))
    else:
        write_result(other, made.mask)
    remove(ct)
    panel.ui.leftBehindButton.click()
    assert made.left() == [False, True, False, False, False]
    show(other)
    assert bool(seen_in(made.mask)) == (whose == "another result's too")


def test_the_views_go_to_a_region_of_the_other_ct_and_leave_the_place_of_the_last(panel: Any) -> None:
    import slicer

    ui, first, second, unscored = panel.ui, load_phantom("First"), load_phantom("Second"), load_phantom("Not scored")
    ui.ctSelector.setCurrentNode(first)
    hottest, *_others = write_result(first).record["regions"]
    write_result(second)
    left, posterior, superior = hottest["peak_lps"]
    crosshair, elsewhere = slicer.util.getNode("Crosshair"), (10.0, 20.0, 30.0)
    for ct in (second, first):
        crosshair.SetCrosshairRAS(*elsewhere)
        ui.ctSelector.setCurrentNode(ct)
        assert crosshair.GetCrosshairRAS() == pytest.approx((-left, -posterior, superior), abs=1e-3)
        assert ui.regionsTable.currentRow() == 0
    show(second)
    crosshair.SetCrosshairRAS(*elsewhere)
    ui.inViewsButton.click()
    assert crosshair.GetCrosshairRAS() == pytest.approx(elsewhere), "who looks at it already stays there"
    ui.ctSelector.setCurrentNode(unscored)
    assert crosshair.GetCrosshairRAS() == pytest.approx(elsewhere)

"""A panel and a script at work on the same CT: neither shows as its own what the other wrote."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, finish, load_phantom, write_result
from Testing.panel.test_left_behind import scored_mask_is_the_one_in_the_scene
from Testing.panel.test_removed_nodes import METHOD, assert_at_rest, explain
from Testing.panel.test_scripts import logic
from Testing.panel.test_watch import move

__all__ = ["logic"]


def test_a_mask_that_a_script_wrote_during_a_score_makes_that_out_of_date(panel: Any) -> None:
    ct = load_phantom()
    analyze(panel)
    panel.ui.rescoreButton.click()
    assert panel.logic.busy
    write_result(ct)
    result = finish(panel)
    assert not scored_mask_is_the_one_in_the_scene(result)
    assert result.stale == "The lung mask was edited after scoring."


def test_a_heat_map_of_an_earlier_score_is_not_laid_under_a_later_one(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    analyze(panel)
    explain(panel)
    result = write_result(ct)
    before = slicer.util.arrayFromVolume(result.heat_map_node).copy()
    assert_at_rest(panel)
    assert "The CT was scored again during the computation" in panel.ui.messageLabel.text
    assert (slicer.util.arrayFromVolume(result.heat_map_node) == before).all()


def test_the_panel_says_how_a_script_made_the_heat_map(panel: Any, logic: Any) -> None:
    load_phantom()
    result = analyze(panel)
    logic.startExplanation(result, "grad-cam-plus-plus", "cpu")
    wait_until(lambda: not logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert panel.ui.layerComboBox.currentData == METHOD


@pytest.mark.parametrize("first", ["mask", "CT"])
def test_a_ct_that_moves_during_its_analysis_is_not_shown_whatever_else_is_edited(panel: Any, first: str) -> None:
    ct = load_phantom()
    result = analyze(panel)
    record = result.record
    panel.ui.rescoreButton.click()
    assert panel.logic.busy
    segments = result.lung_mask_node.GetSegmentation()
    changes = [lambda: segments.RemoveSegment(segments.GetNthSegmentID(0)), lambda: move(ct, 40.0)]
    for change in changes if first == "mask" else reversed(changes):
        change()
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert "The CT was changed during the analysis" in panel.ui.messageLabel.text
    assert result.record == record
    assert result.stale == "The CT was changed after scoring."


def test_an_error_half_way_leaves_no_number_beside_a_mask_that_was_not_scored(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from COVIDDetectLib.mrml import scene

    def fails(*_: Any) -> None:
        raise MemoryError

    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))
    result = write_result(load_phantom())
    monkeypatch.setattr(scene, "write_heat_map", fails)
    begin(panel)
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert heard == [MemoryError]
    assert not scored_mask_is_the_one_in_the_scene(result)
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.isVisibleTo(panel.parent)


def test_what_is_chosen_in_the_panel_makes_no_result_of_a_script_out_of_date(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import new_segmentation
    from COVIDDetectLib.mrml.nodes.result import Result

    ct = load_phantom()
    result = write_result(ct)
    panel.ui.maskSelector.setCurrentNode(new_segmentation(ct, "Another mask"))
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    assert result.stale == Result.of(ct).stale == ""
    assert result.node.GetTable().GetValue(0, 1).ToString() == "Current"
    chosen = result.beside(result.lung_mask_node, "other weights")
    assert chosen.stale == "Other weights were chosen after scoring."
    assert result.stale == ""

"""The number's width comes by itself while nobody needs the worker, and never in the way of what the user does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import close_scene, wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, load_phantom, write_result


def width(low: float, high: float) -> Any:
    from COVIDDetectLib.analysis.width import Reading, Width

    return Width(low, high, (Reading("as it is", high),))


def test_it_comes_by_itself_and_is_kept_with_the_result(panel: Any, tmp_path: Path) -> None:
    import slicer

    load_phantom()
    result, ui = analyze(panel), panel.ui
    assert not ui.rangeLabel.visible
    wait_until(lambda: result.record["width"], 5, "the CT is read again")
    assert ui.rangeLabel.visible and "when scan and mask are nudged" in ui.rangeLabel.text
    assert result.stale == "" and not panel.logic.busy and panel.logic.backgroundJob is None
    assert len(result.history) == 1
    told = ui.rangeLabel.text
    assert "When nudged" in str(result.node.GetTable().GetValueByName(2, "Quantity"))
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    assert panel.logic.backgroundJob is None
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    assert ui.rangeLabel.text == told


def test_a_threshold_within_it_leaves_the_number_undecided(panel: Any) -> None:
    write_result(load_phantom(), width=width(0.91, 0.99))
    ui = panel.ui
    assert ui.rangeLabel.text == "(0.91 to 0.99 when scan and mask are nudged)"
    assert "above the threshold" in ui.verdictLabel.text
    ui.decisionThresholdSlider.value = 0.95
    assert "undecided" in ui.verdictLabel.text
    assert "not a confidence interval" in ui.rangeLabel.toolTip
    panel.panel.report.copy()
    import qt

    assert "between 0.91 and 0.99; this is no confidence interval" in qt.QApplication.clipboard().text()


def test_nothing_is_computed_or_written_while_a_mask_is_edited_or_a_result_is_out_of_date(
    panel: Any, client: Any
) -> None:
    load_phantom()
    result, begin = analyze(panel), panel.panel.idle_worker._start
    with client.held():
        begin()
        assert panel.logic.backgroundJob is not None
        panel.ui.editMaskButton.click()
        assert panel.logic.backgroundJob is None
        begin()
        assert panel.logic.backgroundJob is None
    panel.ui.editMaskButton.click()
    with client.held():
        begin()
        assert panel.logic.backgroundJob is not None
        segments = result.lung_mask_node.GetSegmentation()
        segments.RemoveSegment(segments.GetNthSegmentID(0))
        assert panel.logic.backgroundJob is None
        begin()
        assert panel.logic.backgroundJob is None
    assert result.record["width"] is None


def test_what_the_user_asks_for_takes_its_place_and_it_comes_afterwards(panel: Any, client: Any) -> None:
    load_phantom()
    result = analyze(panel)
    with client.held():
        panel.panel.idle_worker._start()
        assert panel.logic.backgroundJob is not None and not panel.logic.busy
        panel.ui.experimentsButton.click()
        assert panel.logic.busy and panel.logic.backgroundJob is None
    wait_until(lambda: not panel.logic.busy, 5, "the experiments end")
    wait_until(lambda: result.record["width"], 5, "the CT is read again")


def test_what_cannot_be_read_again_is_not_tried_again(panel: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from COVIDDetectLib.errors import DeviceError

    load_phantom()
    result, tried = analyze(panel), []

    def fails(*_: Any) -> None:
        tried.append(1)
        raise DeviceError("There is not enough memory.")

    monkeypatch.setattr(client, "read_again", fails)
    for _ in range(2):
        panel.panel.idle_worker._start()
        panel.panel.update()
    assert tried == [1] and panel.ui.messageLabel.text == ""
    assert result.record["width"] is None


def test_the_worker_reads_again_and_leaves_the_number_as_it_is(panel: Any, real_worker: Any) -> None:
    load_phantom()
    result = analyze(panel)
    before, process = result.record, real_worker.process_id
    panel.panel.idle_worker._start()
    wait_until(lambda: result.record["width"], LONGEST_ANALYSIS_S, "the CT is read again")
    entry = result.record["width"]
    assert {**result.record, "width": None} == before
    assert entry["readings"][0]["probability"] == pytest.approx(before["probability"], abs=1e-6)
    assert entry["low"] <= before["probability"] <= entry["high"] and len(entry["readings"]) > 6
    assert result.stale == "" and real_worker.process_id == process

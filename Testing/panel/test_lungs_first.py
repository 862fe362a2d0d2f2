"""Lungs are seen as soon as they are found, while the score is still computed; what comes to no end leaves none."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import node_counts, wait_until
from Testing.panel.steps import begin, finish, load_phantom, seen_in


def find_lungs(panel: Any, client: Any) -> Any:
    """Begin an analysis that is held, and return the lungs that it has found."""
    begin(panel, "unet")
    wait_until(lambda: "slice" in panel.ui.progressLabel.text, 5.0, "it computes")
    client.report()  # all slices
    client.report()  # the lungs
    assert panel.logic.busy
    return panel.logic.job.lungs_node


def remove_left_lung(lungs: Any) -> None:
    lungs.GetSegmentation().RemoveSegment(lungs.GetSegmentation().GetNthSegmentID(1))


def test_lungs_are_shown_before_the_score_and_become_the_result_s_own(panel: Any, client: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import is_automatic, lung_mask_from_node, segments_of
    from COVIDDetectLib.mrml.nodes.result import Result

    other, ct = load_phantom("Another CT"), load_phantom()
    panel.ui.ctSelector.setCurrentNode(ct)
    with client.held():
        lungs = find_lungs(panel, client)
        assert seen_in(lungs) == ["Green", "Red", "Yellow"]
        assert Result.of(ct) is None and not panel.ui.resultWidget.isVisibleTo(panel.parent)
        assert min(lung_mask_from_node(lungs, ct).volumes_ml) > 500.0
        panel.ui.ctSelector.setCurrentNode(other)
        slicer.app.processEvents()
        assert seen_in(lungs) == [], "over another CT they would lie beside its lungs"
        panel.ui.ctSelector.setCurrentNode(ct)
        client.report()
        panel.panel.update()
        assert "Score" in panel.ui.progressLabel.text, "it is the same job that goes on"
        before = segments_of(lungs)
    result = finish(panel)
    assert result.lung_mask_node is lungs and is_automatic(lungs) and result.stale == ""
    assert segments_of(lungs) == before, "nothing is written twice"
    assert panel.ui.maskSelector.currentNode() is lungs


def test_outlines_that_the_user_has_hidden_stay_hidden(panel: Any, client: Any) -> None:
    load_phantom()
    panel.ui.maskVisibleCheckBox.checked = False
    with client.held():
        lungs = find_lungs(panel, client)
        assert seen_in(lungs) == []
    assert finish(panel).lung_mask_node is lungs and seen_in(lungs) == []


@pytest.mark.parametrize("is_edited", [False, True])
def test_after_a_cancel_they_are_gone_unless_somebody_has_worked_on_them(
    panel: Any, client: Any, is_edited: bool
) -> None:
    load_phantom()
    before = node_counts()
    with client.held():
        lungs = find_lungs(panel, client)
        if is_edited:
            remove_left_lung(lungs)
        panel.ui.cancelButton.click()
        wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
    if is_edited:
        assert panel.ui.maskSelector.currentNode() is lungs and panel.ui.editMaskButton.enabled
    else:
        assert node_counts() == before and panel.ui.maskSelector.currentNode() is None


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_what_is_done_to_them_meanwhile_is_kept_or_made_good(panel: Any, client: Any, change: str) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import segment_ids

    load_phantom()
    with client.held():
        lungs = find_lungs(panel, client)
        if change == "edited":
            remove_left_lung(lungs)
        else:
            slicer.mrmlScene.RemoveNode(lungs)
    result = finish(panel)
    if change == "edited":
        assert result.stale == "The lung mask was edited after scoring."
        assert result.lung_mask_node is lungs and len(segment_ids(lungs)) == 1
    else:
        assert result.stale == "" and len(segment_ids(result.lung_mask_node)) == 2

"""What a correction did is asked under the history, answered piece by piece, and forgotten with its score."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.panel.host import close_scene, wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, finish, load_phantom
from Testing.panel.test_one_page import HEIGHT, height_of_page


def correct(panel: Any, result: Any, undo: bool = False) -> Any:
    """Take the first slices of the right lung out of the mask, or put them back, and re-score."""
    import slicer

    mask, ct = result.lung_mask_node, result.ct_node
    segments = mask.GetSegmentation()
    name = segments.GetNthSegmentID(0)
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(mask, name, ct)
    if undo:
        voxels = panel.whole
    else:
        panel.whole = voxels.copy()
        voxels[: np.nonzero(voxels)[0].min() + 3] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, mask, name, ct)
    assert result.stale, "the mask was edited"
    panel.ui.rescoreButton.click()
    return finish(panel)


def ask(panel: Any) -> None:
    """Click the link behind the history."""
    assert 'href="ask"' in panel.ui.historyLabel.text
    panel.ui.historyLabel.linkActivated("ask")


def answered(panel: Any) -> str:
    """Ask, and wait for the line."""
    ask(panel)
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "the correction is explained")
    assert panel.ui.messageLabel.text == ""
    return str(panel.ui.correctionLabel.text)


@pytest.mark.parametrize(("orientation", "third"), [("LPS", "lower third"), ("RAI", "upper third")])
def test_each_piece_has_its_share_and_a_click_goes_there(panel: Any, orientation: str, third: str) -> None:
    import slicer

    load_phantom(orientation=orientation)
    result, ui = analyze(panel), panel.ui
    assert not ui.historyLabel.visible
    correct(panel, result)
    assert ui.historyLabel.visible and not ui.correctionLabel.visible
    text = answered(panel)
    assert ui.correctionLabel.visible and "what did it?" not in ui.historyLabel.text
    assert re.search(rf"Last correction: <a [^>]*>−\d+ mL right, {third}</a>&nbsp;[+−]0[.]\d\d", text), text
    assert height_of_page(panel) <= HEIGHT
    share = panel.panel.result._history._answer[1].shares[0]
    ui.correctionLabel.linkActivated("0")
    left, posterior, superior = share.position_lps_mm
    crosshair = slicer.util.getNode("Crosshair").GetCrosshairRAS()
    assert crosshair == pytest.approx((-left, -posterior, superior), abs=1e-3)
    ijk = np.linalg.inv(slicer.util.arrayFromVTKMatrix(ijk_to_ras(result.ct_node))) @ [*crosshair, 1.0]
    assert panel.whole[tuple(np.rint(ijk[2::-1]).astype(int))], "in the piece that was taken out"


def ijk_to_ras(node: Any) -> Any:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix


def test_it_is_forgotten_when_the_mask_changes_and_asked_anew_for_the_next_correction(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    correct(panel, result)
    first = answered(panel)
    assert "−" in first
    correct(panel, result, undo=True)
    assert not panel.ui.correctionLabel.visible
    assert re.search(r">[+]\d+ mL right, lower third<", answered(panel))


def test_only_a_correction_of_this_session_is_asked_about(panel: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.scored_masks import scored_masks

    load_phantom()
    result, ui = analyze(panel), panel.ui
    correct(panel, result)
    assert 'href="ask"' in ui.historyLabel.text
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    assert scored_masks()._kept == [], "nothing of a patient is kept without the scene"
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    assert "lung mask changed" in ui.historyLabel.text and "href" not in ui.historyLabel.text


def test_it_can_be_cancelled_and_asked_again(panel: Any, client: Any) -> None:
    load_phantom()
    correct(panel, analyze(panel))
    with client.held():
        ask(panel)
        wait_until(lambda: "score 1 of 4" in panel.ui.progressLabel.text, 5, "the progress is told")
        assert panel.logic.job.kind == "correction"
        panel.ui.cancelButton.click()
        wait_until(lambda: not panel.logic.busy, 5, "it is cancelled")
    assert not panel.ui.correctionLabel.visible and panel.ui.messageLabel.text == ""
    assert "mL" in answered(panel)


def test_a_line_says_all_else_and_what_no_network_sees() -> None:
    from COVIDDetectLib.analysis.correction import Correction, Share
    from COVIDDetectLib.panel.sections.history_row import line

    shares = (Share(18.2, (1.0, 2.0, 3.0), "left lower", 1.0), Share(-0.4, None, "", -0.01))
    text = line(Correction(0.0, 0.99, shares))
    assert re.sub("<[^>]*>", "", text) == "Last correction: +18 mL left, lower third&nbsp;+0.23 · all else&nbsp;+0.00"
    text = line(Correction(6.0, 6.99, shares))
    assert re.sub("<[^>]*>", "", text).startswith("Last correction, in log-odds: +18 mL left, lower third&nbsp;+1.00 ·")
    assert "does not tell apart" in line(Correction(0.3, 0.3, ()))


@pytest.mark.slow
def test_the_worker_shares_out_the_change_that_the_history_shows(panel: Any, real_worker: Any) -> None:
    load_phantom()
    result = analyze(panel)
    correct(panel, result)
    answered(panel)
    correction = panel.panel.result._history._answer[1]
    before, after = (score.probability for score in result.history[-2:])
    assert correction.shares and sum(correction.probabilities) == pytest.approx(after - before, abs=1e-4)

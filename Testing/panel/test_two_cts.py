"""What is computed of one CT is never read as another's."""

from __future__ import annotations

import os
import signal
from typing import Any

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, begin, load_phantom


def test_progress_names_the_ct_while_another_one_is_selected(panel: Any) -> None:
    first = load_phantom("First<b>")
    said: list[str] = []
    panel.logic.progressed.connect(lambda job, progress: said.append(panel.ui.progressLabel.text))
    begin(panel, "unet")
    wait_until(lambda: said, LONGEST_ANALYSIS_S, "progress")
    other = load_phantom("Other")
    panel.ui.ctSelector.setCurrentNode(other)
    assert panel.ui.progressLabel.text == f"First<b>: {said[-1]}"
    assert "First&lt;b&gt; is being analyzed." in panel.ui.analyzeButton.toolTip
    reports = len(said)
    wait_until(lambda: len(said) > reports, LONGEST_ANALYSIS_S, "more progress")
    assert all(text.startswith("First<b>: ") for text in said[reports:])
    panel.ui.ctSelector.setCurrentNode(first)
    assert not panel.ui.progressLabel.text.startswith("First")
    assert "An analysis is running." in panel.ui.analyzeButton.toolTip
    panel.ui.cancelButton.click()
    wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
    assert panel.ui.messageLabel.text == ""


def test_an_error_names_the_ct_while_another_one_is_selected(panel: Any) -> None:
    first = load_phantom("First")
    begin(panel, "unet")
    panel.ui.ctSelector.setCurrentNode(load_phantom("Other"))
    os.kill(panel.logic._client.process_id, signal.SIGKILL)
    wait_until(lambda: not panel.logic.busy, 5.0, "the death is noticed")
    assert panel.ui.messageLabel.text.startswith("First: The computing process ended unexpectedly")
    panel.ui.ctSelector.setCurrentNode(first)
    assert panel.ui.messageLabel.text == ""


def test_what_ends_well_beside_another_ct_says_nothing_there(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    first = load_phantom("First")
    begin(panel)
    other = load_phantom("Other")
    panel.ui.ctSelector.setCurrentNode(other)
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "the analysis ends")
    assert panel.ui.messageLabel.text == ""
    assert not panel.ui.resultCollapsibleButton.visible
    assert Result.of(other) is None and Result.of(first) is not None

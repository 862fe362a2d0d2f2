"""CTs are scored while the user reads: the list fills, is stopped, and goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing.cohort.conftest import tiny_phantom, write_volume
from Testing.panel.host import wait_until
from Testing.panel.test_weights import answer
from Testing.panel.test_worklist import column, open_case
from Testing.worker.conftest import is_running

# Beside other tests a process that is as nice as can be would not get far.
pytestmark = pytest.mark.alone


@pytest.fixture
def cts(panel: Any, tmp_path: Path) -> Iterator[Path]:
    """A folder with four small CTs and a file that is none; lungs are found by thresholds."""
    folder = tmp_path / "cts"
    folder.mkdir()
    for seed in range(4):
        write_volume(tiny_phantom(seed), folder / f"ct {seed}.nrrd")
    (folder / "broken.nrrd").write_text("no volume")
    ui = panel.ui
    method, device = ui.methodComboBox.currentIndex, ui.deviceComboBox.currentIndex
    ui.methodComboBox.currentIndex = ui.methodComboBox.findData("threshold")
    ui.deviceComboBox.currentIndex = ui.deviceComboBox.findData("cpu")
    ui.worklistCollapsibleButton.collapsed = False
    yield folder
    if panel.panel.worklist.batch.busy:
        ui.stopBatchButton.click()
    ui.methodComboBox.currentIndex, ui.deviceComboBox.currentIndex = method, device
    ui.worklistCollapsibleButton.collapsed = True


def score(panel: Any, monkeypatch: pytest.MonkeyPatch, cts: Path | None = None) -> None:
    """Click, choose a folder where one is given, and agree."""
    import qt

    def act(dialog: Any) -> None:
        by_name = {button.text.replace("&", ""): button for button in dialog.findChildren(qt.QPushButton)}
        if cts is not None:
            monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", staticmethod(lambda *values: str(cts)))
            next(button for button in dialog.findChildren(qt.QPushButton) if button.text == "Folder…").click()
        assert dialog.findChild(qt.QLineEdit, "scoredLineEdit").text.endswith("cts-scored")
        by_name["Score CTs"].click()

    answer([act])
    panel.ui.scoreCohortButton.click()
    assert panel.ui.messageLabel.text == ""


def family(process_id: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    started = [int(child) for child in children.read_text().split()] if children.is_file() else []
    return [process_id, *(one for child in started for one in family(child))]


def computing(process_id: int) -> list[int]:
    """Of these the ones that score."""
    return [one for one in family(process_id) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def test_the_list_fills_while_a_case_is_read_and_a_stopped_batch_goes_on(
    panel: Any, cts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui, batch = panel.ui, panel.panel.worklist.batch
    score(panel, monkeypatch, cts)
    assert batch.busy and not ui.scoreCohortButton.enabled and ui.stopBatchButton.visible
    wait_until(lambda: "ct 0" in column(panel, 0), 200, "the first row")
    assert ", 1 failed, about" in ui.batchLabel.text
    assert column(panel, 0)[-1] == "broken" and column(panel, 1)[-1] == "–"
    processes = family(batch.process_id)
    assert [os.getpriority(os.PRIO_PROCESS, one) for one in computing(batch.process_id)] == [19]

    ct = open_case(panel, "ct 0")
    assert batch.busy and not panel.logic.busy
    assert ui.worklistCaseLabel.text == "ct 0" and ui.probabilityLabel.visible
    start = time.monotonic()
    ui.stopBatchButton.click()
    assert time.monotonic() - start < 0.2
    assert not batch.busy and ui.batchLabel.text.startswith("Stopped. Scored ") and ui.scoreCohortButton.enabled
    wait_until(lambda: not any(map(is_running, processes)), 60, "no process is left")

    for name in ("broken", "ct 1", "ct 2", "ct 3"):  # what is left is done
        (cts / f"{name}.nrrd").unlink()
    score(panel, monkeypatch)
    wait_until(lambda: not batch.busy, 200, "the rest is scored")
    assert ui.batchLabel.text == "Scored 1 of 1" and not ui.stopBatchButton.visible
    assert column(panel, 0) == ["ct 0"] and ui.worklistTable.currentRow() == 0
    assert panel.ui.ctSelector.currentNode() is ct
    assert ui.worklistCaseLabel.text == "ct 0" and ui.worklistLabelComboBox.enabled
    open_case(panel, "ct 0")
    assert not ui.batchWidget.visible, "its row is needed to read"


def test_the_death_of_the_process_is_one_sentence_and_ends_all_that_it_started(
    panel: Any, cts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui, batch = panel.ui, panel.panel.worklist.batch
    score(panel, monkeypatch, cts)
    wait_until(lambda: computing(batch.process_id), 200, "it scores")
    processes = family(batch.process_id)
    os.kill([one for one in processes if b"batch_service" in Path(f"/proc/{one}/cmdline").read_bytes()][-1], 9)
    wait_until(lambda: not batch.busy, 60, "the end is noticed")
    assert "ended unexpectedly" in ui.batchLabel.text and ui.scoreCohortButton.enabled
    assert not ui.stopBatchButton.visible
    wait_until(lambda: not any(map(is_running, processes)), 60, "no process is left")


def test_what_cannot_be_scored_is_one_sentence_and_cancel_begins_nothing(
    panel: Any, cts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = panel.panel.worklist.batch
    answer([lambda dialog: dialog.reject()])
    panel.ui.scoreCohortButton.click()
    assert not batch.busy
    for file in cts.iterdir():
        file.unlink()
    score(panel, monkeypatch, cts)
    wait_until(lambda: not batch.busy, 200, "the end")
    assert "holds no folders or volume files" in panel.ui.batchLabel.text

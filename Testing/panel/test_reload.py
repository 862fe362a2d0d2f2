"""The module is reloaded during work: Slicer's *Reload* makes the panel anew over the same scene."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import is_slicer, node_counts, observation_count, wait_until
from Testing.panel.steps import analyze, begin, load_phantom

KEYS = ("H", "M", "N", "Shift+N", "K", "Ctrl+R")


@pytest.fixture
def reloadable(panel: Any, real_worker: Any) -> Iterator[Any]:
    """The panel; only Slicer reloads modules. A reloaded one starts a worker of its own, which ends with the test."""
    if not is_slicer():
        pytest.skip("the embedded viewer does not reload modules")
    import slicer

    yield panel
    slicer.modules.COVIDDetectWidget.logic._client.stop()


def reload() -> Any:
    """Reload the module; returns the new widget object."""
    import slicer

    slicer.util.reloadScriptedModule("COVIDDetect")
    slicer.app.processEvents()
    return slicer.modules.COVIDDetectWidget


def shortcuts() -> list[Any]:
    """What listens in the main window to the keys of the panel."""
    import qt
    import slicer

    found = slicer.util.mainWindow().findChildren(qt.QShortcut)
    return [shortcut for shortcut in found if shortcut.enabled and shortcut.key.toString() in KEYS]


def workers() -> list[int]:
    """Processes that compute for this one."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(child) for child in children if b"worker.service" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_twice_reloaded_the_panel_shows_the_result_and_listens_once(reloadable: Any) -> None:
    first = reloadable
    load_phantom()
    result = analyze(first)
    observations, nodes, keys = observation_count(first), node_counts(), len(shortcuts())
    assert keys == len(KEYS)
    old = [first]
    for _ in range(2):
        old.append(reload())
    last = old.pop()
    assert all(widget.Observations == [] for widget in old)
    assert observation_count(last) == observations
    assert node_counts() == nodes
    assert len(shortcuts()) == keys
    assert last.ui.probabilityLabel.text == first.ui.probabilityLabel.text
    visible = last._parameterNode.heatMapVisible
    next(shortcut for shortcut in shortcuts() if shortcut.key.toString() == "H").activated()
    assert last._parameterNode.heatMapVisible != visible
    result.lung_mask_node.GetSegmentation().RemoveSegment(result.lung_mask_node.GetSegmentation().GetNthSegmentID(0))
    assert last.ui.staleLabel.text == "The lung mask was edited after scoring."
    assert analyze_again(last).stale == ""


def analyze_again(panel: Any) -> Any:
    """Re-score with the mask as it is."""
    from Testing.panel.steps import finish

    panel.ui.rescoreButton.click()
    return finish(panel)


def test_a_running_analysis_ends_with_the_panel_that_began_it(reloadable: Any) -> None:
    load_phantom()
    nodes = node_counts()
    begin(reloadable, "unet")
    wait_until(lambda: len(workers()) == 1, 20.0, "the worker starts")
    last = reload()
    assert not last.logic.busy
    assert last.ui.analyzeButton.enabled
    assert not last.ui.progressWidget.visible
    wait_until(lambda: workers() == [], 20.0, "the worker is gone")
    assert node_counts() == nodes
    assert analyze(last).stale == ""


def test_reloaded_while_another_module_is_open_it_takes_no_keys(reloadable: Any) -> None:
    import slicer

    slicer.util.selectModule("Data")
    reload()
    assert shortcuts() == []
    slicer.util.selectModule("COVIDDetect")
    assert len(shortcuts()) == len(KEYS)


def test_reloading_closes_the_mask_editor_and_keeps_the_mask(reloadable: Any) -> None:
    load_phantom()
    mask = analyze(reloadable).lung_mask_node
    reloadable.ui.editMaskButton.click()
    last = reload()
    assert not last.panel.mask_editor.is_open
    assert last._parameterNode.lungMask is mask
    last.ui.editMaskButton.click()
    assert last.panel.mask_editor.is_open
    last.panel.mask_editor.editor.setActiveEffectByName("Threshold")
    assert reloadable.panel.mask_editor.editor.activeEffect() is None
    last.ui.editMaskButton.click()

"""``logic.analyze``: a script waits for the result, and the application lives on."""

from __future__ import annotations

import time
from typing import Any

import pytest
from COVIDDetectLib.errors import COVIDDetectError

from Testing.panel.instant_client import InstantClient
from Testing.panel.steps import load_phantom


def test_waiting_ends_when_the_logic_is_stopped(panel: Any) -> None:
    import qt

    ct, client = load_phantom(), InstantClient()
    logic = type(panel.logic)(client)
    too_late = COVIDDetectError("It still waits.")
    qt.QTimer.singleShot(100, logic.stop)
    qt.QTimer.singleShot(10_000, lambda: logic.failed.emit(None, too_late))
    with client.held(), pytest.raises(COVIDDetectError, match="The module was closed or reloaded during the analysis"):
        logic.analyze(ct)
    assert not logic.busy


@pytest.mark.alone
def test_waiting_leaves_the_processor_to_the_worker(panel: Any) -> None:
    logic = type(panel.logic)()
    times: list[tuple[float, float]] = []
    logic.progressed.connect(lambda job, progress: times.append((time.monotonic(), time.thread_time())))
    result = logic.analyze(load_phantom())
    logic.stop()
    assert result.stale == ""
    (begin, used_before), *_, (end, used_after) = times
    assert used_after - used_before < 0.4 * (end - begin)

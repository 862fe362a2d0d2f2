"""``logic.analyze``: a script waits for the result, and the application lives on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from Testing.panel.steps import load_phantom


@pytest.fixture
def logic(panel: Any) -> Iterator[Any]:
    """A logic without a panel."""
    made = type(panel.logic)()
    yield made
    made.stop()


def test_waiting_ends_when_the_logic_is_stopped(panel: Any, logic: Any) -> None:
    import qt
    from COVIDDetectLib.errors import COVIDDetectError

    ct = load_phantom()
    too_late = COVIDDetectError("It still waits.")
    qt.QTimer.singleShot(500, logic.stop)
    qt.QTimer.singleShot(10_000, lambda: logic.failed.emit(None, too_late))
    with pytest.raises(COVIDDetectError, match="The module was closed or reloaded during the analysis"):
        logic.analyze(ct)
    assert not logic.busy


def test_waiting_leaves_the_processor_to_the_worker(panel: Any, logic: Any) -> None:
    times: list[tuple[float, float]] = []
    logic.progressed.connect(lambda job, progress: times.append((time.monotonic(), time.thread_time())))
    result = logic.analyze(load_phantom())
    assert result.stale == ""
    (begin, used_before), *_, (end, used_after) = times
    assert used_after - used_before < 0.4 * (end - begin)

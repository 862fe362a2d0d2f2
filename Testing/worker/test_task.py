"""Work between the events of the loop: it ends in exactly one call, and nothing of it is kept."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest
from COVIDDetectLib.errors import COVIDDetectError, MaskError

from Testing.panel import host

Ends = list[object]


def run(steps: Iterator[None]) -> tuple[Ends, weakref.ref[object]]:
    """Let a task run to its end; how it ended, and whether it is still there."""
    host.start()
    from COVIDDetectLib.worker.task import Task

    ends: Ends = []
    task = Task(steps, ends.append, ends.append)  # type: ignore[arg-type]
    assert ends == [], "nothing is called from within"
    host.wait_until(lambda: ends, 5.0, "it ends")
    return ends, weakref.ref(task)


def test_its_result_is_handed_over_and_it_is_released() -> None:
    def steps() -> Iterator[None]:
        yield
        return [1, 2]  # type: ignore[return-value]

    ends, task = run(steps())
    gc.collect()
    assert ends == [[1, 2]]
    assert task() is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(MaskError("No lungs."), "No lungs."), (OSError(28, "No space left on device"), "No space left on device")],
)
def test_what_goes_wrong_is_a_sentence(error: Exception, sentence: str) -> None:
    def steps() -> Iterator[None]:
        yield
        raise error

    (end,), _ = run(steps())
    assert isinstance(end, COVIDDetectError) and sentence in str(end)


def test_an_error_that_nobody_expects_is_a_sentence_too_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> Iterator[None]:
        yield
        raise MemoryError

    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))
    (end,), _ = run(steps())
    assert isinstance(end, COVIDDetectError) and "Error Log" in str(end)
    host.wait_until(lambda: heard, 5.0, "it is reported")
    assert heard == [MemoryError]


def test_a_task_that_is_stopped_calls_nothing() -> None:
    host.start()
    from COVIDDetectLib.worker.task import Task

    closed: list[bool] = []

    def steps() -> Iterator[None]:
        try:
            while True:
                yield
        finally:
            closed.append(True)

    task = Task(steps(), pytest.fail, pytest.fail)  # type: ignore[arg-type]
    import slicer

    slicer.app.processEvents()
    task.stop()
    slicer.app.processEvents()
    assert closed == [True]

"""The gate passes everything on, and keeps the answers that must wait until it is opened."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from COVIDDetectLib.errors import Cancelled, COVIDDetectError
from COVIDDetectLib.events.signal import Signal
from COVIDDetectLib.worker.interface import REQUESTS

from Testing.panel import host

SIGNALS = ("progressed", "segmented", "finished", "failed", "noted")


class Inner:
    """A client whose answers the test gives."""

    def __init__(self) -> None:
        for name in SIGNALS:
            setattr(self, name, Signal())
        self.busy, self.asked = False, []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in {*REQUESTS, "cancel", "stop", "forget"}:
            raise AttributeError(name)
        return lambda *_: self.asked.append(name)


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def gate(inner: Inner) -> Any:
    host.start()
    from COVIDDetectLib.worker.reading_gate import ReadingGate

    return ReadingGate(inner)


@pytest.fixture
def said(gate: Any) -> list[tuple[str, Any]]:
    """What the gate has said, in order."""
    said: list[tuple[str, Any]] = []
    for name in SIGNALS:
        getattr(gate, name).connect(lambda value, name=name: said.append((name, value)))
    gate.waiting.connect(lambda: said.append(("waiting", None)))
    return said


def analysis(method: str = "unet") -> Any:
    return SimpleNamespace(lung_mask="its lungs", lungs_method=method)


def test_all_passes_where_nothing_must_wait(gate: Any, inner: Inner, said: list[Any]) -> None:
    for name in SIGNALS:
        getattr(inner, name).emit(name)
    assert said == [(name, name) for name in SIGNALS]
    for name in ("analyze", "preview", "cancel", "stop"):
        getattr(gate, name)()
    assert inner.asked == ["analyze", "preview", "cancel", "stop"]
    inner.busy = True
    assert gate.busy and not gate.waits


def test_an_answer_waits_until_it_is_opened(gate: Any, inner: Inner, said: list[Any]) -> None:
    gate.must_read = lambda: True
    answer = analysis()
    inner.segmented.emit("lungs")
    inner.finished.emit(answer)
    assert said == [("segmented", "lungs"), ("waiting", None)] and gate.busy
    for name in ("analyze", "explain", "experiment", "read_again", "preview"):
        with pytest.raises(COVIDDetectError, match="wait for it, or cancel it"):
            getattr(gate, name)("a CT")
    assert inner.asked == []
    gate.open()
    assert said[2:] == [("finished", answer)] and not gate.busy
    gate.open()
    assert len(said) == 3, "it comes out once"


def test_nothing_else_begins_while_an_answer_waits(gate: Any, inner: Inner) -> None:
    assert {"analyze", "compare", "correction", "check_map", "preview"} <= REQUESTS
    gate.must_read = lambda: True
    inner.finished.emit(analysis())
    for name in REQUESTS:
        with pytest.raises(COVIDDetectError, match="An analysis is running"):
            getattr(gate, name)()
    assert inner.asked == []
    gate.open()
    for name in REQUESTS:
        getattr(gate, name)()
    assert set(inner.asked) == REQUESTS


@pytest.mark.parametrize(("method", "comes"), [("unet", True), ("given", False)])
def test_lungs_for_which_there_was_no_time_come_when_the_answer_begins_to_wait(
    gate: Any, inner: Inner, said: list[Any], method: str, comes: bool
) -> None:
    gate.must_read = lambda: True
    inner.finished.emit(analysis(method))
    assert said == [("segmented", "its lungs")] * comes + [("waiting", None)]


def test_a_cancel_throws_away_what_waits_though_it_is_opened_meanwhile(
    gate: Any, inner: Inner, said: list[Any]
) -> None:
    gate.must_read = lambda: True
    for is_opened in (False, True):
        inner.finished.emit(analysis())
        said.clear()
        gate.cancel()
        assert said == [] and gate.busy, "never from within the call"
        if is_opened:
            gate.open()
        host.wait_until(lambda: not gate.busy, 2)
        ((name, error),) = said
        assert name == "failed" and isinstance(error, Cancelled)
    assert inner.asked == [], "the client has nothing under way"


def test_after_a_stop_nothing_is_said(gate: Any, inner: Inner, said: list[Any]) -> None:
    gate.must_read = lambda: True
    inner.finished.emit(analysis())
    said.clear()
    gate.stop()
    gate.open()
    assert said == [] and inner.asked == ["stop"] and not gate.waits


def test_another_client_takes_the_place_of_the_first(gate: Any, inner: Inner, said: list[Any]) -> None:
    other = Inner()
    gate.use(other)
    inner.finished.emit("old")
    other.finished.emit("new")
    gate.analyze()
    assert said == [("finished", "new")] and (inner.asked, other.asked) == ([], ["analyze"])

"""Calls that are put off: made once, and nothing of theirs is kept."""

from __future__ import annotations

import gc
import weakref

from Testing.panel import host


def test_it_is_called_once_however_often_it_was_started_and_then_released() -> None:
    host.start()
    from COVIDDetectLib.events.later import Later

    class Owner:
        def __init__(self) -> None:
            self.calls = 0
            self.later = Later(self.call)

        def call(self) -> None:
            self.calls += 1

    def called_once() -> weakref.ref[Owner]:
        owner = Owner()
        for _ in range(3):
            owner.later.start()
        host.wait_until(lambda: owner.calls, 5.0, "it is called")
        assert owner.calls == 1
        owner.later.stop()
        owner.later.stop()
        return weakref.ref(owner)

    gone = called_once()
    gc.collect()
    assert gone() is None

"""One request of the panel to the worker, from the click until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..analysis.analyze import Progress
from ..errors import COVIDDetectError
from ..events.later import Later
from ..lungs import LungMask
from .exchange import Steps
from .protocol import Message
from .task import Task
from .time_left import TimeLeft


class Request:
    """What is asked, and how far it is.

    Parameters
    ----------
    number
        By which the worker's messages are known as its answers.
    kind
        ``"analyze"``, ``"explain"``, ``"experiment"``, ``"correction"``, ``"compare"``, ``"width"``, ``"checks"`` or
        ``"preview"``.
    given
        The mask that is scored, where there is one: it is not sent back.
    """

    def __init__(self, number: int, kind: str, given: LungMask | None) -> None:
        self.number, self.kind, self.given = number, kind, given
        self.is_cancelled = False
        self.forgets_ct = False
        """Whether the CT is to be removed at the end."""
        self._time_left = TimeLeft()
        self._task: Task[Any] | None = None
        self._beside: Task[Any] | None = None
        self._grace: Later | None = None

    @property
    def has_task(self) -> bool:
        """Whether it is being stored for the worker, or its answer loaded: the worker has no part in it now."""
        return self._task is not None

    def run(self, steps: Steps[Any], then: Callable[[Any], None], on_error: Callable[[COVIDDetectError], None]) -> None:
        """Do some work between the events of the loop, then something with its result."""
        self._stop_tasks()

        def on_done(result: Any) -> None:
            self._task = None
            then(result)

        self._task = Task(steps, on_done, on_error)

    def run_beside(self, steps: Steps[Any], then: Callable[[Any], None]) -> None:
        """Do the same while the worker goes on; where that fails, or its answer comes first, nothing is called."""
        self._beside = Task(steps, then, lambda error: None)

    def cancel(self, milliseconds: int, at_the_latest: Callable[[], None]) -> None:
        """Take nothing more but the end, and call something if there is none in time."""
        self.is_cancelled = True
        self._stop_tasks()
        self._grace = Later(at_the_latest, milliseconds)
        self._grace.start()

    def end(self) -> None:
        """Do and call nothing more."""
        self._stop_tasks()
        if self._grace is not None:
            self._grace.stop()

    def progress(self, message: Message) -> Progress:
        """What a message says, with an estimate of the time that is left."""
        progress = Progress(message["stage"], message["done"], message["total"])
        seconds_left = self._time_left.estimate(progress, time.monotonic())
        return Progress(progress.stage, progress.done, progress.total, seconds_left)

    def _stop_tasks(self) -> None:
        for task in (self._task, self._beside):
            if task is not None:
                task.stop()
        self._task = self._beside = None

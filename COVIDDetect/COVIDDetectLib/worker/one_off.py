"""One task that is done in a separate process while the event loop runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import Cancelled, COVIDDetectError
from ..events.later import Later
from .process import WorkerProcess
from .protocol import Message, encode, failure

_CANCEL_GRACE_MS = 5000
"""A process that is still importing what it needs notes a cancel some seconds later."""


class OneOffProcess:
    """Starts a service of this package for one request; ends in exactly one call, from the event loop.

    Parameters
    ----------
    service
        The module beside this one whose ``main`` takes the request.
    request
        What it is asked.
    on_done
        Called with the value of the answer.
    on_failed
        Called with the error; after a cancel with ``Cancelled``.
    on_progress
        Called with each message of the type ``scored``.
    """

    def __init__(
        self,
        service: str,
        request: Message,
        on_done: Callable[[Any], None],
        on_failed: Callable[[COVIDDetectError], None],
        on_progress: Callable[[Message], None] = lambda message: None,
    ) -> None:
        self._on_done, self._on_failed, self._on_progress = on_done, on_failed, on_progress
        self._answer: Message | None = None
        self._grace: Later | None = None
        self._process = WorkerProcess(service, encode(request).decode().strip())
        self._process.said.connect(self._on_said)
        self._process.ended.connect(self._on_ended)

    @property
    def process_id(self) -> int:
        """Of the process; 0 if it does not run."""
        return self._process.id

    def cancel(self) -> None:
        """End the process; what it has done already is done, and is said."""
        if self._grace is None:
            # Kill ends only the launcher that PythonSlicer is; the Python behind it ends when its input does.
            self._process.close_input()
            self._grace = Later(self._give_up, _CANCEL_GRACE_MS)
            self._grace.start()

    def kill(self) -> None:
        """End the process, without waiting for that; nothing is called any more."""
        if self._grace is not None:
            self._grace.stop()
        self._process.kill()

    def stop(self) -> None:
        """End the process, and wait for that; nothing is called any more."""
        self.kill()
        self._process.stop()

    def _on_said(self, message: Message) -> None:
        if message["type"] == "scored":
            self._on_progress(message)
        else:
            self._answer = message

    def _give_up(self) -> None:
        self._process.kill()
        self._on_ended(Cancelled("Cancelled; nothing has changed."))

    def _on_ended(self, error: COVIDDetectError) -> None:
        if self._grace is not None:
            self._grace.stop()
            error = Cancelled("Cancelled; nothing has changed.")
        if self._answer is None:
            self._on_failed(error)
        elif self._answer["type"] == "done":
            self._on_done(self._answer["value"])
        else:
            self._on_failed(failure(self._answer))

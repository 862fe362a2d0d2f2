"""One task that is done in a separate process while the event loop runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import qt

from ..errors import Cancelled, COVIDDetectError, DeviceError
from ..events.later import Later
from .launch import arguments, python_executable
from .protocol import LineReader, Message, encode, failure

_CANCEL_GRACE_MS = 5000
"""A process that is still importing what it needs notes a cancel some seconds later."""


class Errand:
    """Starts a service of this package for one request; ends in exactly one call, from the event loop.

    Parameters
    ----------
    service
        The module next to this one whose ``main`` takes the request.
    request
        What it is asked.
    on_done
        Called with the value of the answer.
    on_failed
        Called with the error; after a cancel with ``Cancelled``.
    """

    def __init__(
        self,
        service: str,
        request: Message,
        on_done: Callable[[Any], None],
        on_failed: Callable[[COVIDDetectError], None],
    ) -> None:
        self._on_done, self._on_failed = on_done, on_failed
        self._cancelled = False
        self._end_of_grace: Later | None = None
        self._fail_later: Later | None = None
        self._python = python_executable()
        self._process: qt.QProcess | None = qt.QProcess()
        self._process.connect("finished(int,QProcess::ExitStatus)", lambda *_: self._on_end())
        self._process.connect("errorOccurred(QProcess::ProcessError)", lambda *_: self._on_error())
        content = encode(request).decode().strip()
        self._process.start(self._python, arguments(service, content))

    def cancel(self) -> None:
        """End the process; what it has done already is done, and is said."""
        process = self._process
        if process is not None:
            self._cancelled = True
            # Kill ends only the launcher that PythonSlicer is; the Python behind it ends when its input does.
            process.closeWriteChannel()
            self._end_of_grace = Later(lambda: self._kill(process), _CANCEL_GRACE_MS)
            self._end_of_grace.start()

    def stop(self) -> None:
        """End the process; nothing is called any more."""
        process, self._process = self._process, None
        if self._fail_later is not None:
            self._fail_later.stop()
        if process is not None:
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _kill(self, process: Any) -> None:
        if self._process is not None and process is self._process:
            process.kill()

    def _on_error(self) -> None:
        """Only a process that never started needs an answer here; for all others ``finished`` follows."""
        if self._process is not None and self._process.error() == qt.QProcess.FailedToStart:
            self._process.deleteLater()
            self._process = None
            error = DeviceError(f"Python cannot be started ({self._python}); install Slicer again.")
            # Some systems say so at once, and whoever asks has not got this errand yet.
            self._fail_later = Later(lambda: self._on_failed(error))
            self._fail_later.start()

    def _on_end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        printed = bytes(process.readAllStandardError().data()).decode(errors="replace")
        if printed:
            logging.info("COVIDDetect: %s", printed)
        answers = LineReader().feed(bytes(process.readAllStandardOutput().data()))
        process.deleteLater()
        if not answers and self._cancelled:
            self._on_failed(Cancelled("Cancelled; nothing has changed."))
        elif not answers:
            self._on_failed(DeviceError("The process ended unexpectedly, perhaps because memory ran out; try again."))
        elif answers[0]["type"] == "done":
            self._on_done(answers[0]["value"])
        else:
            self._on_failed(failure(answers[0]))

"""A Python process of this package, as the panel's process sees it: what it says, and how it ends."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import qt

from ..errors import COVIDDetectError, DeviceError
from ..events.later import Later
from ..events.signal import Signal
from .launch import arguments, python_executable
from .protocol import PROTOCOL, LineReader, Message, ProtocolError, encode

_PATIENCE_MS = 2000
"""How long the end of a process that was killed is waited for."""


class WorkerProcess:
    """Starts a service of this package in a process of its own.

    Parameters
    ----------
    service
        The module beside this one whose ``main`` is run.
    given
        Its argument.
    python
        The Python to run it with; by default Slicer's.

    Signals
    -------
    said(Message)
        ``ready`` is not handed out: it tells the version, which has to be ours.
    ended(COVIDDetectError)
        Why it is of no more use: it ended by itself, never started, is of another version, or said what is no message.
        Emitted once, from the event loop, unless it was killed before.
    """

    _killed: ClassVar[set[WorkerProcess]] = set()
    """Those that were killed and still exist: Qt must not lose them before they have ended."""

    def __init__(self, service: str, given: str, python: str | None = None) -> None:
        self.said, self.ended = Signal(), Signal()
        self._python = python or python_executable()
        self._reader = LineReader()
        # Some systems say so from within start(), when nobody listens yet.
        self._not_started = Later(lambda: self._end(self._cannot_start()))
        self._process: Any = qt.QProcess()
        self._is_in_use = True
        self._process.connect("readyReadStandardOutput()", self._on_output)
        self._process.connect("readyReadStandardError()", self._on_error_output)
        self._process.connect("finished(int,QProcess::ExitStatus)", lambda *_: self._on_finished())
        self._process.connect("errorOccurred(QProcess::ProcessError)", lambda *_: self._on_error())
        self._process.start(self._python, arguments(service, given))

    @property
    def id(self) -> int:
        """Of the process, as the system counts; 0 if it does not run."""
        return int(self._process.processId()) if self._is_in_use else 0

    def say(self, message: Message) -> None:
        """Send it a message."""
        if self._is_in_use:
            self._process.write(qt.QByteArray(encode(message)))

    def close_input(self) -> None:
        """Let it end by itself: its services do when nobody can ask them any more."""
        if self._is_in_use:
            self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it at once, without waiting: a process with much memory takes a while. Nothing is emitted any more."""
        if self._is_in_use:
            self.release()
            if self._process.state() != qt.QProcess.NotRunning:
                self._killed.add(self)
                self._process.kill()

    def stop(self) -> None:
        """End it, and wait until it and all others that were killed are gone."""
        self.kill()
        for process in tuple(self._killed):
            process._process.waitForFinished(_PATIENCE_MS)

    def release(self) -> None:
        """Called once, when the process is of no more use; what a subclass shares with it goes then."""
        self._is_in_use = False
        self._not_started.stop()

    def _end(self, error: COVIDDetectError) -> None:
        if self._is_in_use:
            self.kill()
            self.ended.emit(error)

    def _on_output(self) -> None:
        try:
            for message in self._reader.feed(_bytes(self._process.readAllStandardOutput())):
                if not self._is_in_use:
                    return
                if message["type"] != "ready":
                    self.said.emit(message)
                elif message["protocol"] != PROTOCOL:
                    self._end(COVIDDetectError("Parts of COVIDDetect are of different versions; install it again."))
        except ProtocolError as error:
            self._end(error)

    def _on_error_output(self) -> None:
        text = _bytes(self._process.readAllStandardError()).decode(errors="replace")
        if text:
            logging.info("COVIDDetect worker: %s", text)

    def _on_finished(self) -> None:
        """The process has ended, by itself or because it was killed."""
        self._on_output()
        self._on_error_output()
        self._killed.discard(self)
        code, crashed = int(self._process.exitCode()), self._process.exitStatus() != qt.QProcess.NormalExit
        self._process.deleteLater()
        self._end(_unexpected_end(None if crashed or code > 128 else code))

    def _on_error(self) -> None:
        """Only a process that never started needs an answer here; all other errors end it, and ``finished`` follows."""
        if self._is_in_use and self._process.error() == qt.QProcess.FailedToStart:
            self._not_started.start()

    def _cannot_start(self) -> DeviceError:
        return DeviceError(f"The computing process cannot be started ({self._python}); install Slicer again.")


def _unexpected_end(code: int | None) -> DeviceError:
    """After an end by a signal there is no exit code: a shell reports it as one above 128."""
    if code is None:
        return DeviceError(
            "The computing process ended unexpectedly, perhaps because memory ran out; nothing else is lost. "
            "Try again, or choose the CPU under Settings."
        )
    return DeviceError(
        f"The computing process ended unexpectedly with exit code {code}; nothing else is lost. "
        "Try again; what it said last is in Slicer's log (View → Error Log)."
    )


def _bytes(content: qt.QByteArray) -> bytes:
    return bytes(content.data())

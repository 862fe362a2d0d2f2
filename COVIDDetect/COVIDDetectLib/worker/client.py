"""The panel's side of the worker: a QProcess that is started once, kept warm, and replaced when it dies."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from pathlib import Path

import qt

from ..analysis import Analysis, Progress
from ..errors import Cancelled, COVIDDetectError, DeviceError
from ..lungs import LungMask
from ..volume import CTVolume
from ..weights import ModelCard
from .exchange import load_analysis, store_ct, store_lung_mask
from .protocol import PROTOCOL, LineReader, Message, encode, failure
from .signal import Signal

CANCEL_GRACE_MS = 400
"""A worker that is deep in a computation and does not answer a cancel in this time is ended and replaced."""


# The worker finds what this process finds: PythonSlicer sets PYTHONPATH anew, so that the paths go as arguments.
_SERVE = (
    "import sys, importlib; "
    "sys.path += [path for path in sys.argv[2:] if path not in sys.path]; "
    "importlib.import_module(sys.argv[1]).main()"
)


class WorkerClient:
    """Runs one analysis at a time in the worker process, without ever blocking the event loop.

    Signals
    -------
    progressed(Progress), finished(Analysis), failed(COVIDDetectError)
        Exactly one of the last two follows every ``analyze``; a cancel fails with ``Cancelled``.

    Examples
    --------
    >>> client = WorkerClient()                                 # doctest: +SKIP
    >>> client.finished.connect(lambda analysis: print(analysis.probability))  # doctest: +SKIP
    >>> client.analyze(ct)                                      # doctest: +SKIP
    """

    def __init__(self, python: str | None = None) -> None:
        self.progressed = Signal()
        self.finished = Signal()
        self.failed = Signal()
        self._python = python or python_executable()
        self._process: qt.QProcess | None = None
        self._reader = LineReader()
        self._folder: Path | None = None
        self._request = 0
        self._busy = False
        self._cancelling = False

    @property
    def busy(self) -> bool:
        """Whether an analysis is under way."""
        return self._busy

    @property
    def process_id(self) -> int:
        """Of the worker; 0 if none runs."""
        return int(self._process.processId()) if self._process else 0

    def warm_up(self) -> None:
        """Start the process ahead of the first analysis."""
        if self._process is None:
            self._start()

    def analyze(
        self, ct: CTVolume, lungs: str | LungMask = "unet", device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Begin an analysis; the arguments are those of ``analysis.analyze``.

        Raises
        ------
        RuntimeError
            If one is under way.
        """
        if self._busy:
            raise RuntimeError("an analysis is under way")
        self.warm_up()
        self._request += 1
        self._busy, self._cancelling = True, False
        self._folder = Path(tempfile.mkdtemp(prefix="coviddetect-"))  # readable by this user only
        self._say(
            {
                "type": "analyze",
                "id": self._request,
                "folder": str(self._folder),
                "ct": store_ct(ct, self._folder),
                "lungs": store_lung_mask(lungs, self._folder, "given") if isinstance(lungs, LungMask) else lungs,
                "device": device,
                "weights": str(weights.path) if weights else None,
            }
        )

    def cancel(self) -> None:
        """End the analysis under way; ``failed(Cancelled)`` follows within half a second."""
        if not self._busy or self._cancelling:
            return
        self._cancelling = True
        self._say({"type": "cancel", "id": self._request})
        request = self._request
        qt.QTimer.singleShot(CANCEL_GRACE_MS, lambda: self._end_if_still_busy(request))

    def stop(self) -> None:
        """End the process and remove what it shares with us; nothing is emitted."""
        self._busy = False
        process, self._process = self._process, None
        if process is not None:
            # Closing its input would be enough; a worker that hangs in a driver needs more.
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()
        self._remove_folder()

    def _start(self) -> None:
        process = qt.QProcess()
        process.connect("readyReadStandardOutput()", self._on_output)
        process.connect("readyReadStandardError()", self._on_error_output)
        process.connect("finished(int,QProcess::ExitStatus)", lambda *_: self._on_end(process))
        process.connect("errorOccurred(QProcess::ProcessError)", lambda *_: self._on_process_error(process))
        self._reader = LineReader()
        self._process = process
        process.start(self._python, ["-c", _SERVE, f"{__package__}.service", *sys.path])

    def _say(self, message: Message) -> None:
        if self._process is not None:
            self._process.write(qt.QByteArray(encode(message)))

    def _on_output(self) -> None:
        if self._process is None:
            return
        for message in self._reader.feed(_bytes(self._process.readAllStandardOutput())):
            self._on_message(message)

    def _on_error_output(self) -> None:
        if self._process is not None:
            logging.info(
                "COVIDDetect worker: %s", _bytes(self._process.readAllStandardError()).decode(errors="replace")
            )

    def _on_message(self, message: Message) -> None:
        kind = message["type"]
        if kind == "ready":
            if message["protocol"] != PROTOCOL:
                self._fail(COVIDDetectError("Parts of COVIDDetect are of different versions; install it again."))
        elif not self._busy or message["id"] != self._request:
            return
        elif kind == "progress":
            if not self._cancelling:
                self.progressed.emit(Progress(message["stage"], message["done"], message["total"]))
        elif kind == "done" and not self._cancelling:
            analysis: Analysis = load_analysis(message["analysis"])
            self._rest()
            self.finished.emit(analysis)
        elif kind == "failed" and not self._cancelling:
            self._fail(failure(message))
        else:
            self._fail(Cancelled("The analysis was cancelled."))

    def _on_end(self, process: qt.QProcess) -> None:
        """The process ended by itself, or somebody ended it."""
        if process is not self._process:
            return
        self._on_output()
        self._process = None
        process.deleteLater()
        if not self._busy:
            return
        if self._cancelling:
            self._fail(Cancelled("The analysis was cancelled."))
        else:
            self._fail(
                DeviceError(
                    "The process that computes ended unexpectedly, perhaps for want of memory; nothing else is lost. "
                    "Try again, or choose the CPU under Settings."
                )
            )

    def _on_process_error(self, process: qt.QProcess) -> None:
        """Only a process that never started needs an answer here; all other errors end it, and ``finished`` follows."""
        if process is self._process and process.error() == qt.QProcess.FailedToStart:
            self._process = None
            self._fail(
                DeviceError(f"The process that computes cannot be started ({self._python}); install Slicer again.")
            )

    def _end_if_still_busy(self, request: int) -> None:
        if self._busy and self._request == request and self._process is not None:
            self._process.kill()

    def _fail(self, error: COVIDDetectError) -> None:
        self._rest()
        self.failed.emit(error)

    def _rest(self) -> None:
        self._busy = False
        self._remove_folder()

    def _remove_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def python_executable() -> str:
    """The Python to compute with: Slicer's ``PythonSlicer``, which sets the library paths, else the one that runs."""
    return shutil.which("PythonSlicer") or sys.executable


def _bytes(content: qt.QByteArray) -> bytes:
    return bytes(content.data())

"""The panel's side of the worker: a QProcess that is started once, kept warm, and replaced when it dies."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import qt

from ..analysis.analyze import Progress
from ..analysis.regions import Region
from ..ct.volume import CTVolume
from ..errors import Cancelled, COVIDDetectError, DeviceError
from ..events.later import Later
from ..events.signal import Signal
from ..installation import require_packages
from ..lungs import LungMask
from ..weights.cards import ModelCard
from .chore import Chore
from .exchange import Entry, Pieces, holds_ct, load_answer, store_ct, store_lung_mask, unusable_folder
from .launch import arguments, python_executable
from .protocol import PROTOCOL, LineReader, Message, encode, failure
from .time_left import TimeLeft

CANCEL_GRACE_MS = 400
"""A worker that is deep in a computation and does not answer a cancel in this time is ended and replaced."""


class WorkerClient:
    """Runs one request at a time in the worker process, without ever blocking the event loop.

    Requests
    --------
    analyze(ct, lungs, device, weights, findings)
        Lungs, probability and heat map; with a ``LungMask`` for ``lungs`` only the latter two: a re-score.
    explain(ct, lung_mask, method, device, weights)
        Another heat map of the same score; ``attribution.METHODS`` names the methods.
    experiment(ct, lung_mask, region, device, weights)
        Probabilities with one lung in the mask, and with a region replaced by healthy-looking lung.

    Each raises COVIDDetectError while another is under way (``busy``), or where packages or room on the disk are
    missing; else it ends in exactly one of the last two signals.

    Signals
    -------
    progressed(Progress)
        With ``seconds_left`` as soon as it can be told.
    finished(value)
        After ``analyze`` an ``Analysis``, after ``explain`` a ``HeatMap``, after ``experiment`` a tuple of
        ``Experiment``.
    failed(COVIDDetectError)
        After any; after a cancel with ``Cancelled``.

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
        self._ending: list[Any] = []
        self._reader = LineReader()
        self._folder: Path | None = None
        self._leftovers: list[Path] = []
        self._ct: Entry | None = None
        self._request = 0
        self._kind = ""
        self._given: LungMask | None = None
        self._chore: Chore[Any] | None = None
        self._time_left = TimeLeft()
        self._cancelling = False
        self._forgetting = False
        self._stopped = False
        self._after_cancel: Later | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self._kind)

    @property
    def process_id(self) -> int:
        """Of the worker; 0 if none runs."""
        return int(self._process.processId()) if self._process else 0

    def warm_up(self, device: str = "auto") -> None:
        """Start the process, and load there what every analysis needs, ahead of the first one."""
        if self._process is None:
            self._start()
            self._say({"type": "warm", "device": device})

    def analyze(
        self,
        ct: CTVolume,
        lungs: str | LungMask = "unet",
        device: str = "auto",
        weights: ModelCard | None = None,
        findings: Sequence[str] = (),
    ) -> None:
        """Begin an analysis; the arguments are those of ``analysis.analyze``."""
        self._begin("analyze", ct, lungs, device, weights, findings=list(findings))

    def explain(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        method: str,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """Begin to make another heat map; the arguments are those of ``attribution.explain``."""
        self._begin("explain", ct, lung_mask, device, weights, method=method)

    def experiment(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        region: Region | None = None,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """Begin the experiments; the arguments are those of ``experiments.run_experiments``."""
        self._begin("experiment", ct, lung_mask, device, weights, region=asdict(region) if region else None)

    def cancel(self) -> None:
        """End what is under way; ``failed(Cancelled)`` follows within half a second, never from within this call."""
        if not self.busy or self._cancelling:
            return
        self._cancelling = True
        request = self._request
        if self._chore is not None:
            # The worker has not begun, or has ended: nobody else needs to be asked.
            self._stop_chore()
            self._after_cancel = Later(lambda: self._fail_if_still_busy(request))
        else:
            self._say({"type": "cancel", "id": request})
            self._after_cancel = Later(lambda: self._end_if_still_busy(request), CANCEL_GRACE_MS)
        self._after_cancel.start()

    def forget(self) -> None:
        """Remove the CT that lies ready for another request, here and in the worker, once nothing is under way."""
        self._forgetting = self.busy
        if not self.busy and self._ct is not None:
            ct, self._ct = self._ct, None
            self._say({"type": "forget"})
            self._remove(Path(ct["array"]).parent)

    def stop(self) -> None:
        """End the process and remove all that it shares with us; nothing is emitted.

        None is started any more but for another request.
        """
        self._stopped = True
        self._stop_chore()
        if self._after_cancel is not None:
            self._after_cancel.stop()
        self._kind, self._given = "", None
        processes, self._ending = [*self._ending, *([self._process] if self._process else [])], []
        self._process = None
        for process in processes:
            # Closing its input would be enough; a worker that hangs in a driver needs more.
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()
        self._drop_folder()

    def _begin(
        self,
        kind: str,
        ct: CTVolume,
        lungs: str | LungMask,
        device: str,
        weights: ModelCard | None,
        **more: object,
    ) -> None:
        if self.busy:
            raise COVIDDetectError("An analysis is running; wait for it, or cancel it.")
        require_packages()
        if self._folder is not None and not self._folder.is_dir():  # tidied away while nothing was computed
            self.stop()
        self._stopped = False
        self.warm_up(device)
        assert self._folder is not None
        self._request += 1
        self._kind, self._cancelling, self._forgetting, self._time_left = kind, False, False, TimeLeft()
        self._given = lungs if isinstance(lungs, LungMask) else None
        message = {
            "type": kind,
            "id": self._request,
            "folder": str(self._folder / f"{self._request}"),
            "lungs": lungs,
            "device": device,
            "weights": str(weights.path) if weights else None,
            **more,
        }
        self._do(self._stored(message, ct), self._send)

    def _stored(self, message: Message, ct: CTVolume) -> Pieces[Message]:
        """The message with CT and mask in files; a CT that lies there already stays."""
        folder = Path(message["folder"])
        folder.mkdir()
        if self._ct is None or not (yield from holds_ct(self._ct, ct)):
            earlier, self._ct = self._ct, None
            if earlier:
                self._remove(Path(earlier["array"]).parent)
            ct_folder = folder.with_name(f"ct-{message['id']}")
            ct_folder.mkdir()
            self._ct = yield from store_ct(ct, ct_folder / "ct.npy")
        if isinstance(message["lungs"], LungMask):
            message["lungs"] = yield from store_lung_mask(message["lungs"], folder / "given.npy")
        return {**message, "ct": self._ct}

    def _send(self, message: Message) -> None:
        if self._process is None:  # some systems say at once that it does not start
            self._fail(self._cannot_start())
        self._say(message)

    def _start(self) -> None:
        # One of its own: PythonSlicer starts Python as its child, and a child that outlives it removes its folder late.
        self._drop_folder()
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="coviddetect-"))  # readable by this user only
        except OSError as error:
            raise unusable_folder(error) from error
        process = qt.QProcess()
        process.connect("readyReadStandardOutput()", self._on_output)
        process.connect("readyReadStandardError()", self._on_error_output)
        process.connect("finished(int,QProcess::ExitStatus)", lambda *_: self._on_end(process))
        process.connect("errorOccurred(QProcess::ProcessError)", lambda *_: self._on_process_error(process))
        self._reader = LineReader()
        self._process = process
        process.start(self._python, arguments("service", str(self._folder)))

    def _say(self, message: Message) -> None:
        if self._process is not None:
            self._process.write(qt.QByteArray(encode(message)))

    def _do(self, pieces: Pieces[Any], then: Callable[[Any], None]) -> None:
        """Do some work between the events of the loop, then something with its result."""

        def on_done(result: Any) -> None:
            self._chore = None
            then(result)

        def on_error(error: COVIDDetectError) -> None:
            self._chore = None
            self._fail(error)

        self._chore = Chore(pieces, on_done, on_error)

    def _on_output(self) -> None:
        if self._process is None:
            return
        for message in self._reader.feed(_bytes(self._process.readAllStandardOutput())):
            self._on_message(message)

    def _on_error_output(self) -> None:
        if self._process is not None:
            text = _bytes(self._process.readAllStandardError()).decode(errors="replace")
            logging.info("COVIDDetect worker: %s", text)

    def _on_message(self, message: Message) -> None:
        kind = message["type"]
        if kind == "ready":
            if message["protocol"] != PROTOCOL:
                self._fail(COVIDDetectError("Parts of COVIDDetect are of different versions; install it again."))
        elif not self.busy or message["id"] != self._request:
            return
        elif kind == "progress":
            if not self._cancelling:
                progress = Progress(message["stage"], message["done"], message["total"])
                seconds_left = self._time_left.estimate(progress, time.monotonic())
                self.progressed.emit(replace(progress, seconds_left=seconds_left))
        elif kind == "done" and not self._cancelling:
            self._do(load_answer(self._kind, message["value"], self._given), self._succeed)
        elif kind == "failed" and not self._cancelling:
            self._fail(failure(message))
        else:
            self._fail(_cancelled())

    def _on_end(self, process: Any) -> None:
        """The process ended by itself, or somebody ended it."""
        process.deleteLater()
        if process in self._ending:
            self._ending.remove(process)
        if self._process is None or process is not self._process:
            return
        self._on_output()
        self._process = None
        # What is being stored for it, or loaded of its answer, lies in the folder that it may be about to remove.
        self._stop_chore()
        self._drop_folder()
        if self.busy:
            self._fail(_cancelled() if self._cancelling else _unexpected_end())
            self._start_anew()

    def _on_process_error(self, process: Any) -> None:
        """Only a process that never started needs an answer here; all other errors end it, and ``finished`` follows."""
        if self._process is not None and process is self._process and process.error() == qt.QProcess.FailedToStart:
            self._process = None
            self._stop_chore()
            self._fail(self._cannot_start())

    def _cannot_start(self) -> DeviceError:
        return DeviceError(f"The computing process cannot be started ({self._python}); install Slicer again.")

    def _fail_if_still_busy(self, request: int) -> None:
        if self.busy and self._request == request:
            self._fail(_cancelled())

    def _end_if_still_busy(self, request: int) -> None:
        if self.busy and self._request == request and self._process is not None:
            # Nobody waits for it to be gone: a process with much memory takes a while.
            process, self._process = self._process, None
            self._ending.append(process)
            process.kill()
            self._fail(_cancelled())
            self._start_anew()

    def _start_anew(self) -> None:
        """For the next request; but whoever was told how the last one ended may have wished for no other."""
        if not self._stopped:
            self.warm_up()

    def _succeed(self, value: Any) -> None:
        self._rest()
        self.finished.emit(value)

    def _fail(self, error: COVIDDetectError) -> None:
        if self.busy:
            self._rest()
            self.failed.emit(error)

    def _rest(self) -> None:
        self._kind, self._given = "", None
        if self._folder is not None:
            self._remove(self._folder / f"{self._request}")
            if self._ct is None:  # ended while it was being stored
                self._remove(self._folder / f"ct-{self._request}")
            if self._forgetting:
                self.forget()

    def _drop_folder(self) -> None:
        """What is stored in it is stored anew for the next request."""
        folder, self._folder, self._ct = self._folder, None, None
        self._remove(folder)

    def _stop_chore(self) -> None:
        if self._chore is not None:
            self._chore.stop()
            self._chore = None

    def _remove(self, folder: Path | None) -> None:
        """Remove a folder, and what could not be removed earlier: in Windows no file that a process still reads."""
        for each in [*self._leftovers, *([folder] if folder else [])]:
            shutil.rmtree(each, ignore_errors=True)
            if each in self._leftovers:
                self._leftovers.remove(each)
            if each.exists():
                self._leftovers.append(each)


def _cancelled() -> Cancelled:
    return Cancelled("The analysis was cancelled.")


def _unexpected_end() -> DeviceError:
    return DeviceError(
        "The computing process ended unexpectedly, perhaps because memory ran out; nothing else is lost. "
        "Try again, or choose the CPU under Settings."
    )


def _bytes(content: qt.QByteArray) -> bytes:
    return bytes(content.data())

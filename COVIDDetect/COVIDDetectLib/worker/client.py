"""The panel's side of the worker: a process that is started once, kept warm, and replaced when it dies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..analysis.opacity import OpacityBounds
from ..analysis.regions import Region
from ..ct.volume import CTVolume
from ..errors import Cancelled, COVIDDetectError, UnexpectedError
from ..events.signal import Signal
from ..installation import require_packages
from ..lungs import LungMask
from ..weights.cards import ModelCard
from .exchange import Steps, load_answer, load_lung_mask, store_ct, store_lung_mask
from .folder import SharedFolder
from .interface import IN_BACKGROUND, Client
from .process import WorkerProcess
from .protocol import Message, failure
from .request import Request

CANCEL_GRACE_MS = 400
"""A worker that is deep in a computation and does not answer a cancel in this time is ended and replaced."""


class _Worker(WorkerProcess):
    """The process that computes, and its folder. Each has its own: behind Slicer's launcher a worker may outlive it."""

    def __init__(self, python: str | None) -> None:
        self.folder = SharedFolder()
        super().__init__("service", str(self.folder.path), python)

    def release(self) -> None:
        """Remove the folder too."""
        super().release()
        self.folder.remove()


class WorkerClient(Client):
    """Computes in the worker process.

    Parameters
    ----------
    python
        What the worker is run with; by default Slicer's Python.

    Examples
    --------
    >>> client = WorkerClient()                                 # doctest: +SKIP
    >>> client.finished.connect(lambda analysis: print(analysis.probability))  # doctest: +SKIP
    >>> client.analyze(ct)                                      # doctest: +SKIP
    """

    def __init__(self, python: str | None = None) -> None:
        self.progressed, self.segmented, self.noted = Signal(), Signal(), Signal()
        self.finished, self.failed = Signal(), Signal()
        self._python = python
        self._numbers = itertools.count(1)
        self._worker: _Worker | None = None
        self._request: Request | None = None

    @property
    def busy(self) -> bool:
        return self._request is not None and not self._is_in_background

    @property
    def _is_in_background(self) -> bool:
        return self._request is not None and self._request.kind in IN_BACKGROUND

    @property
    def process_id(self) -> int:
        """Of the worker; 0 if none runs."""
        return self._worker.id if self._worker else 0

    @property
    def folder(self) -> SharedFolder | None:
        """What is shared with the worker; None if none runs."""
        return self._worker.folder if self._worker else None

    def warm_up(self, device: str = "auto") -> _Worker:
        """The worker; a new one begins to load what every analysis needs, ahead of the first one."""
        if self._worker is None:
            self._worker = _Worker(self._python)
            self._worker.said.connect(self._on_said)
            self._worker.ended.connect(self._on_ended)
            self._worker.say({"type": "warm", "device": device})
        return self._worker

    def analyze(
        self,
        ct: CTVolume,
        lungs: str | LungMask = "unet",
        device: str = "auto",
        weights: ModelCard | None = None,
        findings: Sequence[str] = (),
    ) -> None:
        self._begin("analyze", ct, lungs, device, weights, findings=list(findings))

    def explain(
        self, ct: CTVolume, lung_mask: LungMask, method: str, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        self._begin("explain", ct, lung_mask, device, weights, method=method)

    def experiment(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        region: Region | None = None,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        self._begin("experiment", ct, lung_mask, device, weights, region=asdict(region) if region else None)

    def correction(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        before: LungMask,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        self._begin("correction", ct, lung_mask, device, weights, before=before)

    def compare(
        self, ct: CTVolume, lung_mask: LungMask, earlier: tuple[CTVolume, LungMask], bounds: OpacityBounds
    ) -> None:
        self._begin("compare", ct, lung_mask, "auto", None, earlier, bounds=asdict(bounds))

    def read_again(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        self._begin("width", ct, lung_mask, device, weights)

    def check_map(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        self._begin("checks", ct, lung_mask, device, weights)

    def preview(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        self._begin("preview", ct, lung_mask, device, weights)

    def stop_background(self) -> None:
        if self._request is not None and self._is_in_background:
            if self._worker is not None and not self._request.has_task:
                self._worker.say({"type": "cancel", "id": self._request.number})
            self._fail(_cancelled())

    def cancel(self) -> None:
        request = self._request
        if request is None or not self.busy or request.is_cancelled:
            return
        if request.has_task or self._worker is None:
            request.cancel(0, lambda: self._fail(_cancelled()))
        else:
            self._worker.say({"type": "cancel", "id": request.number})
            request.cancel(CANCEL_GRACE_MS, lambda: self._replace_and_fail(_cancelled()))

    def forget(self) -> None:
        if self._request is not None:
            self._request.forgets_ct = True
        elif self._worker is not None and self._worker.folder.forget_ct():
            self._worker.say({"type": "forget"})

    def stop(self) -> None:
        if self._request is not None:
            self._request.end()
            self._request = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _begin(
        self,
        kind: str,
        ct: CTVolume,
        lungs: str | LungMask,
        device: str,
        weights: ModelCard | None,
        earlier: tuple[CTVolume, LungMask] | None = None,
        before: LungMask | None = None,
        **more: object,
    ) -> None:
        if self.busy:
            raise COVIDDetectError("An analysis is running; wait for it, or cancel it.")
        require_packages()
        self.stop_background()
        if self._worker is not None and not self._worker.folder.is_there:  # tidied away while nothing was computed
            self.stop()
        worker = self.warm_up(device)
        request = Request(next(self._numbers), kind, lungs if isinstance(lungs, LungMask) else None)
        message = {
            "type": kind,
            "id": request.number,
            "folder": str(worker.folder.part(request.number)),
            "device": device,
            "weights": str(weights.path) if weights else None,
            **more,
        }
        self._request = request
        request.run(_stored(message, ct, lungs, worker.folder, earlier, before), worker.say, self._fail)

    def _on_said(self, message: Message) -> None:
        request, kind, number = self._request, message["type"], message.get("id")
        if request is None or (number is not None and number < request.number):
            return
        if number is None or number > request.number:  # it does not know what was asked
            self._replace_and_fail(failure(message))
        elif request.is_cancelled:
            if kind not in ("progress", "lungs"):
                self._fail(_cancelled())
        elif kind == "progress":
            self.progressed.emit(request.progress(message))
        elif kind == "lungs":
            request.run_beside(load_lung_mask(message["value"]), self.segmented.emit)
        elif kind == "done":
            request.run(load_answer(request.kind, message["value"], request.given), self._succeed, self._fail)
        else:
            error = failure(message)
            # Nobody knows in what state an unexpected error left the process.
            self._replace_and_fail(error) if isinstance(error, UnexpectedError) else self._fail(error)

    def _on_ended(self, error: COVIDDetectError) -> None:
        self._worker = None
        if self._request is not None:
            self._replace_and_fail(_cancelled() if self._request.is_cancelled else error)

    def _replace_and_fail(self, error: COVIDDetectError) -> None:
        """End the request with its process, and start one for the next.

        Before anybody hears of the end: whoever does may want no other.
        """
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        with suppress(COVIDDetectError):  # no room for a folder: the next request says so
            self.warm_up()
        self._fail(error)

    def _succeed(self, value: Any) -> None:
        ended = self.noted if self._is_in_background else self.finished
        self._end()
        ended.emit(value)

    def _fail(self, error: COVIDDetectError) -> None:
        ended = self.noted if self._is_in_background else self.failed
        self._end()
        ended.emit(error)

    def _end(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.end()
            if self._worker is not None:
                self._worker.folder.tidy()
            if request.forgets_ct:
                self.forget()


def _stored(
    message: Message,
    ct: CTVolume,
    lungs: str | LungMask,
    folder: SharedFolder,
    earlier: tuple[CTVolume, LungMask] | None,
    before: LungMask | None,
) -> Steps[Message]:
    """The message, with CT and mask in files, and those of an earlier CT, and a mask before it was corrected."""
    part = folder.part(message["id"])
    part.mkdir()
    stored_ct = yield from folder.store(ct, message["id"])
    given = lungs if isinstance(lungs, str) else (yield from store_lung_mask(lungs, part / "given.npy"))
    if earlier is not None:
        earlier_ct = yield from store_ct(earlier[0], part / "earlier.npy")
        earlier_lungs = yield from store_lung_mask(earlier[1], part / "earlier-lungs.npy")
        message = {**message, "earlier": {"ct": earlier_ct, "lungs": earlier_lungs}}
    if before is not None:
        message = {**message, "before": (yield from store_lung_mask(before, part / "before.npy"))}
    return {**message, "ct": stored_ct, "lungs": given}


def _cancelled() -> Cancelled:
    return Cancelled("The analysis was cancelled.")

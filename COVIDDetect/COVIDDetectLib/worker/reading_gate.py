"""Between what computes and the module's logic: an answer waits here until the user has read the CT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ..analysis.analyze import Analysis
from ..errors import Cancelled, COVIDDetectError
from ..events.later import Later
from ..events.signal import Signal, weakly
from ..lungs import LungMask
from .interface import REQUESTS, Client


class ReadingGate:
    """What ``interface.Client`` describes, by another client, whose answers it may keep to itself.

    While an answer waits nothing of it is in the scene, so nothing there can betray it; its lungs are. It is ``busy``
    then, and a cancel throws the answer away.

    Parameters
    ----------
    client
        What computes.

    Attributes
    ----------
    must_read
        Asked at the end of each request that somebody waits for: whether its answer must wait.
    waiting
        Emitted without values when an answer begins to wait.
    """

    def __init__(self, client: Client) -> None:
        self.progressed, self.segmented, self.noted = Signal(), Signal(), Signal()
        self.finished, self.failed, self.waiting = Signal(), Signal(), Signal()
        self.must_read: Callable[[], bool] = lambda: False
        self._answer: Analysis | Cancelled | None = None
        self._lungs_came = False
        self._later: Later | None = None
        self._slots = {
            "progressed": self.progressed.emit,
            "segmented": weakly(self._on_segmented),
            "finished": weakly(self._on_finished),
            "failed": weakly(self._on_failed),
            "noted": self.noted.emit,
        }
        self._client = client
        self._connect()

    def use(self, client: Client) -> None:
        """Let another client compute from now on; nothing may be under way."""
        for name, slot in self._slots.items():
            getattr(self._client, name).disconnect(slot)
        self._client = client
        self._connect()

    def __getattr__(self, name: str) -> Any:
        """All else is the client's own; but it begins nothing while an answer waits."""
        return _refuse if name in REQUESTS and self.waits else getattr(self._client, name)

    @property
    def waits(self) -> bool:
        """Whether an answer waits."""
        return self._answer is not None

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or its answer waits."""
        return self.waits or self._client.busy

    def open(self) -> None:
        """Let the answer out that waits."""
        answer, self._answer = self._answer, None
        if answer is not None:
            (self.failed if isinstance(answer, Cancelled) else self.finished).emit(answer)

    def cancel(self) -> None:
        """End what is waited for; an answer that waits is gone at once."""
        if not self.waits:
            self._client.cancel()
            return
        self._answer = Cancelled("The analysis was cancelled.")
        self._later = Later(self.open)
        self._later.start()

    def stop(self) -> None:
        """End all that runs; nothing is emitted."""
        self._answer = None
        self._client.stop()

    def _connect(self) -> None:
        for name, slot in self._slots.items():
            getattr(self._client, name).connect(slot)

    def _on_segmented(self, lung_mask: LungMask) -> None:
        self._lungs_came = True
        self.segmented.emit(lung_mask)

    def _on_finished(self, value: Any) -> None:
        lungs_came, self._lungs_came = self._lungs_came, False
        if not self.must_read():
            self.finished.emit(value)
            return
        if not lungs_came and value.lungs_method != "given":  # there was no time for them
            self.segmented.emit(value.lung_mask)
        self._answer = value
        self.waiting.emit()

    def _on_failed(self, error: COVIDDetectError) -> None:
        self._lungs_came = False
        self.failed.emit(error)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise COVIDDetectError("An analysis is running; wait for it, or cancel it.")

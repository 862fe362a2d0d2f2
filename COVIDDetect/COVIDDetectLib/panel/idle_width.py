"""While nobody needs the worker, it finds out how wide the number is."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import COVIDDetectError
from ..events.later import Later
from ..events.signal import weakly
from .logic import Logic
from .state import PanelState, ResultState

_IDLE_MS = 1000
"""Nothing has changed for so long."""


class IdleWidth:
    """Begins when a result is shown and nothing else is done, and ends as soon as that is no longer so.

    Parameters
    ----------
    logic
        What reads the CT again, and writes what comes of it.
    state
        Returns what the panel shows.
    device
        Returns which processor computes.
    """

    def __init__(self, logic: Logic, state: Callable[[], PanelState], device: Callable[[], str]) -> None:
        self._logic, self._state, self._device = logic, state, device
        self._later = Later(weakly(self._start), _IDLE_MS)
        self._begun: object = None

    def show(self, new: PanelState, old: PanelState) -> None:
        """Begin or end what follows from the state."""
        wanted = wanted_for(new)
        if wanted is None or _score(wanted) != self._begun:
            self._begun = None
            job = self._logic.backgroundJob
            if job is not None and job.kind == "width":
                self._logic.stopBackground()
        if wanted is not None and self._begun is None:
            self._later.start()

    def _start(self) -> None:
        wanted = wanted_for(self._state())
        if wanted is None or self._begun is not None:
            return
        self._begun = _score(wanted)  # once: what fails now fails in a moment too
        try:
            self._logic.startInBackground("width", wanted.result, self._device())
        except COVIDDetectError:
            return  # packages or room on the disk are missing: whoever needs them is told then


def wanted_for(state: PanelState) -> ResultState | None:
    """The result whose CT is to be read again; None while anything else is done, or nothing is left to find out."""
    result = state.result
    if result is None or state.job is not None or state.editing:
        return None
    is_sound = not (result.stale or result.is_doubtful) and result.card is not None
    return result if is_sound and not result.record.get("width") else None


def _score(result: ResultState) -> object:
    return result.result.node, result.history

"""While nobody needs the worker, it finds out how wide the number is, and whether the heat map can be relied on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..analysis.result_table import Scored
from ..errors import COVIDDetectError
from ..events.later import Later
from ..events.signal import weakly
from ..mrml.job import Kind
from ..mrml.nodes.result import Result
from .logic import Logic
from .state import PanelState

_IDLE_MS = 1000
"""Nothing has changed for so long."""


class IdleWorker:
    """Begins when a result is shown and nothing else is done, and ends as soon as that is no longer so.

    Parameters
    ----------
    logic
        What computes, and writes what comes of it.
    state
        Returns what the panel shows.
    device
        Returns which processor computes.
    """

    def __init__(self, logic: Logic, state: Callable[[], PanelState], device: Callable[[], str]) -> None:
        self._logic, self._state, self._device = logic, state, device
        self._later = Later(weakly(self._start), _IDLE_MS)
        self._begun: Wanted | None = None

    def show(self, new: PanelState, old: PanelState) -> None:
        """Begin or end what follows from the state."""
        wanted = wanted_for(new)
        if wanted != self._begun:
            self._begun = None
            job = self._logic.backgroundJob
            if job is not None and job.kind in ("width", "checks"):
                self._logic.stopBackground()
        if wanted is not None and self._begun is None:
            self._later.start()

    def _start(self) -> None:
        wanted = wanted_for(self._state())
        if wanted is None or self._begun is not None:
            return
        self._begun = wanted  # once: what fails now fails in a moment too
        try:
            self._logic.startInBackground(wanted.kind, wanted.result, self._device())
        except COVIDDetectError:
            return  # packages or room on the disk are missing: whoever needs them is told then


@dataclass(frozen=True)
class Wanted:
    """What is to be found out, and of which score."""

    kind: Kind
    result: Result
    scores: tuple[Scored, ...]


def wanted_for(state: PanelState) -> Wanted | None:
    """What is to be found out next; None while anything else is done, or nothing is left to find out."""
    result = state.result
    if result is None or state.job is not None or state.editing:
        return None
    is_sound = not (result.stale or result.is_doubtful) and result.card is not None
    kinds: dict[str, Kind] = {"width": "width", "map_checks": "checks"}
    left = [kind for entry, kind in kinds.items() if not result.record.get(entry)]
    return Wanted(left[0], result.result, result.history) if is_sound and left else None

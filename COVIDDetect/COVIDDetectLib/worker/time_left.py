"""Estimates how long an analysis still takes from its speed so far."""

from __future__ import annotations

from ..analysis.analyze import Progress

_WORK = {"lungs": 1.0, "score": 0.15, "attention": 0.005}
"""Work of one slice in each stage, in slices of the UNet: as measured on two CPU cores."""

_LEAST_S = 1.0
_LEAST_SHARE = 0.02


class TimeLeft:
    """Estimates the seconds until the end of one analysis.

    Examples
    --------
    >>> left = TimeLeft()
    >>> left.estimate(Progress("lungs", 0, 64), now_s=100.0) is None
    True
    >>> round(left.estimate(Progress("lungs", 32, 64), now_s=105.0), 1)
    6.5
    """

    def __init__(self) -> None:
        self._start: tuple[float, float] | None = None
        self._stages: list[str] = []
        self._total = 0

    def estimate(self, progress: Progress, now_s: float) -> float | None:
        """Seconds left; None as long as too little is done to tell.

        Parameters
        ----------
        progress
            What the worker reported just now.
        now_s
            The time, of any clock that only goes forward.
        """
        if progress.stage not in _WORK:
            return None
        if self._start is None:
            self._stages = list(_WORK)[list(_WORK).index(progress.stage) :]
        if progress.stage != "attention" or not self._total:
            self._total = progress.total
        works = {stage: _WORK[stage] * self._total for stage in self._stages}
        done = sum(works[stage] for stage in self._stages[: self._stages.index(progress.stage)])
        done += works[progress.stage] * progress.done / max(1, progress.total)
        if self._start is None:
            self._start = (now_s, done)
        whole = sum(works.values())
        elapsed_s, gained = now_s - self._start[0], done - self._start[1]
        if elapsed_s < _LEAST_S or gained < _LEAST_SHARE * whole:
            return None
        return max(0.0, whole - done) * elapsed_s / gained

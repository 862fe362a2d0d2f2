"""Scores cases in turn in one process: the next CT is read, and the last result written, while one is computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from ..analysis.analyze import Analysis
from .records import Task, keep
from .score import REFUSALS, Loaded, Outcome, Scoring, analyze_case, load_case, refused, store_case

AHEAD = 2
"""CTs that are read while another one is computed; more would only take memory."""

IN_FLIGHT = AHEAD + 2
"""Cases that are worth handing over: read ahead, computed and written."""


class Inbox(Protocol):
    """Where tasks come from: a ``multiprocessing.connection.Connection``."""

    def poll(self) -> bool:
        """Whether something can be received without waiting."""

    def recv(self) -> Task:
        """The next one; EOFError after the last."""


def score_in_turn(inbox: Inbox, scoring: Scoring, tell: Callable[[Outcome], None]) -> None:
    """Score what comes until the other end is closed; what becomes of each is written down, and then told.

    Parameters
    ----------
    tell
        Called in another thread, one at a time and in order.

    Raises
    ------
    DiskError, WeightsError
        If no other case could be scored either.
    """
    ahead: deque[tuple[Task, Future[Loaded]]] = deque()
    writing: Future[None] | None = None
    more = True
    with ThreadPoolExecutor(1, "reading") as reader, ThreadPoolExecutor(1, "writing") as writer:
        while more or ahead:
            while more and len(ahead) <= AHEAD and (not ahead or inbox.poll()):
                try:
                    task = inbox.recv()
                except EOFError:
                    more = False
                else:
                    ahead.append((task, reader.submit(load_case, task.case, scoring)))
            if not ahead:
                break
            task, reading = ahead.popleft()
            result = _computed(task, reading, scoring)
            del reading  # it holds the CT
            if writing:
                writing.result()
            writing = writer.submit(_finish, task, result, scoring, tell)
            del result
        if writing:
            writing.result()


def _computed(task: Task, reading: Future[Loaded], scoring: Scoring) -> tuple[Loaded, Analysis] | Outcome:
    try:
        loaded = reading.result()
        return loaded, analyze_case(loaded, scoring)
    except REFUSALS as error:
        return refused(task.case, error)


def _finish(
    task: Task, result: tuple[Loaded, Analysis] | Outcome, scoring: Scoring, tell: Callable[[Outcome], None]
) -> None:
    if isinstance(result, Outcome):
        outcome = result
    else:
        try:
            outcome = store_case(task.case, *result, scoring, task.folder)
        except REFUSALS as error:
            outcome = refused(task.case, error)
    keep(task, outcome, scoring)
    tell(outcome)

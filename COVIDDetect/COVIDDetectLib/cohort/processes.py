"""Processes that score a cohort; one that dies takes no case with it but the one that killed it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait

from ..allocator import keep_large_blocks
from ..error_log import unexpected
from ..errors import COVIDDetectError, DeviceError, UnexpectedError
from ..installation import not_loaded
from .pipeline import IN_FLIGHT, score_in_turn
from .records import Task, keep
from .score import Outcome, Scoring

_READY = "ready"


def score_in_processes(
    tasks: Sequence[Task],
    scoring: Scoring,
    on_outcome: Callable[[Outcome], None],
    jobs: int = 1,
    threads: int | None = None,
) -> None:
    """Score all tasks; each outcome is on disk before it is told.

    A case that was in a process that died is tried once more, alone: if that process dies too, the case has failed.

    Parameters
    ----------
    jobs
        Processes, each with a CT of its own in memory, and two more read ahead.
    threads
        Of each process; by default the processors are shared equally.

    Raises
    ------
    COVIDDetectError
        If no case can be scored: device, weights or disk fail.
    """
    waiting, suspects = deque(tasks), deque[Task]()
    threads = threads or (max(1, _processors() // jobs) if jobs > 1 else None)
    running = [_Process(scoring, threads) for _ in range(min(jobs, len(tasks)))]
    try:
        while waiting or suspects or any(process.has for process in running):
            for process in running:
                process.feed(waiting, suspects)
            for connection in wait([process.connection for process in running]):
                process = next(one for one in running if one.connection is connection)
                outcome = process.answer()
                if outcome is not None:
                    on_outcome(outcome)
                if not process.is_alive:
                    left = process.end()
                    if process.is_alone and left:
                        on_outcome(lost(left.pop(), process.error, scoring))
                    suspects.extend(left)
                    running[running.index(process)] = _Process(scoring, threads)
    finally:
        for process in running:
            process.end()


def lost(task: Task, error: UnexpectedError | None, scoring: Scoring) -> Outcome:
    """Write down that the process died in which a case was."""
    sentence = str(error or "The process that computed it ended, perhaps because memory ran out; try fewer jobs.")
    outcome = Outcome(task.case.name, kind="process", sentence=sentence)
    keep(task, outcome, scoring)
    return outcome


class _Process:
    """One process, and the tasks that it has been given and not yet answered."""

    def __init__(self, scoring: Scoring, threads: int | None) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that libraries hold
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, scoring, threads), daemon=True)
        self._process.start()
        theirs.close()
        self._is_ready = False
        self.has: deque[Task] = deque()
        self.is_alone = False
        self.is_alive = True
        self.error: UnexpectedError | None = None

    def feed(self, waiting: deque[Task], suspects: deque[Task]) -> None:
        """Hand over as many tasks as it can use; one alone that another process died of."""
        if self.has and self.is_alone:
            return
        self.is_alone = bool(suspects) and not self.has
        source, most = (suspects, 1) if self.is_alone else (waiting, IN_FLIGHT)
        while source and len(self.has) < most:
            self.has.append(source[0])
            try:
                self.connection.send(source.popleft())
            except OSError:  # it has died, which its end of the connection tells next
                return

    def answer(self) -> Outcome | None:
        """What it has to say; after its death it is not alive any more.

        Raises
        ------
        COVIDDetectError
            If it says that nothing can be scored.
        """
        try:
            said = self.connection.recv()
        except (EOFError, OSError):
            if not self._is_ready:
                raise self.error or DeviceError(
                    "The computing process ended while it started; close other programs, and try again."
                ) from None
            self.is_alive = False
            return None
        if isinstance(said, Outcome):
            self.has = deque(task for task in self.has if task.case.name != said.case)
            return said
        if isinstance(said, UnexpectedError):
            self.error = said
        elif isinstance(said, COVIDDetectError):
            raise said
        self._is_ready |= said == _READY
        return None

    def end(self) -> list[Task]:
        """End it at once; what it had not answered."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        return list(self.has)


def _serve(connection: Connection, scoring: Scoring, threads: int | None) -> None:
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    warnings.simplefilter("ignore")
    keep_large_blocks()
    try:
        make_ready(scoring, threads)
        connection.send(_READY)
        score_in_turn(connection, scoring, connection.send)
    except COVIDDetectError as error:
        connection.send(error)
    except Exception as error:  # noqa: BLE001 - one case may be the cause; the others shall be scored
        connection.send(not_loaded(error) or unexpected(error))


def make_ready(scoring: Scoring, threads: int | None) -> None:
    """Find out whether device and weights can be used before any case blames itself."""
    import SimpleITK as sitk
    import torch

    from ..device import trusted_device
    from ..weights.loaded import loaded_network

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    if threads:
        torch.set_num_threads(threads)
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    loaded_network(scoring.card, trusted_device(scoring.device).name)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

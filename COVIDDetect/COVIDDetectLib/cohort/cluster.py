"""A cohort on the computers of a Dask cluster, which all see the same files; a worker that dies costs no case."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..allocator import keep_large_blocks
from ..errors import InstallationError, NetworkError
from .processes import lost, make_ready
from .records import Task, keep
from .score import Outcome, Scoring, score_case

_TIMEOUT_S = 30
_one_at_a_time = threading.Lock()
"""Each process holds one CT, whatever number of threads its worker has."""
_is_ready = False


def score_on_cluster(
    tasks: Sequence[Task],
    scoring: Scoring,
    on_outcome: Callable[[Outcome], None],
    address: str,
    threads: int | None = None,
) -> None:
    """Score all tasks; each outcome is on disk before it is told.

    A case whose worker died is given to another by Dask, some times; if all die of it, the case has failed.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    threads
        Of each worker process; by default all processors of its computer.

    Raises
    ------
    InstallationError, NetworkError
        If Dask is missing here, or no scheduler answers.
    COVIDDetectError
        If no case can be scored: device, weights or disk fail.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise InstallationError('A cluster needs Dask; install it with: pip install "coviddetect[dask]".') from error
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        client = Client(address, timeout=_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NetworkError(f"No Dask scheduler answers at {address}; check the address, and that it runs.") from error
    with client, client.as_current():
        futures = {client.submit(_score, _from_anywhere(task), scoring, threads, pure=False): task for task in tasks}
        for future in as_completed(futures):
            task = futures.pop(future)
            try:
                outcome = future.result()
            except KilledWorker:
                outcome = lost(task, None, scoring)
            on_outcome(outcome)


def _score(task: Task, scoring: Scoring, threads: int | None) -> Outcome:
    """What a worker does."""
    global _is_ready
    with _one_at_a_time:
        if not _is_ready:
            keep_large_blocks()
            make_ready(scoring, threads)
            _is_ready = True
        outcome = score_case(task.case, scoring, task.folder)
        keep(task, outcome, scoring)
        return outcome


def _from_anywhere(task: Task) -> Task:
    """The same task for a process that runs in another folder."""
    mask = task.case.mask
    return replace(
        task, case=replace(task.case, path=task.case.path.absolute(), mask=mask.absolute() if mask else None)
    )

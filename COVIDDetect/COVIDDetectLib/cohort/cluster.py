"""A cohort on the computers of a Dask cluster, which all see the same files; a worker that dies costs no case."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import __version__
from ..allocator import keep_large_blocks
from ..errors import COVIDDetectError, InputError, InstallationError, NetworkError
from ..text import printable
from ..weights.cards import ModelCard
from .processes import lost, make_ready
from .records import Task, keep, outcome_of
from .score import Outcome, Scoring, score_case

_TIMEOUT_S = 30
_NOT_COMPUTED = (
    "The cluster at {address} did not compute ({why}); see whether its scheduler and workers run, and have the same "
    "Python and COVIDDetect as this computer. What was scored is kept: run the same command again."
)
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
        If Dask is missing here, a worker has another version, no scheduler answers, or the cluster ends.
    InputError
        If the workers write where this computer sees nothing.
    COVIDDetectError
        If no case can be scored: device, weights or disk fail.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise InstallationError('A cluster needs Dask; install it with: pip install "coviddetect[dask]".') from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says, the sentences say
    try:
        client = Client(address, timeout=_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NetworkError(f"No Dask scheduler answers at {address}; check the address, and that it runs.") from error
    with client, client.as_current():
        anywhere = _with_absolute_cards(scoring)
        futures = {
            client.submit(_score, _from_anywhere(task), anywhere, threads, __version__, pure=False): task
            for task in tasks
        }
        for future in as_completed(futures):
            task = futures.pop(future)
            try:
                outcome = future.result()
            except KilledWorker:
                outcome = lost(task, None, scoring)
            except COVIDDetectError:
                raise
            except Exception as error:  # another Python there, or the scheduler has ended
                raise NetworkError(_NOT_COMPUTED.format(address=address, why=type(error).__name__)) from error
            on_outcome(outcome)
    refuse_unseen(tasks, scoring)


def refuse_unseen(tasks: Sequence[Task], scoring: Scoring) -> None:
    """Refuse an end at which results lie on the workers' own disks.

    Raises
    ------
    InputError
        If this computer does not see what was written of a case.
    """
    unseen = [task.case.name for task in tasks if outcome_of(task, scoring) is None]
    if unseen:
        raise InputError(
            f"The workers wrote the results of {len(unseen)} cases, {printable(unseen[0])} first, where this computer "
            "does not see them; give an output folder that all computers share under one path."
        )


def _score(task: Task, scoring: Scoring, threads: int | None, version: str) -> Outcome:
    """What a worker does."""
    global _is_ready
    if version != __version__:
        raise InstallationError(
            f"A worker of the cluster has COVIDDetect {__version__}, this computer {version}; install the same on all."
        )
    with _one_at_a_time:
        if not _is_ready:
            keep_large_blocks()
            make_ready(scoring, threads)
            _is_ready = True
        outcome = score_case(task.case, scoring, task.folder)
        keep(task, outcome, scoring)
        return outcome


def _with_absolute_cards(scoring: Scoring) -> Scoring:
    """The same for a process that runs in another folder."""

    def absolute(card: ModelCard) -> ModelCard:
        return replace(card, path=card.path.absolute())

    lungs = scoring.lungs if isinstance(scoring.lungs, str) else absolute(scoring.lungs)
    return replace(scoring, weights=absolute(scoring.weights) if scoring.weights else None, lungs=lungs)


def _from_anywhere(task: Task) -> Task:
    """The same task for a process that runs in another folder."""
    mask = task.case.mask
    return replace(
        task, case=replace(task.case, path=task.case.path.absolute(), mask=mask.absolute() if mask else None)
    )

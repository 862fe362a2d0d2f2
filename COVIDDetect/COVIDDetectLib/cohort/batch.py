"""Scores a whole cohort into a folder; what is done already is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..report.files import check_folder
from ..weights.site import Site
from .cases import Case
from .cluster import score_on_cluster
from .processes import score_in_processes
from .records import Tables, Task, forget_failure, is_done, plan_tasks, write_tables
from .score import Outcome, Scoring

_SHARE_OF_TIME = 0.05
"""At most this share of the time goes into writing the tables again."""


@dataclass(frozen=True)
class Summary:
    """What a run has done.

    Parameters
    ----------
    done_before
        Cases that needed nothing.
    outcomes
        Of the others, in the order in which they ended.
    tables
        What the tables hold, of all parts of the cohort.
    """

    done_before: int
    outcomes: tuple[Outcome, ...]
    tables: Tables

    @property
    def failed(self) -> int:
        """Cases of this run without a probability."""
        return sum(outcome.failed for outcome in self.outcomes)


def score_cohort(
    cases: Sequence[Case],
    output: Path,
    scoring: Scoring,
    *,
    jobs: int = 1,
    threads: int | None = None,
    scheduler: str | None = None,
    part: tuple[int, int] = (1, 1),
    site: Site | None = None,
    on_start: Callable[[int, int], None] = lambda done, total: None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> Summary:
    """Score the cases of a cohort that have no result yet, and write the tables of the whole cohort.

    It may be killed at any moment and started again, and parts of it may run at the same time on several computers.

    Parameters
    ----------
    jobs, threads
        Processes, and threads of each.
    scheduler
        Address of a Dask cluster, whose workers score instead of processes of this computer.
    part
        ``(k, n)``: every nth case from the kth on, counted from 1.
    site
        Cut points of a hospital, for a column ``zone``.
    on_start
        Told how many cases of this part are done already, and how many it has.
    on_outcome
        Told what became of each case.

    Raises
    ------
    COVIDDetectError
        If no case can be scored.
    """
    check_folder(output)
    tasks = plan_tasks(cases, output, scoring)
    number, parts = part
    own = tasks[number - 1 :: parts]
    done = [task for task in own if is_done(task, scoring)]
    for task in done:
        forget_failure(task)
    names = {task.case.name for task in done}
    left = [task for task in own if task.case.name not in names]
    on_start(len(done), len(own))
    outcomes: list[Outcome] = []
    with _Writing(tasks, output, scoring, left, site) as writing:

        def ended(outcome: Outcome) -> None:
            outcomes.append(outcome)
            writing.add(outcome)
            on_outcome(outcome)

        if left and scheduler:
            score_on_cluster(left, scoring, ended, scheduler, threads)
        elif left:
            score_in_processes(left, scoring, ended, jobs, threads)
    return Summary(len(done), tuple(outcomes), writing.tables)


class _Writing:
    """Writes the tables as often as that costs little, and at the end whatever that is."""

    def __init__(
        self, tasks: Sequence[Task], output: Path, scoring: Scoring, left: Sequence[Task], site: Site | None
    ) -> None:
        pending = {task.case.name for task in left}
        self._write = lambda: write_tables(tasks, output, scoring, pending, site)
        self._pending = pending
        self._not_before = 0.0
        self.tables = Tables(0, 0, 0)

    def __enter__(self) -> _Writing:
        return self

    def __exit__(self, *error: object) -> None:
        self.tables = self._write()

    def add(self, outcome: Outcome) -> None:
        """One more is on disk."""
        self._pending.discard(outcome.case)
        start = time.monotonic()
        if start >= self._not_before:
            self.tables = self._write()
            end = time.monotonic()
            self._not_before = end + (end - start) / _SHARE_OF_TIME

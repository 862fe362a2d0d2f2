"""What became of each case, kept on disk, and the tables that are made of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..atomic import whole_file
from ..errors import InputError
from ..report.files import RECORD, analysis_files
from ..text import printable
from ..weights.site import Site
from .cases import Case
from .fingerprint import hash_of, stamps
from .score import Outcome, Scoring

RESULTS, PREDICTIONS, FAILED = "results.csv", "predictions.csv", "failed.csv"
CASE, FAILURE = "case.json", "failure.json"
SCHEMA = "coviddetect-case-1"
OUTSIDE = "outside"
"""The zone of a CT unlike those that the weights were trained on: nothing is promised of it."""

_LONGEST_FOLDER = 50
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_COLUMNS = (
    *("case", "probability", "threshold", "right_lung_ml", "left_lung_ml", "notes", "seconds"),
    *("ct_sha256", "folder"),
)


@dataclass(frozen=True)
class Task:
    """A case and where its results belong.

    Parameters
    ----------
    folder
        For its files.
    key
        Hash of how it is scored and of name, size and time of change of its files: what was made with the same key
        need not be made again.
    """

    case: Case
    folder: Path
    key: str


def plan_tasks(cases: Sequence[Case], output: Path, scoring: Scoring) -> list[Task]:
    """Where the results of each case belong.

    Raises
    ------
    InputError
        If results would lie among the files of a CT.
    """
    names = folder_names([case.name for case in cases])
    tasks = []
    for case in cases:
        folder, ct = output.absolute() / names[case.name], case.path.resolve()
        within = folder.resolve()
        if ct == within or within in ct.parents or (ct.is_dir() and ct in within.parents):
            raise InputError(
                f"The results of case '{case.name}' would lie among the files of its CT; choose another output folder."
            )
        mask = stamps(case.mask) if case.mask else []
        tasks.append(Task(case, folder, hash_of([scoring.key, stamps(case.path), mask])))
    return tasks


def folder_names(cases: Sequence[str]) -> dict[str, str]:
    """A folder name for each case: its own where every file system can hold it beside the others."""
    counts = Counter(_as_compared(name) for name in cases)
    taken = {_as_compared(name) for name in (RESULTS, PREDICTIONS, FAILED)}
    names = {}
    for case in cases:
        safe = re.sub(r"[^\w .()+-]", "_", case)[:_LONGEST_FOLDER].strip(" .")
        is_own = safe == case and counts[_as_compared(case)] == 1
        if not is_own or _RESERVED.fullmatch(case) or _as_compared(case) in taken:
            safe = f"{safe}-{hashlib.sha256(case.encode()).hexdigest()[:8]}"
        names[case] = safe
    return names


def is_done(task: Task, scoring: Scoring) -> bool:
    """Whether the files of a case are there, made of the same CT and mask in the same way."""
    entry = _read(task.folder / CASE)
    needed = [file for file in analysis_files(task.folder) if file.name not in scoring.skip]
    if entry is None or entry["key"] != task.key or not all(file.is_file() for file in needed):
        return False
    return _is_of(task.folder / RECORD, entry["outcome"])


def _is_of(record: Path, outcome: Mapping[str, Any]) -> bool:
    """Whether an analysis is the one that was written down: another one may have come into its folder since."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(record.read_text(encoding="utf-8"))
        return (found["probability"], found["input"]["sha256"], found["lungs"]["sha256"]) == (
            *(outcome["probability"], outcome["ct_sha256"], outcome["lung_mask_sha256"]),
        )
    return False


def keep(task: Task, outcome: Outcome, scoring: Scoring) -> None:
    """Write down what became of a case; an earlier result stays until there is a new one."""
    case = task.case
    source = {  # for the worklist; analysis.json is passed on and says nothing of it
        "path": str(case.path.absolute()),
        "date": case.date.isoformat() if case.date else "",
        "mask": str(case.mask.absolute()) if case.mask else "",
        "patient": case.patient or case.name,
    }
    made_of = {"schema": SCHEMA, "key": task.key, "scoring": scoring.key}
    entry = {**made_of, "source": source, "outcome": asdict(outcome)}
    with whole_file(task.folder / (FAILURE if outcome.failed else CASE)) as file:
        file.write(json.dumps(entry, indent=2).encode())
    if not outcome.failed:
        forget_failure(task)


def forget_failure(task: Task) -> None:
    """The case has a result after all."""
    (task.folder / FAILURE).unlink(missing_ok=True)


def outcome_of(task: Task, scoring: Scoring) -> Outcome | None:
    """What is written down of a case; None where nothing is that was made in this way."""
    for name in (FAILURE, CASE):
        entry = _read(task.folder / name)
        if entry is not None and entry["scoring"] == scoring.key:
            return Outcome(**{**entry["outcome"], "notes": tuple(entry["outcome"]["notes"])})
    return None


@dataclass(frozen=True)
class Tables:
    """How many cases the tables hold; where weights are calibrated, also of each zone within the domain."""

    scored: int
    failed: int
    labeled: int
    zones: Mapping[str, int] = field(default_factory=dict)


def write_tables(
    tasks: Sequence[Task], output: Path, scoring: Scoring, pending: Collection[str] = (), site: Site | None = None
) -> Tables:
    """Write ``results.csv``, ``failed.csv`` and, where there are labels, ``predictions.csv``.

    They are made of what is on disk, in the order of the cases; other parts of the cohort may be written meanwhile by
    other computers, and whoever writes last has seen all.

    Parameters
    ----------
    tasks
        The whole cohort.
    pending
        Names of cases that are still to be scored, whatever is on disk of them.
    site
        What a hospital may call a probability; it stands in one more column.
    """
    while True:
        before = _state(tasks)
        known = [(task, outcome_of(task, scoring)) for task in tasks if task.case.name not in pending]
        scored = [(task, outcome) for task, outcome in known if outcome and not outcome.failed]
        failed = [outcome for _, outcome in known if outcome and outcome.failed]
        labeled = [(task, outcome) for task, outcome in scored if task.case.label is not None]
        columns = (*_COLUMNS, *(["zone"] if site else []))
        write_csv(output / RESULTS, columns, (_row(task, outcome, site) for task, outcome in scored))
        write_csv(output / FAILED, ("case", "kind", "sentence"), ((one.case, one.kind, one.sentence) for one in failed))
        if labeled or (output / PREDICTIONS).exists():
            rows = ((task.case.name, outcome.probability, task.case.label) for task, outcome in labeled)
            write_csv(output / PREDICTIONS, ("case", "probability", "label"), rows)
        if _state(tasks) == before:
            zones = Counter(zone for _, outcome in scored for zone in _zone(outcome, site) if zone != OUTSIDE)
            return Tables(len(scored), len(failed), len(labeled), zones)


def _state(tasks: Sequence[Task]) -> list[int]:
    """Times of change of what the tables are made of."""
    times = []
    for task in tasks:
        for name in (CASE, FAILURE):
            try:
                times.append((task.folder / name).stat().st_mtime_ns)
            except OSError:
                times.append(0)
    return times


def _row(task: Task, outcome: Outcome, site: Site | None) -> tuple[object, ...]:
    return (
        *(outcome.case, outcome.probability, outcome.threshold, outcome.right_ml, outcome.left_ml),
        *(" ".join(outcome.notes), outcome.seconds, outcome.ct_sha256, task.folder.name),
        *_zone(outcome, site),
    )


def _zone(outcome: Outcome, site: Site | None) -> list[str]:
    if site is None or outcome.probability is None:
        return []
    return [OUTSIDE if outcome.is_in_domain is False else site.zone(outcome.probability)]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, whole or not at all, each text on one line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([printable(value) if isinstance(value, str) else value for value in row] for row in rows)
    with whole_file(path) as file:
        file.write(text.getvalue().encode("utf-8"))


def _read(path: Path) -> dict[str, Any] | None:
    """A record; None where there is none, or it is damaged."""
    with suppress(OSError, ValueError):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(entry, dict) and entry.get("schema") == SCHEMA and {"key", "scoring", "outcome"} <= entry.keys():
            outcome = entry["outcome"]
            if isinstance(outcome, dict) and outcome.keys() == {field.name for field in fields(Outcome)}:
                return entry
    return None


def _as_compared(name: str) -> str:
    """A name as file systems compare it that do not tell small from capital letters."""
    return unicodedata.normalize("NFC", name).casefold()

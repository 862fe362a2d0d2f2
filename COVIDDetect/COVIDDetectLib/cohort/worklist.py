"""A scored cohort as a list to read: the likeliest cases first, and what each reader says of them.

Each reader has a file ``labels-READER.csv`` beside ``results.csv``, which nobody else writes, so that two who read at
the same time lose nothing. From all of them follow ``labels.csv``, with two columns a reader, and ``train.csv``, the
cases whose readers agree, as ``coviddetect train`` takes them. Each is written whole at every change.
"""

from __future__ import annotations

import getpass
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..tables import number, read_table
from ..text import printable, short_name
from .records import CASE, FAILED, OUTSIDE, RESULTS, SCHEMA, write_csv

LABELS, TRAINING = "labels.csv", "train.csv"
COVID, OTHER, UNSURE = "1", "0", "unsure"
"""What a reader says of a case; empty where nothing yet."""

_OF_READER = "labels-*.csv"
_COLUMNS = ("case", "label", "comment")
_SOURCE = ("path", "date", "mask", "patient")
_NEEDED = ("case", "probability", "threshold", "notes", "folder")
_OF_FAILED = ("case", "sentence")
_SCORE_AGAIN = f"another program has changed {RESULTS}: run the same coviddetect batch again, which writes it anew."
_SAME_PROBABILITY = 0.005
"""A spreadsheet may have rounded it."""


@dataclass(frozen=True)
class Reading:
    """What one reader says of one case.

    Parameters
    ----------
    label
        ``COVID``, ``OTHER``, ``UNSURE`` or empty.
    """

    label: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Row:
    """One case of the list.

    Parameters
    ----------
    probability, threshold
        Of COVID-19, and the one from which the model card calls it positive; None where the case failed.
    folder
        With the files of its analysis; None where it failed.
    doubt
        What must be read with the number, or why there is none; empty where all is well.
    """

    case: str
    probability: float | None
    threshold: float
    folder: Path | None
    doubt: str = ""


@dataclass(frozen=True)
class Worklist:
    """The cases of an output folder of ``coviddetect batch``.

    Parameters
    ----------
    folder
        Where ``results.csv`` lies.
    rows
        By falling probability; the failed ones are last.
    """

    folder: Path
    rows: tuple[Row, ...] = field(repr=False)

    def readings(self, reader: str) -> dict[str, Reading]:
        """What one reader has said, by case.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        file = self._file_of(reader)
        return _readings(file) if file.exists() else {}

    def keep(self, reader: str, case: str, reading: Reading) -> None:
        """Store what a reader says of a case, and write the tables that follow from it.

        Raises
        ------
        InputError, DiskError
            If a file cannot be read or written; what the reader said before is still there then.
        """
        own = {**self.readings(reader), case: reading}
        rows = ((name, one.label, one.comment) for name, one in own.items() if one != Reading())
        write_csv(self._file_of(reader), _COLUMNS, rows)
        self._write_tables()

    def _file_of(self, reader: str) -> Path:
        return self.folder / f"labels-{reader}.csv"

    def _write_tables(self) -> None:
        named = [(file, file.stem.removeprefix("labels-")) for file in sorted(self.folder.glob(_OF_READER))]
        files = [file for file, name in named if name == reader_name(name)]  # not what a copy of a file is called
        all_said = [_readings(file) for file in files]
        columns = [f"{what}_{file.stem.removeprefix('labels-')}" for file in files for what in ("label", "comment")]
        together, agreed = [], []
        for row in self.rows:
            said = [readings.get(row.case, Reading()) for readings in all_said]
            if row.folder is None or not any(one != Reading() for one in said):
                continue
            source = _source(row)
            texts = [text for one in said for text in (one.label, one.comment)]
            together.append((row.case, source.get("path", ""), *texts))
            (label, *others) = {one.label for one in said if one.label} or {UNSURE}
            if source and not others and label != UNSURE:
                agreed.append((row.case, label, *(source[name] for name in _SOURCE)))
        write_csv(self.folder / LABELS, ("case", "path", *columns), together)
        write_csv(self.folder / TRAINING, ("case", "label", *_SOURCE), agreed)


def read_worklist(file: Path) -> Worklist:
    """Read ``results.csv`` and, beside it, ``failed.csv``.

    Raises
    ------
    InputError
        If it is not a table that ``coviddetect batch`` wrote.
    """
    _record.cache_clear()
    rows = [_row(file.parent, place, entry) for place, entry in read_table(file, _NEEDED)]
    rows.sort(key=lambda row: -(row.probability or 0.0))
    failed = file.with_name(FAILED)
    if failed.exists():
        rows += [Row(one["case"], None, 0.5, None, one["sentence"]) for _, one in read_table(failed, _OF_FAILED)]
    if not rows:
        raise InputError(f"{file.name} has no cases; score a cohort with coviddetect batch first.")
    twice, count = Counter(row.case for row in rows).most_common(1)[0]
    if count > 1:
        raise InputError(f"{file.name} has case '{short_name(twice)}' more than once; {_SCORE_AGAIN}")
    return Worklist(file.parent.absolute(), tuple(rows))


def ct_path(row: Row) -> Path:
    """Where the CT of a case lay when it was scored.

    Raises
    ------
    InputError
        If that is not known, the case has failed, or nothing is there.
    """
    if row.folder is None:
        raise InputError(f"{row.case} could not be scored: {row.doubt}")
    outcome = _record(row.folder).get("outcome")
    if isinstance(outcome, dict) and not _is_of(row, outcome):
        raise InputError(
            f"{RESULTS} and {printable(str(row.folder / CASE))} do not say the same of {row.case}; {_SCORE_AGAIN}"
        )
    path = _source(row).get("path")
    if not path:
        raise InputError(f"{printable(str(row.folder / CASE))} does not say where the CT lies; score the case again.")
    if not Path(path).exists():
        raise InputError(
            f"The CT {printable(path)} does not exist any more; bring it back, or score it again elsewhere."
        )
    return Path(path)


def reader_name(text: str = "") -> str:
    """A name that may stand in the name of a file and of a column; without a text the user's of this computer."""
    if not text.strip():
        try:
            text = getpass.getuser()
        except (OSError, KeyError, ImportError):  # not every system knows
            text = "reader"
    return re.sub(r"[^\w.-]+", "-", text.strip())[:40].strip("-.") or "reader"


def _row(folder: Path, where: str, entry: Mapping[str, str]) -> Row:
    is_outside = entry.get("zone") == OUTSIDE
    doubt = entry["notes"] or ("Unlike the CTs that the weights were trained on." if is_outside else "")
    try:
        probability, threshold = number(entry["probability"]), number(entry["threshold"])
    except ValueError as error:
        raise InputError(f"{where}: the probability or the threshold is no number; {_SCORE_AGAIN}") from error
    name = Path(entry["folder"]).name
    if not (0 <= probability <= 1 and 0 <= threshold <= 1 and entry["case"] and name.strip(". ")):
        raise InputError(f"{where}: a batch writes a case, its folder, and numbers from 0 to 1; {_SCORE_AGAIN}")
    return Row(entry["case"], probability, threshold, folder.absolute() / name, doubt)


def _readings(file: Path) -> dict[str, Reading]:
    rows = read_table(file, _COLUMNS)
    if wrong := next((where for where, one in rows if one["label"] not in ("", COVID, OTHER, UNSURE)), None):
        raise InputError(f"{wrong}: the label is none of {COVID}, {OTHER} and {UNSURE}; correct it.")
    return {one["case"]: Reading(one["label"], one["comment"]) for _, one in rows}


def _is_of(row: Row, outcome: Mapping[str, Any]) -> bool:
    """Whether a row is still the one that was written of a case: a table can be sorted by one column alone."""
    here, there = row.probability, outcome.get("probability")
    if here is None or not isinstance(there, float | int):
        return False
    return outcome.get("case") == row.case and abs(there - here) <= _SAME_PROBABILITY


def _source(row: Row) -> Mapping[str, str]:
    """Where a case came from, as ``records.keep`` wrote it; empty where that is not known."""
    entry = _record(row.folder) if row.folder else {}
    source, outcome = entry.get("source"), entry.get("outcome")
    if not isinstance(source, dict) or not all(isinstance(source.get(name), str) for name in _SOURCE):
        return {}
    return source if isinstance(outcome, dict) and _is_of(row, outcome) else {}


@lru_cache(maxsize=4096)
def _record(folder: Path) -> Mapping[str, Any]:
    """What ``records.keep`` wrote of a case; empty where there is nothing."""
    try:
        entry = json.loads((folder / CASE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) and entry.get("schema") == SCHEMA else {}

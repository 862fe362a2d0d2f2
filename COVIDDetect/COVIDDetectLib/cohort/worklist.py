"""A scored cohort as a list to read: the likeliest cases first, and what each reader says of them.

Each reader has a file ``labels-READER.csv`` beside ``results.csv``, which nobody else writes, so that two who read at
the same time lose nothing. From all of them follow ``labels.csv``, with two columns a reader, and ``train.csv``, the
cases whose readers agree, as ``coviddetect train`` takes them. Each is written whole at every change.
"""

from __future__ import annotations

import csv
import getpass
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..errors import InputError
from ..text import printable
from .records import CASE, FAILED, OUTSIDE, RESULTS, SCHEMA, write_csv

LABELS, TRAINING = "labels.csv", "train.csv"
COVID, OTHER, UNSURE = "1", "0", "unsure"
"""What a reader says of a case; empty where nothing yet."""

_OF_READER = "labels-*.csv"
_COLUMNS = ("case", "label", "comment")
_SOURCE = ("path", "date", "mask", "patient")
_NEEDED = {"case", "probability", "threshold", "notes", "folder"}


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
        files = sorted(self.folder.glob(_OF_READER))
        all_said = [_readings(file) for file in files]
        columns = [f"{what}_{file.stem.removeprefix('labels-')}" for file in files for what in ("label", "comment")]
        together, agreed = [], []
        for row in self.rows:
            said = [readings.get(row.case, Reading()) for readings in all_said]
            if row.folder is None or not any(one != Reading() for one in said):
                continue
            source = _source(row.folder)
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
    _source.cache_clear()
    try:
        rows = [_row(file.parent, entry) for entry in _read(file, _NEEDED)]
    except ValueError as error:
        raise InputError(
            f"{file.name} has a value that is no number; open the {RESULTS} of coviddetect batch."
        ) from error
    rows.sort(key=lambda row: -(row.probability or 0.0))
    failed = file.with_name(FAILED)
    if failed.exists():
        rows += [Row(one["case"], None, 0.5, None, one["sentence"]) for one in _read(failed, {"case", "sentence"})]
    if not rows:
        raise InputError(f"{file.name} has no cases; score a cohort with coviddetect batch first.")
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
    path = _source(row.folder).get("path")
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


def _row(folder: Path, entry: Mapping[str, str]) -> Row:
    is_outside = entry.get("zone") == OUTSIDE
    doubt = entry["notes"] or ("Unlike the CTs that the weights were trained on." if is_outside else "")
    place = folder.absolute() / Path(entry["folder"]).name
    return Row(entry["case"], float(entry["probability"]), float(entry["threshold"]), place, doubt)


def _readings(file: Path) -> dict[str, Reading]:
    return {one["case"]: Reading(one["label"], one["comment"]) for one in _read(file, set(_COLUMNS))}


@lru_cache(maxsize=4096)
def _source(folder: Path) -> Mapping[str, str]:
    """Where a case came from, as ``records.keep`` wrote it; empty where that is not known."""
    try:
        entry = json.loads((folder / CASE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    source = entry.get("source") if isinstance(entry, dict) and entry.get("schema") == SCHEMA else None
    if not isinstance(source, dict) or not all(isinstance(source.get(name), str) for name in _SOURCE):
        return {}
    return source


def _read(file: Path, needed: set[str]) -> Sequence[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, restval="")
            entries = list(reader)
    except OSError as error:
        raise InputError(f"{printable(str(file))} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file.name} is not a table in UTF-8 with commas between; save it as CSV.") from error
    if missing := sorted(needed - set(reader.fieldnames or ())):
        raise InputError(f"{file.name} has no column {missing[0]}; it is not a table that this program wrote.")
    return entries

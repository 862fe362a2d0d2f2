"""The table of a cohort: one CT per case, with its label where it has one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from ..errors import InputError
from ..tables import read_table
from ..text import printable, short_name

COLUMNS = ("case", "path", "label")
OPTIONAL_COLUMNS = ("date", "mask", "patient")

Labels = Literal["needed", "optional", "ignored"]
"""Whether each case must have a label and both labels must occur; a case may lack one; or they do not matter."""


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Parameters
    ----------
    name
        What the user calls it; each once.
    path
        The CT: DICOM folder or file, NIfTI, NRRD or MetaImage file.
    label
        1 with COVID-19, 0 without; None where it is not known or does not matter (lungs).
    date
        When the CT was taken.
    mask
        File with a reviewed lung mask; without one the lungs are found by the program.
    patient
        Who it is; without a column ``patient`` every case is a patient of its own.
    """

    name: str
    path: Path
    label: int | None = None
    date: date | None = None
    mask: Path | None = None
    patient: str = ""


def read_cases(path: str | Path, labels: Labels = "needed") -> list[Case]:
    """Read a CSV file with the columns ``case,path,label`` and, where there are, ``date``, ``mask`` and ``patient``.

    Paths are relative to the folder of the table, and need not exist (``check_files``). Other columns are left alone.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or a row cannot be true: no name, a case or a CT twice, a label
        other than 0 or 1, a date not written YYYY-MM-DD; or if labels are needed and there is one label only.
    """
    path = Path(path)
    needed = COLUMNS if labels == "needed" else COLUMNS[:2]
    first_line = f"{','.join(COLUMNS)} and, if you have them, {', '.join(OPTIONAL_COLUMNS)}"
    cases = [_case(path, place, row, labels) for place, row in read_table(path, needed, first_line)]
    if not cases:
        raise InputError(f"{path.name} has no cases; write one row per case below the first line.")
    _check_unique(path, cases)
    if labels == "needed" and len({case.label for case in cases}) < 2:
        raise InputError(
            f"{path.name} needs cases with COVID-19 (label 1) and without (label 0); it has only one kind."
        )
    return cases


def check_files(case: Case) -> None:
    """Refuse a case whose CT or mask is not there.

    Raises
    ------
    InputError
        With the path.
    """
    for what, file in (("CT", case.path), ("mask", case.mask)):
        if file is not None and not file.exists():
            raise InputError(f"The {what} {printable(str(file))} does not exist; correct the path.")


def _case(table: Path, place: str, row: dict[str, str], labels: Labels) -> Case:
    values = {column: row.get(column, "") for column in (*COLUMNS, *OPTIONAL_COLUMNS)}
    if not values["case"]:
        raise InputError(f"{place}: the case has no name.")
    if not values["case"].isprintable():
        raise InputError(f"{place}: the name of the case has characters that cannot be printed.")
    if not values["path"]:
        raise InputError(f"{place}: the case has no path; give a DICOM folder or a volume file.")
    files = {column: table.parent / values[column] for column in ("path", "mask") if values[column]}
    label = "" if labels == "ignored" else values["label"]
    if label not in (("0", "1") if labels == "needed" else ("", "0", "1")):
        raise InputError(f"{place}: the label is '{short_name(label)}'; give 1 for COVID-19 or 0 for none.")
    try:
        taken = date.fromisoformat(values["date"]) if values["date"] else None
    except ValueError as error:
        raise InputError(f"{place}: '{short_name(values['date'])}' is not a date; write YYYY-MM-DD.") from error
    return Case(
        name=values["case"],
        path=files["path"],
        label=int(label) if label else None,
        date=taken,
        mask=files.get("mask"),
        patient=values["patient"] or values["case"],
    )


def _check_unique(table: Path, cases: list[Case]) -> None:
    names: set[str] = set()
    cts: dict[Path, str] = {}
    for case in cases:
        if case.name in names:
            raise InputError(f"{table.name} has case '{case.name}' more than once; keep one row per case.")
        names.add(case.name)
        same = cts.setdefault(case.path.resolve(), case.name)
        if same != case.name:
            raise InputError(f"{table.name} gives cases '{same}' and '{case.name}' the same CT; keep one of them.")

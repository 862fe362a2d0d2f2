"""The tables of a reader: what was read, as the panel has written it, and what was true."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..report.reading import CLASSES, COLUMNS, Reading, case_of
from ..tables import number, read_table
from ..text import short_name


def read_readings(path: str | Path) -> list[Reading]:
    """Read the table. Of rows of one reading the last counts.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or has a row that no panel has written.
    """
    last: dict[tuple[str, str], Reading] = {}
    for place, row in read_table(Path(path), COLUMNS):
        for column in ("before", *(("after",) if row["after"] else ())):
            if row[column] not in CLASSES:
                raise InputError(
                    f"{place}: '{short_name(row[column])}' is no class; give CO-RADS 1 to 5, or RSNA negative, "
                    "atypical, indeterminate or typical."
                )
        values: dict[str, Any] = {column: row[column] for column in COLUMNS}
        for column in ("probability", "decision_threshold"):
            values[column] = _share(place, row[column])
        _check_time(place, row["read"])
        if not row["case"]:
            raise InputError(f"{place}: the case has no name.")
        last[row["case"], row["read"]] = Reading(**values)
    if not last:
        raise InputError(f"{Path(path).name} has no readings.")
    return list(last.values())


def read_labels(path: str | Path) -> dict[str, bool]:
    """Read what was true: a table with the columns ``case`` (or ``id``, or ``ct_sha256``) and ``label``, 1 or 0.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, has another label, or a case twice with different ones.
    """
    labels: dict[str, bool] = {}
    for place, row in read_table(Path(path), ("label",)):
        name = next((row[column] for column in ("case", "id", "ct_sha256") if row.get(column)), "")
        if not name:
            raise InputError(f"{place}: no column case, id or ct_sha256 says which CT it is.")
        if row["label"] not in ("0", "1"):
            raise InputError(f"{place}: the label is '{short_name(row['label'])}'; give 1 for COVID-19 or 0 for none.")
        if labels.setdefault(case_of(name), row["label"] == "1") != (row["label"] == "1"):
            raise InputError(f"{place}: case '{short_name(name)}' is there with both labels; keep the true one.")
    return labels


def _share(place: str, text: str) -> float:
    try:
        share = number(text)
    except ValueError as error:
        raise InputError(f"{place}: '{short_name(text)}' is not a number.") from error
    if not 0 <= share <= 1:
        raise InputError(f"{place}: {share} is not a number from 0 to 1.")
    return share


def _check_time(place: str, text: str) -> None:
    """Times tell which of two readings was the first: another way of writing them would sort otherwise."""
    try:
        is_complete = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        is_complete = False
    if not is_complete:
        raise InputError(
            f"{place}: '{short_name(text)}' is not a time as the panel writes it; take a copy that no spreadsheet has "
            "changed."
        )

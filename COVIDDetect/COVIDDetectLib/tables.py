"""Tables of values with commas between, as people, spreadsheets and this program write them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .ct.files import file_size
from .errors import InputError
from .text import printable, short_name

_OTHER_MARKS = {";": "semicolons", "\t": "tabs"}


def read_table(path: Path, needed: Sequence[str], first_line: str = "") -> list[tuple[str, dict[str, str]]]:
    """The rows of a table, stripped, each with where it stands, to begin a sentence with; rows without values are none.

    Parameters
    ----------
    needed
        Columns without which it cannot be read. Small and capital letters and spaces around names do not matter.
    first_line
        What the first line should be, for the sentence; by default the needed columns.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column or has one twice, or a row has more values than there are columns: one of
        them has a decimal comma then, and those behind it stand in wrong columns.
    """
    name = printable(path.name)
    file_size(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)  # else a quotation mark that nobody closes swallows all that follows
            columns = [column.strip().lower() for column in next(reader, [])]
            _check_columns(name, columns, needed, first_line)
            rows = []
            for values in reader:
                cells = [value.strip() for value in values]
                place = f"{name}, line {reader.line_num}"
                if any(cells[len(columns) :]):
                    raise InputError(
                        f"{place}: there are more values than columns; write decimals with a point, and put text that "
                        "has commas in quotes."
                    )
                if any(cells):
                    filled = cells + [""] * (len(columns) - len(cells))
                    rows.append((place, dict(zip(columns, filled, strict=False))))
            return rows
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not a text file in UTF-8; save the table as CSV.") from error
    except csv.Error as error:
        raise InputError(f"{name} is not a table of values with commas between; save it as CSV.") from error


def number(text: str) -> float:
    """A number as tables have it; ``float`` would also take ``8_7`` for 87.

    Raises
    ------
    ValueError
        If it is none.
    """
    if "_" in text:
        raise ValueError(f"{text} is not a number")
    return float(text)


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[str], first_line: str) -> None:
    if missing := [column for column in needed if column not in columns]:
        for mark, marks in _OTHER_MARKS.items():
            if len(columns) == 1 and mark in columns[0]:
                raise InputError(f"{name} has {marks} between its values; save it with commas, and decimals as 0.5.")
        raise InputError(
            f"{name} has no column {', '.join(missing)}; the first line is {first_line or ','.join(needed)}."
        )
    twice, count = Counter(column for column in columns if column).most_common(1)[0]
    if count > 1:
        raise InputError(f"{name} has more than one column {short_name(twice)}; keep the right one.")

"""What a radiologist read in a CT before and after the result was opened, and the table to which it is added."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..atomic import written_or_said
from ..errors import InputError

CLASSES = {f"CO-RADS {grade}": grade for grade in range(1, 6)} | {
    f"RSNA {name}": grade for grade, name in enumerate(("negative", "atypical", "indeterminate", "typical"), start=1)
}
"""From the least to the most suspicious: CO-RADS of Prokop et al. 2020, and the RSNA's of Simpson et al. 2020."""

POSITIVE_FROM = 4
"""From this grade on a reading counts as positive: CO-RADS 4, or typical."""

SURENESS = ("low", "medium", "high")
MARKS = {"yes": "✓", "no": "✗", "unsure": "?"}
"""What is said of a region, and how it is shown."""

_ID_DIGITS = 12
_LONGEST_HEADER = 1000


@dataclass(frozen=True)
class Reading:
    """One reading of one CT; a row of ``readings.csv``.

    Parameters
    ----------
    case
        First digits of the SHA-256 of the CT: no name.
    analyzed, read, opened, read_again
        ISO times in UTC of the analysis, of the first reading, of the result's opening, and of the second reading.
    before, sure_before, after, sure_after
        One of ``CLASSES`` and how sure, before and after the result was seen; the last two are empty until then.
    probability, decision_threshold, weights_sha256
        What was opened.
    regions
        Marks of the regions by their rank, as ``1 yes; 3 no``.
    """

    case: str
    analyzed: str
    read: str
    opened: str
    before: str
    sure_before: str
    probability: float
    decision_threshold: float
    weights_sha256: str
    read_again: str = ""
    after: str = ""
    sure_after: str = ""
    regions: str = ""


COLUMNS = tuple(field.name for field in fields(Reading))


def case_of(ct_sha256: str) -> str:
    """The pseudonym of a CT."""
    return ct_sha256.strip().lower()[:_ID_DIGITS]


def append_reading(path: Path, reading: Reading) -> None:
    """Add a row to the table, which is made where there is none; a row is there as a whole or not at all.

    Raises
    ------
    InputError
        If the table cannot be written, or has other columns, as one that a spreadsheet has saved; DiskError if the
        disk is full.
    """
    _check_header(path)
    with written_or_said(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            size = file.seek(0, io.SEEK_END)
            lines = io.StringIO(newline="")
            writer = csv.DictWriter(lines, COLUMNS)
            if size == 0:
                writer.writeheader()
            elif not _ends_a_row(path):
                lines.write("\r\n")
            writer.writerow(asdict(reading))
            try:
                content = lines.getvalue().encode()
                if file.write(content) < len(content):
                    raise OSError(28, "no space left on the device")
            except OSError:
                file.truncate(size)
                raise


def _check_header(path: Path) -> None:
    """A row below other columns would be lost: nothing could read it again."""
    with suppress(OSError), path.open("rb") as file:
        first = file.readline(_LONGEST_HEADER)
        if first and first.decode("utf-8-sig", "replace").strip() != ",".join(COLUMNS):
            raise InputError(
                f"{path} is not as the panel has written it, perhaps because a spreadsheet saved it; give it another "
                "name, and a new table begins."
            )


def _ends_a_row(path: Path) -> bool:
    """A power cut, or an editor, may leave a last row without its line break."""
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read() in (b"\n", b"\r")

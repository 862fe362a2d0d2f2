"""Tables of public cohorts that lie on this disk as their authors arranged them.

The layouts are those of MosMedData-1110 (arXiv:2005.06465), STOIC2021 (stoic2021.grand-challenge.org) and COVID-CT-MD
(github.com/ShahinSHH/COVID-CT-MD).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..ct.volume_files import is_volume_file
from ..errors import InputError
from ..text import printable, short_name
from .records import write_csv

REFERENCE = "metadata/reference.csv"
"""Labels of STOIC2021, below its folder."""

_COLUMNS = ("case", "path", "label", "patient", "detail")
_STOIC_COLUMNS = ("PatientID", "probCOVID", "probSevere")
_DIAGNOSES = {"covid": 1, "cap": 0, "normal": 0}


@dataclass(frozen=True)
class LabeledCT:
    """A CT, its label (1 with COVID-19, 0 without), and what the authors say beyond that."""

    case: str
    path: Path
    label: int
    detail: str


@dataclass(frozen=True)
class Layout:
    """How the authors of a cohort arranged it.

    Parameters
    ----------
    read
        Finds the CTs below a folder.
    meaning
        What the labels rest on, as the user reads it.
    """

    read: Callable[[Path], list[LabeledCT]]
    meaning: str


def read_mosmed(folder: Path) -> list[LabeledCT]:
    """``studies/CT-0`` (nothing that fits COVID-19) to ``studies/CT-4`` (more than 75 % of the lungs), a file each CT.

    Raises
    ------
    InputError
        If there are no such folders.
    """
    studies = folder / "studies" if (folder / "studies").is_dir() else folder
    found = [
        LabeledCT(_stem(file), file, int(grade > 0), f"CT-{grade}")
        for grade in range(5)
        for file in _files(studies / f"CT-{grade}")
    ]
    return _some(found, folder, "CTs in studies/CT-0 to studies/CT-4; give the folder COVID19_1110")


def read_stoic(folder: Path) -> list[LabeledCT]:
    """``metadata/reference.csv`` with the result of the PCR, and ``data/mha/PATIENT.mha``.

    Raises
    ------
    InputError
        If the table is not there, lacks a column, or has a value that is neither 0 nor 1.
    """
    table = next((file for file in (folder / REFERENCE, folder / Path(REFERENCE).name) if file.is_file()), None)
    if table is None:
        raise InputError(
            f"{printable(str(folder))} has no metadata/reference.csv; give the folder with metadata and data."
        )
    images = next((place for place in (folder / "data/mha", folder / "mha") if place.is_dir()), folder)
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, restval="")
            if missing := [name for name in _STOIC_COLUMNS if name not in (reader.fieldnames or ())]:
                raise InputError(f"{table.name} has no column {', '.join(missing)}; get the file again.")
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table.name} is not a table of values with commas between; get the file again.") from error
    found = []
    for number, row in rows:
        if row["probCOVID"] not in ("0", "1") or row["probSevere"] not in ("0", "1"):
            raise InputError(
                f"{table.name}, line {number}: probCOVID and probSevere must be 0 or 1; get the file again."
            )
        file = images / f"{row['PatientID']}.mha"
        if file.is_file():
            detail = "severe" if row["probSevere"] == "1" else ""
            found.append(LabeledCT(row["PatientID"], file, int(row["probCOVID"]), detail))
    return _some(found, folder, "CT of metadata/reference.csv in data/mha; download the CTs, too")


def read_covid_ct_md(folder: Path) -> list[LabeledCT]:
    """Folders that begin with COVID-19, CAP or Normal, in them a folder of DICOM files each patient.

    Raises
    ------
    InputError
        If there are no such folders.
    """
    found = []
    for group in sorted(one for one in folder.iterdir() if one.is_dir()):
        diagnosis = next((name for name in _DIAGNOSES if group.name.casefold().startswith(name)), None)
        if diagnosis is not None:
            patients = sorted(one for one in group.iterdir() if one.is_dir() and any(one.iterdir()))
            found += [LabeledCT(one.name, one, _DIAGNOSES[diagnosis], diagnosis) for one in patients]
    return _some(
        found, folder, "patients in folders that begin with COVID-19, CAP or Normal; give the folder above them"
    )


LAYOUTS = {
    "mosmed": Layout(
        read_mosmed, "label 1 is CT-1 to CT-4, findings that fit COVID-19 as radiologists saw them, not a PCR"
    ),
    "stoic": Layout(read_stoic, "label 1 is a positive PCR; such a CT may look healthy"),
    "covid-ct-md": Layout(read_covid_ct_md, "label 0 is healthy (normal) or another pneumonia (cap)"),
}


def write_table(cts: list[LabeledCT], table: Path) -> None:
    """Write a table that training and scoring read; paths are relative where the CTs lie below its folder.

    Raises
    ------
    InputError
        If two CTs have one name, or the table cannot be written; DiskError if the disk is full.
    """
    names = [one.case for one in cts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"There are two CTs with the name {short_name(twice)}; keep one of them.")
    base = table.absolute().parent
    write_csv(table, _COLUMNS, ((one.case, _below(base, one.path), one.label, one.case, one.detail) for one in cts))


def _below(base: Path, path: Path) -> str:
    path = path.absolute()
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if is_volume_file(file) and not file.name.startswith("."))


def _stem(file: Path) -> str:
    return file.name.split(".")[0]


def _some(found: list[LabeledCT], folder: Path, needed: str) -> list[LabeledCT]:
    if not found:
        raise InputError(f"{printable(str(folder))} has no {needed}.")
    return found

"""How a CT was scanned, for a report: its grid, and what DICOM headers say; nothing that identifies a patient."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from ..ct.dicom import quiet_pydicom
from ..ct.geometry import Geometry
from ..ct.series import Series, files_below, files_beside, find_series
from ..ct.volume_files import is_volume_file
from ..text import short_name
from .words import Words

_SETTINGS = (
    ("ManufacturerModelName", "{}"),
    ("KVP", "{} kV"),
    ("ConvolutionKernel", "kernel {}"),
    ("SliceThickness", "slice thickness {} mm"),
)


def grid_row(words: Words, shape: tuple[int, ...], geometry: Geometry) -> tuple[str, str]:
    """Name and value of the grid, in the order in which the CT is stored.

    Parameters
    ----------
    shape
        Slices, rows, columns.
    """
    across, down, between = (words.number(mm, 2) for mm in geometry.spacing)
    slices, rows, columns = shape
    grid = words.grid.format(slices=slices, rows=rows, columns=columns, across=across, down=down, between=between)
    return words.acquisition, grid


def scan_settings(path: Path, series_uid: str | None = None) -> str:
    """Scanner, tube voltage, kernel and slice thickness, as far as the first image of a series names them.

    Parameters
    ----------
    path, series_uid
        As for ``read_ct``; a volume file has none.
    """
    series = source_series(path, series_uid)
    if series is None:
        return ""
    from pydicom import dcmread

    with quiet_pydicom():
        header = dcmread(series.images[0].file, stop_before_pixels=True, specific_tags=[tag for tag, _ in _SETTINGS])
        values = [(form, header.get(tag)) for tag, form in _SETTINGS]
    return ", ".join(form.format(short_name(str(value))) for form, value in values if value not in (None, ""))


def day_taken(path: Path, series_uid: str | None = None) -> date | None:
    """When the images of a series were taken, or the study; None where the files do not tell."""
    series = source_series(path, series_uid)
    if series is None:
        return None
    from pydicom import dcmread

    tags = ("AcquisitionDate", "SeriesDate", "StudyDate")
    with quiet_pydicom():
        header = dcmread(series.images[0].file, stop_before_pixels=True, specific_tags=list(tags))
        texts = [str(header.get(tag) or "") for tag in tags]
    for text in texts:
        with suppress(ValueError):
            return datetime.strptime(text, "%Y%m%d").date()
    return None


def are_of_two_patients(one: Path, other: Path) -> bool:
    """Whether the headers of both CTs name a patient, and not the same one; nothing of them is kept."""
    names = {_patient(path) for path in (one, other)}
    return len(names) == 2 and None not in names


def _patient(path: Path) -> tuple[str, ...] | None:
    series = source_series(path)
    if series is None:
        return None
    from pydicom import dcmread

    tags = ["PatientID", "PatientName"]
    with quiet_pydicom():
        header = dcmread(series.images[0].file, stop_before_pixels=True, specific_tags=list(tags))
        named = tuple(str(header.get(tag) or "").strip().casefold() for tag in tags)
    return named if any(named) else None


def source_series(path: Path, series_uid: str | None = None) -> Series | None:
    """The series that ``read_ct`` takes of a DICOM folder or file; None for a volume file."""
    if path.is_file() and is_volume_file(path):
        return None
    if path.is_dir():
        found = find_series(files_below(path)).series
        return next((one for one in found if series_uid in (None, one.uid)), None)
    found = find_series(files_beside(path)).series
    return next((one for one in found if path in [image.file for image in one.images]), None)

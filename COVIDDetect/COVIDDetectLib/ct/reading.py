"""Files in: a DICOM folder, a DICOM file or a volume file becomes a CT in HU."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..text import printable, short_name
from .files import require_place
from .series import Found, Series, files_below, files_beside, find_series, titles
from .stack import read_stack
from .volume import CTVolume
from .volume_files import is_volume_file, read_volume_file

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".iso")


def read_ct(path: str | Path, series: str | None = None) -> CTVolume:
    """Read a chest CT in HU from a DICOM folder, a DICOM file or a volume file (NIfTI, NRRD, MetaImage).

    Parameters
    ----------
    path
        Folder or file. Of a folder with several series the one that looks most like a chest CT is taken; the
        volume's name tells which, ``also_there`` what else there was. A DICOM file stands for the series it belongs to,
        as far as that lies in the same folder.
    series
        SeriesInstanceUID to take instead; for a folder only.

    Raises
    ------
    InputError
        If nothing there can be read as a CT.
    """
    path = Path(path)
    require_place(path)
    if path.is_dir():
        return _read_folder(path, series)
    if series is not None:
        raise InputError(f"{short_name(path.name)} is a file, of which there is no series to choose; give the folder.")
    if is_volume_file(path):
        return read_volume_file(path)
    return _read_dicom_file(path)


def _require_unpacked(files: Iterable[Path]) -> None:
    """Say so where nothing is found and an archive is."""
    if packed := next((file for file in files if file.name.lower().endswith(_ARCHIVES)), None):
        raise InputError(f"{short_name(packed.name)} is an archive; unpack it, and give the folder or file in it.")


def _read_folder(folder: Path, uid: str | None) -> CTVolume:
    files = files_below(folder)
    found = find_series(files)
    where = printable(str(folder))
    if not found.series:
        _require_unpacked(files)
        raise InputError(
            _with(found.note, f"{where} holds no DICOM images; give a DICOM folder or a NIfTI, NRRD or MetaImage file.")
        )
    chosen = next((one for one in found.series if one.uid == uid), None) if uid else found.series[0]
    if chosen is None:
        raise InputError(f"{where} has no series {printable(uid or '')}; it has {titles(found.series)}.")
    if chosen.suitability is None:
        raise InputError(
            _with(found.note, f"{where} holds no CT with slices of the chest; it has {titles(found.series)}.")
        )
    return _read_series(chosen, found, _others(chosen, found))


def _read_dicom_file(path: Path) -> CTVolume:
    found = find_series(files_beside(path))
    chosen = next((one for one in found.series if path in [image.file for image in one.images]), None)
    if chosen is None:
        _require_unpacked([path])
        raise InputError(
            f"{short_name(path.name)} is neither a DICOM image nor a NIfTI, NRRD or MetaImage file; give a DICOM "
            "folder or a volume file."
        )
    if chosen.suitability is None:
        raise InputError(f"{short_name(path.name)} is no slice of a CT; it is of {titles([chosen])}.")
    return _read_series(chosen, found, "")


def _read_series(chosen: Series, found: Found, others: str) -> CTVolume:
    try:
        ct = read_stack(chosen.images, chosen.title)
    except InputError as error:
        raise type(error)(_with(found.note, str(error))) from error
    odd = chosen.suitability.odd if chosen.suitability else ""
    notes = (
        [f"Series {chosen.title} seems to be {odd}; choose an acquired axial series if there is one."] if odd else []
    )
    return replace(ct, notes=tuple(note for note in (*notes, found.note, *ct.notes) if note), also_there=others)


def _others(chosen: Series, found: Found) -> str:
    others = [one for one in found.series if one is not chosen]
    if not others:
        return ""
    return f"Series {chosen.title} was taken; there {'is' if len(others) == 1 else 'are'} also {titles(others)}."


def _with(note: str, sentence: str) -> str:
    """A refusal, and what may be its cause."""
    return f"{sentence} {note}" if note else sentence

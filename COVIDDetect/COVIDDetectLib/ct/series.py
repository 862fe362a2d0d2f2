"""The DICOM series of a folder, the one most like a chest CT first; and what could not be read there."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ..errors import InputError
from ..text import printable, short_name
from .choice import Suitability, suitability
from .dicom import Unreadable, quiet_pydicom, read_image
from .dicom_image import DicomImage

_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
_NEVER_SLICES = (
    "DICOMDIR",
    "THUMBS.DB",
    "DESKTOP.INI",
    "README",
    "LICENSE",
    "LICENCE",
    "VERSION",
    "AUTORUN",
    "LOCKFILE",
)


@dataclass(frozen=True)
class Series:
    """One DICOM series as found in a folder.

    Parameters
    ----------
    uid
        SeriesInstanceUID.
    title
        What the user reads: series number, description, number of images.
    images
        Its images, by file name.
    suitability
        How well it serves as a chest CT; None if it cannot be one.
    """

    uid: str
    title: str
    images: tuple[DicomImage, ...]
    suitability: Suitability | None

    @property
    def problem(self) -> str:
        """Why none of its images can be used; or empty."""
        broken = next((image for image in self.images if image.problem), None)
        is_broken = broken is not None and not any(image.frames for image in self.images)
        return f"{broken.name} {broken.problem}" if broken and is_broken else ""


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Parameters
    ----------
    series
        The most chest-CT-like one first.
    unreadable
        Names of files that seem to be DICOM and could not be read.
    reason
        Why the first of them could not, as the end of a sentence that begins with its name.
    files
        Number of files that seem to be DICOM.
    """

    series: tuple[Series, ...]
    unreadable: tuple[str, ...]
    reason: str
    files: int

    @property
    def note(self) -> str:
        """One sentence about what could not be read; empty if all could."""
        if not self.unreadable:
            return ""
        names = ", ".join(self.unreadable[:3]) + (", …" if len(self.unreadable) > 3 else "")
        reason = f" {self.reason}" if len(self.unreadable) == 1 else f"; the first {self.reason}"
        return (
            f"{len(self.unreadable)} of {self.files} files could not be read ({names}{reason}): slices may be missing; "
            "copy or export the series again."
        )


def find_series(files: Iterable[Path]) -> Found:
    """All DICOM image series that some files hold.

    Raises
    ------
    InputError
        If the system does not let a file be read.
    """
    by_uid: dict[str, list[DicomImage]] = defaultdict(list)
    unreadable: list[tuple[Path, Unreadable]] = []
    suffixes: Counter[str] = Counter()
    with quiet_pydicom():
        for file in files:
            try:
                if image := read_image(file):
                    by_uid[image.series_uid].append(image)
                suffixes[_suffix(file)] += 1
            except Unreadable as error:
                unreadable.append((file, error))
    missed = [(file, error) for file, error in unreadable if error.is_dicom or _may_be_slice(file, suffixes)]
    found = [_describe(uid, images) for uid, images in by_uid.items()]
    found.sort(key=lambda one: one.suitability.key if one.suitability else (-1.0,), reverse=True)
    names = tuple(short_name(file.name) for file, _ in missed)
    return Found(tuple(found), names, str(missed[0][1]) if missed else "", suffixes.total() + len(missed))


def files_below(folder: Path) -> list[Path]:
    """The regular files of a folder and of the folders in it, by name.

    Raises
    ------
    InputError
        If the system does not let one of the folders be read: it may hold what is looked for.
    """

    def refuse(error: OSError) -> NoReturn:
        where = printable(str(error.filename))
        raise InputError(f"{where} cannot be read ({error.strerror}); check the disk or the rights.") from error

    files = [Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names]
    return [file for file in sorted(files) if _is_wanted(file)]


def files_beside(file: Path) -> list[Path]:
    """The regular files of the folder in which a file lies, by name; not of the folders in it."""
    return [other for other in sorted(file.parent.iterdir()) if _is_wanted(other)]


def titles(series: Sequence[Series]) -> str:
    """The series by name, each with what it is instead of an acquired stack and with its UID."""
    return "; ".join(f"{one.title} ({_said(one)}{one.uid})" for one in series)


def _said(series: Series) -> str:
    odd = series.problem or (series.suitability.odd if series.suitability else "")
    return f"{odd}; " if odd else ""


def _is_wanted(file: Path) -> bool:
    may_be_read = file.is_file() or (file.is_symlink() and not file.exists())  # a slice may be missing there
    return may_be_read and not file.name.startswith(".") and file.stem.upper() not in _NEVER_SLICES


def _may_be_slice(file: Path, suffixes: Counter[str]) -> bool:
    """Whether an unreadable file is named as slices are, or as the others in its folder."""
    return _suffix(file) in _DICOM_SUFFIXES or suffixes[_suffix(file)] > 0


def _suffix(file: Path) -> str:
    """The ending of a name; none where it is the last number of a UID."""
    suffix = file.suffix.lower()
    return "" if suffix[1:].isdigit() else suffix


def _describe(uid: str, images: list[DicomImage]) -> Series:
    first = images[0]
    description = first.description or first.modality or "images"
    title = f"{first.series_number}: {description}" if first.series_number else description
    frames = sum(max(1, len(image.frames)) for image in images)
    return Series(uid, f"{title}, {frames} image{'s' * (frames != 1)}", tuple(images), suitability(images))

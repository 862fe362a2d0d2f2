"""Files in: a DICOM folder or a volume file becomes a CT in HU."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from .geometry import Geometry
from .layout_checks import check_axes, check_layout, check_slice_positions
from .volume import CTVolume

if TYPE_CHECKING:
    from pydicom import Dataset

_VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_CHEST_WORDS = re.compile(r"chest|thora|lung|pulmo|torax|poumon", re.IGNORECASE)
_NOT_A_STACK_WORDS = re.compile(r"scout|topogram|localizer|dose|\bmip\b|screen ?save", re.IGNORECASE)
_OTHER_BODY_WORDS = re.compile(r"head|brain|neck|abd|pelv", re.IGNORECASE)
_HEADER_TAGS = [
    "SeriesInstanceUID",
    "SeriesDescription",
    "SeriesNumber",
    "Modality",
    "BodyPartExamined",
    "ImageType",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "Rows",
    "Columns",
    "NumberOfFrames",
]


@dataclass(frozen=True)
class Series:
    """One DICOM series as found in a folder.

    Parameters
    ----------
    uid
        SeriesInstanceUID.
    title
        What the user reads: series number, description, number of images.
    files
        Its files; for an axial stack sorted from the feet to the head.
    chest_rank
        The larger, the more it looks like a chest CT; below 0 it cannot be one.
    """

    uid: str
    title: str
    files: tuple[Path, ...]
    chest_rank: float


def read_ct(path: str | Path, series: str | None = None) -> CTVolume:
    """Read a chest CT in HU from a DICOM folder, a DICOM file or a volume file (NIfTI, NRRD, MetaImage).

    Parameters
    ----------
    path
        Folder or file. Of a folder with several series the one that looks most like a chest CT is taken; the
        volume's name tells which. A DICOM file stands for the whole series it belongs to.
    series
        SeriesInstanceUID to take instead.

    Raises
    ------
    InputError
        If nothing there can be read as a CT.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist; give a DICOM folder or a volume file.")
    if path.is_file() and path.name.lower().endswith(_VOLUME_SUFFIXES):
        return _read_volume_file(path)
    found = find_series(path if path.is_dir() else path.parent)
    if not found:
        raise InputError(f"{path} holds no DICOM images; give a DICOM folder or a NIfTI, NRRD or MetaImage file.")
    if path.is_file():
        chosen = next((one for one in found if path in one.files), None)
        if chosen is None:
            raise InputError(f"{path.name} is neither a DICOM image nor a NIfTI, NRRD or MetaImage file.")
    elif series is not None:
        chosen = next((one for one in found if one.uid == series), None)
        if chosen is None:
            raise InputError(f"{path} has no series {series}; it has {_titles(found)}.")
    else:
        chosen = found[0]
    if chosen.chest_rank < 0:
        raise InputError(f"{path} holds no CT with slices of the chest; it has {_titles(found)}.")
    return _read_stack(chosen)


def find_series(folder: Path) -> list[Series]:
    """All DICOM image series below a folder, the most chest-CT-like one first."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    headers: dict[str, list[tuple[Path, Dataset]]] = defaultdict(list)
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name.upper() == "DICOMDIR":
            continue
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_HEADER_TAGS)
        except (InvalidDicomError, EOFError):
            continue
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}.") from error
        if "SeriesInstanceUID" in header and "Rows" in header:
            headers[str(header.SeriesInstanceUID)].append((file, header))
    series = [_describe(uid, images) for uid, images in headers.items()]
    return sorted(series, key=lambda one: one.chest_rank, reverse=True)


def _describe(uid: str, images: list[tuple[Path, Dataset]]) -> Series:
    first = images[0][1]
    description = str(first.get("SeriesDescription", "")).strip() or str(first.get("Modality", "images"))
    number = first.get("SeriesNumber")
    title = f"{number}: {description}" if number is not None else description
    title = f"{title}, {len(images)} images"
    placed = [(file, header) for file, header in images if "ImagePositionPatient" in header]
    is_stack = len(placed) == len(images) and all("ImageOrientationPatient" in header for _, header in images)
    frames = int(first.get("NumberOfFrames") or 1)
    if str(first.get("Modality", "")) != "CT" or not (is_stack or frames > 1):
        return Series(uid, title, tuple(file for file, _ in images), -1.0)
    if frames == 1:
        images = sorted(images, key=lambda image: _along_normal(image[1]))
    words = f"{description} {first.get('BodyPartExamined', '')}"
    rank = float(min(max(len(images), frames), 1000))
    if _CHEST_WORDS.search(words):
        rank += 2000.0
    elif _OTHER_BODY_WORDS.search(words):
        rank *= 1e-2
    secondary = {"LOCALIZER", "SECONDARY", "MIP", "PROJECTION IMAGE"} & {str(v) for v in first.get("ImageType") or ()}
    if secondary or _NOT_A_STACK_WORDS.search(description):
        rank *= 1e-3
    return Series(uid, title, tuple(file for file, _ in images), rank)


def _normal(header: Dataset) -> np.ndarray:
    along_row, along_column = np.reshape([float(value) for value in header.ImageOrientationPatient], (2, 3))
    return np.cross(along_row, along_column)


def _along_normal(header: Dataset) -> float:
    return float(np.dot(_normal(header), [float(value) for value in header.ImagePositionPatient]))


def _read_stack(series: Series) -> CTVolume:
    if len(series.files) == 1:
        return _to_ct(_read_image(series.files[0]), series.title)
    _check_stack(series)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(file) for file in series.files])
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise InputError(f"The images of series {series.title} cannot be decoded; export them again.") from error
    return _to_ct(image, series.title)


def _check_stack(series: Series) -> None:
    """One volume needs equal, parallel slices at even distances."""
    import pydicom

    headers = [pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_HEADER_TAGS) for file in series.files]
    if len({(header.Rows, header.Columns) for header in headers}) > 1:
        raise InputError(f"Series {series.title} mixes images of different sizes; choose another series.")
    orientations = np.array([[float(value) for value in header.ImageOrientationPatient] for header in headers])
    if np.ptp(orientations, axis=0).max() > 1e-3:
        raise InputError(f"Series {series.title} mixes slices of different directions; choose another series.")
    positions = np.array([[float(value) for value in header.ImagePositionPatient] for header in headers])
    subject = f"Series {series.title}"
    along_row, along_column = orientations[0].reshape(2, 3)
    axes = np.column_stack([along_row, along_column, positions[-1] - positions[0]])
    finding = check_slice_positions(positions @ _normal(headers[0]), subject) or check_axes(axes, subject)
    if finding:
        raise InputError(finding.sentence)


def _read_volume_file(path: Path) -> CTVolume:
    name = path.name
    for suffix in sorted(_VOLUME_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return _to_ct(_read_image(path), name)


def _read_image(path: Path) -> sitk.Image:
    try:
        return sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(f"{path} cannot be read as a volume; the file is damaged or of another kind.") from error


def _to_ct(image: sitk.Image, name: str) -> CTVolume:
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if finding := check_layout(image.GetSize(), image.GetNumberOfComponentsPerPixel(), name):
        raise InputError(finding.sentence)
    return CTVolume.from_array(sitk.GetArrayViewFromImage(image), Geometry.from_sitk(image), name)


def _titles(found: list[Series]) -> str:
    return "; ".join(f"{one.title} ({one.uid})" for one in found)

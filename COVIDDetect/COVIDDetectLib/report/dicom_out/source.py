"""The DICOM images that a CT was read from, as the objects made of its result refer to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...ct.dicom import quiet_pydicom
from ...ct.reading import read_ct
from ...ct.volume import CTVolume
from ...errors import InputError
from ...text import printable
from ..acquisition import source_series

if TYPE_CHECKING:
    from pydicom import Dataset

_MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate"),
    *("StudyTime", "ReferringPhysicianName"),
)
"""Type 2 attributes (PS3.3, C.7.1.1 and C.7.2.1): must be there, and many exports lack some."""
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID")


@dataclass(frozen=True, eq=False)
class Source:
    """A CT and where it came from.

    Parameters
    ----------
    ct
        As ``read_ct`` reads it: in the order of its DICOM slices.
    images
        Headers without pixels: one for each slice, or one of a multi-frame image.
    """

    ct: CTVolume
    images: tuple[Dataset, ...]

    @property
    def first(self) -> Dataset:
        """What all images have in common is read from it."""
        return self.images[0]

    @property
    def frame_of_reference_uid(self) -> str:
        """In which the positions of the CT are meant."""
        return str(self.first.FrameOfReferenceUID)


def read_source(path: Path, series_uid: str | None = None) -> Source:
    """Read a CT together with the headers of its images.

    Parameters
    ----------
    path, series_uid
        As for ``read_ct``.

    Raises
    ------
    InputError
        If it is no DICOM, or its images do not say to which study and frame of reference they belong.
    """
    from pydicom import dcmread

    ct = read_ct(path, series_uid)
    series = source_series(path, series_uid)
    if series is None:
        raise InputError(f"{printable(str(path))} is no DICOM series, to which DICOM results could belong; give that.")
    images = []
    with quiet_pydicom():
        for image in series.images:
            if not image.frames:
                continue
            header = dcmread(image.file, stop_before_pixels=True)
            for keyword in _MAY_BE_EMPTY:
                if keyword not in header:
                    setattr(header, keyword, "")
            if any("ReferencedSOPClassUID" not in one for one in header.get("ReferencedStudySequence") or ()):
                del header.ReferencedStudySequence  # as anonymizers leave it: half of it would be copied
            if missing := [keyword for keyword in _NEEDED if not header.get(keyword)]:
                raise InputError(
                    f"{image.name} has no {missing[0]}, which DICOM results refer to; export the CT again."
                )
            images.append(header)
    for header in images:
        # Some anonymizers give each slice a frame of reference of its own; objects can only have one.
        header.FrameOfReferenceUID = images[0].FrameOfReferenceUID
    multi_frame = [image for image in images if "NumberOfFrames" in image]
    if multi_frame and len(images) > 1:
        raise InputError("The CT lies in several multi-frame files, which is not supported; export it as one file.")
    return Source(ct, tuple(images))


def source_of_files(files: Sequence[Path]) -> Source:
    """``read_source`` of the series that these files are, in whatever folders they lie."""
    from pydicom import dcmread

    with quiet_pydicom():
        first = dcmread(files[0], stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
    return read_source(Path(os.path.commonpath([file.parent for file in files])), str(first.SeriesInstanceUID))

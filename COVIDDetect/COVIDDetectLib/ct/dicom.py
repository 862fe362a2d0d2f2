"""The one door for DICOM headers: what comes through it is a number that can be used, or a sentence naming the file."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import InputError
from ..text import printable
from .dicom_image import DicomImage, Frame, PixelFormat
from .dicom_values import WHAT_DAMAGE_RAISES, Damaged, integer, numbers, text, words

if TYPE_CHECKING:
    from pydicom import Dataset

_LARGEST_EDGE = 4096
"""Rows and columns that are believed; scanners make up to 2,048."""

_ORIENTATION_TOLERANCE = 1e-2
"""Of the lengths of the two directions of a slice, and of the cosine between them."""

_HU_TYPES = ("", "HU", "US")
"""Rescale Types that are Hounsfield units, or leave it open ("unspecified")."""

_MACROS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence",
)
"""Functional groups of an enhanced CT that hold what is asked for here (PS3.3, A.38)."""

_TAGS = [
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "ImageType", "Modality"),
    *("SeriesDescription", "BodyPartExamined", "SeriesNumber", "SliceThickness", "NumberOfFrames"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"),
    *("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleIntercept", "RescaleSlope", "RescaleType"),
    *("PatientID", "FrameOfReferenceUID", "StudyInstanceUID", "ConvolutionKernel", "KVP"),
    *("LossyImageCompression", "ModalityLUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]
_CT_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.2{rest}" for rest in ("", ".1", ".2"))
"""SOP Class UIDs of CT images: single, enhanced, and converted to enhanced."""
_DEFLATED = b"1.2.840.10008.1.2.1.99"


class Unreadable(Exception):
    """A file that no header of an image could be read from; the message continues a sentence about it.

    Parameters
    ----------
    is_dicom
        Whether it seems to be DICOM all the same, so that a slice may be missing without it.
    """

    def __init__(self, reason: str, is_dicom: bool) -> None:
        super().__init__(reason)
        self.is_dicom = is_dicom


def read_image(file: Path) -> DicomImage | None:
    """What the header of a DICOM image says, checked; the pixels are left where they are.

    Returns
    -------
    DicomImage or None
        None for a DICOM object without an image: a report, a structure set, a directory.

    Raises
    ------
    Unreadable
        If the file is of another kind, or damaged so that not even its series is known.
    InputError
        If the system does not let it be read.
    """
    try:
        with file.open("rb") as stream:
            return _read(file, stream)
    except OSError as error:
        if file.is_symlink() and not file.exists():
            raise Unreadable("is a link to a file that is not there", is_dicom=False) from error
        raise InputError(
            f"{printable(str(file))} cannot be read ({error.strerror}); check the disk or the rights."
        ) from error


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """What pydicom thinks of odd values stays off the screen: what matters is checked and said here."""
    from pydicom import config

    log, mode = logging.getLogger("pydicom"), config.settings.reading_validation_mode
    level, wrong_length = log.level, config.convert_wrong_length_to_UN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config.settings.reading_validation_mode = config.IGNORE
        config.convert_wrong_length_to_UN = True
        log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            config.settings.reading_validation_mode = mode
            config.convert_wrong_length_to_UN = wrong_length
            log.setLevel(level)


def _read(file: Path, stream: BinaryIO) -> DicomImage | None:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    head = stream.read(512)
    stream.seek(0)
    is_dicom = head[128:132] == b"DICM"
    if _DEFLATED in head:
        raise Unreadable("is packed as a whole (deflated)", is_dicom=True)
    # Without preamble a file begins with an element of group 2 or 8.
    if not is_dicom and not (len(head) > 8 and head[0] in (2, 8) and head[1] == 0):
        raise Unreadable("is no DICOM file", is_dicom=False)
    try:
        header = dcmread(stream, stop_before_pixels=True, specific_tags=_TAGS, force=not is_dicom)
        uid, is_image = text(header, "SeriesInstanceUID"), "Rows" in header or "Columns" in header
        if uid and is_image:
            return _described(file, header, stream.tell(), uid)
        classes = text(header, "SOPClassUID"), text(header.file_meta, "MediaStorageSOPClassUID")
    except (InvalidDicomError, *WHAT_DAMAGE_RAISES) as error:
        raise Unreadable("has a damaged header", is_dicom) from error
    # One wrong length swallows all that follows it; then a slice looks like a report.
    if is_image or not classes[0] or not set(classes).isdisjoint(_CT_CLASSES):
        raise Unreadable("has a damaged header", is_dicom)
    return None


def _described(file: Path, header: Dataset, pixels_at: int, uid: str) -> DicomImage:
    image = DicomImage(
        file=file,
        series_uid=uid,
        instance_uid=text(header, "SOPInstanceUID"),
        modality=text(header, "Modality"),
        description=text(header, "SeriesDescription"),
        body_part=text(header, "BodyPartExamined"),
        series_number=text(header, "SeriesNumber"),
        image_type=tuple(word.upper() for word in words(header, "ImageType")),
        patient=text(header, "PatientID"),
        frame_of_reference=text(header, "FrameOfReferenceUID"),
        study=text(header, "StudyInstanceUID"),
        kernel=text(header, "ConvolutionKernel"),
        voltage=text(header, "KVP"),
        was_lossy=text(header, "LossyImageCompression") == "01",
    )
    try:
        return replace(
            image,
            rows=_edge(header, "Rows"),
            columns=_edge(header, "Columns"),
            pixels=_pixel_format(header, pixels_at),
            frames=_frames(header),
        )
    except Damaged as error:
        return replace(image, problem=str(error))
    except WHAT_DAMAGE_RAISES:
        return replace(image, problem="has a damaged header")


def _edge(header: Dataset, keyword: str) -> int:
    edge = integer(header, keyword, f"number of {keyword.lower()}")
    if not 1 <= edge <= _LARGEST_EDGE:
        raise Damaged(f"claims {edge} {keyword.lower()}")
    return edge


def _pixel_format(header: Dataset, at_byte: int) -> PixelFormat:
    if integer(header, "SamplesPerPixel", "number of samples", 1) != 1:
        raise Damaged("is in color")
    photometric = text(header, "PhotometricInterpretation")
    if photometric == "MONOCHROME1":
        raise Damaged("is stored with black and white exchanged (MONOCHROME1)")
    if photometric not in ("MONOCHROME2", ""):
        raise Damaged(f"is no gray image ({photometric})")
    allocated = integer(header, "BitsAllocated", "number of bits")
    stored = integer(header, "BitsStored", "number of bits", allocated)
    if allocated not in (8, 16, 32) or not 2 <= stored <= allocated:
        raise Damaged(f"claims {stored} of {allocated} bits a pixel")
    if integer(header, "HighBit", "highest bit", stored - 1) != stored - 1:
        raise Damaged("has its bits at an unusual place (High Bit)")
    representation = integer(header, "PixelRepresentation", "pixel representation")
    if representation not in (0, 1):
        raise Damaged(f"claims the pixel representation {representation}")
    implicit, little_endian = header.original_encoding
    return PixelFormat(
        allocated,
        stored,
        signed=representation == 1,
        padding=_padding(header, allocated, representation == 1),
        transfer_syntax=text(header.file_meta, "TransferSyntaxUID"),
        implicit=implicit,
        big_endian=not little_endian,
        at_byte=at_byte,
    )


def _padding(header: Dataset, bits: int, signed: bool) -> tuple[int, int] | None:
    """Writers give the value with or without a sign, whatever the pixels have; those bits are meant."""
    try:
        first = integer(header, "PixelPaddingValue", "padding value")
        ends = [first % (1 << bits), integer(header, "PixelPaddingRangeLimit", "padding value", first) % (1 << bits)]
    except Damaged:
        return None
    if signed:
        ends = [end - (1 << bits) if end >= 1 << (bits - 1) else end for end in ends]
    return min(ends), max(ends)


def _frames(header: Dataset) -> tuple[Frame, ...]:
    count = integer(header, "NumberOfFrames", "number of frames", 1)
    groups = list(header.get("PerFrameFunctionalGroupsSequence") or ())
    if not groups and count == 1:
        return (_frame([header]),)
    if len(groups) != count:
        raise Damaged(f"claims {count} frames and describes {len(groups)}")
    shared = [
        macro for group in list(header.get("SharedFunctionalGroupsSequence") or ())[:1] for macro in _macros(group)
    ]
    frames = []
    for number, group in enumerate(groups, 1):
        try:
            # What a frame says of itself comes before what all share.
            frames.append(_frame([*_macros(group), *shared, header]))
        except Damaged as error:
            raise Damaged(f"{error} in frame {number}") from error
    return tuple(frames)


def _macros(group: Dataset) -> list[Dataset]:
    return [group[keyword].value[0] for keyword in _MACROS if keyword in group and len(group[keyword].value)]


def _frame(sources: list[Dataset]) -> Frame:
    """``sources``: where a value is looked for, the nearest first, the header itself last."""

    def source(keyword: str) -> Dataset:
        return next((one for one in sources[:-1] if keyword in one), sources[-1])

    position = numbers(source("ImagePositionPatient"), "ImagePositionPatient", 3, "position")
    orientation = numbers(source("ImageOrientationPatient"), "ImageOrientationPatient", 6, "slice direction")
    lengths = [math.hypot(*orientation[:3]), math.hypot(*orientation[3:])]
    cosine = sum(a * b for a, b in zip(orientation[:3], orientation[3:], strict=True))
    if max(abs(length - 1) for length in lengths) > _ORIENTATION_TOLERANCE or abs(cosine) > _ORIENTATION_TOLERANCE:
        raise Damaged("has slice directions that are not perpendicular or not of length 1")
    down, right = numbers(source("PixelSpacing"), "PixelSpacing", 2, "pixel spacing")
    if min(down, right) <= 0:
        raise Damaged(f"has an impossible pixel spacing ({down:g} × {right:g} mm)")
    frame_type = words(source("FrameType"), "FrameType") or words(sources[-1], "ImageType")
    return Frame(
        position,
        orientation,
        (down, right),
        _rescale(source("RescaleSlope"), source("RescaleIntercept"), source("RescaleType")),
        tuple(word.upper() for word in frame_type),
        _thickness(source("SliceThickness")),
    )


def _rescale(slope_from: Dataset, intercept_from: Dataset, type_from: Dataset) -> tuple[float, float] | None:
    kind = text(type_from, "RescaleType").upper()
    if kind not in _HU_TYPES:
        raise Damaged(f"has values that are not Hounsfield units ({kind})")
    has_slope, has_intercept = "RescaleSlope" in slope_from, "RescaleIntercept" in intercept_from
    if not has_slope and not has_intercept:
        if "ModalityLUTSequence" in slope_from:
            raise Damaged("has a table (Modality LUT) in the place of a rescale slope and intercept")
        return None
    (slope,) = numbers(slope_from, "RescaleSlope", 1, "rescale slope")
    (intercept,) = numbers(intercept_from, "RescaleIntercept", 1, "rescale intercept")
    if slope <= 0:
        raise Damaged(f"has the rescale slope {slope:g}")
    return slope, intercept


def _thickness(header: Dataset) -> float | None:
    try:
        (thickness,) = numbers(header, "SliceThickness", 1, "slice thickness")
    except Damaged:
        return None
    return thickness if thickness > 0 else None

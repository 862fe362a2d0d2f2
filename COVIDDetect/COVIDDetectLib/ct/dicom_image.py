"""What the header of a DICOM image says, checked and as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..text import short_name

_UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "")
_ALWAYS_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")
"""JPEG baseline and extended, JPEG-LS near-lossless."""
_STRANGE_TYPES = {"LOCALIZER": "a localizer", "SECONDARY": "a secondary image"}


@dataclass(frozen=True)
class PixelFormat:
    """How the numbers of an image are stored.

    Parameters
    ----------
    bits_allocated, bits_stored
        Of each number.
    signed
        Whether they are two's complements.
    padding
        The lowest and the highest stored value that mean "outside of the scanned field", or None.
    transfer_syntax
        UID of the encoding; tells a compression.
    implicit, big_endian
        How the element that holds them is written.
    at_byte
        Where that element begins in the file.
    """

    bits_allocated: int
    bits_stored: int
    signed: bool
    padding: tuple[int, int] | None
    transfer_syntax: str
    implicit: bool
    big_endian: bool
    at_byte: int

    @property
    def is_compressed(self) -> bool:
        """Whether the numbers must be decoded."""
        return self.transfer_syntax not in _UNCOMPRESSED


@dataclass(frozen=True)
class Frame:
    """Where one slice lies and what its numbers mean.

    Parameters
    ----------
    position, orientation
        Center of the first pixel, and the directions of a row and of a column, LPS, mm.
    spacing
        Between rows and between columns, mm.
    rescale
        Slope and intercept: HU = slope × stored value + intercept; None where the header has neither.
    image_type
        Values of Image Type or Frame Type, upper case.
    thickness_mm
        Of the slice; None where the header does not tell.
    """

    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    rescale: tuple[float, float] | None
    image_type: tuple[str, ...]
    thickness_mm: float | None


@dataclass(frozen=True)
class DicomImage:
    """One DICOM image file, with one frame or several.

    Parameters
    ----------
    file
        Where it is.
    series_uid, instance_uid
        Identifiers; ``instance_uid`` is empty where there is none.
    modality, description, body_part, series_number
        What the header says of the series, for choosing it and for its title; fit to be printed.
    image_type
        Values of Image Type, upper case.
    patient, frame_of_reference, study, kernel, voltage
        Whose image it is, what its positions are measured from, when and how it was made; only to be compared.
    was_lossy
        Whether it was ever compressed with loss, by the header.
    rows, columns
        Of each frame; 0 if there is a ``problem``.
    pixels
        How they are stored; None if there is a ``problem``.
    frames
        In the order of storage; none if there is a ``problem``.
    problem
        Why this image cannot be used, as the end of a sentence that begins with its file's name; or empty.
    """

    file: Path
    series_uid: str
    instance_uid: str
    modality: str
    description: str
    body_part: str
    series_number: str
    image_type: tuple[str, ...]
    patient: str
    frame_of_reference: str
    study: str = ""
    kernel: str = ""
    voltage: str = ""
    was_lossy: bool = False
    rows: int = 0
    columns: int = 0
    pixels: PixelFormat | None = None
    frames: tuple[Frame, ...] = ()
    problem: str = ""

    @property
    def strange_type(self) -> str:
        """What it says of itself that no slice of an acquired stack is; or empty."""
        return next((said for word, said in _STRANGE_TYPES.items() if word in self.image_type), "")

    @property
    def is_lossy(self) -> bool:
        """Whether it was compressed with loss, before or in this file."""
        return self.was_lossy or (self.pixels is not None and self.pixels.transfer_syntax in _ALWAYS_LOSSY)

    @property
    def name(self) -> str:
        """The file's name, as it may be printed."""
        return short_name(self.file.name)

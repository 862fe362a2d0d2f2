"""The stored numbers of a DICOM image, as many as its header declares, and what they are in HU."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import scipy

from ..errors import InputError
from .decoding import Decoder
from .dicom_image import DicomImage, PixelFormat
from .volume import AIR_HU

_PIXEL_DATA = (0x7FE0, 0x0010)


def frames_in_hu(images: Sequence[DicomImage]) -> Iterator[tuple[DicomImage, int, np.ndarray]]:
    """The frames of some images, each with its image, its number there, and int16 HU ``[row, column]``; padding is air.

    Raises
    ------
    InputError
        If a file does not hold what its header declares, or the values cannot be Hounsfield units.
    """
    compressed = sum(len(image.frames) for image in images if image.pixels and image.pixels.is_compressed)
    with Decoder(compressed) as decoder:
        ahead = 2 * decoder.at_once if compressed else 0
        waiting: deque[tuple[DicomImage, int, np.ndarray | Future[np.ndarray]]] = deque()
        for image in images:
            assert image.pixels is not None
            for number, stored in enumerate(_stored(image, image.pixels, decoder)):
                waiting.append((image, number, stored))
                if len(waiting) > ahead:
                    yield _in_hu(*waiting.popleft())
        while waiting:
            yield _in_hu(*waiting.popleft())


def _in_hu(
    image: DicomImage, number: int, stored: np.ndarray | Future[np.ndarray]
) -> tuple[DicomImage, int, np.ndarray]:
    numbers = stored.result() if isinstance(stored, Future) else stored
    return image, number, in_hu(numbers, image.frames[number].rescale, image)


def in_hu(stored: np.ndarray, rescale: tuple[float, float] | None, image: DicomImage) -> np.ndarray:
    """Stored numbers ``[row, column]`` as int16 HU, at least −1024.

    Raises
    ------
    InputError
        If they do not fit into the bits that the header declares, or are beyond what Hounsfield units can be.
    """
    assert image.pixels is not None
    outside = _outside(stored, image.pixels, rescale)
    _check_bits(stored if outside is None else stored[~outside], image)
    slope, intercept = rescale or (1.0, 0.0)
    values: np.ndarray
    if (
        outside is None
        and stored.itemsize == 2
        and slope == 1
        and intercept == int(intercept)
        and abs(intercept) < 32768
    ):
        # What fits into 16 bits in the end may run over on the way, and needs no larger numbers.
        _check_range(int(stored.min()) + intercept, int(stored.max()) + intercept, image)
        hu = stored.astype(np.int16)
        hu += np.int16(intercept)
        return np.maximum(hu, AIR_HU, out=hu)
    if slope == int(slope) and intercept == int(intercept):
        values = stored.astype(np.int32 if image.pixels.bits_allocated < 32 else np.int64)
        if slope != 1:
            values *= int(slope)
        values += int(intercept)
    else:
        values = np.rint(stored * slope + intercept)
    if outside is not None:
        values[outside] = AIR_HU
    _check_range(values.min(), values.max(), image)
    hu = values.astype(np.int16)
    return np.maximum(hu, AIR_HU, out=hu)


def _check_range(lowest: float, highest: float, image: DicomImage) -> None:
    if lowest < -32768 or highest > 32767:
        raise InputError(
            f"{image.name} has values from {lowest:.0f} to {highest:.0f}, which Hounsfield units cannot be; export the "
            "series again."
        )


def _outside(stored: np.ndarray, pixels: PixelFormat, rescale: tuple[float, float] | None) -> np.ndarray | None:
    """What lies outside of the scanned field by the header; None where its values are air anyhow.

    Only what reaches the border counts: a padding value that is wrong in the header must not make holes in a body.
    """
    if pixels.padding is None:
        return None
    slope, intercept = rescale or (1.0, 0.0)
    low, high = pixels.padding
    largest = (1 << (pixels.bits_stored - pixels.signed)) - 1
    smallest = -largest - 1 if pixels.signed else 0
    if smallest <= low and high <= largest and slope * high + intercept <= AIR_HU:
        return None
    padded = (stored >= low) & (stored <= high)
    if not padded.any():
        return None
    parts, count = scipy.ndimage.label(padded)
    at_border = np.zeros(count + 1, dtype=bool)
    at_border[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    at_border[0] = False
    return at_border[parts]


def _check_bits(stored: np.ndarray, image: DicomImage) -> None:
    """Numbers beyond the declared bits: the header or the pixels are damaged, or hold something else besides."""
    pixels = image.pixels
    if pixels is None or pixels.bits_stored == pixels.bits_allocated or not stored.size:
        return
    largest = (1 << (pixels.bits_stored - pixels.signed)) - 1
    if stored.max() > largest or stored.min() < (-largest - 1 if pixels.signed else 0):
        raise InputError(
            f"{image.name} has pixels that need more than the {pixels.bits_stored} bits which it declares; export the "
            "series again."
        )


def _stored(image: DicomImage, pixels: PixelFormat, decoder: Decoder) -> Iterator[np.ndarray | Future[np.ndarray]]:
    """Stored numbers of each frame ``[row, column]``; of compressed ones as they will be."""
    with _at_pixels(image, pixels) as (stream, length):
        if pixels.is_compressed:
            yield from decoder.frames(stream, length, image, pixels)
        else:
            yield from _plain_frames(stream, length, image, pixels)


@contextmanager
def _at_pixels(image: DicomImage, pixels: PixelFormat) -> Iterator[tuple[BinaryIO, int]]:
    """The file at the value of Pixel Data, and its length."""
    try:
        with image.file.open("rb") as stream:
            yield stream, _length_of_pixel_data(stream, image, pixels)
    except OSError as error:
        raise InputError(f"{image.name} cannot be read ({error.strerror}); check the disk.") from error


def _plain_frames(stream: BinaryIO, length: int, image: DicomImage, pixels: PixelFormat) -> Iterator[np.ndarray]:
    kind = np.dtype(f"{'>' if pixels.big_endian else '<'}{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}")
    count = image.rows * image.columns
    wanted = count * kind.itemsize * len(image.frames)
    # An odd number of bytes is filled up to an even one.
    if length not in (wanted, wanted + wanted % 2):
        raise InputError(
            f"{image.name} declares {_size(image)} pixels, which are {wanted} bytes, and holds {length}; export the "
            "series again."
        )
    for _ in image.frames:
        content = stream.read(count * kind.itemsize)
        if len(content) < count * kind.itemsize:
            raise InputError(f"{image.name} ends within its pixels; copy or export the series again.")
        yield np.frombuffer(content, dtype=kind).reshape(image.rows, image.columns)


def _size(image: DicomImage) -> str:
    frames = f"{len(image.frames)} × " if len(image.frames) > 1 else ""
    return f"{frames}{image.rows} × {image.columns}"


def _length_of_pixel_data(stream: BinaryIO, image: DicomImage, pixels: PixelFormat) -> int:
    """Leads the stream to the value of Pixel Data, and tells its length."""
    stream.seek(pixels.at_byte)
    order = ">" if pixels.big_endian else "<"
    head = stream.read(8)
    if len(head) < 8 or struct.unpack(f"{order}HH", head[:4]) != _PIXEL_DATA:
        raise InputError(f"{image.name} holds no pixels; copy or export the series again.")
    if pixels.implicit:
        return int(struct.unpack(f"{order}I", head[4:])[0])
    if head[4:6] not in (b"OW", b"OB", b"UN"):
        raise InputError(f"{image.name} has a damaged header; export the series again.")
    tail = stream.read(4)
    if len(tail) < 4:
        raise InputError(f"{image.name} holds no pixels; copy or export the series again.")
    return int(struct.unpack(f"{order}I", tail)[0])

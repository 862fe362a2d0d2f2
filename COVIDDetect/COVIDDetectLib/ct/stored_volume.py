"""Voxels of a volume file as its header declares them: no more memory than that, and no less in the file."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import numpy as np

from ..errors import InputError
from ..text import printable, short_name
from .files import check_volume_bytes, file_size
from .volume import AIR_HU

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Packing = Literal["none", "gzip", "zlib", "bzip2"]

_SLAB_BYTES = 32 << 20


@dataclass(frozen=True)
class StoredVolume:
    """What the header of a volume file declares.

    Parameters
    ----------
    name
        What the user calls it.
    sizes
        Number of voxels along i, j, k and, where there are more axes, along those.
    components
        Numbers a voxel.
    kind
        Type of each number.
    ijk_to_lps
        4×4, to millimetres.
    file, at_byte, packing, skipped_bytes
        Where the voxels are: from which byte of which file, how packed, and after how many bytes of what is unpacked.
    slope, intercept
        Value = slope × stored number + intercept.
    notes
        What the user must know of the header.
    """

    name: str
    sizes: tuple[int, ...]
    components: int
    kind: np.dtype
    ijk_to_lps: np.ndarray
    file: Path
    at_byte: int
    packing: Packing
    skipped_bytes: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def slices(self) -> int:
        """Number of slices, as they lie in the file one behind the other."""
        return int(np.prod([int(size) for size in self.sizes[2:]], dtype=object))

    @property
    def declared_bytes(self) -> int:
        """Of all voxels."""
        return int(np.prod([int(size) for size in self.sizes], dtype=object)) * self.components * self.kind.itemsize


def hu_of(stored: StoredVolume) -> tuple[np.ndarray, tuple[str, ...]]:
    """The voxels as int16 HU ``[k, j, i]``, at least −1024, and what the user must know of them.

    Raises
    ------
    InputError
        If the file does not hold what its header declares, or the values cannot be Hounsfield units.
    """
    hu: np.ndarray | None = None
    done = no_numbers = 0
    for slab in _slabs(stored):
        values = slab
        if (stored.slope, stored.intercept) != (1.0, 0.0):
            values = values * stored.slope + stored.intercept
        if values.dtype.kind == "f":
            nan = np.isnan(values)
            no_numbers += int(np.count_nonzero(nan))
            values = np.rint(np.where(nan, AIR_HU, values))
        lowest, highest = float(values.min()), float(values.max())
        if not (lowest >= -32768 and highest <= 32767):
            raise InputError(
                f"{stored.name} has values from {lowest:.0f} to {highest:.0f}, which Hounsfield units cannot be; "
                "save the CT with its rescale slope and intercept applied."
            )
        if hu is None:  # not before the file was seen to hold voxels
            hu = np.empty(stored.sizes[2::-1], dtype=np.int16)
        hu[done : done + len(slab)] = values
        done += len(slab)
    assert hu is not None
    np.maximum(hu, AIR_HU, out=hu)
    if not no_numbers:
        return hu, ()
    share = min(99.0, 100 * no_numbers / hu.size)
    return hu, (
        f"{no_numbers} voxels ({share:.2g} %) of {stored.name} are not numbers (NaN) and were taken for air; see "
        "whether they lie outside of the body.",
    )


def labels_of(stored: StoredVolume) -> np.ndarray:
    """The voxels as they are, ``[k, j, i]``.

    Raises
    ------
    InputError
        If the file does not hold what its header declares.
    """
    slabs = list(_slabs(stored))
    array = slabs[0] if len(slabs) == 1 else np.concatenate(slabs)
    return array if (stored.slope, stored.intercept) == (1.0, 0.0) else array * stored.slope + stored.intercept


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A regular file to read.

    Raises
    ------
    InputError
        If it is none, or cannot be read.
    """
    file_size(file)
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"{printable(str(file))} cannot be read ({error.strerror}); check the disk.") from error


def _slabs(stored: StoredVolume) -> Iterator[np.ndarray]:
    """Some slices after the other, ``[k, j, i]``."""
    check_volume_bytes(stored.declared_bytes, stored.name)
    size = file_size(stored.file) - stored.at_byte
    if stored.packing == "none" and size != stored.declared_bytes:
        raise _of_another_length(stored, size)
    one = stored.sizes[0] * stored.sizes[1] * stored.kind.itemsize
    at_once = max(1, _SLAB_BYTES // one)
    with opened(stored.file) as stream, _unpacked(stream, stored) as voxels:
        for first in range(0, stored.slices, at_once):
            count = min(at_once, stored.slices - first)
            content = _read_exactly(voxels, count * one, stored)
            yield np.frombuffer(content, dtype=stored.kind).reshape(count, stored.sizes[1], stored.sizes[0])
        if _read(voxels, 1, stored):  # reading on to the end also compares the checksum of what is packed
            raise _of_another_length(stored, None)


@contextmanager
def _unpacked(stream: BinaryIO, stored: StoredVolume) -> Iterator[BinaryIO]:
    """The voxels, whatever they are packed with."""
    stream.seek(stored.at_byte)
    packing = stored.packing
    if packing == "zlib" and stream.read(2) == b"\x1f\x8b":  # MetaImage says no more than "compressed"
        packing = "gzip"
    stream.seek(stored.at_byte)
    if packing == "none":
        yield stream
        return
    openers: dict[str, Callable[[BinaryIO], object]] = {"gzip": gzip.open, "bzip2": bz2.open, "zlib": _inflating}
    with cast(BinaryIO, openers[packing](stream)) as voxels:
        _read_exactly(voxels, stored.skipped_bytes, stored)
        yield voxels


def _inflating(stream: BinaryIO) -> BufferedReader:
    return BufferedReader(_Inflating(stream), _SLAB_BYTES)


class _Inflating(RawIOBase):
    """A zlib stream while it is unpacked; it ends with an error where its checksum is wrong or its end is missing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._unpacker = stream, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._stream.read(1 << 20)
            unpacked = self._unpacker.decompress(packed, len(view))
            if unpacked:
                view[: len(unpacked)] = unpacked
                return len(unpacked)
            if not packed:
                raise EOFError
        if self._unpacker.unused_data or self._stream.read(1):
            raise zlib.error("more follows")
        return 0


def _read(voxels: BinaryIO, count: int, stored: StoredVolume) -> bytes:
    try:
        return voxels.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise InputError(f"{short_name(stored.file.name)} is cut off or damaged; copy or download it again.") from error
    except OSError as error:
        # bz2 says so of damaged data; what a disk says has a number.
        if error.errno:
            raise
        raise InputError(f"{short_name(stored.file.name)} is cut off or damaged; copy or download it again.") from error


def _read_exactly(voxels: BinaryIO, count: int, stored: StoredVolume) -> bytes:
    content = _read(voxels, count, stored)
    if len(content) < count:
        raise _of_another_length(stored, None)
    return content


def _of_another_length(stored: StoredVolume, size: int | None) -> InputError:
    held = "another number" if size is None else f"{max(size, 0)}"
    sizes = " × ".join(str(size) for size in stored.sizes)
    return InputError(
        f"{short_name(stored.file.name)} declares {sizes} voxels, which are {stored.declared_bytes} bytes, and holds "
        f"{held}; copy or download it again."
    )

"""Which files may be read at all: regular ones, of a size that fits into memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import InputError
from ..text import printable

LARGEST_VOLUME_BYTES = 2 << 30
"""Voxels as declared in a header: 4,000 slices of 512 × 512 in 16 bits. More would only fill the memory."""


def file_size(path: Path) -> int:
    """Bytes of a regular file.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or is a device or a pipe: those never end, or wait for ever.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read ({error.strerror}); check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{printable(str(path))} is a folder, not a file; give a file.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{printable(str(path))} is a device or a pipe, not a file; give a file.")
    return status.st_size


def require_place(path: Path) -> None:
    """Refuse what is neither a folder nor a regular file.

    Raises
    ------
    InputError
        If it does not exist, or is a device or a pipe.
    """
    if not os.path.lexists(path):
        raise InputError(f"{printable(str(path))} does not exist; give a DICOM folder or a volume file.")
    if not path.is_dir():
        file_size(path)


def check_volume_bytes(count: int, subject: str) -> None:
    """Refuse, before any memory is taken, voxels that would fill it.

    Raises
    ------
    InputError
        If there are more than 2 GiB of them.
    """
    if count > LARGEST_VOLUME_BYTES:
        raise InputError(
            f"{subject} claims {count / 1e9:.1f} GB of voxels, more than any chest CT has; the file is damaged, or "
            "holds something else."
        )

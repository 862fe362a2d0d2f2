"""PyTorch checkpoints from elsewhere: measured before they are unpacked, and never executed."""

from __future__ import annotations

import pickle
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

from ..ct.files import file_size
from ..errors import InputError, WeightsError
from ..text import short_name
from .cards import LARGEST_FILE

SAFE_TORCH = (2, 10)
"""In older ones a checkpoint can write beyond its memory, in spite of ``weights_only`` (CVE-2026-24747)."""

_WHAT_DAMAGE_RAISES = (
    pickle.UnpicklingError, zipfile.BadZipFile, struct.error, RuntimeError, EOFError, ValueError, LookupError,
    TypeError, AttributeError, AssertionError, ArithmeticError, MemoryError, zlib.error,
)  # fmt: skip
"""Seen from ``torch.load`` for files with changed bytes: it takes what it reads for a program, and that ends anyhow."""


def load_checkpoint(path: Path) -> Any:
    """The content of a checkpoint, on the CPU.

    Raises
    ------
    WeightsError
        If it is no regular file, too large once unpacked, damaged, or more than tensors and plain values; or if this
        PyTorch cannot be trusted with it.
    """
    import torch

    check_torch(torch.__version__)
    _check_size(path)
    try:
        with warnings.catch_warnings(action="ignore"):  # of what it makes of a file that is no checkpoint
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}.") from error
    except _WHAT_DAMAGE_RAISES as error:
        raise WeightsError(
            f"{path.name} is not a plain PyTorch checkpoint; it was not opened further, so nothing in it was executed."
        ) from error


def check_torch(version: str) -> None:
    """Refuse to read checkpoints with a PyTorch whose reader has a known vulnerability.

    Raises
    ------
    WeightsError
        If it is older than 2.10.
    """
    numbers = tuple(int(number) for number in version.split("+")[0].split(".")[:2] if number.isdigit())
    if numbers < SAFE_TORCH:
        raise WeightsError(
            f"PyTorch {version} is not safe for reading checkpoints (CVE-2026-24747); update it to 2.10 or later."
        )


def _check_size(path: Path) -> None:
    try:
        size = file_size(path)
    except InputError as error:
        raise WeightsError(str(error)) from error
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                size = max(size, sum(entry.file_size for entry in packed.infolist()))
                # PyTorch does not compare checksums.
                if size <= LARGEST_FILE and packed.testzip():
                    raise zipfile.BadZipFile
    except _WHAT_DAMAGE_RAISES as error:
        raise WeightsError(f"{short_name(path.name)} is not a plain PyTorch checkpoint, or is damaged.") from error
    if size > LARGEST_FILE:
        raise WeightsError(
            f"{short_name(path.name)} has {size / 1e9:.1f} GB, more than weights of this program; choose another file."
        )

"""Writes files that are complete or absent, even after a power cut."""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import DiskError, InputError

_UNFINISHED = ".unfinished-"
_PATTERN = re.compile(r"\.unfinished-(?:(?P<computer>[0-9a-f]{8})-)?(?P<process>\d+)-")
_SURELY_ABANDONED_S = 7 * 86400.0
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG) if os.name == "posix" else (errno.ENOSPC, errno.EIO)
_MINE: set[str] = set()
"""Names of what this process is writing: another one may have had the same number before, as in containers."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it takes the place of ``path`` when the block ends well, and only after it is on the disk.

    Raises
    ------
    InputError
        If the place cannot be written; DiskError if the disk is full.
    """
    with unfinished(path) as there, written_or_said(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with there.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        there.replace(path)
        remember_names(path.parent)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A name next to ``path`` for what shall take its place; what has that name is removed when the block ends.

    What processes that ended long ago left there is removed, too.
    """
    sweep_unfinished(path.parent)
    name = f"{_UNFINISHED}{_computer()}-{os.getpid()}-{secrets.token_hex(4)}-{path.name}"
    _MINE.add(name)
    try:
        yield path.with_name(name)
    finally:
        remove(path.with_name(name))
        _MINE.discard(name)


@contextmanager
def written_or_said(path: Path) -> Iterator[None]:
    """What the system says of a full or forbidden place, as a sentence.

    Raises
    ------
    InputError
        If the place cannot be written; DiskError if the disk is full or fails.
    """
    try:
        yield
    except OSError as error:
        kind = DiskError if error.errno in _DISK_ERRORS else InputError
        raise kind(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def sweep_unfinished(folder: Path) -> None:
    """Remove what ended processes of this computer left in a folder, and what is a week old of others."""
    with suppress(OSError):  # a folder that is not there has nothing in it
        for left in folder.glob(f"{_UNFINISHED}*"):
            if _is_abandoned(left):
                remove(left)


def forget_unfinished(folder: Path, older_than_s: float = 0.0) -> None:
    """Remove what processes that were killed left of files.

    Parameters
    ----------
    older_than_s
        Seconds for which a file must have lain there where others may be writing.
    """
    for file in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):  # another process may have removed it
            if time.time() - file.stat().st_mtime >= older_than_s:
                remove(file)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there and can be removed."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remember_names(folder: Path) -> None:
    """The renaming itself must reach the disk too, where the system can do that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_abandoned(left: Path) -> bool:
    if left.name in _MINE:
        return False
    found = _PATTERN.match(left.name)
    if found and found["computer"] in (None, _computer()):
        process = int(found["process"])
        if process == os.getpid() or not _runs(process):
            return True
    return time.time() - left.stat().st_mtime > _SURELY_ABANDONED_S


def _runs(process: int) -> bool:
    """Whether a process of this computer runs; True where that cannot be asked without harm."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _computer() -> str:
    """Eight digits that tell computers and containers apart."""
    return f"{zlib.crc32(platform.node().encode()):08x}"

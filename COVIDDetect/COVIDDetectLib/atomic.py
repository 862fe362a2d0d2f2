"""Files that are whole or not there, whenever the power goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import InputError

_UNFINISHED = ".unfinished-"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it takes the place of ``path`` when the block ends well, and only after it is on the disk.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    unfinished = path.with_name(f"{_UNFINISHED}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _remember_name(path.parent)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    finally:
        with suppress(OSError):  # where nothing can be written there is nothing to remove
            unfinished.unlink(missing_ok=True)


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
                file.unlink()


def _remember_name(folder: Path) -> None:
    """The renaming itself must reach the disk too, where the system can do that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

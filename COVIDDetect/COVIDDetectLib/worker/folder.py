"""The private folder in which panel and worker exchange volumes, and what keeps a patient's CT from staying there."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from ..ct.volume import CTVolume
from .exchange import Entry, Steps, holds_ct, store_ct, unusable_folder

if sys.platform != "win32":
    import fcntl

_PREFIX = "coviddetect-"
_OWNER = "owner"
"""A file in the folder that its owner keeps locked. The system unlocks it when that process ends, however it ends."""


class SharedFolder:
    """A folder that only this user can read, with a part for each request, and one for the CT that is kept.

    Raises
    ------
    COVIDDetectError
        If there is no room for it.
    """

    def __init__(self) -> None:
        sweep()
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._owner = _locked(self.path)
        except OSError as error:
            raise unusable_folder(error) from error
        self._ct: Entry | None = None

    @property
    def is_there(self) -> bool:
        """Whether nobody has tidied it away."""
        return self.path.is_dir()

    def part(self, number: int) -> Path:
        """Where the files of a request lie."""
        return self.path / f"{number}"

    def store(self, ct: CTVolume, number: int) -> Steps[Entry]:
        """Keep a CT, as the only one; it is written unless it lies here already."""
        if self._ct is None or not (yield from holds_ct(self._ct, ct)):
            self.forget_ct()
            folder = self.path / f"ct-{number}"
            folder.mkdir()
            self._ct = yield from store_ct(ct, folder / "ct.npy")
        return self._ct

    def forget_ct(self) -> bool:
        """Remove the CT; whether there was one."""
        was, self._ct = self._ct, None
        if was is not None:
            shutil.rmtree(Path(was["array"]).parent, ignore_errors=True)
        return was is not None

    def tidy(self) -> None:
        """Remove what belongs to requests, all of which have ended.

        Windows removes no file that a process still reads: what is left goes the next time, or with the folder.
        """
        _empty(self.path, {_OWNER, *([Path(self._ct["array"]).parent.name] if self._ct else [])})

    def remove(self) -> None:
        """Remove all; what cannot be removed yet goes when the next folder is made."""
        self._ct = None
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None
        _remove(self.path)


def sweep() -> None:
    """Remove folders whose owners have ended without it: killed together with their workers, or by a power failure."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder; as long as anything is left, it can be told that its owner has ended."""
    if _empty(folder, {_OWNER}):
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, kept: set[str]) -> bool:
    """Remove all but what is called so; whether that is all that is left."""
    for each in folder.glob("*"):
        if each.name not in kept:
            with suppress(OSError):
                shutil.rmtree(each) if each.is_dir() else each.unlink()
    return {each.name for each in folder.glob("*")} <= kept


def _locked(folder: Path) -> int | None:
    """The locked file as a descriptor; None where the file system has no locks, and so nobody can tell an owner's end.

    It gets its name when it is locked, so that nobody finds it unlocked in between.
    """
    if sys.platform == "win32":  # where no file is removed that is open
        return os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT)
    file = os.open(folder / ".new", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(folder / ".new", folder / _OWNER)
    except OSError:
        os.close(file)
        return None
    return file


def _is_abandoned(folder: Path) -> bool:
    owner = folder / _OWNER
    try:
        if sys.platform == "win32":
            os.rename(owner, owner)  # nor renamed
            return True
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():  # anybody may put something there
            return False
        file = os.open(owner, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(file)

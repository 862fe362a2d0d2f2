"""The CTs that a table, a folder, a pattern or a list of files names."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..ct.volume_files import is_volume_file
from ..errors import InputError
from ..text import printable
from .cases import Case, read_cases

_SUFFIXES_OF_TWO = (".nii.gz", ".hdr.gz")


def find_cases(inputs: Sequence[str], output: Path) -> list[Case]:
    """The cases that are named, in the order of the table or of their names.

    Parameters
    ----------
    inputs
        One table (.csv); or one folder, in which each volume file and each folder is a CT; or one pattern with
        ``*``, ``?`` or ``**``; or several files and folders, each a CT.
    output
        Folder for the results, which may lie in the folder and is no CT.

    Raises
    ------
    InputError
        If nothing is found, or the table cannot be true.
    """
    only = Path(inputs[0])
    if len(inputs) == 1 and only.suffix.lower() == ".csv":
        return read_cases(only, labels="optional")
    if len(inputs) > 1 or (only.is_file() and is_volume_file(only)):
        return _named([Path(one) for one in inputs])
    if only.is_dir():
        shown = printable(str(only))
        found = _cts([one for one in only.iterdir() if one.is_dir() or is_volume_file(one)], output)
        if not found:
            raise InputError(
                f"{shown} holds no folders or volume files that could each be a CT; give the folder above the CTs, or "
                "a table."
            )
        return _named(found)
    if not glob.has_magic(inputs[0]):
        raise InputError(
            f"{printable(inputs[0])} is no table (.csv), no folder and no volume file; check the path, or give a "
            "pattern in quotes such as 'scans/*.nii.gz'."
        )
    found = _cts([Path(one) for one in glob.glob(inputs[0], recursive=True)], output)
    if not found:
        raise InputError(f"Nothing matches {printable(inputs[0])}; check the pattern.")
    return _named(found)


def _cts(paths: Sequence[Path], output: Path) -> list[Path]:
    """Without what is hidden and without the results."""
    own = output.resolve()
    return sorted(path for path in paths if not path.name.startswith(".") and path.resolve() != own)


def _named(paths: Sequence[Path]) -> list[Case]:
    """Cases named like their files, or like their whole paths where files of several folders have one name."""
    short = [_without_suffix(path) for path in paths]
    counts = Counter(short)
    names = [name if counts[name] == 1 else printable(path.as_posix()) for name, path in zip(short, paths, strict=True)]
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise InputError(f"{twice} is named more than once; give each CT once.")
    return [Case(name, path, patient=name) for name, path in zip(names, paths, strict=True)]


def _without_suffix(path: Path) -> str:
    name = path.name or path.resolve().name
    if path.is_dir():
        return printable(name)
    suffix = next((one for one in _SUFFIXES_OF_TWO if name.lower().endswith(one)), path.suffix)
    return printable(name.removesuffix(name[len(name) - len(suffix) :]) if suffix else name)

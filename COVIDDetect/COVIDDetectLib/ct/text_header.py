"""Headers that are lines of text before the voxels, or in a separate file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import InputError
from ..text import short_name
from .stored_volume import opened

_LARGEST_HEADER = 1 << 20
_LARGEST_NUMBER = 1e9


def header_lines(file: Path, is_last: Callable[[str], bool]) -> tuple[list[str], int]:
    """The lines of a header, and the byte at which what follows begins.

    Parameters
    ----------
    is_last
        Whether a line ends the header; that line is the last one of the result. The end of the file ends it too.

    Raises
    ------
    InputError
        If there is no end within a megabyte, as in a file of another kind.
    """
    with opened(file) as stream:
        content = stream.read(_LARGEST_HEADER)
    lines, at = [], 0
    while at < len(content):
        end = content.find(b"\n", at)
        if end < 0:
            if len(content) == _LARGEST_HEADER:
                break
            end = len(content)
        lines.append(content[at:end].decode("utf-8", errors="replace").rstrip("\r"))
        at = min(end + 1, len(content))
        if is_last(lines[-1]):
            return lines, at
    if len(content) == _LARGEST_HEADER:
        raise InputError(f"{short_name(file.name)} has no header that ends; the file is damaged or of another kind.")
    return lines, at


def keep_field(fields: dict[str, str], field: str, value: str, file: str) -> None:
    """One more field of a header.

    Raises
    ------
    InputError
        If it is there already, with another value: which one is meant cannot be known.
    """
    if fields.setdefault(field, value) != value:
        raise InputError(f"{file} has two values for '{short_name(field)}' in its header; save it again.")


def numbers_in(fields: Mapping[str, str], field: str, file: str, count: int | None = None) -> tuple[float, ...]:
    """The finite numbers of a field.

    Raises
    ------
    InputError
        If it is missing, or holds something else, or not ``count`` numbers.
    """
    text = fields.get(field)
    if text is None:
        raise InputError(f"{file} has no '{field}' in its header; save it again.")
    return numbers_of(text, field, file, count)


def numbers_of(text: str, field: str, file: str, count: int | None = None) -> tuple[float, ...]:
    """The finite numbers of a text.

    Raises
    ------
    InputError
        If it holds something else, or not ``count`` numbers.
    """
    try:
        found = tuple(float(word) for word in text.replace(",", " ").split())
    except ValueError:
        found = ()
    is_sound = found and all(math.isfinite(number) and abs(number) < _LARGEST_NUMBER for number in found)
    if not is_sound or (count is not None and len(found) != count):
        raise InputError(f"{file} has a damaged '{field}' in its header ({short_name(text)}); save it again.")
    return found


def whole_numbers_in(fields: Mapping[str, str], field: str, file: str, count: int | None = None) -> tuple[int, ...]:
    """As ``numbers_in``, of numbers from 1 on.

    Raises
    ------
    InputError
        If it is missing, or holds something else.
    """
    found = numbers_in(fields, field, file, count)
    if any(number != int(number) or number < 1 for number in found):
        raise InputError(f"{file} has a damaged '{field}' in its header ({short_name(fields[field])}); save it again.")
    return tuple(int(number) for number in found)


def beside(header: Path, name: str) -> Path:
    """The file with the voxels that a header names: one file, in the same folder or in one below it.

    Raises
    ------
    InputError
        If it names several files, or one elsewhere.
    """
    if name.split()[:1] in (["LIST"], ["list"]) or "%" in name:
        raise InputError(f"{short_name(header.name)} has its voxels in several files; save it as one file.")
    if not name or Path(name).is_absolute() or ".." in Path(name).parts or not name.isprintable():
        raise InputError(
            f"{short_name(header.name)} names '{short_name(name)}' as the file of its voxels, which is not in its "
            "folder; save it as one file."
        )
    return header.parent / name

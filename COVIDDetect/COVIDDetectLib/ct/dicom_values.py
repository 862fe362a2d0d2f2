"""Values of a DICOM header, each checked on its way out: usable, or the end of a sentence that says what is wrong."""

from __future__ import annotations

import math
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

from ..text import short_name

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

WHAT_DAMAGE_RAISES = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, NotImplementedError, EOFError, RecursionError,
    AssertionError, struct.error, zlib.error,
)  # fmt: skip
"""Seen from pydicom for files with changed bytes, while it reads and when a value is asked for."""

_LARGEST_NUMBER = 1e6
"""Of millimetres and of HU; what is larger is damage."""


class Damaged(Exception):
    """A value that cannot be used; the message continues a sentence that begins with the file's name."""


def numbers(header: Dataset, keyword: str, count: int, name: str) -> tuple[float, ...]:
    """So many finite numbers of a text element.

    Parameters
    ----------
    name
        What the user reads.

    Raises
    ------
    Damaged
        If the element is missing, empty, of another length, or holds something else.
    """
    try:
        value = _value(header, keyword)
        values = [] if value is None else [value] if isinstance(value, int | float | str) else list(value)
        found = tuple(float(one) for one in values)
    except WHAT_DAMAGE_RAISES as error:
        raise Damaged(f"has a {name} that is no number ({_raw(header, keyword)})") from error
    if not found:
        raise Damaged(f"has no {name}")
    if len(found) != count or not all(math.isfinite(one) and abs(one) < _LARGEST_NUMBER for one in found):
        raise Damaged(f"has an impossible {name} ({_raw(header, keyword)})")
    return found


def integer(header: Dataset, keyword: str, name: str, default: int | None = None) -> int:
    """One whole number, or ``default`` if the element is missing or empty.

    Raises
    ------
    Damaged
        If it holds something else, or is missing and there is no default.
    """
    try:
        value = _value(header, keyword)
        if value not in (None, ""):
            return int(value)
    except WHAT_DAMAGE_RAISES as error:
        raise Damaged(f"has a {name} that is no number ({_raw(header, keyword)})") from error
    if default is None:
        raise Damaged(f"has no {name}")
    return default


def text(header: Dataset, keyword: str) -> str:
    """A short text that may be printed; empty if the element is missing or cannot be read."""
    return " ".join(words(header, keyword))


def words(header: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of a text element that may be printed; none if it is missing or cannot be read."""
    try:
        value = _value(header, keyword)
        values = [] if value is None else [value] if isinstance(value, str | int | float) else list(value)
        return tuple(line for one in values if (line := short_name(str(one))))
    except WHAT_DAMAGE_RAISES:
        return ()


def _value(header: Dataset, keyword: str) -> Any:
    """What an element holds; None if it is missing."""
    tag = _tag(keyword)
    return header[tag].value if tag in header else None


@cache
def _tag(keyword: str) -> BaseTag:
    """pydicom would look it up each time, which takes as long as to read the element."""
    from pydicom.tag import Tag

    return Tag(keyword)


def _raw(header: Dataset, keyword: str) -> str:
    """What stands there, as far as it can be shown."""
    try:
        value = header.get_item(keyword).value
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        return short_name(value if isinstance(value, str) else "\\".join(map(str, value))) or "empty"
    except WHAT_DAMAGE_RAISES:
        return "damaged"

"""Values from the entries of a message, if each is of the kind that the value's class declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .protocol import ProtocolError

T = TypeVar("T")


def value_of(kind: type[T], entry: Any) -> T:
    """A dataclass from its entry, and those in it: lists become tuples, and nothing else is changed.

    Raises
    ------
    ProtocolError
        If a field is missing, is of another kind, or is not one of the class.
    """
    return kind(**fields_of(kind, entry))


def fields_of(
    kind: type, entry: Any, without: frozenset[str] = frozenset(), knows: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """The same as arguments for the class.

    Parameters
    ----------
    without
        Fields that are made otherwise.
    knows
        Types by the names that the module of the class has for type checkers only.
    """
    if not isinstance(entry, dict):
        raise ProtocolError
    hints = get_type_hints(kind, localns=dict(knows or {}))
    needed = {one.name for one in fields(kind) if one.default is MISSING}
    if not needed <= set(entry) <= set(hints):
        raise ProtocolError
    return {name: _converted(value, hints[name]) for name, value in entry.items() if name not in without}


def part_of(entry: Any, name: str, kind: type[T]) -> T:
    """One value of an entry.

    Raises
    ------
    ProtocolError
        If there is none, or it is of another kind.
    """
    value = entry.get(name) if isinstance(entry, dict) else None
    if kind is dict and isinstance(value, kind):
        return value
    converted: T = _converted(value, kind)
    return converted


def _converted(value: Any, hint: Any) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return value_of(hint, value)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if hint in (str, bool, NoneType) and isinstance(value, hint):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if origin is Literal and value in parts:
        return value
    if origin is tuple and isinstance(value, (list, tuple)):  # tuples where it never was a line
        kinds = [parts[0]] * len(value) if parts[-1] is Ellipsis else parts
        if len(kinds) == len(value):
            return tuple(_converted(one, kind) for one, kind in zip(value, kinds, strict=True))
    if origin is Mapping and isinstance(value, dict):
        return {_converted(key, parts[0]): _converted(one, parts[1]) for key, one in value.items()}
    if origin in (Union, UnionType):
        if value is None and NoneType in parts:
            return None
        (kind,) = (one for one in parts if one is not NoneType)
        return _converted(value, kind)
    raise ProtocolError

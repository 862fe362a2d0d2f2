"""Values in and out of a vtkMRMLScriptedModuleNode, one class for each kind of type."""

from __future__ import annotations

import enum
import pathlib
from types import UnionType
from typing import Any, Union, get_args, get_origin

import slicer

from .annotations import split


class Storage:
    """Text under the parameter's own name; the base of the others."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def default(self) -> Any:
        return self.kind()

    def check(self, value: Any) -> None:
        """Raise TypeError if the value is of another type."""
        if not isinstance(value, self.kind):
            raise TypeError(f"{value!r} is not of type {self.kind.__name__}")

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, str(value))

    def read(self, node: Any, name: str) -> Any:
        return self.kind(node.GetParameter(name))

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)


class NumberStorage(Storage):
    """int and float; an int will do for a float."""

    def check(self, value: Any) -> None:
        if not isinstance(value, (int, float) if self.kind is float else int):
            raise TypeError(f"{value!r} is not of type {self.kind.__name__}")


class BoolStorage(Storage):
    """True or False."""

    def read(self, node: Any, name: str) -> bool:
        return bool(node.GetParameter(name) == "True")

    def write(self, node: Any, name: str, value: bool) -> None:
        node.SetParameter(name, "True" if value else "False")


class EnumStorage(Storage):
    """The member's name."""

    def default(self) -> Any:
        return next(iter(self.kind))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, value.name)

    def read(self, node: Any, name: str) -> Any:
        return self.kind[node.GetParameter(name)]


class NodeStorage(Storage):
    """A node reference; the empty parameter of the same name tells that it was set, if only to None."""

    def default(self) -> Any:
        return None

    def check(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f"{value.GetClassName()} is not one of {self.kind}")

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


def storage_of(kind: Any) -> Storage:
    """How values of a type are stored.

    Raises
    ------
    TypeError
        If the panel has not used that type so far: it is to be added here then.
    """
    kind = split(kind)[0]
    if kind is bool:
        return BoolStorage(bool)
    if kind in (int, float):
        return NumberStorage(kind)
    if kind is str or (isinstance(kind, type) and issubclass(kind, pathlib.PurePath)):
        return Storage(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return EnumStorage(kind)
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeStorage(kind)
    if get_origin(kind) in (Union, UnionType):
        members = tuple(one for one in get_args(kind) if one is not type(None))
        if all(isinstance(one, type) and issubclass(one, slicer.vtkMRMLNode) for one in members):
            return NodeStorage(members)
    raise TypeError(f"parameters of type {kind} are not supported by the embedded viewer")

"""Signals without Qt: custom Qt signals are not safe in PythonQt."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class Signal:
    """Calls the connected slots in the order in which they were connected."""

    def __init__(self) -> None:
        self._slots: list[Callable[..., Any]] = []

    def connect(self, slot: Callable[..., Any]) -> None:
        """Call ``slot`` on every emission from now on."""
        self._slots.append(slot)

    def disconnect(self, slot: Callable[..., Any]) -> None:
        """Call it no more."""
        self._slots.remove(slot)

    def emit(self, *values: Any) -> None:
        """Call all slots; what the first of them raises that fails is raised when all were called."""
        failed: Exception | None = None
        for slot in tuple(self._slots):
            try:
                slot(*values)
            except Exception as error:  # noqa: BLE001 - it is raised below
                failed = failed or error
        if failed is not None:
            raise failed


def weakly(method: Callable[..., Any]) -> Callable[..., None]:
    """A slot that calls a method as long as its object lives, and does not keep that alive."""
    reference = weakref.WeakMethod(method)

    def call(*values: Any) -> None:
        bound = reference()
        if bound is not None:
            bound(*values)

    return call

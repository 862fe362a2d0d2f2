"""Signals without Qt: custom Qt signals are not safe in PythonQt."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Signal:
    """Calls the connected slots in the order in which they were connected."""

    def __init__(self) -> None:
        self._slots: list[Callable[..., Any]] = []

    @property
    def has_slots(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._slots)

    def connect(self, slot: Callable[..., Any]) -> None:
        """Call ``slot`` on every emission from now on."""
        self._slots.append(slot)

    def disconnect(self, slot: Callable[..., Any]) -> None:
        """Call it no more."""
        self._slots.remove(slot)

    @contextmanager
    def connected(self, slot: Callable[..., Any]) -> Iterator[None]:
        """Call ``slot`` on every emission within a ``with`` block."""
        self.connect(slot)
        try:
            yield
        finally:
            self.disconnect(slot)

    def emit(self, *values: Any) -> None:
        """Call all slots. One that fails keeps nobody else from knowing, whoever emits least of all.

        Its error goes where those of Qt's slots go in PythonQt.
        """
        for slot in tuple(self._slots):
            try:
                slot(*values)
            except Exception:  # noqa: BLE001 - it is reported
                sys.excepthook(*sys.exc_info())


def weakly(method: Callable[..., Any]) -> Callable[..., None]:
    """A slot that calls a method as long as its object exists, without keeping the object alive."""
    reference = weakref.WeakMethod(method)

    def call(*values: Any) -> None:
        bound = reference()
        if bound is not None:
            bound(*values)

    return call

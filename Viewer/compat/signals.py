"""Signals as PythonQt shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SIGNAL, QMetaMethod, QMetaObject, QObject

Slot = Callable[..., Any]


def accepted_values(slot: Slot) -> int | None:
    """How many values a slot gets at most; None: all.

    PythonQt counts the parameters of functions and methods, defaults included, and hands all values to whatever
    else can be called.
    """
    if not (inspect.isfunction(slot) or inspect.ismethod(slot)):
        return None
    parameters = inspect.signature(slot).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in positional for one in parameters)


def trimmed(slot: Slot) -> Slot:
    """The slot, called with no more values than it takes; keeps the slot alive, which PySide6 alone would not."""
    count = accepted_values(slot)

    def call(*values: Any) -> None:
        slot(*(values if count is None else values[:count]))

    return call


class BoundSignal:
    """One signal of one object: ``connect``, ``disconnect``, and emitted by a call.

    Parameters
    ----------
    owner
        The object.
    signature
        In Qt's normalized form.
    """

    def __init__(self, owner: QObject, signature: str) -> None:
        self._owner = owner
        self._signature = signature

    def connect(self, slot: Slot) -> bool:
        """Call ``slot`` at each emission."""
        call = trimmed(slot.emit if isinstance(slot, BoundSignal) else slot)
        QObject.connect(self._owner, SIGNAL(self._signature), call)
        self._connections().append((slot, call))
        return True

    def disconnect(self, slot: Slot | None = None) -> bool:
        """Call ``slot`` no more; without it, nothing that was connected here."""
        connections = self._connections()
        gone = [entry for entry in connections if slot is None or entry[0] == slot]
        for entry in gone:
            connections.remove(entry)
            QObject.disconnect(self._owner, SIGNAL(self._signature), entry[1])
        return bool(gone) or slot is None

    def emit(self, *values: Any) -> None:
        """Call all slots; of several overloads, those of the one with that many values."""
        name = self._signature.partition("(")[0]
        overloads = [one for one in signatures(self._owner, name) if _count(one) == len(values)]
        QObject.emit(self._owner, SIGNAL(overloads[0] if overloads else self._signature), *values)  # type: ignore[arg-type]

    __call__ = emit

    def _connections(self) -> list[tuple[Slot, Slot]]:
        # A bound method is another object each time it is looked up, so that the wrapper is found by equality.
        table = self._owner.__dict__.setdefault("_connected_slots", {})
        entries: list[tuple[Slot, Slot]] = table.setdefault(self._signature, [])
        return entries


class SignalAttribute:
    """Descriptor: ``button.clicked`` is a ``BoundSignal``, of the first overload as in PythonQt."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, owner: QObject | None, kind: type) -> Any:
        return self if owner is None else BoundSignal(owner, signatures(owner, self._name)[0])

    def __set__(self, owner: QObject, value: Any) -> None:
        raise AttributeError(f"Signal '{self._name}' can not be overwritten")


def signatures(owner: QObject, name: str) -> list[str]:
    """The overloads of a signal."""
    meta = owner.metaObject()
    methods = (meta.method(index) for index in range(meta.methodCount()))
    return [
        bytes(method.methodSignature().data()).decode()
        for method in methods
        if method.methodType() == QMetaMethod.MethodType.Signal and method.name() == name.encode()
    ]


def find_signal(owner: QObject, signature: str) -> BoundSignal | None:
    """The signal ``"name(type,type)"`` of an object; None if it has none of that name with those types.

    The widgets that are written in Python list the signatures of their C++ models in ``cpp_signals``.
    """
    normalized = bytes(QMetaObject.normalizedSignature(signature).data()).decode()  # type: ignore[arg-type]
    if normalized in getattr(owner, "cpp_signals", ()):
        return BoundSignal(owner, signatures(owner, normalized.partition("(")[0])[0])
    if owner.metaObject().indexOfSignal(normalized) >= 0:
        return BoundSignal(owner, normalized)
    return None


def _count(signature: str) -> int:
    values = signature.partition("(")[2].rstrip(")")
    return values.count(",") + 1 if values else 0

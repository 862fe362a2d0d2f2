"""Qt's classes as PythonQt shows them, made from PySide6's by their meta-objects.

Seen in 3D Slicer and copied here: a Qt property is an attribute; an unknown attribute cannot be set; a dynamic
property can be read and set as an attribute; ``connect`` and ``disconnect`` take a C++ signature and answer whether
there is such a signal; ``name`` is the object's name.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QMetaMethod, QObject

from .signals import SignalAttribute, find_signal

_NOT_PROPERTIES = {"singleShot"}
"""In PythonQt, too, the static method of QTimer hides the property."""

_RETURN_OBJECTS = (
    "parentWidget", "window", "viewport", "horizontalHeader", "verticalHeader", "header", "lineEdit", "view", "button",
    "statusBar", "menuBar", "verticalScrollBar", "horizontalScrollBar", "completer", "cellWidget", "defaultButton",
    "buttons",
)  # fmt: skip
"""Methods, none of them virtual, that return objects made by Qt itself."""

_classes: dict[type, type] = {}


class PythonQtObject:
    """What PythonQt gives to every QObject."""

    _signal_names: tuple[str, ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        # PySide6 keeps its own signals in the object's dictionary and looks there first.
        for name in type(self)._signal_names:
            self.__dict__.pop(name, None)

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        # PySide6 looks for these two in the very class of an object and then goes to its own, past all base classes.
        for method in ("connect", "disconnect"):
            if method not in cls.__dict__:
                setattr(cls, method, PythonQtObject.__dict__[method])

    def connect(self, signature: str, slot: Callable[..., Any]) -> bool:
        """Connect the signal of that C++ signature; False if there is none."""
        signal = find_signal(_q(self), signature)
        return signal is not None and signal.connect(slot)

    def disconnect(self, signature: str, slot: Callable[..., Any] | None = None) -> bool:
        """Undo ``connect``; without a slot, of all slots."""
        signal = find_signal(_q(self), signature)
        return signal is not None and signal.disconnect(slot)

    @property
    def name(self) -> str:
        """The object's name."""
        return QObject.objectName(_q(self))

    @name.setter
    def name(self, value: str) -> None:
        QObject.setObjectName(_q(self), value)

    def className(self) -> str:
        """The C++ class."""
        return str(getattr(type(self), "cpp_class", _q(self).metaObject().className()))

    def delete(self) -> None:
        """Delete the C++ object at once."""
        shiboken6.delete(_q(self))

    def children(self) -> list[Any]:
        """The objects that belong to this one."""
        return [adopt(child) for child in QObject.children(_q(self))]

    def parent(self) -> Any:
        """The object that this one belongs to."""
        return QObject.parent(_q(self))

    def findChildren(self, kind: Any = QObject, name: str = "") -> list[Any]:
        """All objects below this one, of a class or of the C++ class of that name."""
        found = QObject.findChildren(_q(self), QObject)
        if name:
            found = [child for child in found if QObject.objectName(child) == name]
        if isinstance(kind, str):
            found = [child for child in found if child.inherits(kind) or _cpp_class(child) == kind]
        else:
            found = [child for child in found if isinstance(child, qt_base(kind))]
        return [adopt(child) for child in found]

    def findChild(self, kind: Any = QObject, name: str = "") -> Any:
        """The first of ``findChildren``, or None."""
        return next(iter(self.findChildren(kind, name)), None)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and _has_dynamic_property(self, name):
            return QObject.property(_q(self), name)
        raise AttributeError(f"{self.className()} has no attribute named '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        if type(self).__dict__.get("_refuses_attributes") and not name.startswith("_"):
            attribute = getattr(type(self), name, None)
            if attribute is None:
                if _has_dynamic_property(self, name):
                    QObject.setProperty(_q(self), name, value)
                    return
                if isinstance(value, QObject) and QObject.objectName(value) == name:
                    return  # PySide6's QUiLoader, which puts the children of a .ui file's root there
                raise AttributeError(
                    f"'{name}' does not exist on {self.className()} "
                    "and creating new attributes on C++ objects is not allowed"
                )
            if not hasattr(attribute, "__set__") and not isinstance(attribute, QtCore.Property):
                raise AttributeError(f"Slot '{name}' can not be overwritten on {self.className()} object")
        super().__setattr__(name, value)


def _q(value: Any) -> Any:
    """Says to the type checker that a mixin is a QObject."""
    return value


def _has_dynamic_property(value: Any, name: str) -> bool:
    return name.encode() in [bytes(one.data()) for one in QObject.dynamicPropertyNames(value)]


def _cpp_class(value: QObject) -> str:
    return str(getattr(type(value), "cpp_class", value.metaObject().className()))


def pythonqt_class(base: type, module: str = "qt") -> type:
    """The class that stands for a PySide6 class; made once.

    Parameters
    ----------
    base
        A QObject class of PySide6, or one derived from it in Python with the properties and signals of its C++ model.
    module
        The module that it is shown in.
    """
    if base in _classes:
        return _classes[base]
    if issubclass(base, PythonQtObject):
        return base
    meta: Any = base.staticMetaObject  # type: ignore[attr-defined]
    imitates_cpp = base.__module__.startswith(("PySide6.", __package__))
    body: dict[str, Any] = {"_refuses_attributes": imitates_cpp, "__module__": module, "__doc__": base.__doc__}
    for index in range(meta.methodCount()):
        method = meta.method(index)
        if method.methodType() == QMetaMethod.MethodType.Signal:
            name = bytes(method.name().data()).decode()
            body[name] = SignalAttribute(name)
    body["_signal_names"] = tuple(body.keys() - {"_refuses_attributes", "__module__", "__doc__"})
    for index in range(meta.propertyCount()):
        name = meta.property(index).name()
        # What a widget defines in Python stays: its properties are attributes already, its virtual methods are for Qt.
        in_python = isinstance(getattr(base, name, None), QtCore.Property | types.FunctionType)
        if name not in _NOT_PROPERTIES and not in_python:
            body[name] = _property(base, name)
    for name in _RETURN_OBJECTS:
        if name not in body and callable(getattr(base, name, None)):
            body[name] = _adopting(getattr(base, name))
    if issubclass(base, QtWidgets.QWidget) and not isinstance(base.layout, QtCore.Property):
        body["layout"] = _adopting(QtWidgets.QWidget.layout)  # of a QLayout it is virtual
    body["cpp_class"] = base.__name__
    _classes[base] = type(base.__name__, (PythonQtObject, base), body)
    return _classes[base]


def qt_base(kind: type) -> type:
    """PySide6's class behind a class made here; any other as it is."""
    return next((base for base, made in _classes.items() if made is kind), kind)


def adopt(value: Any) -> Any:
    """Show an object that Qt itself has made, such as the header of a table, as if it were made by these classes."""
    made_by_qt = isinstance(value, QObject) and PythonQtObject not in type(value).__mro__
    return Borrowed(value) if made_by_qt else value


class Borrowed:
    """Stands before an object of PySide6 and gives it the manners of PythonQt."""

    def __init__(self, target: QObject) -> None:
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_kind", pythonqt_class(type(target)))

    def __getattr__(self, name: str) -> Any:
        for base in (self._kind, PythonQtObject):
            attribute: Any = base.__dict__.get(name)
            if hasattr(attribute, "__get__"):
                return attribute.__get__(self._target, self._kind)
        return getattr(self._target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        for base in (self._kind, PythonQtObject):
            if hasattr(base.__dict__.get(name), "__set__"):
                base.__dict__[name].__set__(self._target, value)
                return
        raise AttributeError(f"'{name}' cannot be set on {_cpp_class(self._target)}")

    def __eq__(self, other: object) -> bool:
        return bool(self._target == getattr(other, "_target", other))

    def __hash__(self) -> int:
        return hash(self._target)


def qt_class(name: str) -> Any:
    """A class of QtCore, QtGui or QtWidgets by its name, as PythonQt shows it."""
    for module in (QtCore, QtGui, QtWidgets):
        found = getattr(module, name, None)
        if found is not None:
            is_object = isinstance(found, type) and issubclass(found, QObject)
            return pythonqt_class(found) if is_object else found
    raise AttributeError(f"module 'qt' has no attribute '{name}'")


def _property(base: type, name: str) -> property:
    capitalized = name[0].upper() + name[1:]
    getter = getattr(base, name, None)
    if not callable(getter):
        getter = getattr(base, "is" + capitalized, None)
    setter = getattr(base, "set" + capitalized, None)

    def get(self: QObject) -> Any:
        # By the class: a virtual getter (QProgressBar::text) would otherwise look for this property again, without end.
        return getter(self) if callable(getter) else QObject.property(self, name)

    def put(self: QObject, value: Any) -> None:
        if callable(setter):
            try:
                setter(self, value)
                return
            except TypeError:
                pass  # another type: Qt converts it, as PythonQt lets it
        if isinstance(value, float) and isinstance(get(self), int):
            value = int(value)
        QObject.setProperty(self, name, value)

    return property(get, put, doc=f"Qt's property {name}.")


def _adopting(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: QObject, *values: Any) -> Any:
        result = method(self, *values)
        return [adopt(one) for one in result] if isinstance(result, list) else adopt(result)

    return call

"""The class decorator ``parameterNodeWrapper``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from .annotations import Default, Validator, split
from .connectors import Connector, connector
from .storage import Storage, storage_of

_PROPERTY_NAME = "SlicerParameterName"
"""Dynamic property of the widgets in a .ui file that belong to a parameter."""


class _Parameter:
    """One typed parameter; a descriptor of the wrapper class."""

    def __init__(self, name: str, annotated: Any, equals: tuple[Any, ...]) -> None:
        self.name = name
        self.annotated = annotated
        self.storage: Storage = storage_of(annotated)
        annotations = split(annotated)[1]
        self._validators = [one for one in annotations if isinstance(one, Validator)]
        given = equals or tuple(one.value for one in annotations if isinstance(one, Default))
        self.default = given[0] if given else self.storage.default()

    def __get__(self, wrapper: Any, kind: type | None = None) -> Any:
        return self if wrapper is None else self.storage.read(wrapper.parameterNode, self.name)

    def __set__(self, wrapper: Any, value: Any) -> None:
        self.storage.check(value)
        for validator in self._validators:
            validator.validate(value)
        node = wrapper.parameterNode
        changing = node.StartModify()
        try:
            self.storage.write(node, self.name, value)
        finally:
            node.EndModify(changing)


class _Gui:
    """The widgets that are connected to a wrapper."""

    def __init__(self, wrapper: Any, connectors: dict[str, Connector]) -> None:
        self._wrapper = wrapper
        self._connectors = connectors
        self._slots: dict[str, Callable[..., None]] = {}
        self._writing = False
        for name, one in connectors.items():
            one.write(getattr(wrapper, name))
        for name, one in connectors.items():
            self._slots[name] = self._slot(name, one)
            one.listen(self._slots[name])
        self._tag = wrapper.parameterNode.AddObserver("ModifiedEvent", lambda *_: self._show())

    def disconnect(self) -> None:
        self._wrapper.parameterNode.RemoveObserver(self._tag)
        for name, one in self._connectors.items():
            one.ignore(self._slots[name])

    def _slot(self, name: str, one: Connector) -> Callable[..., None]:
        def take(*_: Any) -> None:
            if not self._writing:
                setattr(self._wrapper, name, one.read())

        return take

    def _show(self) -> None:
        if self._writing:
            return
        self._writing = True
        try:
            for name, one in self._connectors.items():
                value = getattr(self._wrapper, name)
                if one.read() != value:  # writing moves the cursor in a text field
                    one.write(value)
        finally:
            self._writing = False


class _Wrapper:
    """What every wrapper class has."""

    allParameters: dict[str, _Parameter]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._guis: dict[int, _Gui] = {}
        self._next_tag = 0
        for parameter in self.allParameters.values():
            if not parameter.storage.is_in(parameterNode, parameter.name):
                parameter.__set__(self, parameter.default)

    def connectGui(self, gui: Any) -> int:
        """Connect the widgets with a ``SlicerParameterName``: a widget's children, or an object's attributes."""
        widgets = gui.findChildren() if hasattr(gui, "findChildren") else list(vars(gui).values())
        named = {widget.property(_PROPERTY_NAME): widget for widget in widgets if hasattr(widget, "property")}
        return self.connectParametersToGui({name: widget for name, widget in named.items() if name})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Connect parameters, by name, with widgets; returns a tag for ``disconnectGui``."""
        connectors = {name: connector(widget, self._parameter(name).annotated) for name, widget in mapping.items()}
        tag = self._next_tag
        self._next_tag += 1
        self._guis[tag] = _Gui(self, connectors)
        return tag

    def disconnectGui(self, tag: int) -> None:
        """Undo ``connectGui``."""
        gui = self._guis.pop(tag, None)
        if gui is not None:
            gui.disconnect()

    def getValue(self, name: str) -> Any:
        self._parameter(name)
        return getattr(self, name)

    def setValue(self, name: str, value: Any) -> None:
        self._parameter(name)
        setattr(self, name, value)

    def default(self, name: str) -> Default:
        return Default(self._parameter(name).default)

    @classmethod
    def dataType(cls, name: str) -> Any:
        return cls._parameter(name).annotated

    @classmethod
    def _parameter(cls, name: str) -> _Parameter:
        if name not in cls.allParameters:
            raise ValueError(f"there is no parameter {name}; there are {', '.join(cls.allParameters)}")
        return cls.allParameters[name]

    def StartModify(self) -> int:
        return int(self.parameterNode.StartModify())

    def EndModify(self, wasModified: int) -> int:
        return int(self.parameterNode.EndModify(wasModified))

    def AddObserver(self, event: Any, callback: Callable[..., Any], priority: float = 0.0) -> int:
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()


def parameterNodeWrapper(kind: type | None = None) -> Any:
    """Make of a class with typed members one whose members live in a vtkMRMLScriptedModuleNode."""
    if kind is None:
        return parameterNodeWrapper
    parameters = {}
    for name, annotated in get_type_hints(kind, include_extras=True).items():
        equals = (getattr(kind, name),) if hasattr(kind, name) else ()
        parameters[name] = _Parameter(name, annotated, equals)
    body = {name: value for name, value in vars(kind).items() if name not in ("__dict__", "__weakref__")}
    return type(kind.__name__, (_Wrapper, *kind.__bases__), {**body, **parameters, "allParameters": parameters})


def isParameterNodeWrapper(value: Any) -> bool:
    """Whether this is such a class or an object of one."""
    return isinstance(value, _Wrapper) or (isinstance(value, type) and issubclass(value, _Wrapper))

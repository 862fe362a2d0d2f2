"""Slicer's MRML widgets that the panel's .ui file names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from .pythonqt import pythonqt_class
from .ui_files import register_widget

_CREATE = "Create new "
_DELETE = "Delete current "


class qMRMLWidget(QWidget):
    """A widget that knows the scene and tells its children when it changes."""

    mrmlSceneChanged = Signal(object)
    cpp_signals = ("mrmlSceneChanged(vtkMRMLScene*)",)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


class _Observations:
    """VTK observers that go together."""

    def __init__(self) -> None:
        self._tags: list[tuple[Any, int]] = []

    def add(self, subject: Any, event: Any, slot: Callable[[], None]) -> None:
        """Call the slot at each such event."""
        self._tags.append((subject, subject.AddObserver(event, lambda *_: slot())))

    def remove(self, *_: Any) -> None:
        """All of them."""
        for subject, tag in self._tags:
            subject.RemoveObserver(tag)
        self._tags = []


class _NodeFilter:
    """The part of qMRMLSortFilterProxyModel that panels use."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._hidden: tuple[str, ...] = ()

    @property
    def hiddenNodeIDs(self) -> tuple[str, ...]:
        """Nodes that cannot be chosen."""
        return self._hidden

    @hiddenNodeIDs.setter
    def hiddenNodeIDs(self, identifiers: Iterable[str]) -> None:
        if tuple(identifiers) != self._hidden:
            self._hidden = tuple(identifiers)
            self._changed()


class qMRMLNodeComboBox(QWidget):
    """Chooses a node of the scene among those of some classes."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAddedByUser = Signal(object)
    nodeAdded = Signal(object)
    cpp_signals = (
        "currentNodeChanged(vtkMRMLNode*)",
        "currentNodeChanged(bool)",
        "nodeAddedByUser(vtkMRMLNode*)",
        "nodeAdded(vtkMRMLNode*)",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = QComboBox(self)
        self._combo.setMinimumContentsLength(8)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self.setFocusProxy(self._combo)
        self._scene: Any = None
        self._scene_observations = _Observations()
        self._node_observations = _Observations()
        # VTK knows nothing of the life of a Qt object.
        for observations in (self._scene_observations, self._node_observations):
            self.destroyed.connect(observations.remove)
        self._current: Any = None
        self._attributes: list[tuple[str, str, str | None]] = []
        self._settings: dict[str, Any] = {
            "nodeTypes": [],
            "noneEnabled": False,
            "addEnabled": True,
            "removeEnabled": True,
            "renameEnabled": False,
            "editEnabled": False,
            "showHidden": False,
            "showChildNodeTypes": True,
            "selectNodeUponCreation": False,
            "noneDisplay": "",
            "baseName": "",
        }
        self._filter = _NodeFilter(self._update)
        self._combo.activated.connect(self._on_activated)

    # --- Scene ---------------------------------------------------------------------------------------------------

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene_observations.remove()
        self._scene = scene
        if scene is not None:
            for event in (
                scene.NodeAddedEvent,
                scene.NodeRemovedEvent,
                scene.EndBatchProcessEvent,
                scene.EndCloseEvent,
                scene.EndImportEvent,
            ):
                self._scene_observations.add(scene, event, self._update)
        self._update()

    def nodes(self) -> list[Any]:
        """The nodes to choose from, in the order of the scene."""
        if self._scene is None:
            return []
        types = self._settings["nodeTypes"]
        # A list asks often, and the scene looks faster for one class than this does.
        every = self._scene.GetNodesByClass(types[0] if len(types) == 1 else "vtkMRMLNode")
        every.UnRegister(None)
        return [node for node in every if self._shows(node)]

    def sortFilterProxyModel(self) -> _NodeFilter:
        return self._filter

    def nodeCount(self) -> int:
        return len(self.nodes())

    def nodeFromIndex(self, index: int) -> Any:
        nodes = self.nodes()
        return nodes[index] if 0 <= index < len(nodes) else None

    def addAttribute(self, node_type: str, attribute: str, value: Any = None) -> None:
        """Show nodes of that class only if they have the attribute (with that value)."""
        self._attributes.append((node_type, attribute, None if value is None else str(value)))
        self._update()

    def _shows(self, node: Any) -> bool:
        types = self._settings["nodeTypes"]
        if self._settings["showChildNodeTypes"]:
            fits = any(node.IsA(name) for name in types)
        else:
            fits = node.GetClassName() in types
        if not fits or node.GetID() in self._filter.hiddenNodeIDs:
            return False
        if node.GetHideFromEditors() and not self._settings["showHidden"]:
            return False
        for node_type, attribute, value in self._attributes:
            if node.IsA(node_type):
                has = node.GetAttribute(attribute)
                if has is None or (value is not None and has != value):
                    return False
        return True

    # --- Choice --------------------------------------------------------------------------------------------------

    def currentNode(self) -> Any:
        return self._current

    def setCurrentNode(self, node: Any) -> None:
        if isinstance(node, str):
            self.setCurrentNodeID(node)
            return
        chosen = node if node is not None and any(one is node for one in self.nodes()) else None
        if chosen is None and not self._settings["noneEnabled"] and node is not None:
            return
        self._choose(chosen)

    def setCurrentNodeID(self, identifier: str | None) -> None:
        self.setCurrentNode(self._scene.GetNodeByID(identifier) if self._scene is not None and identifier else None)

    def _get_id(self) -> str:
        return "" if self._current is None else str(self._current.GetID())

    currentNodeID = Property(str, _get_id, setCurrentNodeID)

    def addNode(self, node_type: str = "") -> Any:
        """Make a node, as *Create new* in the list does."""
        kind = node_type or self._settings["nodeTypes"][0]
        name = self._settings["baseName"]
        node = self._scene.AddNewNodeByClass(kind, name) if name else self._scene.AddNewNodeByClass(kind)
        self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _choose(self, node: Any) -> None:
        changed = node is not self._current
        self._current = node
        self._list()
        if changed:
            self.currentNodeChanged.emit(node)
            self.currentNodeIDChanged.emit(self._get_id())

    def _update(self) -> None:
        """After any change of scene or settings."""
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        self._observe_names()
        nodes = self.nodes()
        current = self._current if any(one is self._current for one in nodes) else None
        if current is None and not self._settings["noneEnabled"] and nodes:
            current = nodes[0]
        self._choose(current)

    def _observe_names(self) -> None:
        self._node_observations.remove()
        for node in self.nodes():
            self._node_observations.add(node, "ModifiedEvent", self._list)

    def _list(self) -> None:
        """Fill the drop-down list; silent."""
        entries: list[tuple[str, Any]] = []
        nodes = self.nodes()
        if self._settings["noneEnabled"] or not nodes:
            entries.append((self._settings["noneDisplay"] or "None", ""))
        entries += [(node.GetName() or node.GetID(), node.GetID()) for node in nodes]
        shown = [(self._combo.itemText(index), self._combo.itemData(index)) for index in range(self._combo.count())]
        noun = self._noun()
        actions = []
        if self._settings["addEnabled"]:
            actions.append((f"{_CREATE}{noun}", _CREATE))
        if self._settings["removeEnabled"] and self._current is not None:
            actions.append((f"{_DELETE}{noun}", _DELETE))
        if shown != entries + actions:
            self._combo.clear()
            for text, identifier in entries + actions:
                self._combo.addItem(text, identifier)
        self._combo.setCurrentIndex(max(0, self._combo.findData(self._get_id())))

    def _noun(self) -> str:
        types = self._settings["nodeTypes"]
        node = self._scene.CreateNodeByClass(types[0]) if self._scene is not None and types else None
        if node is None:
            return "node"
        node.UnRegister(None)
        return str(node.GetNodeTagName())

    def _on_activated(self, index: int) -> None:
        chosen = self._combo.itemData(index)
        if chosen == _CREATE:
            self.addNode()
        elif chosen == _DELETE:
            self._scene.RemoveNode(self._current)
        else:
            self._choose(self._scene.GetNodeByID(chosen) if chosen else None)

    def _setting(name: str, kind: Any) -> Any:  # type: ignore[misc]
        def get(self: qMRMLNodeComboBox) -> Any:
            return self._settings[name]

        def put(self: qMRMLNodeComboBox, value: Any) -> None:
            self._settings[name] = list(value) if kind == "QStringList" else value
            self._update()

        return Property(kind, get, put)

    nodeTypes = _setting("nodeTypes", "QStringList")
    noneEnabled = _setting("noneEnabled", bool)
    addEnabled = _setting("addEnabled", bool)
    removeEnabled = _setting("removeEnabled", bool)
    renameEnabled = _setting("renameEnabled", bool)
    editEnabled = _setting("editEnabled", bool)
    showHidden = _setting("showHidden", bool)
    showChildNodeTypes = _setting("showChildNodeTypes", bool)
    selectNodeUponCreation = _setting("selectNodeUponCreation", bool)
    noneDisplay = _setting("noneDisplay", str)
    baseName = _setting("baseName", str)


def install_qmrml() -> None:
    """Put the widgets into ``slicer`` and let .ui files name them."""
    for widget in (qMRMLWidget, qMRMLNodeComboBox):
        setattr(slicer, widget.__name__, register_widget(pythonqt_class(widget, "slicer")))

""".ui files of Qt Designer, read with the classes of PythonQt."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject
from PySide6.QtGui import QAction
from PySide6.QtUiTools import QUiLoader as PySideUiLoader
from PySide6.QtWidgets import QLayout, QWidget

from .pythonqt import qt_class
from .signals import find_signal

_custom_widgets: dict[str, type] = {}


def register_widget(kind: type) -> type:
    """Let .ui files name this widget; returns it."""
    _custom_widgets[kind.__name__] = kind
    return kind


class QUiLoader(PySideUiLoader):
    """Makes widgets of PythonQt's kind, and connects signals of widgets that are written in Python."""

    def createWidget(self, class_name: str, parent: QWidget | None = None, name: str = "") -> QWidget:
        kind = _custom_widgets.get(class_name)
        if kind is None:
            kind = qt_class("QFrame" if class_name == "Line" else class_name)
        widget: QWidget = kind(parent)
        widget.setObjectName(name)
        if class_name == "Line":
            return super().createWidget(class_name, parent, name)
        return widget

    def createLayout(self, class_name: str, parent: QObject | None = None, name: str = "") -> QLayout:
        layout: QLayout = qt_class(class_name)(parent) if isinstance(parent, QWidget) else qt_class(class_name)()
        layout.setObjectName(name)
        return layout

    def createAction(self, parent: QObject | None = None, name: str = "") -> QAction:
        action: QAction = qt_class("QAction")(parent)
        action.setObjectName(name)
        return action

    def load(self, device: Any, parentWidget: QWidget | None = None) -> Any:
        """The root widget of a .ui file, or None."""
        document = ElementTree.fromstring(bytes(device.readAll().data()))
        connections = document.find("connections")
        wanted = [] if connections is None else [_texts(one) for one in connections]
        if connections is not None:
            document.remove(connections)  # Qt knows no signals with types such as vtkMRMLScene*
        buffer = QBuffer()
        buffer.setData(QByteArray(ElementTree.tostring(document)))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        root: Any = super().load(buffer, parentWidget)
        if root is None:
            return None
        objects = {QObject.objectName(child): child for child in QObject.findChildren(root, QObject)}
        objects[QObject.objectName(root)] = root
        for one in wanted:
            signal = find_signal(objects[one["sender"]], one["signal"])
            slot = getattr(objects[one["receiver"]], one["slot"].partition("(")[0], None)
            if signal is None or slot is None:
                raise RuntimeError(f"the .ui file connects {one}, which does not exist")
            signal.connect(slot)
        return root


def _texts(connection: ElementTree.Element) -> dict[str, str]:
    return {part.tag: (part.text or "") for part in connection if part.tag != "hints"}

"""Parameters and widgets: how a widget's value is read, written, and heard of."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ctk
import qt
import slicer

from .annotations import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange, split


@dataclass(frozen=True)
class Connector:
    """One widget for one parameter.

    Parameters
    ----------
    widget
        The widget.
    signals
        Signatures of the signals that tell of a change.
    read, write
        The widget's value.
    """

    widget: Any
    signals: tuple[str, ...]
    read: Callable[[], Any]
    write: Callable[[Any], None]

    def listen(self, slot: Callable[..., Any]) -> None:
        """Call the slot on every change."""
        for signal in self.signals:
            self.widget.connect(signal, slot)

    def ignore(self, slot: Callable[..., Any]) -> None:
        """Undo ``listen``."""
        for signal in self.signals:
            self.widget.disconnect(signal, slot)


def connector(widget: Any, annotated: Any) -> Connector:
    """The connector of a widget to a parameter of that type.

    Raises
    ------
    RuntimeError
        If 3D Slicer has none for the two either, or the panel has not used it so far.
    """
    kind, annotations = split(annotated)
    widget_kind = type(widget)
    if kind is bool and widget_kind in (qt.QCheckBox, qt.QPushButton):
        signal = "stateChanged(int)" if widget_kind is qt.QCheckBox else "toggled(bool)"
        return _attribute(widget, "checked", signal)
    if kind in (int, float) and widget_kind in (qt.QSlider, qt.QSpinBox, qt.QDoubleSpinBox, ctk.ctkSliderWidget):
        _set_up_number(widget, annotations)
        whole = widget_kind in (qt.QSlider, qt.QSpinBox)
        return _attribute(widget, "value", "valueChanged(int)" if whole else "valueChanged(double)", kind)
    if widget_kind is qt.QComboBox:
        return _combo_box(widget, kind, annotations)
    if kind is str and widget_kind is qt.QLineEdit:
        return _attribute(widget, "text", "textChanged(QString)")
    if kind is str and widget_kind is qt.QLabel:
        return Connector(widget, (), lambda: widget.text, widget.setText)
    if kind is str and widget_kind in (qt.QTextEdit, qt.QPlainTextEdit):
        return _attribute(widget, "plainText", "textChanged()")
    if isinstance(kind, type) and issubclass(kind, pathlib.PurePath) and widget_kind is qt.QLineEdit:
        made = _attribute(widget, "text", "textChanged(QString)", kind)
        return Connector(made.widget, made.signals, made.read, lambda path: made.write(str(path)))
    if widget_kind is slicer.qMRMLNodeComboBox:
        return Connector(widget, ("currentNodeChanged(vtkMRMLNode*)",), widget.currentNode, widget.setCurrentNode)
    raise RuntimeError(f"no connection between a {widget.className()} and a parameter of type {annotated}")


def _attribute(widget: Any, name: str, signal: str, kind: Callable[[Any], Any] | None = None) -> Connector:
    def read() -> Any:
        value = getattr(widget, name)
        return kind(value) if kind is not None else value

    return Connector(widget, (signal,), read, lambda value: setattr(widget, name, value))


def _set_up_number(widget: Any, annotations: tuple[Any, ...]) -> None:
    for one in annotations:
        if isinstance(one, WithinRange):
            widget.setRange(one.minimum, one.maximum)
        elif isinstance(one, Minimum):
            widget.setMinimum(one.minimum)
        elif isinstance(one, Maximum):
            widget.setMaximum(one.maximum)
        elif isinstance(one, SingleStep):
            widget.setSingleStep(one.value)
        elif isinstance(one, Decimals):
            widget.setDecimals(one.value)


def _combo_box(widget: Any, kind: Any, annotations: tuple[Any, ...]) -> Connector:
    """The texts are the choices themselves, as in Slicer: it fills the list anew."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        choices = list(kind)
        labels = [one.label() if hasattr(one, "label") else one.name for one in choices]
    else:
        choice = next((one for one in annotations if isinstance(one, Choice)), None)
        if choice is None:
            raise RuntimeError("a QComboBox needs the annotation Choice")
        choices = list(choice.choices)
        labels = [str(one) for one in choices]
    widget.clear()
    widget.addItems(labels)
    return Connector(
        widget,
        ("currentIndexChanged(int)",),
        lambda: choices[widget.currentIndex],
        lambda value: widget.setCurrentIndex(choices.index(value)),
    )

"""The module ``qt``: Qt's classes as PythonQt shows them, made when they are first asked for."""

from __future__ import annotations

import types
from typing import Any

from PySide6 import QtWidgets

from .pythonqt import pythonqt_class, qt_class
from .ui_files import QUiLoader


class _QtModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = qt_class(name)
        setattr(self, name, found)
        return found


def make_qt_module() -> types.ModuleType:
    """The module, for ``sys.modules``."""
    module = _QtModule("qt", "Qt as PythonQt shows it.")
    module.QUiLoader = QUiLoader  # type: ignore[attr-defined]
    module.QFileDialog = _file_dialog()  # type: ignore[attr-defined]
    return module


def _file_dialog() -> type:
    """PythonQt's QFileDialog: its static functions return the path alone, PySide6's add the filter."""
    dialog: Any = pythonqt_class(QtWidgets.QFileDialog)
    for name in ("getOpenFileName", "getSaveFileName", "getOpenFileNames"):
        setattr(dialog, name, staticmethod(_first_of(getattr(QtWidgets.QFileDialog, name))))
    made: type = dialog
    return made


def _first_of(function: Any) -> Any:
    def call(*values: Any, **named: Any) -> Any:
        return function(*values, **named)[0]

    return call

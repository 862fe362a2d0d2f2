"""``slicer.app``."""

from __future__ import annotations

import tempfile
from typing import Any

import qt
import slicer
from COVIDDetectLib import __version__
from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QApplication

from .compat.pythonqt import adopt, pythonqt_class


class _Application(QApplication):
    """The part of qSlicerApplication that panels use.

    Parameters
    ----------
    keep_settings
        Use the user's settings instead of fresh ones that are thrown away.
    testing
        As ``--testing`` of Slicer: message boxes of ``slicer.util`` are logged instead of shown.
    """

    startupCompleted = Signal()

    def __init__(self, keep_settings: bool, testing: bool) -> None:
        super().__init__(["COVIDDetect"])
        QApplication.setApplicationName("COVIDDetect")
        QApplication.setOrganizationName("COVIDDetect")
        QApplication.setApplicationVersion(__version__)
        QApplication.setStyle("Fusion")  # the style that follows light and dark on every system
        self._testing = testing
        self._folder = tempfile.TemporaryDirectory(prefix="coviddetect-viewer-", ignore_cleanup_errors=True)
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        if not keep_settings:
            QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, self._folder.name)
        self._parts: dict[str, Any] = {}

    def add(self, **parts: Any) -> None:
        """Hand over what was made after the application: core, layout, modules, files."""
        self._parts.update(parts)

    def layoutManager(self) -> Any:
        return self._parts.get("layout")

    def moduleManager(self) -> Any:
        return self._parts["modules"]

    def coreIOManager(self) -> Any:
        return self._parts["files"]

    ioManager = coreIOManager

    def applicationLogic(self) -> Any:
        return self._parts["core"].application_logic

    def mrmlScene(self) -> Any:
        return slicer.mrmlScene

    def userSettings(self) -> Any:
        return qt.QSettings()

    settings = userSettings

    def testingEnabled(self) -> bool:
        return self._testing

    def activeModalWidget(self) -> Any:  # type: ignore[override]
        return adopt(QApplication.activeModalWidget())

    def pauseRender(self) -> None:
        self.applicationLogic().PauseRender()

    def resumeRender(self) -> None:
        self.applicationLogic().ResumeRender()

    @property
    def temporaryPath(self) -> str:
        return self._folder.name


_PythonQtApplication = pythonqt_class(_Application, "slicer")


def make_application(keep_settings: bool, testing: bool) -> Any:
    """Make ``slicer.app``; there can be one in a process."""
    slicer.app = _PythonQtApplication(keep_settings, testing)
    return slicer.app

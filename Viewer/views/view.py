"""What slice views and the 3D view share: renderer, displayable managers, interaction."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..compat.pythonqt import pythonqt_class
from .render_widget import RenderWidget

_PythonQtRenderWidget = pythonqt_class(RenderWidget, "slicer")


class View(QWidget):
    """A render widget with displayable managers; method names as in qMRMLSliceView and ctkVTKAbstractView."""

    def __init__(self, factory: Any, managers: tuple[str, ...], style: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widget: Any = _PythonQtRenderWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._widget)
        self._renderer = vtk.vtkRenderer()
        self._widget.render_window.AddRenderer(self._renderer)
        for manager in managers:
            if not factory.IsDisplayableManagerRegistered(manager):
                factory.RegisterDisplayableManager(manager)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.Initialize(factory, self._renderer)
        self._managers.AddObserver("UpdateEvent", lambda *_: self._widget.schedule_render())
        self._style = style
        self._style.SetDisplayableManagers(self._managers)
        self._style.SetInteractor(self._widget.interactor)

    def VTKWidget(self) -> Any:
        """The widget that gets the mouse."""
        return self._widget

    def renderWindow(self) -> Any:
        return self._widget.render_window

    def renderer(self) -> Any:
        return self._renderer

    def interactor(self) -> Any:
        return self._widget.interactor

    def interactorStyle(self) -> Any:
        return self._style

    interactorObserver = interactorStyle

    def displayableManagerByClassName(self, name: str) -> Any:
        return self._managers.GetDisplayableManagerByClassName(name)

    def scheduleRender(self) -> None:
        self._widget.schedule_render()

    def forceRender(self) -> None:
        self._widget.force_render()
        self._widget.repaint()

    def setRenderPaused(self, paused: bool) -> None:
        if paused:
            self._widget.pause_render()
        else:
            self._widget.resume_render()

    def picture(self) -> QImage:
        """What is to be seen now."""
        picture: QImage = self._widget.picture()
        return picture

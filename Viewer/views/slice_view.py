"""A slice view: Slicer's slice logic, managers and interactor style round one picture."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtWidgets import QWidget

from ..scene import Core
from .corner_text import CornerText
from .slice_picture import SlicePicture
from .view import View

_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class SliceView(View):
    """Shows the slice of one vtkMRMLSliceNode.

    Parameters
    ----------
    core
        Scene and logics.
    name
        Layout name: Red, Yellow or Green.
    """

    def __init__(self, core: Core, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(),
            _MANAGERS,
            slicer.vtkMRMLSliceViewInteractorStyle(),
            parent,
        )
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        overlay = vtk.vtkRenderer()
        overlay.SetLayer(1)
        overlay.GetActiveCamera().ParallelProjectionOn()
        # Some managers have asked for layers of their own by now.
        self.renderWindow().SetNumberOfLayers(max(2, self.renderWindow().GetNumberOfLayers()))
        self.renderWindow().AddRenderer(overlay)

        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(core.application_logic)
        core.application_logic.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(core.scene)
        self.node = self.logic.AddSliceNode(name)
        self.logic.SetDisplayableManagerGroup(self._managers)
        self._managers.SetMRMLDisplayableNode(self.node)
        self._style.SetSliceLogic(self.logic)

        self._picture = SlicePicture(self._renderer)
        self._corners = CornerText(self.logic, overlay)
        self._connection: Any = None
        self.logic.AddObserver("ModifiedEvent", lambda *_: self._update_picture())
        self.node.AddObserver("ModifiedEvent", lambda *_: self.scheduleRender())
        self.renderWindow().AddObserver("WindowResizeEvent", lambda *_: self.fit_node_to_window())
        self.fit_node_to_window()

    def mrmlSliceNode(self) -> Any:
        return self.node

    def _update_picture(self) -> None:
        connection = self.logic.GetImageDataConnection()
        if connection is not self._connection:
            self._connection = connection
            self._picture.show(connection)
        self._corners.refresh()
        self.scheduleRender()

    def fit_node_to_window(self) -> None:
        """Tell the slice node how large the window is."""
        width, height = self.renderWindow().GetSize()
        if width > 1 and height > 1:
            self.logic.ResizeSliceNode(width, height)

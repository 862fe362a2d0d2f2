"""The 3D view."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtWidgets import QWidget

from ..scene import Core
from .view import View

_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class ThreeDView(View):
    """Shows models, segments and slices of the scene in space."""

    def __init__(self, core: Core, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(),
            _MANAGERS,
            slicer.vtkMRMLThreeDViewInteractorStyle(),
            parent,
        )
        self._renderer.SetUseDepthPeeling(True)
        self._renderer.GradientBackgroundOn()
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(core.application_logic)
        core.application_logic.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(core.scene)
        self.node = self.logic.AddViewNode(name)
        self._managers.SetMRMLDisplayableNode(self.node)

    def mrmlViewNode(self) -> Any:
        return self.node

    def cameraNode(self) -> Any:
        manager = self.displayableManagerByClassName("vtkMRMLCameraDisplayableManager")
        return manager.GetCameraNode()

    def resetFocalPoint(self) -> None:
        """Center what is there, seen from the front; the box round it does not count."""
        changing = self.node.StartModify()
        box, labels = self.node.GetBoxVisible(), self.node.GetAxisLabelsVisible()
        self.node.SetBoxVisible(False)
        self.node.SetAxisLabelsVisible(False)
        self.node.EndModify(changing)
        anything = vtk.vtkMath.AreBoundsInitialized(self._renderer.ComputeVisiblePropBounds())
        if anything:
            self._renderer.ResetCamera()
        changing = self.node.StartModify()
        self.node.SetBoxVisible(box)
        self.node.SetAxisLabelsVisible(labels)
        self.node.EndModify(changing)
        self.node.InvokeEvent(slicer.vtkMRMLViewNode.ResetFocalPointRequestedEvent)
        if not anything:
            self._renderer.ResetCamera()
        self._renderer.ResetCameraClippingRange()
        self.scheduleRender()

"""The image of a slice logic as the backmost prop of a renderer."""

from __future__ import annotations

from typing import Any

import vtk


class SlicePicture:
    """Shows a slice logic's blended image pixel by pixel.

    CTK's light box, which does this in Slicer, is not part of slicer-core. The image that arrives has been windowed
    and colored already: RGBA, 0 to 255.
    """

    def __init__(self, renderer: Any) -> None:
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()
        self._actor.VisibilityOff()
        renderer.AddViewProp(self._actor)

    def show(self, connection: Any) -> None:
        """Show what comes from this vtkAlgorithmOutput; None: nothing."""
        self._mapper.SetInputConnection(connection)
        self._actor.SetVisibility(connection is not None)

"""Text in the corners of a slice view: what is shown, and in which window."""

from __future__ import annotations

from typing import Any

import vtk

_UPPER_LEFT, _LOWER_LEFT = 2, 0
"""Corners in vtkCornerAnnotation's order."""


class CornerText:
    """Names of the volumes in the lower left corner, window and level of the background in the upper left.

    Parameters
    ----------
    logic
        The vtkMRMLSliceLogic of the view.
    renderer
        Of the view's overlay.
    """

    def __init__(self, logic: Any, renderer: Any) -> None:
        self._logic = logic
        self._actor = vtk.vtkCornerAnnotation()
        self._actor.SetMaximumFontSize(14)
        self._actor.SetMinimumFontSize(10)
        self._actor.SetNonlinearFontScaleFactor(0.25)
        self._actor.GetTextProperty().ShadowOn()
        renderer.AddViewProp(self._actor)
        self._shown = ("", "")

    def refresh(self) -> None:
        """Show the logic's present state."""
        layers = (("B", self._logic.GetBackgroundLayer()), ("F", self._logic.GetForegroundLayer()))
        volumes = [(letter, layer.GetVolumeNode()) for letter, layer in layers if layer is not None]
        names = "\n".join(f"{letter}: {volume.GetName()}" for letter, volume in volumes if volume is not None)
        background = volumes[0][1] if volumes else None
        display = background.GetDisplayNode() if background is not None else None
        window = ""
        if display is not None and display.IsA("vtkMRMLScalarVolumeDisplayNode"):
            window = f"W {display.GetWindow():.0f}  L {display.GetLevel():.0f}"
        if (names, window) != self._shown:
            self._shown = (names, window)
            self._actor.SetText(_LOWER_LEFT, names)
            self._actor.SetText(_UPPER_LEFT, window)

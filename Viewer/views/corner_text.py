"""Text at the borders of a slice view: what is shown, in which window, and which way the patient lies."""

from __future__ import annotations

from typing import Any

import vtk

_LOWER_LEFT, _UPPER_LEFT, _LOWER, _RIGHT, _LEFT, _UPPER = 0, 2, 4, 5, 6, 7
"""Corners and edges in vtkCornerAnnotation's order."""
_TOWARDS = (("L", "R"), ("P", "A"), ("I", "S"))
"""What lies towards smaller and towards larger R, A and S."""


class CornerText:
    """Names of the volumes in the lower left corner, window and level in the upper left, the patient at the edges.

    Parameters
    ----------
    logic
        The vtkMRMLSliceLogic of the view.
    renderer
        Of the view's overlay.
    """

    def __init__(self, logic: Any, renderer: Any) -> None:
        self._logic = logic
        # Two, because the longest text of one decides the size of all.
        self._corners, self._edges = _annotation(renderer), _annotation(renderer)
        self._shown: tuple[str, ...] = ()

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
        sides = self._sides() if background is not None else ("", "", "", "")
        if (names, window, *sides) != self._shown:
            self._shown = (names, window, *sides)
            self._corners.SetText(_LOWER_LEFT, names)
            self._corners.SetText(_UPPER_LEFT, window)
            for place, letter in zip((_LEFT, _RIGHT, _LOWER, _UPPER), sides, strict=True):
                self._edges.SetText(place, letter)

    def _sides(self) -> tuple[str, str, str, str]:
        """Letters of the left, right, lower and upper edge."""
        matrix = self._logic.GetSliceNode().GetSliceToRAS()
        letters: list[str] = []
        for axis in (0, 1):
            along = [matrix.GetElement(row, axis) for row in range(3)]
            main = max(range(3), key=lambda row: abs(along[row]))
            towards = _TOWARDS[main]
            letters += towards if along[main] > 0 else towards[::-1]
        return letters[0], letters[1], letters[2], letters[3]


def _annotation(renderer: Any) -> Any:
    actor = vtk.vtkCornerAnnotation()
    actor.SetMaximumFontSize(14)
    actor.SetMinimumFontSize(10)
    actor.SetNonlinearFontScaleFactor(0.25)
    actor.GetTextProperty().ShadowOn()
    renderer.AddViewProp(actor)
    return actor

"""Text at the borders of a slice view: what is shown, in which window, and which way the patient lies."""

from __future__ import annotations

from typing import Any

import vtk

_LOWER_LEFT, _UPPER_LEFT, _LOWER, _RIGHT, _LEFT, _UPPER = 0, 2, 4, 5, 6, 7
"""Corners and edges in vtkCornerAnnotation's order."""
_TOWARDS = (("L", "R"), ("P", "A"), ("I", "S"))
"""What lies towards smaller and towards larger R, A and S."""
_LARGEST_PX, _LETTER_PX, _CHARACTER = 14, 24, 0.6
"""Of the text, of the letter in the middle of the lower edge; the width of a character as a share of its height."""


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
        room = self._logic.GetSliceNode().GetDimensions()[0] / 2 - _LETTER_PX
        named = [f"{letter}: {volume.GetName()}" for letter, volume in reversed(volumes) if volume is not None]
        names = "\n".join(shortened(name, int(room / (_LARGEST_PX * _CHARACTER))) for name in named)
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


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, cut in the middle as Slicer does: its end tells one map from another."""
    if len(text) <= max(most, 5):
        return text
    head = max(most, 5) // 2
    return f"{text[:head]}…{text[len(text) - max(most, 5) + head + 1 :]}"


def _annotation(renderer: Any) -> Any:
    actor = vtk.vtkCornerAnnotation()
    actor.SetMaximumFontSize(_LARGEST_PX)
    actor.SetMinimumFontSize(10)
    actor.SetNonlinearFontScaleFactor(0.25)
    actor.GetTextProperty().ShadowOn()
    renderer.AddViewProp(actor)
    return actor

"""The number of each hot region, written next to its hottest point in the slice views."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any

import numpy as np
import slicer
import vtk

from .state import PanelState

_FONT_SIZE, _OFFSET = 14, 7
"""Of Slicer's corner text, and pixels between the hottest point and the number."""


class RegionNumbers:
    """Text in the views and no markups: nothing of it lies in the scene, is saved, or can be moved by accident."""

    def __init__(self) -> None:
        self._regions: tuple[Mapping[str, Any], ...] = ()
        self._views: tuple[str, ...] = ()
        self._actors: dict[str, list[vtk.vtkTextActor]] = {}

    def show(self, new: PanelState, old: PanelState) -> None:
        """Number the regions where the heat map is seen: over its own CT, and not while the mask is edited."""
        is_shown = new.result is not None and new.look is not None and new.look.visible and not new.editing
        ct_id = new.ct.GetID() if new.ct is not None else ""
        views = [view for view, volumes in new.volumes.items() if volumes[0] == ct_id] if is_shown else []
        if (tuple(new.regions), tuple(views)) != (self._regions, self._views):
            self._regions, self._views = tuple(new.regions), tuple(views)
            for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
                self.place(view)

    def place(self, view: slicer.vtkMRMLSliceNode) -> None:
        """Write the numbers of the regions that a view cuts through; called whenever its slice changes."""
        numbers = self._numbers_in(view)
        actors = self._actors.get(view.GetName(), [])
        if not numbers and not any(actor.GetVisibility() for actor in actors):
            return
        widget = slicer.app.layoutManager().sliceWidget(view.GetLayoutName())
        if widget is None:
            return
        renderer = widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer()
        while len(actors) < len(numbers):
            actors.append(_text())
            renderer.AddViewProp(actors[-1])
        self._actors[view.GetName()] = actors
        for actor in actors[len(numbers) :]:
            actor.SetVisibility(False)
        for actor, (number, x, y) in zip(actors, numbers, strict=False):
            actor.SetInput(number)
            actor.SetPosition(x + _OFFSET, y + _OFFSET)
            actor.SetVisibility(True)
        widget.sliceView().scheduleRender()

    def seen_in(self, name: str) -> list[str]:
        """The numbers that are written in a view."""
        return [actor.GetInput() for actor in self._actors.get(name, ()) if actor.GetVisibility()]

    def _numbers_in(self, view: slicer.vtkMRMLSliceNode) -> list[tuple[str, float, float]]:
        """Number and place, in pixels of the view, of each region that its slice cuts through."""
        if view.GetID() not in self._views:
            return []
        to_ras = slicer.util.arrayFromVTKMatrix(view.GetXYToRAS())
        from_ras, across = np.linalg.inv(to_ras), to_ras[:3, 2]
        found = []
        for region in self._regions:
            left, posterior, superior = region["peak_lps"]
            x, y, slices = (from_ras @ [-left, -posterior, superior, 1.0])[:3]
            # As if it were a ball.
            radius_mm = (3 * 1000 * region["volume_ml"] / (4 * pi)) ** (1 / 3)
            if abs(slices) * np.linalg.norm(across) <= max(radius_mm, np.linalg.norm(across) / 2):
                found.append((str(region["rank"]), float(x), float(y)))
        return found


def _text() -> vtk.vtkTextActor:
    actor = vtk.vtkTextActor()
    look = actor.GetTextProperty()
    look.SetFontSize(_FONT_SIZE)
    look.SetColor(1.0, 1.0, 1.0)
    look.BoldOn()
    look.SetBackgroundColor(0.0, 0.0, 0.0)  # in a lung window all but the lungs is white too
    look.SetBackgroundOpacity(0.6)
    actor.SetPickable(False)
    return actor

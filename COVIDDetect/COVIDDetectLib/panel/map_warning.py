"""What a hatched heat map means, in words in the slice views that show it."""

from __future__ import annotations

from textwrap import fill

import slicer
import vtk
from slicer.i18n import tr as _

from .state import PanelState
from .words import in_users_language

_FONT_SIZE, _LETTERS_A_LINE = 13, 44
_CENTER, _TOP = 0.5, 0.97
"""Shares of the view: between the corners that Slicer writes in."""
_COLOR = (1.0, 0.75, 0.35)


class MapWarning:
    """Text of our own: Slicer empties its corner annotation whenever it writes there itself."""

    def __init__(self) -> None:
        self._text = ""
        self._views: tuple[str, ...] = ()
        self._actors: dict[str, vtk.vtkTextActor] = {}

    def show(self, state: PanelState) -> None:
        """Say it where the heat map lies over its CT; nothing where it can be relied on."""
        result, text = state.result, ""
        views: tuple[str, ...] = ()
        checks = result.result.map_checks if result and state.look and state.look.visible else None
        if result is not None and checks is not None and checks.failed:
            hatched = _("Hatched heat map. {meaning}").format(meaning=in_users_language(checks.meaning))
            text = fill(hatched, _LETTERS_A_LINE)
            views = tuple(view for view, shown in state.volumes.items() if set(shown[1:]) & set(result.map_ids))
        if (text, views) == (self._text, self._views):
            return
        self._text, self._views = text, views
        for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            self._write(view, text if view.GetID() in views else "")

    def seen_in(self, name: str) -> str:
        """What is written in a view."""
        actor = self._actors.get(name)
        return actor.GetInput() if actor is not None and actor.GetVisibility() else ""

    def _write(self, view: slicer.vtkMRMLSliceNode, text: str) -> None:
        actor = self._actors.get(view.GetName())
        widget = slicer.app.layoutManager().sliceWidget(view.GetLayoutName())
        if widget is None or (actor is None and not text):
            return
        if actor is None:
            actor = self._actors[view.GetName()] = _actor()
            widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer().AddViewProp(actor)
        actor.SetInput(text)
        actor.SetVisibility(bool(text))
        widget.sliceView().scheduleRender()


def _actor() -> vtk.vtkTextActor:
    actor = vtk.vtkTextActor()
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(_CENTER, _TOP)
    look = actor.GetTextProperty()
    look.SetFontSize(_FONT_SIZE)
    look.SetColor(*_COLOR)
    look.SetJustificationToCentered()
    look.SetVerticalJustificationToTop()
    look.SetBackgroundColor(0.0, 0.0, 0.0)
    look.SetBackgroundOpacity(0.6)
    actor.SetPickable(False)
    return actor

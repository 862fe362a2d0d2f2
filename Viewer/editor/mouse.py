"""The mouse in the slice views, for the effect that is active."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from .effect import Effect

_PRIORITY = 10.0
"""Before the views' own styles, so that a stroke does not change window and level."""


class MouseObserver:
    """Hands mouse events of all slice views to the active effect.

    Parameters
    ----------
    active
        Returns the active effect, or None.
    """

    def __init__(self, active: Callable[[], Effect | None]) -> None:
        self._active = active
        self._tags: list[tuple[Any, int]] = []
        self._dragging = False

    @property
    def watching(self) -> bool:
        return bool(self._tags)

    def start(self) -> None:
        """Begin to listen."""
        if self._tags:
            return
        manager = slicer.app.layoutManager()
        for name in manager.sliceViewNames():
            view = manager.sliceWidget(name).sliceView()
            for event in (
                "LeftButtonPressEvent",
                "MouseMoveEvent",
                "LeftButtonReleaseEvent",
                "MouseWheelForwardEvent",
                "MouseWheelBackwardEvent",
                "LeaveEvent",
            ):
                self._observe(view, event)

    def stop(self) -> None:
        """Listen no more."""
        for interactor, tag in self._tags:
            interactor.RemoveObserver(tag)
        self._tags = []
        self._dragging = False

    def _observe(self, view: Any, event: str) -> None:
        interactor = view.interactor()
        tag = [0]

        def on_event(*_: Any) -> None:
            if self._handle(view, event):
                interactor.GetCommand(tag[0]).SetAbortFlag(1)

        tag[0] = interactor.AddObserver(event, on_event, _PRIORITY)
        self._tags.append((interactor, tag[0]))

    def _handle(self, view: Any, event: str) -> bool:
        """Whether the event was used."""
        effect = self._active()
        if effect is None or not effect.takes_mouse:
            return False
        interactor = view.interactor()
        if event == "LeftButtonPressEvent":
            if interactor.GetShiftKey() or interactor.GetControlKey() or not effect.session.ready:
                return False  # panning and the like stay with the view
            self._dragging = True
            effect.press(view)
            return True
        if event == "MouseMoveEvent":
            effect.move(view, self._dragging)
            return self._dragging
        if event == "LeftButtonReleaseEvent":
            if not self._dragging:
                return False
            self._dragging = False
            effect.release(view)
            return True
        if event == "LeaveEvent":
            effect.leave(view)
            return False
        return bool(interactor.GetShiftKey()) and effect.wheel(view, event == "MouseWheelForwardEvent")

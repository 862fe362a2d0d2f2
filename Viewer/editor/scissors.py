"""Scissors: what lies behind an outline is cut away, or filled, in all slices."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from .effect import ADD, REMOVE, Effect, mouse_xy, overlay_line, show_line
from .grid import inside_outline, matrix_of

_OPERATIONS = {
    "EraseInside": "Erase inside",
    "EraseOutside": "Erase outside",
    "FillInside": "Fill inside",
    "FillOutside": "Fill outside",
}


class Scissors(Effect):
    """An outline drawn by hand."""

    name = "Scissors"
    takes_mouse = True
    defaults = {"Operation": "EraseInside"}

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._points: list[tuple[int, int]] = []
        self._actor, self._data = overlay_line(1.5)

    def options(self) -> QWidget:
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        operation = QComboBox()
        for value, label in _OPERATIONS.items():
            operation.addItem(label, value)
        operation.setCurrentIndex(operation.findData(self.parameter("Operation")))
        operation.currentIndexChanged.connect(lambda: self.setParameter("Operation", operation.currentData()))
        form.addRow("Operation:", operation)
        return widget

    def press(self, view: Any) -> None:
        self._points = [mouse_xy(view)]
        view.renderer().AddViewProp(self._actor)

    def move(self, view: Any, dragging: bool) -> None:
        if dragging and self._points:
            self._points.append(mouse_xy(view))
            show_line(self._data, np.array(self._points), closed=True)
            view.scheduleRender()

    def release(self, view: Any) -> None:
        points, self._points = self._points, []
        show_line(self._data, np.empty((0, 2)), closed=False)
        view.renderer().RemoveViewProp(self._actor)
        if len(points) > 2 and self.session.ready:
            operation = self.parameter("Operation")
            ras_to_xy = np.linalg.inv(matrix_of(view.node.GetXYToRAS()))
            mask = inside_outline(self.blank(), np.array(points), ras_to_xy, view.renderWindow().GetSize())
            if operation.endswith("Outside"):
                mask = ~mask
            self.modify(mask, REMOVE if operation.startswith("Erase") else ADD)
        view.scheduleRender()

"""Paint and Erase."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QFormLayout, QWidget

from .effect import ADD, REMOVE, Effect, mouse_ras, mouse_xy, overlay_line, show_line, slice_plane
from .grid import near_stroke

_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 48)), np.sin(np.linspace(0, 2 * np.pi, 48))], axis=1)
_WHEEL_FACTOR = 1.2


class _Brush(Effect):
    """A disc in the slice, or a ball; the segment changes when the button is released."""

    takes_mouse = True
    defaults = {"BrushSphere": 0}
    common_defaults = {"BrushAbsoluteDiameter": 10.0}
    mode = ADD

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._stroke: list[np.ndarray] = []
        self._outline, self._outline_data = overlay_line(1.5)
        self._trace, self._trace_data = overlay_line(1.0)
        self._trace.GetProperty().SetOpacity(0.35)
        self._shown_in: Any = None
        self._trace_xy: list[tuple[int, int]] = []

    @property
    def radius_mm(self) -> float:
        """Of the brush."""
        return float(self.commonParameter("BrushAbsoluteDiameter")) / 2

    def options(self) -> QWidget:
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        diameter = QDoubleSpinBox()
        diameter.setRange(0.5, 200.0)
        diameter.setSuffix(" mm")
        diameter.setToolTip("Also by Shift and the mouse wheel in a slice view")
        diameter.setValue(2 * self.radius_mm)
        diameter.valueChanged.connect(lambda value: self.setCommonParameter("BrushAbsoluteDiameter", value))
        sphere = QCheckBox("Ball: paint in the neighboring slices, too")
        sphere.setChecked(bool(self.integerParameter("BrushSphere")))
        sphere.toggled.connect(lambda on: self.setParameter("BrushSphere", int(on)))
        form.addRow("Diameter:", diameter)
        form.addRow(sphere)
        return widget

    def press(self, view: Any) -> None:
        self._stroke = [mouse_ras(view)]
        self._trace_xy = [mouse_xy(view)]
        self.move(view, dragging=True)

    def move(self, view: Any, dragging: bool) -> None:
        if dragging and self._stroke:
            self._stroke.append(mouse_ras(view))
            self._trace_xy.append(mouse_xy(view))
        self._show_in(view)
        x, y = mouse_xy(view)
        radius = self._radius_pixels(view)
        show_line(self._outline_data, radius * _CIRCLE + (x, y), closed=True)
        self._trace.GetProperty().SetLineWidth(max(1.0, 2 * radius))
        show_line(self._trace_data, np.array(self._trace_xy if self._stroke else []).reshape(-1, 2), closed=False)
        view.scheduleRender()

    def release(self, view: Any) -> None:
        stroke, self._stroke, self._trace_xy = self._stroke, [], []
        if stroke and self.session.ready:
            plane = None if self.integerParameter("BrushSphere") else slice_plane(view)
            self.modify(near_stroke(self.blank(), np.array(stroke), self.radius_mm, plane), self.mode)
        self.move(view, dragging=False)

    def wheel(self, view: Any, forward: bool) -> bool:
        factor = _WHEEL_FACTOR if forward else 1 / _WHEEL_FACTOR
        self.setCommonParameter(
            "BrushAbsoluteDiameter", round(float(np.clip(2 * self.radius_mm * factor, 0.5, 200)), 2)
        )
        self.move(view, dragging=False)
        return True

    def leave(self, view: Any) -> None:
        if not self._stroke:
            self.deactivate()

    def deactivate(self) -> None:
        if self._shown_in is not None:
            for actor in (self._outline, self._trace):
                self._shown_in.renderer().RemoveViewProp(actor)
            self._shown_in.scheduleRender()
            self._shown_in = None

    def _show_in(self, view: Any) -> None:
        if view is self._shown_in:
            return
        self.deactivate()
        self._shown_in = view
        for actor in (self._trace, self._outline):
            view.renderer().AddViewProp(actor)

    def _radius_pixels(self, view: Any) -> float:
        width = view.renderWindow().GetSize()[0]
        return self.radius_mm * float(width) / float(view.node.GetFieldOfView()[0])


class Paint(_Brush):
    """Adds to the selected segment."""

    name = "Paint"
    mode = ADD


class Erase(_Brush):
    """Takes from the selected segment."""

    name = "Erase"
    mode = REMOVE

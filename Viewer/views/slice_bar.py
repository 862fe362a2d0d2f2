"""The bar above a slice view: the view's letter and color, its offset, and two buttons."""

from __future__ import annotations

from typing import Any

import vtk
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QStyle, QToolButton, QWidget


class SliceBar(QWidget):
    """Shows and sets the offset of a vtkMRMLSliceLogic."""

    maximize = Signal()

    def __init__(self, logic: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic = logic
        node = logic.GetSliceNode()
        red, green, blue = (round(255 * channel) for channel in node.GetLayoutColor())
        self.setObjectName("SliceBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(
            f"#SliceBar {{ background: rgb({red}, {green}, {blue}); }}"
            "#SliceBar QLabel { color: black; font-weight: bold; }"
            "#SliceBar QToolButton { border: none; color: black; }"
        )
        self._letter = QLabel(node.GetLayoutLabel(), self)
        self._letter.setToolTip(node.GetLayoutName())
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._offset = QDoubleSpinBox(self)
        self._offset.setSuffix(" mm")
        self._offset.setDecimals(1)
        self._offset.setKeyboardTracking(False)
        self._offset.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        fit = self._button("Fit slice", QStyle.StandardPixmap.SP_BrowserReload)
        larger = self._button("This view alone, or all views", QStyle.StandardPixmap.SP_TitleBarMaxButton)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 1, 4, 1)
        layout.setSpacing(5)
        layout.addWidget(self._letter)
        layout.addWidget(self._slider, 1)
        for widget in (self._offset, fit, larger):
            layout.addWidget(widget)
        self._slider.valueChanged.connect(self._on_slider)
        self._offset.valueChanged.connect(self._move_to)
        fit.clicked.connect(lambda: self._logic.FitSliceToBackground())
        larger.clicked.connect(lambda: self.maximize.emit())
        node.AddObserver("ModifiedEvent", lambda *_: self.refresh())
        logic.AddObserver("ModifiedEvent", lambda *_: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show the logic's offset and its range."""
        limits, resolution = [0.0, 0.0], vtk.reference(1.0)
        if not self._logic.GetSliceOffsetRangeResolution(limits, resolution):
            limits = [0.0, 0.0]
        step = float(resolution) or 1.0
        offset = self._logic.GetSliceOffset()
        for widget in (self._slider, self._offset):
            widget.blockSignals(True)
        self._slider.setRange(0, max(0, round((limits[1] - limits[0]) / step)))
        self._slider.setValue(round((offset - limits[0]) / step))
        self._offset.setRange(min(limits[0], offset), max(limits[1], offset))
        self._offset.setSingleStep(step)
        self._offset.setPrefix(f"{self._axis()}: ")
        self._offset.setValue(offset)
        for widget in (self._slider, self._offset):
            widget.blockSignals(False)
        self._start, self._step = limits[0], step

    def _axis(self) -> str:
        """The letter of the patient's side towards which the offset grows: S, L or A."""
        node = self._logic.GetSliceNode()
        normal = [node.GetSliceToRAS().GetElement(row, 2) for row in range(3)]
        return str(node.GetDirectionLabel(normal, True))

    def _on_slider(self, position: int) -> None:
        self._move_to(self._start + position * self._step)

    def _move_to(self, offset: float) -> None:
        self._logic.StartSliceOffsetInteraction()  # views that are linked follow
        self._logic.SetSliceOffset(offset)
        self._logic.EndSliceOffsetInteraction()

    def _button(self, tip: str, picture: QStyle.StandardPixmap) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(self.style().standardIcon(picture))
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

"""The module ``ctk``: the few widgets of the Common Toolkit that the panel uses."""

from __future__ import annotations

import types
from typing import Any

from PySide6.QtCore import Property, QChildEvent, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QDoubleSpinBox,
    QHBoxLayout,
    QMessageBox,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from .pythonqt import pythonqt_class
from .signals import BoundSignal
from .ui_files import register_widget

_SLIDER_STEPS = 10_000
"""A QSlider counts in integers; this many places lie between minimum and maximum."""


class ctkCollapsibleButton(QAbstractButton):
    """A header that folds away what lies in its layout."""

    contentsCollapsed = Signal(bool)

    def __init__(self, text: Any = "", parent: QWidget | None = None) -> None:
        super().__init__(parent if isinstance(text, str) else text)
        if isinstance(text, str):
            QAbstractButton.setText(self, text)
        self.setCheckable(True)
        QAbstractButton.setChecked(self, True)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self._hidden_here: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        BoundSignal(self, "toggled(bool)").connect(self._fold)

    def _get_collapsed(self) -> bool:
        return not QAbstractButton.isChecked(self)

    def _set_collapsed(self, collapsed: bool) -> None:
        QAbstractButton.setChecked(self, not collapsed)

    collapsed = Property(bool, _get_collapsed, _set_collapsed)

    def setCollapsed(self, collapsed: bool) -> None:
        """Fold or unfold."""
        QAbstractButton.setChecked(self, not collapsed)

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 10

    def _fold(self, shown: bool) -> None:
        if shown:
            self.setMaximumHeight(16_777_215)
            for child in self._hidden_here:
                child.show()
            self._hidden_here = []
        else:
            self.setMaximumHeight(self._header_height())
            children = [one for one in QWidget.children(self) if isinstance(one, QWidget) and not one.isHidden()]
            for child in children:
                child.hide()
            self._hidden_here = children
        self.updateGeometry()
        self.contentsCollapsed.emit(not shown)

    def childEvent(self, event: QChildEvent) -> None:
        child = event.child()
        late = event.type() == QEvent.Type.ChildPolished and not QAbstractButton.isChecked(self)
        if late and isinstance(child, QWidget) and not child.isHidden():
            child.hide()
            self._hidden_here.append(child)
        super().childEvent(event)

    def hitButton(self, position: QPoint) -> bool:
        return position.y() < self._header_height()

    def sizeHint(self) -> QSize:
        hint = QWidget.sizeHint(self)
        return QSize(max(hint.width(), 100), max(hint.height(), self._header_height()))

    def minimumSizeHint(self) -> QSize:
        hint = QWidget.minimumSizeHint(self)
        return QSize(hint.width(), max(hint.height(), self._header_height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        header = QRect(0, 0, QWidget.width(self), self._header_height())
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = header
        option.state |= QStyle.StateFlag.State_Raised
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelButtonCommand, option, painter, self)
        arrow = QStyleOptionButton()
        arrow.initFrom(self)
        arrow.rect = QRect(6, (header.height() - 10) // 2, 10, 10)
        element = QStyle.PrimitiveElement
        which = element.PE_IndicatorArrowDown if QAbstractButton.isChecked(self) else element.PE_IndicatorArrowRight
        self.style().drawPrimitive(which, arrow, painter, self)
        painter.drawText(
            header.adjusted(22, 0, -4, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            QAbstractButton.text(self),
        )


class ctkSliderWidget(QWidget):
    """A slider and a spin box for the same number."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    cpp_signals = ("valueChanged(double)", "valueIsChanging(double)")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, _SLIDER_STEPS)
        self._spin = QDoubleSpinBox(self)
        self._spin.setKeyboardTracking(False)
        self._tracking = True
        self._page_step = 10.0
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._set_range(0.0, 99.0)
        self._value = self._spin.value()
        self._spin.valueChanged.connect(self._on_spin)
        self._slider.valueChanged.connect(self._on_slider)
        self._slider.sliderReleased.connect(lambda: self.setValue(self._spin.value()))
        self.setFocusProxy(self._slider)

    def setValue(self, value: float) -> None:
        """Within the range; tells of a change."""
        self._show(value)
        new = self._spin.value()
        if new != self._value:
            self._value = new
            self.valueChanged.emit(new)

    def setMinimum(self, value: float) -> None:
        self._set_range(value, max(value, self._spin.maximum()))

    def setMaximum(self, value: float) -> None:
        self._set_range(min(value, self._spin.minimum()), value)

    def setRange(self, minimum: float, maximum: float) -> None:
        self._set_range(minimum, maximum)

    def setSingleStep(self, value: float) -> None:
        self._spin.setSingleStep(value)
        self._set_range(self._spin.minimum(), self._spin.maximum())

    def setPageStep(self, value: float) -> None:
        self._page_step = value
        self._set_range(self._spin.minimum(), self._spin.maximum())

    def setDecimals(self, value: int) -> None:
        self._spin.setDecimals(value)

    def setSuffix(self, value: str) -> None:
        self._spin.setSuffix(value)

    def setPrefix(self, value: str) -> None:
        self._spin.setPrefix(value)

    def setTracking(self, value: bool) -> None:
        self._tracking = value

    def setSpinBoxVisible(self, value: bool) -> None:
        self._spin.setVisible(value)

    value = Property(float, lambda self: self._value, setValue)
    minimum = Property(float, lambda self: self._spin.minimum(), setMinimum)
    maximum = Property(float, lambda self: self._spin.maximum(), setMaximum)
    singleStep = Property(float, lambda self: self._spin.singleStep(), setSingleStep)
    pageStep = Property(float, lambda self: self._page_step, setPageStep)
    decimals = Property(int, lambda self: self._spin.decimals(), setDecimals)
    suffix = Property(str, lambda self: self._spin.suffix(), setSuffix)
    prefix = Property(str, lambda self: self._spin.prefix(), setPrefix)
    tracking = Property(bool, lambda self: self._tracking, setTracking)
    spinBoxVisible = Property(bool, lambda self: not self._spin.isHidden(), setSpinBoxVisible)

    def _set_range(self, minimum: float, maximum: float) -> None:
        self._spin.setRange(minimum, maximum)
        span = max(maximum - minimum, 1e-12)
        self._slider.setSingleStep(max(1, round(_SLIDER_STEPS * self._spin.singleStep() / span)))
        self._slider.setPageStep(max(1, round(_SLIDER_STEPS * self._page_step / span)))
        self._show(self._spin.value())

    def _show(self, value: float) -> None:
        for widget in (self._spin, self._slider):
            widget.blockSignals(True)
        self._spin.setValue(value)
        span = self._spin.maximum() - self._spin.minimum()
        self._slider.setValue(round(_SLIDER_STEPS * (self._spin.value() - self._spin.minimum()) / span) if span else 0)
        for widget in (self._spin, self._slider):
            widget.blockSignals(False)

    def _on_spin(self, value: float) -> None:
        self.setValue(value)

    def _on_slider(self, position: int) -> None:
        step = self._spin.singleStep() or 1.0
        minimum = self._spin.minimum()
        value = minimum + position / _SLIDER_STEPS * (self._spin.maximum() - minimum)
        value = min(minimum + round((value - minimum) / step) * step, self._spin.maximum())
        self.valueIsChanging.emit(value)
        if self._tracking or not self._slider.isSliderDown():
            self.setValue(value)
        else:
            self._show(value)


def make_ctk_module() -> types.ModuleType:
    """The module, for ``sys.modules``."""
    module: Any = types.ModuleType("ctk", "Widgets of the Common Toolkit.")
    for widget in (ctkCollapsibleButton, ctkSliderWidget):
        setattr(module, widget.__name__, register_widget(pythonqt_class(widget, "ctk")))
    module.ctkMessageBox = pythonqt_class(QMessageBox)
    made: types.ModuleType = module
    return made

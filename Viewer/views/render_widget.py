"""A Qt widget that shows what VTK renders in memory, and hands mouse and keys to VTK.

VTK's own ``QVTKRenderWindowInteractor`` draws into a native window, which ``QWidget.grab`` leaves black, needs X11 on
Linux, and flickers among other widgets. Here the picture is read back and painted, a few milliseconds a view.
"""

from __future__ import annotations

from typing import Any

import vtk
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_BUTTONS = {
    Qt.MouseButton.LeftButton: "LeftButton",
    Qt.MouseButton.MiddleButton: "MiddleButton",
    Qt.MouseButton.RightButton: "RightButton",
}
_WHEEL_STEP = 120
"""Eighths of a degree in one notch of a mouse wheel, from Qt's documentation."""

_KEYS = {
    Qt.Key.Key_Left: "Left",
    Qt.Key.Key_Right: "Right",
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
    Qt.Key.Key_Space: "space",
    Qt.Key.Key_Return: "Return",
    Qt.Key.Key_Enter: "Return",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Backspace: "BackSpace",
    Qt.Key.Key_Shift: "Shift_L",
    Qt.Key.Key_Control: "Control_L",
    Qt.Key.Key_Plus: "plus",
    Qt.Key.Key_Minus: "minus",
}


class RenderWidget(QWidget):
    """One vtkRenderWindow with its interactor; renders when it is painted and something has changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.render_window = vtk.vtkRenderWindow()
        self.render_window.SetOffScreenRendering(1)
        self.render_window.SetMultiSamples(0)
        self.render_window.SetAlphaBitPlanes(1)
        self.interactor = vtk.vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.render_window)
        # The managers' style observes the interactor; a style of VTK's own must be set as well and does nothing.
        self.interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self.interactor.Initialize()
        self.interactor.AddObserver("RenderEvent", lambda *_: self.schedule_render())
        self._pixels = vtk.vtkUnsignedCharArray()
        self._picture = QImage()
        self._stale = True
        self._pause_count = 0
        self._wheel_rest = 0
        self._shift_is_down = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(40, 40)

    # --- Rendering -----------------------------------------------------------------------------------------------

    def schedule_render(self) -> None:
        """Render once when control returns to the event loop, however often this is called."""
        self._stale = True
        if self._pause_count == 0:
            self.update()

    def force_render(self) -> None:
        """Render now."""
        self._stale = False
        width, height = self.render_window.GetSize()
        if width < 2 or height < 2:
            return
        self.render_window.Render()
        self.render_window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._pixels)
        rgba = bytes(memoryview(self._pixels))
        self._picture = QImage(rgba, width, height, 4 * width, QImage.Format.Format_RGBX8888).flipped(
            Qt.Orientation.Vertical
        )
        self._picture.setDevicePixelRatio(self.devicePixelRatioF())

    def pause_render(self) -> None:
        """Show the last picture until ``resume_render`` was called as often."""
        self._pause_count += 1

    def resume_render(self) -> None:
        """The counterpart of ``pause_render``."""
        self._pause_count -= 1
        if self._pause_count == 0 and self._stale:
            self.update()

    def picture(self) -> QImage:
        """What is to be seen now."""
        self.force_render()
        return self._picture

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale and self._pause_count == 0:
            self.force_render()
        painter = QPainter(self)
        if self._picture.isNull():
            painter.fillRect(QWidget.rect(self), Qt.GlobalColor.black)
        else:
            painter.drawImage(QPointF(0, 0), self._picture)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self.devicePixelRatioF()
        width, height = round(QWidget.width(self) * ratio), round(QWidget.height(self) * ratio)
        self.render_window.SetSize(width, height)
        self.interactor.SetSize(width, height)
        self.schedule_render()

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    # --- Events --------------------------------------------------------------------------------------------------

    def _tell_position(self, position: QPointF, modifiers: Qt.KeyboardModifier, repeat: int = 0) -> None:
        ratio = self.devicePixelRatioF()
        self.interactor.SetEventInformationFlipY(
            round(position.x() * ratio),
            round(position.y() * ratio),
            int(bool(modifiers & Qt.KeyboardModifier.ControlModifier)),
            int(bool(modifiers & Qt.KeyboardModifier.ShiftModifier)),
            "\0",
            repeat,
            None,
        )
        self.interactor.SetAltKey(int(bool(modifiers & Qt.KeyboardModifier.AltModifier)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._button(event, "PressEvent")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._button(event, "PressEvent", repeat=1)
        self._button(event, "DoubleClickEvent", repeat=1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._button(event, "ReleaseEvent")

    def _button(self, event: QMouseEvent, what: str, repeat: int = 0) -> None:
        name = _BUTTONS.get(event.button())
        if name is None:
            event.ignore()
            return
        self._tell_position(event.position(), event.modifiers(), repeat)
        self._invoke(name + what)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        # Shift with a movement takes all views to the same point, but only if VTK has heard the key go down; without
        # the keyboard's focus, which hovering does not take away from a text field, nobody has told it.
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift and not self._shift_is_down:
            self.interactor.SetKeyEventInformation(0, 1, "\0", 0, "Shift_L")
            self._invoke("KeyPressEvent")
        self._shift_is_down = shift
        self._tell_position(event.position(), event.modifiers())
        self._invoke("MouseMoveEvent")

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Touch pads send many small steps; a slice is one notch.
        self._wheel_rest += event.angleDelta().y()
        notches = int(self._wheel_rest / _WHEEL_STEP)
        self._wheel_rest -= notches * _WHEEL_STEP
        self._tell_position(event.position(), event.modifiers())
        for _ in range(abs(notches)):
            self._invoke("MouseWheelForwardEvent" if notches > 0 else "MouseWheelBackwardEvent")
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._key(event)
        self._invoke("KeyPressEvent")
        if event.text():
            self._invoke("CharEvent")

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._key(event)
        self._invoke("KeyReleaseEvent")

    def _key(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers()
        symbol = _KEYS.get(Qt.Key(event.key()), event.text())
        self.interactor.SetKeyEventInformation(
            int(bool(modifiers & Qt.KeyboardModifier.ControlModifier)),
            int(bool(modifiers & Qt.KeyboardModifier.ShiftModifier)),
            event.text()[:1] if event.text().isascii() and event.text() else "\0",
            0,
            symbol,
        )

    def enterEvent(self, event: Any) -> None:
        self._tell_position(event.position(), event.modifiers())
        self._invoke("EnterEvent")

    def leaveEvent(self, event: QEvent) -> None:
        self._invoke("LeaveEvent")

    def _invoke(self, name: str) -> None:
        self.interactor.InvokeEvent(name)

"""The menu *Thresholds*: the thresholds at which the weights were measured, each a click away."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _


class ThresholdsMenu:
    """Sets the decision threshold to one at which sensitivity and specificity were measured.

    Parameters
    ----------
    ui
        The panel's widgets.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables) -> None:
        self._slider = ui.decisionThresholdSlider
        self._points: list[Mapping[str, Any]] = []
        self.menu = qt.QMenu(ui.thresholdsButton)
        ui.thresholdsButton.popupMode = qt.QToolButton.InstantPopup
        ui.thresholdsButton.setMenu(self.menu)
        self.menu.connect("aboutToShow()", self.update)

    def show(self, measured: Mapping[str, Any] | None) -> None:
        """Offer what a card says was measured; nothing for None."""
        self._points = measured["by_threshold"] if measured else []

    def update(self) -> None:
        """Show the measured thresholds, the nearest one checked: the figures below are those of it."""
        self.menu.clear()
        nearest = nearest_point(self._points, self._slider.value)
        for point in self._points:
            title = _("{threshold:g}: sensitivity {sensitivity:.2f}, specificity {specificity:.2f}").format(**point)
            action = qt.QAction(title, self.menu)
            action.checkable = True
            action.checked = point is nearest
            action.connect("triggered(bool)", partial(self._choose, point["threshold"]))
            self.menu.addAction(action)

    def _choose(self, threshold: float, checked: bool) -> None:
        self._slider.value = threshold


def nearest_point(points: list[Mapping[str, Any]], threshold: float) -> Mapping[str, Any] | None:
    """The measured point whose threshold is nearest; None if there are no points."""
    return min(points, key=lambda point: abs(point["threshold"] - threshold), default=None)

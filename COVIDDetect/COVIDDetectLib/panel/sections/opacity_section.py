"""Densities in each lung, with limits that the user can change."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.opacity import OpacityBounds
from ...errors import InputError
from ...mrml.nodes.result import Result
from ...mrml.parameters import COVIDDetectParameterNode

_COLUMNS = ("right", "left")
_FIRST_SHARE = 2
_WAIT_MS = 400


class OpacitySection:
    """The section *Opacity*.

    Parameters
    ----------
    ui
        The panel's widgets.
    measure, show_segments
        Called with the bounds when they changed, and when they are to be shown.
    say
        Shows a sentence.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        measure: Callable[[OpacityBounds], None],
        show_segments: Callable[[OpacityBounds], None],
        say: Callable[[str], None],
    ) -> None:
        self._ui, self._say = ui, say
        self._parameters: COVIDDetectParameterNode | None = None
        self._tried: tuple[str, list[float]] | None = None
        self._measure = measure
        # While a mouse wheel turns, the numbers wait for it to rest.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.connect("timeout()", lambda: self._with_bounds(self._measure))
        ui.opacitySegmentsButton.connect("clicked(bool)", lambda checked: self._with_bounds(show_segments))
        table = ui.opacityTable
        table.setColumnCount(len(_COLUMNS))
        table.setHorizontalHeaderLabels([_("Right"), _("Left")])
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionMode(qt.QAbstractItemView.NoSelection)

    def show(self, result: Result | None, parameters: COVIDDetectParameterNode) -> None:
        """Show what was measured of a result, and measure again when the bounds are others."""
        ui = self._ui
        ui.opacityCollapsibleButton.visible = result is not None
        self._parameters = parameters
        if result is None:
            self._timer.stop()
            return
        self._fill(result)
        wanted = result.record["time"], _numbers(parameters)
        if wanted[1] == result.opacity_bounds:
            self._timer.stop()
            self._tried = None
        elif wanted != self._tried and not result.stale:
            self._tried = wanted  # once: what cannot be measured now cannot be measured in a moment either
            self._timer.start()

    def _fill(self, result: Result) -> None:
        lungs = {lung["side"]: lung for lung in result.record["opacity"]}
        rows = [
            (_("Volume, mL"), lambda lung: f"{lung['volume_ml']:.0f}"),
            (_("Density, HU"), lambda lung: f"{lung['mean_hu']:.0f}"),
            (_("Ground glass"), lambda lung: _share(lung, "ground_glass")),
            (_("Consolidation"), lambda lung: _share(lung, "consolidation")),
            (_("Emphysema-like"), lambda lung: _share(lung, "emphysema")),
        ]
        table = self._ui.opacityTable
        table.setRowCount(len(rows))
        table.setVerticalHeaderLabels([title for title, text in rows])
        for row, (_title, text) in enumerate(rows):
            for column, side in enumerate(_COLUMNS):
                item = qt.QTableWidgetItem(text(lungs[side]) if side in lungs else "–")
                item.setToolTip("" if row < _FIRST_SHARE else _("mL, and percent of this lung"))
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(row, column, item)
        height = table.horizontalHeader().sizeHint.height() + len(rows) * table.verticalHeader().defaultSectionSize
        table.setFixedHeight(height + 4)

    def _with_bounds(self, slot: Callable[[OpacityBounds], None]) -> None:
        if self._parameters is None:
            return
        try:
            bounds = bounds_of(self._parameters)
        except InputError as error:
            self._say(str(error))
            return
        slot(bounds)

    def stop(self) -> None:
        """Measure nothing any more."""
        self._timer.stop()
        self._parameters = None


def bounds_of(parameters: COVIDDetectParameterNode) -> OpacityBounds:
    """The bounds that the user chose.

    Raises
    ------
    InputError
        If they overlap.
    """
    emphysema, ground_glass, consolidation, top = _numbers(parameters)
    return OpacityBounds((ground_glass, consolidation), (consolidation, top), emphysema)


def _numbers(parameters: COVIDDetectParameterNode) -> list[float]:
    return [
        parameters.emphysemaBelow,
        parameters.groundGlassFrom,
        parameters.consolidationFrom,
        parameters.consolidationTo,
    ]


def _share(lung: dict[str, float], kind: str) -> str:
    percent = lung[f"{kind}_percent"]
    decimals = 0 if percent >= 9.95 else 1  # two digits tell enough, and fit into a narrow panel
    return f"{lung[f'{kind}_ml']:.0f}, {percent:.{decimals}f} %"

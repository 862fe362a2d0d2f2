"""The table of the hottest regions; a click shows a region in all views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ...report.reading import MARKS
from ..state import PanelState
from ..words import with_minus

_COLUMNS = 5
_ROW_MARGINS = 4


class RegionsTable:
    """The table *Where it looked*.

    Parameters
    ----------
    ui
        The panel's widgets.
    regions
        Returns those of the result that is shown, hottest first.
    go_to
        Called with the place of a region, in RAS, when it is chosen.
    chosen
        Called without arguments after that.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        regions: Callable[[], Sequence[Mapping[str, Any]]],
        go_to: Callable[[tuple[float, float, float]], None],
        chosen: Callable[[], None],
    ) -> None:
        self._ui, self._table = ui, ui.regionsTable
        self._regions, self._go_to, self._chosen = regions, go_to, chosen
        table = self._table
        table.setColumnCount(_COLUMNS)
        table.verticalHeader().visible = False
        row_height = table.fontMetrics().height() + _ROW_MARGINS
        table.verticalHeader().setMinimumSectionSize(row_height)
        table.verticalHeader().setDefaultSectionSize(row_height)
        table.horizontalHeader().setFixedHeight(row_height)
        table.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(1, qt.QHeaderView.Stretch)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.connect("currentCellChanged(int,int,int,int)", self._on_current_changed)
        # A click on the chosen region goes back to it.
        table.connect("cellClicked(int,int)", lambda row, column: self._visit(row))
        self._fill(())

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show the regions of a result; which one is chosen stays as long as they do."""
        if list(new.regions) != list(old.regions):
            self._fill(new.regions)
        is_other_map = new.result is not None and new.result.layer != new.result.record["attention"]["layer"]
        title = _("Where HiResCAM looked") if is_other_map else _("Where it looked")
        self._table.setHorizontalHeaderLabels(["", title, _("mL"), _("HU"), _("Heat")])
        marks = new.result.marks if new.result else {}
        for row, region in enumerate(new.regions):
            self._table.item(row, 0).setText(
                f"{region['rank']} {MARKS.get(marks.get(region['rank'], ''), '')}".rstrip()
            )
        if old.ct is not None and new.ct is not old.ct and new.views_of_ct().difference(old.views_of(new.ct)):
            self.visit_hottest()  # else the crosshair would mark a place of the other CT

    def _fill(self, regions: Sequence[Mapping[str, Any]]) -> None:
        table = self._table
        blocked = table.blockSignals(True)
        table.setRowCount(len(regions))
        for row, region in enumerate(regions):
            cells = [
                str(region["rank"]),
                where(region),
                f"{region['volume_ml']:.1f}",
                with_minus(f"{region['mean_hu']:.0f}"),
                f"{region['peak']:.2f}",
            ]
            for column, text in enumerate(cells):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(
                    _("{mm:.0f} mm from the edge of the lung mask at its hottest point").format(
                        mm=region["distance_to_pleura_mm"]
                    )
                )
                if column > 1:
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(row, column, item)
        table.clearSelection()
        table.setCurrentCell(-1, -1)
        table.blockSignals(blocked)
        rows = max(1, len(regions))
        table.setFixedHeight((rows + 1) * table.verticalHeader().defaultSectionSize + 2 * table.frameWidth)
        table.visible = bool(regions)
        self._ui.regionsLabel.visible = not regions
        self._ui.regionsLabel.text = _("No region stands out in the lungs.")

    def step(self, by: int) -> None:
        """To the next (1) or previous (-1) region, round and round."""
        count, row = len(self._regions()), self._table.currentRow()
        if count:
            self._choose((row + by) % count if row >= 0 else 0)

    def visit_hottest(self) -> None:
        """Choose the hottest region."""
        if self._regions():
            self._choose(0)

    def _choose(self, row: int) -> None:
        """Go there, even if it was chosen before: the views may have gone elsewhere since."""
        if self._table.currentRow() == row:
            self._visit(row)
        else:
            self._table.setCurrentCell(row, 0)

    def current(self) -> Mapping[str, Any] | None:
        """The chosen region."""
        regions, row = self._regions(), self._table.currentRow()
        return regions[row] if 0 <= row < len(regions) else None

    def _on_current_changed(self, row: int, column: int, previous_row: int, previous_column: int) -> None:
        if row != previous_row:
            self._visit(row)

    def _visit(self, row: int) -> None:
        regions = self._regions()
        if 0 <= row < len(regions):
            left, posterior, superior = regions[row]["peak_lps"]
            self._go_to((-left, -posterior, superior))
            self._chosen()


def where(region: Mapping[str, Any]) -> str:
    """Side and third of the lung."""
    sides = {"right": _("right"), "left": _("left")}
    thirds = {"upper": _("upper third"), "middle": _("middle third"), "lower": _("lower third")}
    return f"{sides[region['side']]}, {thirds[region['third']]}"

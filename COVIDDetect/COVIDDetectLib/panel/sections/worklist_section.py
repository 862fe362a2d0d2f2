"""The cases of a scored cohort: open one after the other, and say what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...cohort.records import RESULTS
from ...cohort.worklist import COVID, OTHER, UNSURE, Reading, Row, Worklist, ct_path, read_worklist, reader_name
from ...events.later import Later
from ...events.signal import weakly
from ...mrml.case import OpenCase
from ...mrml.parameters import COVIDDetectParameterNode
from ...probability import probability_text
from ..questions import which_results_table
from ..state import PanelState
from ..words import in_users_language
from .batch_row import BatchRow
from .dicom_menu import Request
from .regions_table import RegionsTable
from .settings_section import SettingsSection

_CASE, _PROBABILITY, _MARK, _LABEL = range(4)
_ROWS_IN_SIGHT, _ROW_MARGINS = 5, 4
_STORE_MS = 400
"""After the last letter of a comment."""


class WorklistSection:
    """The section *Worklist*.

    Parameters
    ----------
    ui
        The panel's widgets.
    state
        Returns what the panel shows.
    request
        Does something that may raise an error, then shows the state.
    parameters
        Returns where the CT of a case is chosen.
    regions
        Whose hottest one the views go to.
    settings
        How CTs are scored.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        state: Callable[[], PanelState],
        request: Request,
        parameters: Callable[[], COVIDDetectParameterNode],
        regions: RegionsTable,
        settings: SettingsSection,
    ) -> None:
        self._ui, self._state, self._request, self._parameters, self._regions = ui, state, request, parameters, regions
        self._list: Worklist | None = None
        self._said: dict[str, Reading] = {}
        self._row: Row | None = None
        self._case: OpenCase | None = None
        self._is_opening = False
        self._store_later = Later(weakly(self._on_said), _STORE_MS)
        self._words = {"": "", COVID: _("COVID-19"), OTHER: _("Not COVID-19"), UNSURE: _("Unsure")}
        for label, words in self._words.items():
            ui.worklistLabelComboBox.addItem(words, label)
        ui.readerLineEdit.text = reader_name()
        ui.openResultsButton.connect("clicked(bool)", lambda checked: self._request(self._open_list))
        ui.worklistFilterLineEdit.connect("textChanged(QString)", lambda text: self._filter())
        ui.worklistLabelComboBox.connect("activated(int)", lambda index: self._on_said())
        ui.worklistCommentLineEdit.connect("textEdited(QString)", lambda text: self._store_later.start())
        ui.worklistCommentLineEdit.connect("editingFinished()", self._on_said)
        ui.readerLineEdit.connect("editingFinished()", lambda: self._request(self._change_reader))
        table = ui.worklistTable
        table.setColumnCount(4)
        table.setHorizontalHeaderLabels([_("Case"), _("Prob."), "!", _("You")])
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(_CASE, qt.QHeaderView.Stretch)
        row_height = table.fontMetrics().height() + _ROW_MARGINS
        table.verticalHeader().visible = False
        table.verticalHeader().setMinimumSectionSize(row_height)
        table.verticalHeader().setDefaultSectionSize(row_height)
        table.horizontalHeader().setFixedHeight(row_height)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        table.connect("cellDoubleClicked(int,int)", lambda row, column: self._go_to(row))
        self.keys: dict[str, Callable[[], None]] = {
            "Alt+PgDown": lambda: self._step(1),
            "Alt+PgUp": lambda: self._step(-1),
        }
        self.batch = BatchRow(ui, settings, request, self._begin_list, self._follow)
        self._fill()

    def show(self, new: PanelState, old: PanelState) -> None:
        """A label is given only while the views show the CT that it is of."""
        ui, ct = self._ui, self._case.ct_node if self._case else None
        # Beside a result that is of no worklist its row is needed to keep the result on one page.
        is_needed = self._list is not None or self.batch.busy or new.result is None
        ui.worklistCollapsibleButton.visible = is_needed and not new.editor_open
        is_here = self._row is not None and ct is not None and new.ct is ct and not new.is_elsewhere
        ui.worklistLabelComboBox.enabled = ui.worklistCommentLineEdit.enabled = is_here
        if self._row is None:
            ui.worklistCaseLabel.text = _("Double-click a case to open it.")
        elif is_here:
            ui.worklistCaseLabel.text = self._row.case
        else:
            ui.worklistCaseLabel.text = _("{case} is not shown; double-click it.").format(case=self._row.case)

    # --- What is clicked ---------------------------------------------------------------------------------------------

    def _open_list(self) -> None:
        file = which_results_table()
        if file:
            self._store()
            opened = read_worklist(Path(file))
            self._said = opened.readings(self._reader)
            self._list, self._row = opened, None
            self._fill()
            self._show_reading()

    def _begin_list(self, folder: Path) -> None:
        """Make room for the list of a batch."""
        if self._list is not None and self._list.folder != folder:
            self._store()
            self._list, self._row, self._said = None, None, {}
            self._fill()
            self._show_reading()

    def _follow(self, folder: Path) -> None:
        """Show what a batch has written by now, unless another list was opened since; the case that is read stays."""
        if self._is_opening or (self._list is not None and self._list.folder != folder):
            return
        found = read_worklist(folder / RESULTS)
        if self._list is None:
            self._said = found.readings(self._reader)
        elif self._row is not None:
            (self._row,) = [row for row in found.rows if row.case == self._row.case] or [self._row]
            if self._row not in found.rows:  # it is being scored again
                found = replace(found, rows=(*found.rows, self._row))
        if found == self._list:
            return
        self._list = found
        self._fill()
        self.show(self._state(), self._state())

    def _change_reader(self) -> None:
        self._ui.readerLineEdit.text = self._reader
        if self._list is not None:
            self._said = self._list.readings(self._reader)
            self._fill()
            self._show_reading()

    def _step(self, by: int) -> None:
        """To the next or previous case that the filter leaves; first to the first."""
        table = self._ui.worklistTable
        rows = [row for row in range(table.rowCount) if not table.isRowHidden(row)]
        if self._list is None or not rows:
            return
        here = self._list.rows.index(self._row) if self._row else -1
        after = [row for row in rows if (row > here if by > 0 else row < here)]
        if after:
            self._go_to(after[0] if by > 0 else after[-1])

    def _go_to(self, row: int) -> None:
        if self._list is None or self._is_opening:  # Slicer's DICOM reader lets other events through
            return
        self._is_opening = True
        try:
            with slicer.util.WaitCursor():
                self._request(lambda: self._open_case(row))
        finally:
            self._is_opening = False
            self.batch.go_on()

    def _on_said(self) -> None:
        if self._list is not None and self._row is not None and self._reading != self._said_of(self._row):
            self._request(self._store)

    # --- What follows ------------------------------------------------------------------------------------------------

    def _open_case(self, index: int) -> None:
        assert self._list is not None, "there are rows"
        self._store()
        self._row = self._list.rows[index]
        self._ui.worklistTable.setCurrentCell(index, _CASE)
        self._show_reading()
        self._release()
        ct, folder = ct_path(self._row), self._row.folder
        assert folder is not None, "only a case that failed has none"
        self._case = OpenCase.left_in_scene(folder) or OpenCase.open(self._row.case, ct, folder)
        self._parameters().ct = self._case.ct_node
        self._regions.visit_hottest()

    def _release(self) -> None:
        """Take out of the scene what the last case brought, unless the user has worked on it or something computes."""
        case, self._case = self._case, None
        job = self._state().job
        if case is None or case.ct_node is None or (job is not None and job.ct_node is case.ct_node):
            return
        if not case.is_worked_on:
            case.remove()

    def _store(self) -> None:
        reading = self._reading
        if self._list is not None and self._row is not None and reading != self._said_of(self._row):
            self._list.keep(self._reader, self._row.case, reading)
            self._said[self._row.case] = reading
            self._ui.worklistTable.item(self._list.rows.index(self._row), _LABEL).setText(self._words[reading.label])

    @property
    def _reader(self) -> str:
        return reader_name(self._ui.readerLineEdit.text)

    @property
    def _reading(self) -> Reading:
        """What the widgets say."""
        combo = self._ui.worklistLabelComboBox
        return Reading(combo.itemData(combo.currentIndex), self._ui.worklistCommentLineEdit.text.strip())

    def _said_of(self, row: Row) -> Reading:
        return self._said.get(row.case, Reading())

    def _show_reading(self) -> None:
        reading = self._said_of(self._row) if self._row else Reading()
        combo = self._ui.worklistLabelComboBox
        combo.currentIndex = max(0, combo.findData(reading.label))
        self._ui.worklistCommentLineEdit.text = reading.comment

    def _fill(self) -> None:
        table, rows = self._ui.worklistTable, self._list.rows if self._list else ()
        table.visible = self._ui.worklistFilterLineEdit.visible = self._ui.worklistCaseWidget.visible = bool(rows)
        table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            texts = (
                row.case,
                "–" if row.probability is None else probability_text(row.probability, row.threshold),
                "!" if row.doubt else "",
                self._words.get(self._said_of(row).label, ""),
            )
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(in_users_language(row.doubt) or row.case)
                if column == _PROBABILITY:
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(number, column, item)
        in_sight = min(len(rows), _ROWS_IN_SIGHT) + 1
        table.setFixedHeight(in_sight * table.verticalHeader().defaultSectionSize + 2 * table.frameWidth)
        if self._list is not None and self._row is not None:
            table.autoScroll = False  # while a batch fills it, the user may look elsewhere
            table.setCurrentCell(self._list.rows.index(self._row), _CASE)
            table.autoScroll = True
        self._filter()

    def _filter(self) -> None:
        table, wanted = self._ui.worklistTable, self._ui.worklistFilterLineEdit.text.strip().casefold()
        for number in range(table.rowCount):
            item = [table.item(number, column).text() for column in (_CASE, _MARK, _LABEL)]
            row = self._list.rows[number] if self._list else None
            item.append(row.doubt if row else "")
            table.setRowHidden(number, not any(wanted in text.casefold() for text in item))

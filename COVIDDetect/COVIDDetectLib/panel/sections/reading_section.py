"""My reading first: the result is opened after the user has read the CT, and whether that changes it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...mrml.nodes.reading import mark_region, marks_of, reading_of, write_reading
from ...mrml.nodes.result import Result
from ...report.reading import CLASSES, MARKS, SURENESS, Reading, append_reading, case_of
from ..logic import Logic
from ..state import PanelState

_SETTING = "COVIDDetect/readingFirst"


class ReadingSection:
    """One row: *Your reading* while the answer waits, *Do you change it?* after the result was opened.

    Parameters
    ----------
    ui
        The panel's widgets.
    logic
        Its gate keeps the answer until then.
    state
        Returns what the panel shows.
    update
        Shows the panel anew.
    request
        Called with what writes; says what goes wrong, and shows the panel anew.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        logic: Logic,
        state: Callable[[], PanelState],
        update: Callable[[], None],
        request: Callable[[Callable[[], object]], None],
    ) -> None:
        self._ui, self._logic, self._state, self._update, self._request = ui, logic, state, update, request
        documents = qt.QStandardPaths.writableLocation(qt.QStandardPaths.DocumentsLocation)
        self.file = Path(documents) / "COVIDDetect" / "readings.csv"
        self._row: object = None
        sure = {"low": _("sure: low"), "medium": _("sure: medium"), "high": _("sure: high")}
        rsna = {
            "typical": _("RSNA: typical"),
            "indeterminate": _("RSNA: indeterminate"),
            "atypical": _("RSNA: atypical"),
            "negative": _("RSNA: negative"),
        }
        classes = {name: rsna.get(name.removeprefix("RSNA "), name) for name in CLASSES}
        self._fill(ui.readingClassComboBox, {"": _("class: –"), **classes})
        ui.readingClassComboBox.insertSeparator(6)  # before those of the RSNA
        self._fill(ui.readingSureComboBox, {"": _("sure: –"), **{name: sure[name] for name in SURENESS}})
        ui.readingFirstCheckBox.checked = slicer.app.userSettings().value(_SETTING) == "on"
        ui.readingFirstCheckBox.toolTip = _(
            "Analyze keeps its result closed until you have entered your reading. Both are kept in the scene and in "
            "{file}, without the patient's name."
        ).format(file=self.file)
        ui.readingFirstCheckBox.connect("toggled(bool)", self._on_switch)
        ui.readingButton.connect("clicked(bool)", lambda checked: self._request(self._give))
        logic.gate.must_read = self._must_read
        logic.gate.waiting.connect(update)

    def _fill(self, combo: qt.QComboBox, titles: dict[str, str]) -> None:
        for key, title in titles.items():  # the first is none: to begin with one of them would suggest it
            combo.addItem(title, key)
        combo.connect("currentIndexChanged(int)", lambda index: self._show_button())

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show the row where a reading is wanted of the chosen CT."""
        if new.waits and new.job is not None and new.job.ct_node.GetScene() is None:
            self._logic.cancel()  # nobody can read it any more
        row: object = None
        if new.waits and not new.name_of_other:
            row = "first"
        elif (reading := _unchanged(new)) is not None:
            row = reading
        self._ui.readingWidget.visible = row is not None
        if row == self._row:
            return
        self._row = row
        chosen = (row.before, row.sure_before) if isinstance(row, Reading) else ("", "")
        for combo, key in zip((self._ui.readingClassComboBox, self._ui.readingSureComboBox), chosen, strict=True):
            combo.currentIndex = combo.findData(key)
        self._ui.readingLabel.text = _("Do you change your reading?") if row != "first" else _("Your reading:")
        self._show_button()

    def mark(self) -> None:
        """Give the chosen region the next mark."""
        state = self._state()
        if state.result is not None and state.region is not None:
            marks = [*MARKS, ""]
            last = state.result.marks.get(state.region["rank"], "")
            mark_region(state.result.result, state.region, marks[(marks.index(last) + 1) % len(marks)])
            self._update()

    @property
    def _chosen(self) -> tuple[str, str]:
        return self._ui.readingClassComboBox.currentData or "", self._ui.readingSureComboBox.currentData or ""

    def _show_button(self) -> None:
        """What a click does; nothing until class and sureness are chosen."""
        row, button = self._row, self._ui.readingButton
        button.enabled = all(self._chosen)
        if isinstance(row, Reading):
            scale = row.before.partition(" ")[0]
            button.enabled &= self._chosen[0].startswith(scale)  # the other one cannot be compared with it
            is_same = self._chosen == (row.before, row.sure_before)
            button.text = _("Keep") if is_same else _("Change it")
        else:
            button.text = _("Show result")

    def _must_read(self) -> bool:
        """Whether the answer to the job under way must wait: no number of this CT was seen yet."""
        job = self._logic.job
        is_first = job is not None and job.kind == "analyze" and Result.of(job.ct_node) is None
        return is_first and self._ui.readingFirstCheckBox.checked

    def _give(self) -> None:
        """The button was clicked."""
        (category, sure), job = self._chosen, self._logic.job
        if isinstance(self._row, Reading):
            state = self._state().result
            assert state is not None, "there is a row for it"
            marks = "; ".join(f"{rank} {mark}" for rank, mark in marks_of(state.result).items())
            self._keep(
                state.result,
                replace(self._row, after=category, sure_after=sure, read_again=_now(), regions=marks),
            )
        elif job is not None:
            read = _now()
            self._logic.gate.open()
            result = Result.of(job.ct_node)
            if result is not None:  # else the CT was changed since, as the panel says
                record = result.record
                self._keep(
                    result,
                    Reading(
                        case=case_of(record["input"]["sha256"]),
                        analyzed=record["time"],
                        read=read,
                        opened=_now(),
                        before=category,
                        sure_before=sure,
                        probability=record["probability"],
                        decision_threshold=result.decision_threshold,
                        weights_sha256=record["weights"]["sha256"],
                    ),
                )

    def _keep(self, result: Result, reading: Reading) -> None:
        write_reading(result, reading)
        append_reading(self.file, reading)

    def _on_switch(self, checked: bool) -> None:
        slicer.app.userSettings().setValue(_SETTING, "on" if checked else "off")


def _unchanged(state: PanelState) -> Reading | None:
    """The reading of which it is not known whether the result changes it; None while anything else is done."""
    if state.result is None or state.job is not None or state.editor_open:
        return None
    reading = reading_of(state.result.result)
    return reading if reading is not None and not reading.after else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

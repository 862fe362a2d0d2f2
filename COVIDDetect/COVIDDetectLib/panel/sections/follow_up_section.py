"""An earlier result of the patient beside this one: which, what has changed since, and both CTs side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.follow_up import Change, Dated, FollowUp, follow_up
from ...analysis.opacity import OpacityBounds
from ...errors import COVIDDetectError
from ...events.later import Later
from ...events.signal import weakly
from ...mrml.comparison import Comparison, dated, end_comparison
from ...mrml.nodes.patient import day_of
from ...mrml.nodes.result import Result
from ...mrml.views.side_by_side import match_views
from ...mrml.watch import scene_watch
from ...probability import probability_text
from ...report.results import read_record
from ..questions import which_results_folder
from ..state import PanelState
from ..words import in_users_language, with_minus
from .dicom_menu import Request
from .scale import warning_style

_SETTLE_MS = 150
"""Until the views have the size that another layout gives them."""


class FollowUpSection:
    """The section *Compare with earlier*.

    Parameters
    ----------
    ui
        The panel's widgets.
    state
        Returns what the panel shows.
    request
        Does something that may raise an error, then shows the state.
    compare
        Called with the result that is shown, and the earlier one that the user chose in the scene.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        state: Callable[[], PanelState],
        request: Request,
        compare: Callable[[Result, Result], None],
    ) -> None:
        self._ui, self._state, self._request, self._compare = ui, state, request, compare
        self.opened: Dated | None = None
        """The result that was opened from its files, to compare with the CT that is chosen."""
        self._end_later = Later(weakly(self._end_if_over))
        self._match_later = Later(match_views, _SETTLE_MS)
        ui.followUpDoubtsWidget.setStyleSheet(warning_style("followUpDoubtsWidget"))
        ui.followUpDoubtsWidget.setAttribute(qt.Qt.WA_StyledBackground, True)
        ui.compareButton.connect("clicked(bool)", lambda checked: self._on_compare())
        ui.compareFileButton.connect("clicked(bool)", lambda checked: self._request(self._open))
        ui.stopComparingButton.connect("clicked(bool)", lambda checked: self._request(self._stop))
        ui.changeVisibleCheckBox.connect("toggled(bool)", self._show_change)
        table = ui.followUpTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Then"), _("Now"), _("Change")])
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionMode(qt.QAbstractItemView.NoSelection)

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show what can be compared, and what was found."""
        ui = self._ui
        if new.ct is not old.ct:
            self.opened = None
        if new.comparison is not None and not _belongs_to(new.comparison, new):
            self._end_later.start()
        elif new.comparison is not None and new.comparison != old.comparison:
            ui.changeVisibleCheckBox.checked = True
            self._match_later.start()
        ui.followUpCollapsibleButton.visible = new.result is not None and not new.editor_open
        if new.earlier != old.earlier:
            ui.earlierComboBox.clear()
            for one in new.earlier:
                ui.earlierComboBox.addItem(_title(one))
        ui.earlierComboBox.enabled = bool(new.earlier)
        ui.earlierComboBox.toolTip = (
            _("Another CT in this scene that has a result.")
            if new.earlier
            else _(
                "No other CT in this scene has a result and was taken before this one; load an earlier CT, and analyze "
                "it."
            )
        )
        ui.compareButton.enabled = bool(new.earlier) and new.job is None
        ui.stopComparingButton.visible = new.comparison is not None or new.opened is not None
        ui.changeVisibleCheckBox.visible = new.comparison is not None
        self._show_numbers(new)

    def _show_numbers(self, state: PanelState) -> None:
        ui = self._ui
        try:
            found = follow_up_of(state)
            doubts = found.doubts if found else ()
        except COVIDDetectError as error:
            found, doubts = None, (str(error),)
        ui.followUpDoubtsWidget.visible = bool(doubts)
        ui.followUpDoubtsLabel.text = "\n".join(in_users_language(doubt) for doubt in doubts)
        ui.followUpLabel.visible = ui.followUpTable.visible = found is not None
        if found is not None:
            ui.followUpLabel.text = " ".join(_about(found, state.comparison))
            self._fill(_rows(found))

    def _fill(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        table = self._ui.followUpTable
        table.setRowCount(len(rows))
        table.setVerticalHeaderLabels([title for title, *_rest in rows])
        for row, (_name, *texts) in enumerate(rows):
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(row, column, item)
        height = table.horizontalHeader().sizeHint.height() + len(rows) * table.verticalHeader().defaultSectionSize
        table.setFixedHeight(height + 4)

    def _on_compare(self) -> None:
        chosen = self._ui.earlierComboBox.currentIndex
        earlier, result = self._state().earlier, self._state().result
        if result is None or not 0 <= chosen < len(earlier):
            return

        def begin() -> None:
            follow_up(dated(earlier[chosen]), dated(result.result))  # what cannot be compared is said at once
            self._stop()
            self._compare(result.result, earlier[chosen])

        self._request(begin)

    def _open(self) -> None:
        folder, result = which_results_folder(), self._state().result
        if folder and result is not None:
            opened = Dated(read_record(Path(folder)), levels=tuple(OpacityBounds().levels))
            follow_up(opened, dated(result.result))
            self._stop()
            self.opened = opened

    def _stop(self) -> None:
        self.opened = None
        if comparison := Comparison.current():
            with scene_watch().writing():
                end_comparison(comparison)

    def _end_if_over(self) -> None:
        comparison = Comparison.current()
        if comparison is not None and not _belongs_to(comparison, self._state()):
            self._request(self._stop)

    def _show_change(self, visible: bool) -> None:
        comparison = Comparison.current()
        if comparison is not None and comparison.change_node is not None:
            comparison.change_node.GetDisplayNode().SetVisibility(visible)


def follow_up_of(state: PanelState) -> FollowUp | None:
    """What has changed since the earlier result that this one is compared with; None where it is with none.

    Raises
    ------
    COVIDDetectError
        If one of the two no longer holds.
    """
    if state.result is None:
        return None
    if state.comparison is not None and _belongs_to(state.comparison, state):
        return state.comparison.follow_up(state.result.result)
    return follow_up(state.opened, dated(state.result.result)) if state.opened else None


def _belongs_to(comparison: Comparison, state: PanelState) -> bool:
    """Whether it is one of the chosen CT, and both results are still there."""
    later = comparison.later
    return later is not None and comparison.earlier is not None and later.ct_node is state.ct


def _title(result: Result) -> str:
    """Name of the CT, and its date where that is known."""
    day = day_of(result.ct_node) if result.ct_node is not None else None
    return f"{result.ct_name} ({day.isoformat()})" if day else result.ct_name


def _about(found: FollowUp, comparison: Comparison | None) -> list[str]:
    """How far apart, how they lie on each other, and what the segments show."""
    said = []
    if found.days is not None:
        said.append(_("{days} days apart.").format(days=found.days))
    if comparison is not None:
        grown, resolved = comparison.changed_ml
        said += [
            _("Laid over each other, the lungs overlap by {overlap} (Dice).").format(
                overlap=f"{comparison.registration.overlap:.2f}"
            ),
            _("Segments: about {grown} mL grown, {resolved} mL resolved.").format(
                grown=f"{grown:.0f}", resolved=f"{resolved:.0f}"
            ),
        ]
    return said


def _rows(found: FollowUp) -> list[tuple[str, str, str, str]]:
    """Title, then, now and change of each quantity."""
    probability = found.probability
    texts = [
        probability_text(value, threshold)
        for value, threshold in zip((probability.before, probability.now), found.thresholds, strict=True)
    ]
    rows = [(_("Probability"), texts[0], texts[1], "" if found.logit else "–")]
    if found.logit is not None:
        rows.append(_row(_("Log-odds"), found.logit, 1, signed=True))
    parts = {
        ("right", None): _("Right"),
        ("left", None): _("Left"),
        ("right", "upper"): _("RUL"),
        ("right", "middle"): _("RML"),
        ("right", "lower"): _("RLL"),
        ("left", "upper"): _("LUL"),
        ("left", "lower"): _("LLL"),
    }
    for part in (*found.lungs, *found.lobes):
        of = parts[part.side, part.lobe]
        if part.lobe is None:
            rows.append(_row(_("{part} lung, mL").format(part=of), part.volume_ml, 0))
        rows += [
            _row(_("{part} opacity, mL").format(part=of), part.opacity_ml, 0),
            _row(_("{part} opacity, %").format(part=of), part.opacity_percent, 1),
        ]
        if part.evidence is not None:
            rows.append(_row(_("{part} evidence").format(part=of), part.evidence, 2, signed=True))
    return rows


def _row(title: str, change: Change, decimals: int, signed: bool = False) -> tuple[str, str, str, str]:
    before, now = (round(value, decimals) for value in (change.before, change.now))
    form = f"{'+' if signed else ''}.{decimals}f"
    # What is rounded must add up; and a negative zero is none.
    texts = (f"{before + 0.0:{form}}", f"{now + 0.0:{form}}", f"{round(now - before, decimals) + 0.0:+.{decimals}f}")
    then, after, by = (with_minus(text) for text in texts)
    return title, then, after, by

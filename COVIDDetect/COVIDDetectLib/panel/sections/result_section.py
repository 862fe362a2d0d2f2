"""The result as the user reads it: the number, what it was computed with, and whether it still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.width import Width, number_text, width_of
from ...lungs.mask_checks import tells_of_parts_outside
from ...probability import probability_text
from ...weights.site import site_beside
from ...weights.store import is_bundled
from ..logic import Logic
from ..state import PanelState, ResultState
from ..words import in_users_language, with_minus
from .history_row import HistoryRow
from .meaning import meaning
from .scale import LINK, scale_style, warning_style
from .thresholds_menu import ThresholdsMenu

_SQUARE = "\N{BLACK SQUARE}"
_GRAY = 128, 128, 128
"""Of a number that does not hold: as readable on dark as on light, which the gray of disabled widgets is not."""


class ResultSection:
    """The number with its scale, one line for each thing that must be known of it, and the lungs.

    Parameters
    ----------
    ui
        The panel's widgets.
    logic, state, request, device
        As for ``HistoryRow``.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        logic: Logic,
        state: Callable[[], PanelState],
        request: Callable[[Callable[[], object]], None],
        device: Callable[[], str],
    ) -> None:
        self._ui, self._history = ui, HistoryRow(ui, logic, state, request, device)
        font = qt.QFont(ui.probabilityLabel.font)
        font.setPointSizeF(2.2 * font.pointSizeF())
        font.setBold(True)
        ui.probabilityLabel.font = font
        for name in ("stale", "notes"):
            getattr(ui, f"{name}Widget").setStyleSheet(warning_style(f"{name}Widget"))
            getattr(ui, f"{name}Widget").setAttribute(qt.Qt.WA_StyledBackground, True)
        for label in (
            ui.probabilityLabel,
            ui.rangeLabel,
            ui.lungsLabel,
            ui.evidenceLabel,
            ui.evidenceTableLabel,
            ui.correctionLabel,
        ):
            palette = qt.QPalette(label.palette)
            for role in (qt.QPalette.WindowText, qt.QPalette.Text):  # of plain and of rich text
                palette.setColor(qt.QPalette.Disabled, role, qt.QColor(*_GRAY))
            label.setPalette(palette)
        self._style = ""
        self._open: set[str] = set()
        ui.notesLabel.connect("linkActivated(QString)", lambda link: self._toggle("notes"))
        ui.researchLabel.connect("linkActivated(QString)", lambda link: self._toggle("weights"))
        self.thresholds_menu = ThresholdsMenu(ui)

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show the number: gray where it is stale or doubtful, and where the views show other volumes than its CT."""
        ui, result = self._ui, new.result
        if result is None or old.result is None or result.judged != old.result.judged:
            self._open.clear()
        ui.resultWidget.visible = result is not None
        ui.regionsWidget.visible = result is not None and not new.editor_open
        ui.researchLabel.visible = not new.editor_open
        ui.researchLabel.text = research(result)
        ui.prevalenceWidget.visible = result is not None and result.measured is not None and not new.editor_open
        if result is None:
            ui.meaningLabel.visible = False
            return
        record, threshold = result.record, new.decision_threshold
        is_gray = bool(result.stale) or new.is_elsewhere or result.is_doubtful
        width = width_of(record)
        ui.probabilityLabel.text = number_text(record, threshold)
        for widget in (ui.probabilityLabel, ui.rangeLabel, ui.lungsLabel, ui.opacityTable, ui.decisionThresholdSlider):
            widget.enabled = not is_gray
        ui.rangeLabel.text = range_line(width, threshold) if width else ""
        ui.rangeLabel.visible = width is not None
        self._show_scale(record["probability"], threshold, is_gray, width)
        ui.verdictLabel.text = verdict(result, threshold, new.is_elsewhere)
        ui.verdictLabel.toolTip = f"<span>{escape(promise(result))}</span>"
        ui.staleWidget.visible = bool(result.stale)
        ui.staleLabel.text = in_users_language(result.stale)
        ui.rescoreButton.enabled = new.job is None
        ui.rescoreButton.visible = not new.editor_open
        notes = "\n\n".join(in_users_language(note) for note in record["notes"])
        ui.notesWidget.visible = bool(notes)
        ui.notesLabel.text = notes_line(result)
        is_about_mask = new.lung_mask is result.result.lung_mask_node and not result.stale and new.job is None
        ui.outsideButton.visible = is_about_mask and any(map(tells_of_parts_outside, record["notes"]))
        ui.notesLabel.toolTip = f"<span>{escape(notes)}</span>"
        ui.whyLabel.text = notes
        ui.detailsLabel.text = details(record)
        ui.lungsLabel.text = lungs(record, result.colors)
        ui.lungsLabel.toolTip = f"<span>{opacity_limits(result.opacity_bounds)}</span>"
        self._history.show(new)
        self.thresholds_menu.show(result.measured)
        ui.meaningLabel.text = meaning(result.card, result.measured, threshold, new.prevalence)
        ui.researchLabel.toolTip = f"<span>{escape(ui.meaningLabel.text)}</span>"
        self._show_open(result.measured is not None and not new.editor_open)

    def _toggle(self, what: str) -> None:
        self._open ^= {what}
        self._show_open(self._ui.prevalenceWidget.visible)

    def _show_open(self, is_measured: bool) -> None:
        """What was measured is always shown; the rest of what explains the number, on a click."""
        self._ui.whyLabel.visible = "notes" in self._open and bool(self._ui.whyLabel.text)
        self._ui.meaningLabel.visible = is_measured or ("weights" in self._open and self._ui.researchLabel.visible)

    def _show_scale(self, probability: float, threshold: float, is_gray: bool, width: Width | None) -> None:
        style = scale_style(probability, threshold, is_gray, (width.low, width.high) if width else None)
        if style != self._style:  # to set one costs as much as to lay out the panel
            self._style = style
            self._ui.scaleLabel.setStyleSheet(style)
        self._ui.scaleThresholdLabel.text = _("threshold {threshold:.2f}").format(threshold=threshold)
        ends = self._ui.scaleEndsWidget.layout()
        ends.setStretch(1, round(1000 * threshold))
        ends.setStretch(3, round(1000 * (1 - threshold)))


def verdict(result: ResultState, decision_threshold: float, is_elsewhere: bool) -> str:
    """The probability against the threshold, in words that diagnose nothing."""
    if result.stale:
        first = _("Probability of COVID-19, out of date.")
    elif result.is_doubtful:
        first = _("Probability of COVID-19, not to be relied on.")
    elif (width := width_of(result.record)) and width.spans(decision_threshold):
        first = _("Probability of COVID-19: undecided.")
    elif result.record["probability"] >= decision_threshold:
        first = _("Probability of COVID-19: above the threshold.")
    else:
        first = _("Probability of COVID-19: below the threshold.")
    site = site_beside(result.card) if result.card and not (result.stale or result.is_doubtful) else None
    zones = {
        "unlikely": _("In this hospital: unlikely."),
        "open": _("In this hospital: open."),
        "likely": _("In this hospital: likely."),
    }
    zone = [zones[site.zone(result.record["probability"])]] if site else []
    elsewhere = [_("The views show a different volume, not this CT.")] if is_elsewhere else []
    return " ".join([first, *zone, *elsewhere])


def promise(result: ResultState) -> str:
    """What was shown of the zone that the verdict names; empty where nobody has calibrated these weights."""
    site = site_beside(result.card) if result.card else None
    if site is None:
        return ""
    zone = site.zone(result.record["probability"])
    values = {
        "share": 100 * (promised.target if (promised := site.promise(zone)) else 0.0),
        "cases": site.positives + site.negatives,
        "percent": 100 * site.prevalence,
    }
    if zone == "open":
        sentence = _("Nothing is promised of such a probability.")
    elif zone == "unlikely":
        sentence = _("At least {share:.0f} % of the cases that are called unlikely have no COVID-19.")
    else:
        sentence = _("At least {share:.0f} % of the cases that are called likely have COVID-19.")
    shown = _("Shown on {cases} cases, {percent:.0f} % of them with COVID-19; elsewhere it does not hold.")
    return f"{sentence} {shown}".format(**values)


def range_line(width: Width, decision_threshold: float) -> str:
    """From where to where the number moves when the CT is read again."""
    low, high = (probability_text(one, decision_threshold, width.decimals) for one in (width.low, width.high))
    if low == high:
        return _("(the same when scan and mask are nudged)")
    return _("({low} to {high} when scan and mask are nudged)").format(low=low, high=high)


def notes_line(result: ResultState) -> str:
    """What must be known before the number is read, in one line of HTML with a link to the whole; empty if nothing."""
    notes = result.record["notes"]
    if not notes:
        return ""
    if result.is_doubtful:
        first = _("Do not rely on this number: the CT is unlike those of the training.")
    else:
        first = in_users_language(notes[0]).partition(";")[0].rstrip(".") + "."  # then comes what to do about it
    more = _("{count} more").format(count=len(notes) - 1)
    first = escape(first) if len(notes) == 1 or result.is_doubtful else f"{escape(first)} ({more})"
    why = _("why?") if result.is_doubtful else _("more")
    return f"{first} {_link(why)}"


def research(result: ResultState | None) -> str:
    """What these weights may be used for, in one line of HTML."""
    if result is None or result.measured is not None:
        return _("Research use only, not a medical device.")
    if result.card is None:
        line = _("Scored with weights that are not installed on this computer")
    elif is_bundled(result.card):
        line = _("Demonstration weights, not for diagnosis")
    else:
        line = _("Not validated, not for diagnosis: {weights}").format(weights=result.card.title)
    why = _("why?")
    return f"{escape(line)} ({_link(why)})"


def _link(text: str) -> str:
    return f'<a href="why" style="color:{LINK}">{escape(text)}</a>'


def details(record: Mapping[str, Any]) -> str:
    """Weights, device, duration and time."""
    seconds = sum(record["seconds"].values())
    when = datetime.fromisoformat(record["time"]).astimezone().strftime("%Y-%m-%d %H:%M")
    return " · ".join([record["weights"]["title"], record["device"], f"{seconds:.0f} s", when])


def lungs(record: Mapping[str, Any], colors: Sequence[str]) -> str:
    """HTML: volume of each lung in the color of its outline, and how much of it is as dense as opacities are."""
    sides = {side["side"]: side for side in record.get("opacity", ())}
    titles = {"right": _("Right {liters:.2f} L"), "left": _("Left {liters:.2f} L")}
    volumes, shares = [], []
    short = {"right": _("right {percent:.0f} %"), "left": _("left {percent:.0f} %")}
    for (name, title), color in zip(titles.items(), colors, strict=True):
        if name in sides:
            side = sides[name]
            key = f'<span style="color:{color}">{_SQUARE}</span> ' if color else ""
            volumes.append(key + title.format(liters=side["volume_ml"] / 1000))
            percent = side["ground_glass_percent"] + side["consolidation_percent"]
            shares.append(short[name].format(percent=percent))
    if not volumes:
        return ""
    opacities = _("Opacities {shares}, vessels included").format(shares=", ".join(shares))
    return f"{'&nbsp; '.join(volumes)}<br>{opacities}"


def opacity_limits(opacity_bounds: Sequence[float]) -> str:
    """What counts as opacities, in a sentence."""
    _emphysema, low, _middle, high = opacity_bounds
    return with_minus(
        _(
            "The volume of each lung, and how much of it is as dense as ground glass or consolidation: {low:.0f} to "
            "{high:.0f} HU. Vessels are as dense. The limits are set under Lung densities."
        ).format(low=low, high=high)
    )

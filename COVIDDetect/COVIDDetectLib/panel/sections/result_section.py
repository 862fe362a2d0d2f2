"""The result as the user reads it: probability, threshold, what it was computed with, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.result_table import Scored
from ...probability import probability_text
from ...weights.cards import ModelCard
from ..state import PanelState, ResultState
from ..words import in_users_language
from .thresholds_menu import ThresholdsMenu, nearest_point

_HISTORY_SHOWN = 4


class ResultSection:
    """The section *Result*.

    Parameters
    ----------
    ui
        The panel's widgets.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables) -> None:
        self._ui = ui
        font = qt.QFont(ui.probabilityLabel.font)
        font.setPointSizeF(2.2 * font.pointSizeF())
        font.setBold(True)
        ui.probabilityLabel.font = font
        ui.scaleLabel.scaledContents = True
        self.thresholds_menu = ThresholdsMenu(ui)

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show the number: gray where it is stale or doubtful, and where the views show other volumes than its CT."""
        ui, result = self._ui, new.result
        ui.resultCollapsibleButton.visible = result is not None
        if result is None:
            return
        record, threshold = result.record, new.decision_threshold
        is_gray = bool(result.stale) or new.is_elsewhere or result.is_doubtful
        ui.staleWidget.visible = bool(result.stale)
        ui.staleLabel.text = in_users_language(result.stale)
        ui.rescoreButton.enabled = new.job is None
        ui.probabilityLabel.text = probability_text(record["probability"], threshold)
        for label in (ui.probabilityLabel, ui.lungsLabel, ui.meaningLabel, ui.opacityTable):
            label.enabled = not is_gray
        ui.verdictLabel.text = verdict(result, threshold, new.is_elsewhere)
        ui.detailsLabel.text = details(record)
        ui.lungsLabel.text = lungs(record, result.opacity_bounds)
        ui.historyLabel.text = history(result.history, threshold)
        ui.historyLabel.visible = bool(ui.historyLabel.text)
        self.thresholds_menu.show(result.measured)
        ui.prevalenceWidget.visible = result.measured is not None
        ui.meaningLabel.text = meaning(result.card, result.measured, threshold, new.prevalence)
        ui.scaleLabel.setPixmap(self._scale(record["probability"], threshold, is_gray))

    def _scale(self, probability: float, threshold: float, is_gray: bool) -> qt.QPixmap:
        """A bar from 0 to 1 with the probability filled and the decision threshold as a line, in the theme's colors."""
        label = self._ui.scaleLabel
        width, height = max(label.width, 60), max(label.height, 30)
        palette = label.palette
        ratio = label.devicePixelRatioF()
        pixmap = qt.QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(qt.QColor(0, 0, 0, 0))
        painter = qt.QPainter(pixmap)
        top, bar = round(0.3 * height), round(0.4 * height)
        left, span = 4, width - 8
        painter.fillRect(left, top, span, bar, palette.color(qt.QPalette.Mid))
        group = qt.QPalette.Disabled if is_gray else qt.QPalette.Active
        filled = palette.color(group, qt.QPalette.WindowText if is_gray else qt.QPalette.Highlight)
        painter.fillRect(left, top, round(span * probability), bar, filled)
        text = palette.color(qt.QPalette.WindowText)
        painter.fillRect(left + round(span * threshold) - 1, top - 5, 2, bar + 10, text)
        painter.end()
        return pixmap


def verdict(result: ResultState, decision_threshold: float, is_elsewhere: bool) -> str:
    """The probability against the threshold, in words that diagnose nothing; then what must be known of it."""
    record = result.record
    elsewhere = [_("The views show a different volume, not this CT.")] if is_elsewhere else []
    if result.stale:
        first = _("Probability of COVID-19, out of date.")
    elif result.is_doubtful:
        return " ".join([*record["notes"], _("Probability of COVID-19, not to be relied on."), *elsewhere])
    elif record["probability"] >= decision_threshold:
        first = _("Probability of COVID-19: above the decision threshold of {threshold:.2f}.")
    else:
        first = _("Probability of COVID-19: below the decision threshold of {threshold:.2f}.")
    return " ".join([first.format(threshold=decision_threshold), *elsewhere, *record["notes"]])


def details(record: Mapping[str, Any]) -> str:
    """Weights, device, duration and time."""
    seconds = sum(record["seconds"].values())
    when = datetime.fromisoformat(record["time"]).astimezone().strftime("%Y-%m-%d %H:%M")
    return " · ".join([record["weights"]["title"], record["device"], f"{seconds:.0f} s", when])


def lungs(record: Mapping[str, Any], opacity_bounds: Sequence[float]) -> str:
    """Volume of each lung, and how much of it is as dense as opacities are; so are vessels."""
    titles = {"right": _("Right lung"), "left": _("Left lung")}
    _emphysema, low, _middle, high = opacity_bounds
    parts = []
    for side in record.get("opacity", ()):
        percent = side["ground_glass_percent"] + side["consolidation_percent"]
        parts.append(
            _("{lung} {liters:.2f} L, {percent:.0f} % at {low:.0f} to {high:.0f} HU")
            .format(lung=titles[side["side"]], liters=side["volume_ml"] / 1000, percent=percent, low=low, high=high)
            .replace("-", "\N{MINUS SIGN}")
        )
    return "\n".join(parts)


def history(scores: Sequence[Scored], decision_threshold: float) -> str:
    """The last scores of this CT and what each was due to; empty for a single one."""
    scores = scores[-_HISTORY_SHOWN:]
    if len(scores) < 2:
        return ""
    titles = {
        "lung mask changed": _("lung mask changed"),
        "CT changed": _("CT changed"),
        "other weights": _("other weights"),
    }
    steps = []
    for number, score in enumerate(scores):
        change = ", ".join(titles[part] for part in score.change.split(", ") if part) if number else ""
        text = probability_text(score.probability, decision_threshold)
        steps.append(f"{text} ({change})" if change else text)
    return _("History: {scores}").format(scores=" → ".join(steps))


def meaning(
    card: ModelCard | None, measured: Mapping[str, Any] | None, decision_threshold: float, prevalence: float
) -> str:
    """What the number means: what the card of the weights measured at the nearest threshold, with 95 % intervals."""
    from ...evaluation.metrics import OperatingPoint

    if measured is None:
        if card is None:
            return _("Scored with weights that are not installed on this computer.")
        unmeasured = _("{weights} have no measured sensitivity or specificity.").format(weights=card.title)
        return f"{unmeasured} {card.intended_use}"
    row = nearest_point(measured["by_threshold"], decision_threshold)
    assert row is not None, "a card without any is not read"
    positives, negatives = measured["positives"], measured["negatives"]
    found, cleared = round(row["sensitivity"] * positives), round(row["specificity"] * negatives)
    point = OperatingPoint(row["threshold"], found, negatives - cleared, cleared, positives - found)
    ppv, npv = point.predictive_values(prevalence)
    return _(
        "At a threshold of {threshold:g}: sensitivity {sensitivity}, specificity {specificity} ({cohort}). "
        "At this prevalence PPV {ppv:.2f}, NPV {npv:.2f}."
    ).format(
        threshold=row["threshold"],
        sensitivity=_interval(point.sensitivity),
        specificity=_interval(point.specificity),
        cohort=measured["cohort"],
        ppv=ppv,
        npv=npv,
    )


def _interval(estimate: Any) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"

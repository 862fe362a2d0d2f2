"""The result as the user reads it: probability, threshold, what it was computed with, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ...errors import WeightsError
from ...mrml.nodes.result import Result
from ...mrml.parameters import COVIDDetectParameterNode
from ...probability import probability_text
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
        self._threshold_of: tuple[str, str] | None = None

    def keep_threshold(self, result: Result | None, parameters: COVIDDetectParameterNode) -> None:
        """Keep the user's decision threshold with the result; another result, or other weights, has its own."""
        judged = (result.node.GetID(), result.record["weights"]["sha256"]) if result else None
        is_new, self._threshold_of = judged != self._threshold_of, judged
        if result is None:
            return
        if is_new:
            parameters.decisionThreshold = result.decision_threshold
        else:
            result.keep_decision_threshold(parameters.decisionThreshold)

    def show(
        self, result: Result | None, decision_threshold: float, prevalence_percent: float, is_elsewhere: bool
    ) -> None:
        """Show a result; None if the CT was not scored.

        Parameters
        ----------
        is_elsewhere
            Whether the views show other volumes than its CT: the number is gray then, as that of a stale result.
        """
        ui = self._ui
        ui.resultCollapsibleButton.visible = result is not None
        if result is None:
            self._threshold_of = None
            return
        record, stale = result.record, result.stale
        is_gray = bool(stale) or is_elsewhere or is_doubtful(record)
        ui.staleWidget.visible = bool(stale)
        ui.staleLabel.text = in_users_language(stale)
        ui.probabilityLabel.text = probability_text(record["probability"], decision_threshold)
        for label in (ui.probabilityLabel, ui.lungsLabel, ui.meaningLabel, ui.opacityTable):
            label.enabled = not is_gray
        ui.verdictLabel.text = verdict(record, decision_threshold, bool(stale), is_elsewhere)
        ui.detailsLabel.text = details(record)
        ui.lungsLabel.text = lungs(result)
        ui.historyLabel.text = history(result, decision_threshold)
        ui.historyLabel.visible = bool(ui.historyLabel.text)
        measured = measured_of(result)
        self.thresholds_menu.show(measured)
        ui.prevalenceWidget.visible = measured is not None
        ui.meaningLabel.text = meaning(result, measured, decision_threshold, prevalence_percent / 100)
        ui.scaleLabel.setPixmap(self._scale(record["probability"], decision_threshold, is_gray))

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


def is_doubtful(record: Mapping[str, Any]) -> bool:
    """Whether the CT is so unlike those of the training that the number says nothing."""
    return bool(record.get("domain")) and not record["domain"]["is_inside"]


def verdict(record: Mapping[str, Any], decision_threshold: float, stale: bool, is_elsewhere: bool) -> str:
    """The probability against the threshold, in words that diagnose nothing; then what must be known of it."""
    is_above = record["probability"] >= decision_threshold
    if stale:
        first = _("Probability of COVID-19, out of date.")
    elif is_doubtful(record):
        return " ".join([*record["notes"], _("Probability of COVID-19, not to be relied on.")])
    elif is_above:
        first = _("Probability of COVID-19: above the decision threshold of {threshold:.2f}.")
    else:
        first = _("Probability of COVID-19: below the decision threshold of {threshold:.2f}.")
    sentences = [first.format(threshold=decision_threshold)]
    if is_elsewhere:
        sentences.append(_("The views show a different volume, not this CT."))
    return " ".join([*sentences, *record["notes"]])


def details(record: Mapping[str, Any]) -> str:
    """Weights, device, duration and time."""
    seconds = sum(record["seconds"].values())
    when = datetime.fromisoformat(record["time"]).astimezone().strftime("%Y-%m-%d %H:%M")
    return " · ".join([record["weights"]["title"], record["device"], f"{seconds:.0f} s", when])


def lungs(result: Result) -> str:
    """Volume of each lung, and how much of it is as dense as opacities are; so are vessels."""
    titles = {"right": _("Right lung"), "left": _("Left lung")}
    _emphysema, low, _middle, high = result.opacity_bounds
    parts = []
    for side in result.record.get("opacity", ()):
        percent = side["ground_glass_percent"] + side["consolidation_percent"]
        parts.append(
            _("{lung} {liters:.2f} L, {percent:.0f} % at {low:.0f} to {high:.0f} HU")
            .format(lung=titles[side["side"]], liters=side["volume_ml"] / 1000, percent=percent, low=low, high=high)
            .replace("-", "\N{MINUS SIGN}")
        )
    return "\n".join(parts)


def history(result: Result, decision_threshold: float) -> str:
    """The last scores of this CT and what each was due to; empty for a single one."""
    scores = result.history[-_HISTORY_SHOWN:]
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


def measured_of(result: Result) -> Mapping[str, Any] | None:
    """What was measured of the weights; for most weights nothing was."""
    try:
        return result.card.operating_characteristics
    except WeightsError:
        return None


def meaning(result: Result, measured: Mapping[str, Any] | None, decision_threshold: float, prevalence: float) -> str:
    """What the number means: what the card of the weights measured at the nearest threshold, with 95 % intervals."""
    from ...evaluation.metrics import OperatingPoint

    if measured is None:
        try:
            card = result.card
        except WeightsError:
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

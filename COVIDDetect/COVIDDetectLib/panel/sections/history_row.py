"""The history: the last scores of a CT, and what the last correction of its mask did to the number, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import slicer
from slicer.i18n import tr as _

from ...analysis.correction import Correction, Share
from ...analysis.result_table import Scored
from ...mrml.job import Job
from ...mrml.scored_masks import scored_masks
from ...mrml.views.display import jump_to
from ...probability import probability_text
from ..logic import Logic
from ..state import PanelState, ResultState
from ..words import with_minus
from .regions_table import where
from .scale import LINK

_SHOWN = 4
_ASK = "ask"


class HistoryRow:
    """One line with a link that asks what the last correction did, and below it the answer.

    Parameters
    ----------
    ui
        The panel's widgets.
    logic
        What finds out.
    state
        Returns what the panel shows.
    request
        Called with what begins it.
    device
        Returns which processor computes.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        logic: Logic,
        state: Callable[[], PanelState],
        request: Callable[[Callable[[], object]], None],
        device: Callable[[], str],
    ) -> None:
        self._ui, self._logic, self._state, self._request, self._device = ui, logic, state, request, device
        self._answer: tuple[Job, Correction] | None = None
        for label in (ui.historyLabel, ui.correctionLabel):
            label.connect("linkActivated(QString)", self._on_link)
        logic.finished.connect(self._on_finished)

    def show(self, new: PanelState) -> None:
        """Show the history of a result; an answer does not outlive the score that it explains."""
        ui, result = self._ui, new.result
        assert result is not None, "without a result there is no history"
        if self._answer is not None and not _is_of(self._answer[0], result):
            self._answer = None
        text = escape(history(result.history, new.decision_threshold))
        can_ask = self._answer is None and not result.stale and new.job is None
        if can_ask and scored_masks().has_before(result.result):
            question = _("what did it?")
            text += f" ({_link(_ASK, question)})"
        ui.historyLabel.text = text
        ui.historyLabel.visible = bool(text)
        ui.correctionLabel.visible = self._answer is not None
        if self._answer is not None:
            ui.correctionLabel.text = line(self._answer[1])
            ui.correctionLabel.enabled = not (result.is_doubtful or new.is_elsewhere)

    def _on_finished(self, job: Job, outcome: Any) -> None:
        """Keep it: the panel shows it next."""
        if isinstance(outcome, Correction):
            self._answer = job, outcome

    def _on_link(self, link: str) -> None:
        result = self._state().result
        if link == _ASK and result is not None:
            self._request(lambda: self._logic.startCorrection(result.result, self._device()))
        elif self._answer is not None:
            position = self._answer[1].shares[int(link)].position_lps_mm
            if position is not None:
                left, posterior, superior = position
                jump_to((-left, -posterior, superior))


def _is_of(job: Job, result: ResultState) -> bool:
    """Whether it is about the last score of a result that holds."""
    is_same = job.result is not None and job.result.node is result.result.node and job.scores == result.history
    return is_same and not result.stale


def history(scores: Sequence[Scored], decision_threshold: float) -> str:
    """The last scores of this CT and what each was due to; empty for a single one."""
    scores = scores[-_SHOWN:]
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


def line(correction: Correction) -> str:
    """HTML: what each piece of the mask did to the probability, and a link to its place.

    Where that is next to 0 or 1, and no change of it would be seen, in log-odds.
    """
    if not correction.shares:
        return escape(_("Only right and left have changed, which the network does not tell apart."))
    changes, title = correction.probabilities, _("Last correction: {pieces}")
    logits = tuple(share.logit for share in correction.shares)
    if any(round(logit, 2) for logit in logits) and not any(round(change, 2) for change in changes):
        changes, title = logits, _("Last correction, in log-odds: {pieces}")
    parts = [
        f"{_piece(number, share)}&nbsp;{_signed(change)}"
        for number, (share, change) in enumerate(zip(correction.shares, changes, strict=True))
    ]
    return escape(title).format(pieces=" · ".join(parts))


def _piece(number: int, share: Share) -> str:
    if share.position_lps_mm is None:
        return escape(_("all else"))
    side, third = share.where.split()
    place = where({"side": side, "third": third})
    return _link(str(number), with_minus(f"{share.ml:+.0f} mL {place}"))


def _signed(change: float) -> str:
    return with_minus(f"{round(change, 2) + 0.0:+.2f}")  # a negative zero is none


def _link(target: str, text: str) -> str:
    return f'<a href="{target}" style="color:{LINK}">{escape(text)}</a>'

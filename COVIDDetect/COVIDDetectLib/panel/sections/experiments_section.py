"""What-if scores: one lung only, or a region replaced by healthy-looking lung."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import slicer
from slicer.i18n import tr as _

from ...analysis.experiments import Experiment
from ...analysis.result_table import Scored
from ...mrml.nodes.result import Result
from ...probability import probability_text
from ..state import PanelState
from ..words import in_users_language, with_minus


class ExperimentsSection:
    """The section *Experiments*.

    Parameters
    ----------
    ui
        The panel's widgets.
    run
        Called without arguments when the user asks for them.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, run: Callable[[], None]) -> None:
        self._ui = ui
        ui.experimentsButton.connect("clicked(bool)", lambda checked: run())
        ui.experimentsLabel.visible = False

    def show(self, new: PanelState, old: PanelState) -> None:
        """Enable the button where there is something to experiment with; old answers do not outlive their result."""
        ui, scores = self._ui, _scores(new)
        ui.experimentsCollapsibleButton.visible = new.result is not None and not new.editor_open
        ui.experimentsButton.enabled = bool(scores) and new.job is None
        ui.experimentsButton.toolTip = (
            _(
                "Score again with only the right lung, only the left lung, and with the chosen region replaced by "
                "healthy-looking lung."
            )
            if scores
            else _("Re-score first: the result is out of date.")
        )
        ui.experimentsHintLabel.text = (
            _("Score each lung alone, and with region {rank} replaced by healthy-looking lung.").format(**new.region)
            if new.region
            else _("Score each lung alone. Select a region above to see how much it contributes.")
        )
        if scores != _scores(old):
            ui.experimentsLabel.visible = False

    def answer(self, state: PanelState, result: Result, experiments: Sequence[Experiment]) -> None:
        """Show the answers as differences to the result, if it is still the one that is shown."""
        if not _scores(state) or state.result is None or state.result.result.node is not result.node:
            return
        threshold = result.decision_threshold
        lines = [
            f"{in_users_language(one.name)}: {probability_text(one.probability, threshold)} ({_difference(one)})"
            for one in experiments
        ]
        self._ui.experimentsLabel.text = "\n".join(lines)
        self._ui.experimentsLabel.visible = True


def _difference(one: Experiment) -> str:
    """Between the numbers as they are shown: what is rounded must add up."""
    as_it_is = one.probability - one.difference
    return with_minus(
        f"{round(round(one.probability, 2) - round(as_it_is, 2), 2) + 0.0:+.2f}"
    )  # a negative zero is none


def _scores(state: PanelState) -> Sequence[Scored]:
    """Of the result that is shown; none while it is out of date."""
    return state.result.history if state.result and not state.result.stale else ()

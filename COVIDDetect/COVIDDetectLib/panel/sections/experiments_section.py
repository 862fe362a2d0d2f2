"""What-if scores: one lung only, or a region replaced by healthy-looking lung."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from ...analysis.experiments import Experiment
from ...mrml.nodes.result import Result
from ...probability import probability_text
from ..words import in_users_language


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
        self._shown_for = ""
        ui.experimentsButton.connect("clicked(bool)", lambda checked: run())
        ui.experimentsLabel.visible = False

    def update(self, result: Result | None, region: Mapping[str, Any] | None, busy: bool) -> None:
        """Enable the button where there is something to experiment with; old answers do not outlive their result."""
        ui = self._ui
        ui.experimentsCollapsibleButton.visible = result is not None
        time = result.record["time"] if result and not result.stale else ""
        ui.experimentsButton.enabled = bool(time) and not busy
        ui.experimentsButton.toolTip = (
            _(
                "Score again with only the right lung, only the left lung, and with the chosen region replaced by "
                "healthy-looking lung."
            )
            if time
            else _("Re-score first: the result is out of date.")
        )
        ui.experimentsHintLabel.text = (
            _("Score each lung alone, and with region {rank} replaced by healthy-looking lung.").format(
                rank=region["rank"]
            )
            if region
            else _("Score each lung alone. Select a region above to see how much it contributes.")
        )
        if time != self._shown_for:
            ui.experimentsLabel.visible = False

    def show(self, result: Result, experiments: Sequence[Experiment]) -> None:
        """Show the answers as differences to the result."""
        lines = [
            f"{in_users_language(one.name)}: {probability_text(one.probability, result.decision_threshold)} "
            + f"({round(one.difference, 2) + 0.0:+.2f})".replace("-", "\N{MINUS SIGN}")  # a negative zero is none
            for one in experiments
        ]
        self._shown_for = result.record["time"]
        self._ui.experimentsLabel.text = "\n".join(lines)
        self._ui.experimentsLabel.visible = True

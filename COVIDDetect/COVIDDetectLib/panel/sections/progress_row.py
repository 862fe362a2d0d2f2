"""Progress of the computation, and the button that cancels it."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ...analysis.analyze import Progress
from ..state import PanelState

_SHARES = {"lungs": (0.0, 0.85), "score": (0.85, 0.97), "attention": (0.97, 1.0)}
_WHOLE = 0.0, 1.0
"""Where each stage begins and ends on the bar."""


class ProgressRow:
    """Bar, sentence and Cancel.

    Parameters
    ----------
    ui
        The panel's widgets.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables) -> None:
        self._ui = ui
        self._text = ""
        ui.progressWidget.visible = False

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show whether anything is computed, and of which CT where another one is chosen."""
        if new.job is not None and not new.job.goes_on_from(old.job):
            self._ui.progressBar.value = 0
            self._ui.cancelButton.enabled = True
            self._text = _("Starting…")
        self._ui.progressWidget.visible = new.job is not None
        if new.waits:
            self._ui.progressBar.value = self._ui.progressBar.maximum
            self._text = _("Computed. The result waits for your reading.")
        self._say(new.name_of_other)

    def report(self, progress: Progress, name_of_other: str) -> None:
        """Show what the worker reported."""
        begin, end = _SHARES.get(progress.stage, _WHOLE)
        share = progress.done / progress.total if progress.total else 0.0
        self._ui.progressBar.value = round(1000 * (begin + share * (end - begin)))
        self._text = {
            "lungs": _("Lungs, slice {done} of {total}").format(done=progress.done, total=progress.total),
            "score": _("Score"),
            "attention": _("Heat map"),
            "align": _("Laying both CTs over each other"),
            "correction": _("Pieces of the correction, score {done} of {total}").format(
                done=progress.done, total=progress.total
            ),
        }[progress.stage]
        if progress.seconds_left is not None and progress.seconds_left >= 1:
            self._text += _(", about {seconds} s left").format(seconds=round(progress.seconds_left))
        self._say(name_of_other)

    def cancelling(self, name_of_other: str) -> None:
        """Cancel was clicked."""
        self._text = _("Cancelling…")
        self._say(name_of_other)
        self._ui.cancelButton.enabled = False

    def _say(self, name_of_other: str) -> None:
        self._ui.progressLabel.text = f"{name_of_other}: {self._text}" if name_of_other else self._text

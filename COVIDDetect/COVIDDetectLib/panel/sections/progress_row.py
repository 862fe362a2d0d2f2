"""Progress of the computation, and the button that cancels it."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ...analysis.analyze import Progress

_SHARES = {"lungs": (0.0, 0.85), "score": (0.85, 0.97), "attention": (0.97, 1.0)}
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
        self._text, self._other_ct = "", ""
        self.hide()

    def begin(self) -> None:
        """Show an analysis that has not reported yet."""
        self._ui.progressBar.value = 0
        self._say(_("Starting…"))
        self._ui.cancelButton.enabled = True
        self._ui.progressWidget.visible = True

    def show(self, progress: Progress) -> None:
        """Show what the worker reported."""
        begin, end = _SHARES[progress.stage]
        share = progress.done / progress.total if progress.total else 0.0
        self._ui.progressBar.value = round(1000 * (begin + share * (end - begin)))
        text = {
            "lungs": _("Lungs, slice {done} of {total}").format(done=progress.done, total=progress.total),
            "score": _("Score"),
            "attention": _("Heat map"),
        }[progress.stage]
        seconds_left = getattr(progress, "seconds_left", None)
        if seconds_left is not None and seconds_left >= 1:
            text += _(", about {seconds} s left").format(seconds=round(seconds_left))
        self._say(text)

    def cancelling(self) -> None:
        """Cancel was clicked."""
        self._say(_("Cancelling…"))
        self._ui.cancelButton.enabled = False

    def name(self, other_ct: str) -> None:
        """Say which CT is computed where another one is selected; empty where it is the same."""
        self._other_ct = other_ct
        self._say(self._text)

    def hide(self) -> None:
        """Nothing is computed."""
        self._ui.progressWidget.visible = False

    def _say(self, text: str) -> None:
        self._text = text
        self._ui.progressLabel.text = f"{self._other_ct}: {text}" if self._other_ct else text

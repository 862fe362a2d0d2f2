"""Scores a cohort while the user reads: the button *Score CTs…*, and the line that says how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ...errors import COVIDDetectError, InputError
from ...worker.one_off import OneOffProcess
from ...worker.protocol import Message
from ..installation import ensure_packages
from ..questions import which_cohort
from .dicom_menu import Request
from .settings_section import SettingsSection


class BatchRow:
    """One batch at a time, in a process of its own, which ends with this one.

    Parameters
    ----------
    ui
        The panel's widgets.
    settings
        Weights, lungs and device of the next batch.
    request
        Does something that may raise an error, then shows the state.
    begin
        Told the folder of the results when a batch begins.
    follow
        Shows what is in that folder; may raise ``InputError``.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        settings: SettingsSection,
        request: Request,
        begin: Callable[[Path], None],
        follow: Callable[[Path], None],
    ) -> None:
        self._ui, self._settings, self._begin, self._follow = ui, settings, begin, follow
        self._process: OneOffProcess | None = None
        self._cts, self._output = "", ""
        self._counts = ""
        ui.batchWidget.visible = False
        ui.scoreCohortButton.connect("clicked(bool)", lambda checked: request(self._ask))
        ui.stopBatchButton.connect("clicked(bool)", lambda checked: self._cancel())

    @property
    def busy(self) -> bool:
        """Whether a batch is under way."""
        return self._process is not None

    @property
    def process_id(self) -> int:
        """Of the batch; 0 if none runs."""
        return self._process.process_id if self._process else 0

    def show_rows(self) -> None:
        """Show what the last batch has written."""
        if self._output:
            with suppress(InputError):  # nothing is there yet, or it is being written: the next CT tells
                self._follow(Path(self._output))

    def go_on(self) -> None:
        """A case was opened: how the last batch ended has been read, and rows may have come meanwhile."""
        self._ui.batchWidget.visible = self.busy
        self.show_rows()

    def stop(self) -> None:
        """End what is under way, and say nothing: the panel goes."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _ask(self) -> None:
        asked = which_cohort(self._cts, self._output)
        if not asked or self.busy or not ensure_packages():
            return
        card, lungs, device = self._settings.card, self._settings.lungs, self._settings.device
        cts, output = (str(Path(one).absolute()) for one in asked)
        self._begin(Path(output))
        self._cts, self._output, self._counts = cts, output, ""
        request = {"cts": cts, "output": output, "weights": str(card.path), "lungs": lungs, "device": device}
        self._process = OneOffProcess("batch_service", request, self._on_done, self._on_failed, self._on_scored)
        self._say(_("Starting…"))
        self.show_rows()

    def _cancel(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._end(_("Stopped. {counts}").format(counts=self._counts).strip())

    def _on_scored(self, message: Message) -> None:
        self._counts = _("Scored {done} of {total}").format(**message)
        if message["failed"]:
            self._counts += _(", {failed} failed").format(**message)
        seconds = message["seconds_left"]
        self._say(self._counts + ("" if seconds is None else _time_left(seconds)))
        self.show_rows()

    def _on_done(self, value: object) -> None:
        self._end(self._counts)
        try:
            self._follow(Path(self._output))
        except InputError as error:
            self._say(str(error))

    def _on_failed(self, error: COVIDDetectError) -> None:
        self._end(str(error))

    def _end(self, sentence: str) -> None:
        self._process = None
        self._say(sentence)
        self.show_rows()

    def _say(self, sentence: str) -> None:
        ui = self._ui
        ui.batchLabel.text = sentence
        ui.batchWidget.visible = True
        ui.stopBatchButton.visible = self.busy
        ui.scoreCohortButton.enabled = not self.busy


def _time_left(seconds: int) -> str:
    if seconds < 90:
        return _(", about {seconds} s left").format(seconds=seconds)
    if seconds < 90 * 60:
        return _(", about {minutes} min left").format(minutes=math.ceil(seconds / 60))
    return _(", about {hours} h left").format(hours=math.ceil(seconds / 3600))

"""Sends the DICOM objects of a result to an archive, by a process of its own, after the user has said where to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ...errors import Cancelled, COVIDDetectError, InputError
from ...events.lifetime import Stopping
from ...events.signal import weakly
from ...installation import missing_of
from ...worker.one_off import OneOffProcess
from ..installation import ensure_packages
from ..questions import which_archive

_ARCHIVE = "COVIDDetect/archive"


class PacsSender(Stopping):
    """Nothing is sent without a click; the address of the last time is offered.

    Parameters
    ----------
    say
        Called with why it could not be sent.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._process: OneOffProcess | None = None
        self._count, self._folder = 0, Path()
        self.start_stopping()

    @property
    def busy(self) -> bool:
        """Whether anything is being sent."""
        return self._process is not None

    def send(self, write: Callable[[Path], int], patient: str) -> None:
        """Begin to send.

        Parameters
        ----------
        write
            Writes the objects into a folder, and returns how many they are.
        patient
            Whose they are, for the eyes of the user.

        Raises
        ------
        COVIDDetectError
            If they cannot be written, or the address is none.
        """
        from ...report.dicom_out.send import package_for

        if self.busy:
            raise InputError(_("Objects are being sent; wait, or cancel that."))
        folder = self._folder = Path(tempfile.mkdtemp(prefix="coviddetect-"))
        try:
            self._count = write(folder)
            settings = slicer.app.userSettings()
            archive = which_archive(self._count, patient, str(settings.value(_ARCHIVE) or ""))
            if archive and ensure_packages(partial(missing_of, package_for(archive))):
                settings.setValue(_ARCHIVE, archive)
                request = {"folder": str(folder), "archive": archive}
                done, failed = weakly(self._on_done), weakly(self._on_failed)
                self._process = OneOffProcess("sending_service", request, done, failed)
                self._show(_("Sending {count} DICOM objects to {archive} …"), archive)
        finally:
            if not self.busy:
                self._forget()

    def cancel(self) -> None:
        """End what is under way; what the archive has stored stays there."""
        if self._process is not None:
            self._process.cancel()

    def stop(self) -> None:
        """End what is under way, and say nothing."""
        if self._process is not None:
            self._process.stop()
            self._forget()

    def _show(self, sentence: str, archive: str) -> None:
        slicer.util.showStatusMessage(sentence.format(count=self._count, archive=archive), 0)

    def _forget(self) -> None:
        """The files hold the patient's name. The process removes them, too, if this one ends before it."""
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _on_done(self, archive: str) -> None:
        self._forget()
        self._show(_("{count} DICOM objects were sent to {archive}."), archive)

    def _on_failed(self, error: COVIDDetectError) -> None:
        self._forget()
        slicer.util.showStatusMessage("")
        is_cancel = isinstance(error, Cancelled)
        self._say(_("Sending was cancelled; the PACS may have some of the objects.") if is_cancel else str(error))

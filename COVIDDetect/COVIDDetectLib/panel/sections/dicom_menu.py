"""The result leaves the panel as DICOM objects, which belong to the study of its CT."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...cohort.worklist import reader_name
from ...errors import InputError
from ...mrml.nodes.dicom_files import dicom_source_of
from ...mrml.nodes.heat_map import attention_from_node
from ...mrml.nodes.key_images import key_images_of
from ...mrml.nodes.lung_mask import lung_mask_from_node
from ...mrml.nodes.verdict import assessment_of
from ..questions import which_dicom_folder
from ..state import PanelState, ResultState
from .pacs_sender import PacsSender

_SAID_FOR_MS = 3000

Request = Callable[[Callable[[], object]], None]
"""Does something that may raise an error, which the user reads."""


class DicomMenu:
    """Its entries of the menu of *Export…*; the other parameters are those of ``ReportSection``."""

    def __init__(
        self,
        menu: qt.QMenu,
        ui: slicer.util.childWidgetVariables,
        state: Callable[[], PanelState],
        request: Request,
        say: Callable[[str], None],
    ) -> None:
        self.menu, self._ui, self._state, self._request = menu, ui, state, request
        self.sender = PacsSender(say)
        self.to_folder = self._action(_("DICOM objects into a folder…"), self._write_into_folder)
        if getattr(slicer, "dicomDatabase", None):
            self.to_database = self._action(_("DICOM objects into Slicer's database"), self._add_to_database)
        self.to_archive = self._action(_("Send to PACS…"), self._send)
        self.cancel_sending = self._action(_("Cancel sending"), lambda result: self.sender.cancel())

    def update(self) -> None:
        """Show whether anything is being sent."""
        self.to_archive.visible, self.cancel_sending.visible = not self.sender.busy, self.sender.busy

    def _action(self, title: str, act: Callable[[ResultState], None]) -> qt.QAction:
        action = qt.QAction(title, self.menu)
        action.connect("triggered(bool)", lambda checked: self._request(lambda: act(self._result())))
        self.menu.addAction(action)
        return action

    def _result(self) -> ResultState:
        result = self._state().result
        if result is None:
            raise InputError(_("There is no result to export; analyze the CT first."))
        if result.stale:
            raise InputError(_("The result is out of date, and DICOM objects cannot say so; score again first."))
        return result

    def _write_into_folder(self, result: ResultState) -> None:
        folder = which_dicom_folder()
        if folder:
            files = self._write(result, Path(folder))
            slicer.util.showStatusMessage(_("{count} DICOM files written.").format(count=len(files)), _SAID_FOR_MS)

    def _add_to_database(self, result: ResultState) -> None:
        from DICOMLib import DICOMUtils

        with tempfile.TemporaryDirectory(prefix="coviddetect-") as folder:
            files = self._write(result, Path(folder))
            DICOMUtils.importDicom(folder, slicer.dicomDatabase, copyFiles=True)
        database = slicer.dicomDatabase
        if not all(database.fileForInstance(uid) for uid in files.values()):
            raise InputError(_("Slicer's DICOM database did not take the objects; export them into a folder."))
        slicer.util.showStatusMessage(_("{count} DICOM objects added.").format(count=len(files)), _SAID_FOR_MS)

    def _send(self, result: ResultState) -> None:
        self.sender.send(lambda folder: len(self._write(result, folder)), self._state().patient)

    def _write(self, result: ResultState, folder: Path) -> dict[Path, str]:
        """Write the objects; the files and their SOP Instance UIDs."""
        if importlib.util.find_spec("highdicom") is None:
            raise InputError(_("DICOM objects need highdicom, which 3D Slicer has from version 5.12 on."))
        from ...report.dicom_out.export import Additions, instance_uid, write_dicom
        from ...report.results import Results

        nodes = result.result
        source = dicom_source_of(nodes.ct_node)
        mask_node, map_node = nodes.lung_mask_node, nodes.heat_map_node
        if mask_node is None or map_node is None:
            raise InputError(_("The lung mask or the heat map of the result was deleted; analyze the CT again."))
        additions = Additions(
            assessment=assessment_of(nodes, reader_name(self._ui.readerLineEdit.text)),
            key_images=[picture.image for picture in key_images_of(nodes)],
        )
        with slicer.util.WaitCursor():
            mask = lung_mask_from_node(mask_node, nodes.ct_node)
            results = Results(result.record, mask, attention_from_node(map_node))
            return {file: instance_uid(file) for file in write_dicom(results, source, folder, additions)}

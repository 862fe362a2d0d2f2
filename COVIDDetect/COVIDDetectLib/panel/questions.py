"""What the panel asks before an analysis, and how it asks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from ..mrml.ct_checks import accept_findings, accepted_findings, check_node
from ..mrml.nodes.ct import voxels_of

MaskChoice = Literal["mine", "new", "cancel"]


def message_box(text: str, more: str, icon: int = qt.QMessageBox.NoIcon) -> qt.QMessageBox:
    """A box with a sentence and what explains it, in plain text: what a name or a card says is never interpreted."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(icon)
    box.setWindowTitle(_("COVIDDetect"))
    box.setTextFormat(qt.Qt.PlainText)
    box.setText(text)
    box.setInformativeText(more)
    return box


def answer_to(box: qt.QMessageBox, default: Any) -> Any:
    """Show a message box once and return the clicked button; in Slicer's testing mode, ``default`` at once."""
    if slicer.app.testingEnabled():
        logging.info("COVIDDetect: testing mode, not asked: %s", box.text)
        clicked = default
    else:
        box.exec_()
        clicked = box.clickedButton()
    box.deleteLater()  # its parent, the main window, would keep it
    return clicked


def which_mask(mask: slicer.vtkMRMLSegmentationNode, is_left_behind: bool) -> MaskChoice:
    """Whether to score with the user's own mask, or to make a new one in addition.

    Parameters
    ----------
    is_left_behind
        Whether the CT was changed or moved after it was scored with this mask.
    """
    if is_left_behind:
        sentence = _(
            "The CT was changed after it was scored with the lung mask {name}; check whether the mask still fits."
        )
    else:
        sentence = _("The lung mask {name} was corrected by hand.")
    more = _("A new mask is stored as a separate segmentation; yours is kept.")
    box = message_box(sentence.format(name=mask.GetName()), more, qt.QMessageBox.Question)
    mine = box.addButton(_("Score with my mask"), qt.QMessageBox.AcceptRole)
    new = box.addButton(_("Make a new mask"), qt.QMessageBox.ActionRole)
    box.addButton(qt.QMessageBox.Cancel)
    box.setDefaultButton(mine)
    clicked = answer_to(box, mine)
    return "mine" if clicked == mine else "new" if clicked == new else "cancel"


def which_mask_file() -> str:
    """A file with a lung mask; empty if the user cancelled."""
    kinds = _("Lung mask") + " (*.seg.nrrd *.seg.nhdr *.nrrd *.nhdr *.nii *.nii.gz *.mha *.mhd)"
    return str(qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Load lung mask"), "", kinds) or "")


def which_report_file(name: str) -> str:
    """Where a report shall be written; the ending tells its kind. Empty if the user cancelled."""
    kinds = ";;".join(
        f"{title} (*.{ending})"
        for title, ending in (("PDF", "pdf"), ("HTML", "html"), (_("Text"), "txt"), (_("Table"), "csv"))
    )
    return str(qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), _("Export report"), name, kinds) or "")


def which_results_folder() -> str:
    """The folder of an earlier result's files; empty if the user cancelled."""
    title = _("Folder of an earlier result (with analysis.json)")
    return str(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title) or "")


def which_results_table() -> str:
    """The ``results.csv`` of a scored cohort; empty if the user cancelled."""
    kinds = _("Results of a cohort") + " (*.csv)"
    return str(qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Open results"), "", kinds) or "")


def which_cohort(cts: str, output: str) -> tuple[str, str] | None:
    """A folder or table of CTs, and the folder for their results; None if the user cancelled.

    Parameters
    ----------
    cts, output
        The last ones.
    """
    dialog = qt.QDialog(slicer.util.mainWindow())
    dialog.windowTitle = _("Score CTs")
    form = qt.QFormLayout(dialog)
    said = qt.QLabel(
        _(
            "In a folder each folder and each volume file is a CT; a table (.csv) has the columns case and path. They "
            "are scored while you read, with weights, lungs and device as under Settings."
        )
    )
    said.wordWrap = True
    form.addRow(said)
    cts_line, output_line = qt.QLineEdit(cts), qt.QLineEdit(output)
    cts_line.objectName, output_line.objectName = "cohortLineEdit", "scoredLineEdit"
    cts_line.minimumWidth = 420

    def choose(found: Any, line: qt.QLineEdit) -> None:
        line.text = str(found or line.text)
        if line is cts_line and found:
            output_line.text = str(scored_folder(Path(cts_line.text)))

    def folder(line: qt.QLineEdit) -> None:
        choose(qt.QFileDialog.getExistingDirectory(dialog, dialog.windowTitle, line.text), line)

    def table() -> None:
        kinds = _("Table of CTs") + " (*.csv)"
        choose(qt.QFileDialog.getOpenFileName(dialog, dialog.windowTitle, cts_line.text, kinds), cts_line)

    for title, line, ways in (
        (_("CTs:"), cts_line, ((_("Folder…"), lambda: folder(cts_line)), (_("Table…"), table))),
        (_("Results:"), output_line, ((_("Folder…"), lambda: folder(output_line)),)),
    ):
        row = qt.QHBoxLayout()
        row.addWidget(line, 1)
        for name, act in ways:
            button = qt.QPushButton(name)
            button.autoDefault = False
            button.connect("clicked(bool)", lambda checked, act=act: act())
            row.addWidget(button)
        form.addRow(title, row)
    accepted = _is_accepted(dialog, form, _("Score CTs"))
    chosen = cts_line.text.strip(), output_line.text.strip()
    dialog.deleteLater()
    return chosen if accepted and all(chosen) else None


def scored_folder(cts: Path) -> Path:
    """Where results of a folder or table of CTs are proposed to go: beside it, not among what others read."""
    return cts.with_name(f"{cts.with_suffix('').name if cts.suffix.lower() == '.csv' else cts.name}-scored")


def which_dicom_folder() -> str:
    """Where DICOM files shall be written; empty if the user cancelled."""
    return str(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder for the DICOM objects")) or "")


def which_archive(count: int, patient: str, address: str) -> str:
    """Where DICOM objects shall be sent, asked with all that is sent; empty if the user cancelled.

    Parameters
    ----------
    patient
        As the Data module names them; empty where it does not.
    address
        The last one.
    """
    dialog = qt.QDialog(slicer.util.mainWindow())
    dialog.windowTitle = _("Send to PACS")
    form = qt.QFormLayout(dialog)
    said = qt.QLabel(
        _("{count} DICOM objects are sent. They hold the patient's name and ID as the CT does: {patient}.").format(
            count=count, patient=patient or _("not known here")
        )
    )
    said.textFormat = qt.Qt.PlainText
    said.wordWrap = True
    form.addRow(said)
    line = qt.QLineEdit(address)
    line.objectName = "archiveLineEdit"
    line.placeholderText = _("AETITLE@host:port, or https://… of a DICOMweb service")
    line.minimumWidth = 420
    form.addRow(_("To:"), line)
    accepted = _is_accepted(dialog, form, _("Send"))
    chosen = line.text.strip()
    dialog.deleteLater()
    return chosen if accepted else ""


class InputQuestion:
    """Asks about a CT with which something is wrong that can be computed all the same: by the button, not by a dialog.

    Parameters
    ----------
    say
        Called with the sentences that the user reads; with an empty text when nothing is wrong.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        # Weak, because a CT whose question is still open when its scene is closed must not stay in memory.
        self._asked_about = vtk.vtkWeakReference()

    @property
    def asked_about(self) -> Any:
        """The CT for which the next click means "all the same", or None."""
        return self._asked_about.Get()

    def drop(self) -> None:
        """Another CT was selected."""
        self._asked_about.Set(None)

    def is_settled(self, ct_node: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Whether a CT is fine, or the user wants its result all the same; the result then says what is wrong.

        Raises
        ------
        InputError
            If the CT cannot be computed.
        """
        sentences = list(_wrong_with(ct_node.GetID(), voxels_of(ct_node)))
        if ct_node is self.asked_about or not sentences:
            accept_findings(ct_node, sentences)
        unknown = "" if accepted_findings(ct_node) == sentences else "\n".join(sentences)
        self._asked_about.Set(ct_node if unknown else None)
        self._say(unknown)
        return not unknown


@lru_cache(maxsize=1)
def _wrong_with(ct_id: str, voxels: tuple[object, ...]) -> tuple[str, ...]:
    """The sentences; the same voxels are checked once, however often their mask is corrected."""
    return tuple(finding.sentence for finding in check_node(slicer.mrmlScene.GetNodeByID(ct_id)))


def _is_accepted(dialog: qt.QDialog, form: qt.QFormLayout, accept: str) -> bool:
    """Add the buttons below a form, and ask; ``accept`` is what the first one is called."""
    buttons = qt.QDialogButtonBox()
    buttons.addButton(accept, qt.QDialogButtonBox.AcceptRole)
    buttons.addButton(qt.QDialogButtonBox.Cancel)
    buttons.connect("accepted()", dialog.accept)
    buttons.connect("rejected()", dialog.reject)
    form.addRow(buttons)
    return bool(dialog.exec_() == qt.QDialog.Accepted)

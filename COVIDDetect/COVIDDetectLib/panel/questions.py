"""What the panel asks before an analysis."""

from __future__ import annotations

from typing import Literal

import qt
import slicer
from slicer.i18n import tr as _

from ..mrml.ct_checks import check_node
from ..mrml.result import ACCEPTED_FINDINGS

MaskChoice = Literal["mine", "new", "cancel"]


def which_mask(mask: slicer.vtkMRMLSegmentationNode) -> MaskChoice:
    """Whether to score with a mask that was corrected by hand, or to make a new one beside it."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Question)
    box.setWindowTitle(_("COVIDDetect"))
    box.setText(_("The lung mask {name} was corrected by hand.").format(name=mask.GetName()))
    box.setInformativeText(_("A new mask goes into a segmentation of its own; yours is kept."))
    mine = box.addButton(_("Score with my mask"), qt.QMessageBox.AcceptRole)
    new = box.addButton(_("Make a new mask"), qt.QMessageBox.ActionRole)
    box.addButton(qt.QMessageBox.Cancel)
    box.setDefaultButton(mine)
    box.exec_()
    clicked = box.clickedButton()
    return "mine" if clicked == mine else "new" if clicked == new else "cancel"


def findings_to_accept(ct_node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """What is wrong with a CT that can be computed all the same, in sentences; empty if nothing is, or she knows.

    Raises
    ------
    InputError
        If the CT cannot be computed.
    """
    sentences = "\n".join(finding.sentence for finding in check_node(ct_node))
    return "" if ct_node.GetAttribute(ACCEPTED_FINDINGS) == sentences else sentences


def accept_findings(ct_node: slicer.vtkMRMLScalarVolumeNode, sentences: str) -> None:
    """She knows what is wrong with this CT and wants its result; she is not asked again, and the result will say it."""
    ct_node.SetAttribute(ACCEPTED_FINDINGS, sentences)

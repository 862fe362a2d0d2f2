"""The two questions that the panel asks before an analysis."""

from __future__ import annotations

from typing import Literal

import qt
import slicer
from slicer.i18n import tr as _

from ..checks import check_ct
from ..errors import InputError
from ..mrml.ct import ct_from_node

_ACCEPTED = "COVIDDetect.acceptedFindings"

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


def accepts_findings(ct_node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether nothing is wrong with a CT, or she wants its result all the same; asked once for each CT.

    Raises
    ------
    InputError
        If the CT cannot be computed.
    """
    findings = check_ct(ct_from_node(ct_node))
    for finding in findings:
        if not finding.computable:
            raise InputError(finding.sentence)
    codes = " ".join(finding.code for finding in findings)
    if not findings or ct_node.GetAttribute(_ACCEPTED) == codes:
        return True
    text = "\n\n".join(finding.sentence for finding in findings)
    if not slicer.util.confirmOkCancelDisplay(text, _("Analyze all the same?")):
        return False
    ct_node.SetAttribute(_ACCEPTED, codes)
    return True

"""What is wrong with a CT in the scene, before it is computed: what its node tells, and the slices it came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer

from ..ct.layout_checks import Finding, check_axes, check_slice_positions, check_time_points
from ..errors import InputError
from ..lungs.anatomy_checks import check_ct
from .nodes.ct import ct_from_node, is_bent

_ACCEPTED_FINDINGS = "COVIDDetect.acceptedFindings"
"""Attribute of a CT: what is wrong with it, one sentence per line, which the user has accepted."""
_POSITION, _ORIENTATION = "0020,0032", "0020,0037"
"""DICOM tags of Image Position (Patient) and Image Orientation (Patient)."""


def check_node(node: slicer.vtkMRMLScalarVolumeNode) -> tuple[Finding, ...]:
    """All that is wrong with a CT and can be computed all the same; a second at most for any CT.

    Raises
    ------
    InputError
        If the CT cannot be computed, with the sentence that the user reads.
    """
    slices = _check_slices(node)
    # ct_from_node refuses any volume that is bent; for slices out of place it would not say why.
    if slices and (is_bent(node) or not slices.computable):
        raise InputError(slices.sentence)
    ct = ct_from_node(node)
    findings = (_check_sequence(node), slices, check_axes(ct.geometry.ijk_to_lps), *check_ct(ct))
    for finding in findings:
        if finding and not finding.computable:
            raise InputError(finding.sentence)
    return tuple(finding for finding in findings if finding)


def note_findings(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Check a CT where nobody can be asked: its result will say what is wrong with it.

    Raises
    ------
    InputError
        If the CT cannot be computed, with the sentence that the user reads.
    """
    accept_findings(node, [finding.sentence for finding in check_node(node)])


def accept_findings(node: slicer.vtkMRMLScalarVolumeNode, sentences: Sequence[str]) -> None:
    """Remember what is wrong with a CT that is analyzed all the same."""
    if sentences:
        node.SetAttribute(_ACCEPTED_FINDINGS, "\n".join(sentences))
    else:
        node.RemoveAttribute(_ACCEPTED_FINDINGS)


def accepted_findings(node: slicer.vtkMRMLScalarVolumeNode) -> list[str]:
    """What is wrong with a CT and was accepted: the notes of its next result."""
    return (node.GetAttribute(_ACCEPTED_FINDINGS) or "").splitlines()


def _check_slices(node: slicer.vtkMRMLScalarVolumeNode) -> Finding | None:
    """Where the slices were, which the node itself does not tell: its grid is even whatever they were."""
    positions_mm = _slice_positions(node)
    if positions_mm is None:
        return None
    if not is_bent(node):
        return check_slice_positions(positions_mm)
    # Slicer's DICOM reader puts such slices under a grid transform; to harden it resamples them on an even grid.
    harden = "load the whole series, or harden the transform that evens them out (Transforms module)"
    return check_slice_positions(positions_mm, if_uneven=harden)


def _slice_positions(node: slicer.vtkMRMLScalarVolumeNode) -> list[float] | None:
    """Place of each slice along their normal, in mm, if this computer's DICOM database still knows them."""
    database = getattr(slicer, "dicomDatabase", None)
    image = node.GetImageData()
    instances = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    if not database or not database.isOpen or image is None or len(instances) != image.GetDimensions()[2]:
        return None
    tags = [
        [database.instanceValue(instance, tag).split("\\") for tag in (_POSITION, _ORIENTATION)]
        for instance in instances
    ]
    if any((len(position), len(orientation)) != (3, 6) for position, orientation in tags):
        return None
    along_row, along_column = np.array(tags[0][1], dtype=float).reshape(2, 3)
    positions = np.array([position for position, _ in tags], dtype=float)
    return list(positions @ np.cross(along_row, along_column))


def _check_sequence(node: slicer.vtkMRMLScalarVolumeNode) -> Finding | None:
    """Whether the node shows one volume of a sequence after the other."""
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        if browser.GetSequenceNode(node) is not None:
            return check_time_points(browser.GetNumberOfItems(), browser.GetSelectedItemNumber() + 1)
    return None

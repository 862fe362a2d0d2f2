"""What is wrong with a CT in the scene, before it is computed: what its node tells, and its DICOM files."""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from ..ct.dicom import Unreadable, quiet_pydicom, read_image
from ..ct.layout_checks import Finding, check_axes, check_slice_positions, check_time_points
from ..ct.loaded import check_loaded_grid, check_loaded_values
from ..ct.stack import Slice, check_compression, check_origin, positions_of, slices_of
from ..ct.volume import CTVolume
from ..errors import InputError
from ..lungs.anatomy_checks import check_ct
from .nodes.ct import ct_from_node, is_bent
from .nodes.dicom_files import dicom_files_of

_ACCEPTED_FINDINGS = "COVIDDetect.acceptedFindings"
"""Attribute of a CT: what is wrong with it, one sentence per line, which the user has accepted."""


def check_node(node: slicer.vtkMRMLScalarVolumeNode) -> tuple[Finding, ...]:
    """All that is wrong with a CT and can be computed all the same.

    It takes a second at most, and one or two more where the CT's DICOM files are compressed.

    Raises
    ------
    InputError
        If the CT cannot be computed, with the sentence that the user reads.
    """
    slices = _slices(node)
    uneven = _check_positions(node, slices)
    # ct_from_node refuses any volume that is bent; for slices out of place it would not say why.
    if uneven and (is_bent(node) or not uneven.computable):
        raise InputError(uneven.sentence)
    ct = ct_from_node(node)
    loaded = _check_loaded(ct, slices) if slices and not uneven else None
    findings = (
        _check_sequence(node),
        check_origin(slices),
        check_compression(slices),
        uneven,
        loaded,
        check_axes(ct.geometry.ijk_to_lps),
        *check_ct(ct),
    )
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


def _slices(node: slicer.vtkMRMLScalarVolumeNode) -> list[Slice]:
    """What the headers say of each slice or frame, along their normal; empty if this computer does not know the files.

    Raises
    ------
    InputError
        If they make no volume.
    """
    image, files = node.GetImageData(), dicom_files_of(node)
    if image is None or not files:
        return []
    try:
        with quiet_pydicom():
            images = [read_image(file) for file in files]
    except (Unreadable, InputError):  # Slicer could, and what it made of them lies in the scene
        return []
    if None in images:
        return []
    slices = slices_of([image for image in images if image])
    # A volume that was cropped or resampled may still have the UIDs of its CT.
    columns, rows, count = image.GetDimensions()
    is_whole = (len(slices), slices[0].image.rows, slices[0].image.columns) == (count, rows, columns)
    return slices if is_whole else []


def _check_positions(node: slicer.vtkMRMLScalarVolumeNode, slices: Sequence[Slice]) -> Finding | None:
    """Where the slices were, which the node itself does not tell: its grid is even whatever they were."""
    if not slices:
        return None
    finding = check_slice_positions(positions_of(slices))
    if finding and _has_frames(slices):  # Slicer has no grid for them, and no transform
        return Finding(finding.code, finding.sentence, computable=False)
    if finding and is_bent(node):
        # Slicer's DICOM reader puts such slices under a grid transform; to harden it resamples them on an even grid.
        harden = "load the whole series, or harden the transform that evens them out (Transforms module)"
        return check_slice_positions(positions_of(slices), if_uneven=harden)
    return finding


def _check_loaded(ct: CTVolume, slices: Sequence[Slice]) -> Finding | None:
    grid = check_loaded_grid(ct, slices) if _has_frames(slices) else None
    return grid or check_loaded_values(ct, slices)


def _has_frames(slices: Sequence[Slice]) -> bool:
    """Whether a file holds more than one slice."""
    return any(len(one.image.frames) > 1 for one in slices)


def _check_sequence(node: slicer.vtkMRMLScalarVolumeNode) -> Finding | None:
    """Whether the node shows one volume of a sequence after the other."""
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        if browser.GetSequenceNode(node) is not None:
            return check_time_points(browser.GetNumberOfItems(), browser.GetSelectedItemNumber() + 1)
    return None

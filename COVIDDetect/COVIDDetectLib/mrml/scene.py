"""An analysis into the scene: lung mask, heat map and result of one CT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

from ..analysis import Analysis
from ..attention import Attention
from ..errors import MaskError
from ..lungs import LungMask
from ..opacity import CONSOLIDATION, EMPHYSEMA, GROUND_GLASS
from .ct import geometry_of, layout_finding
from .heat_map import is_heat_map, new_heat_map, write_heat_map, write_in_lungs
from .lung_mask import is_automatic, mark_automatic, new_segmentation, write_lung_mask, write_segment
from .result import Result

_DENSITIES = (
    (GROUND_GLASS, "Ground-glass opacity", (0.45, 0.80, 0.55)),
    (CONSOLIDATION, "Consolidation", (0.85, 0.45, 0.75)),
    (EMPHYSEMA, "Emphysema-like", (0.40, 0.55, 0.90)),
)


def write_analysis(
    analysis: Analysis,
    ct_node: slicer.vtkMRMLScalarVolumeNode,
    lung_mask_node: slicer.vtkMRMLSegmentationNode | None,
) -> Result:
    """Write an analysis of ``ct_node`` into the scene; the nodes of its last result are used again.

    Parameters
    ----------
    lung_mask_node
        The mask that was scored, which stays as it is; None if the analysis made one. That goes into the mask of the
        last result if nobody touched it, else into a new node.
    """
    earlier = Result.of(ct_node)
    if lung_mask_node is None:
        last = earlier.lung_mask_node if earlier else None
        if last is not None and is_automatic(last):
            lung_mask_node = last
        else:
            lung_mask_node = new_segmentation(ct_node, f"{ct_node.GetName()} lungs")
        write_lung_mask(analysis.lung_mask, lung_mask_node)
        mark_automatic(lung_mask_node)
    heat_map = (earlier and earlier.heat_map_node) or new_heat_map(ct_node, f"{ct_node.GetName()} heat map")
    in_lungs = (earlier and earlier.in_lungs_node) or new_heat_map(ct_node, f"{ct_node.GetName()} heat map in lungs")
    if earlier and earlier.opacity_node is not None:
        slicer.mrmlScene.RemoveNode(earlier.opacity_node)  # it showed densities of the last mask
    for node in (heat_map, in_lungs):
        node.SetAndObserveTransformNodeID(ct_node.GetTransformNodeID())
    write_heat_map(analysis.attention, heat_map)
    write_in_lungs(analysis.attention, analysis.lung_mask, in_lungs)
    return Result.write(analysis, ct_node, lung_mask_node, heat_map, in_lungs)


def load_lung_mask(file: Path, ct_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """A lung mask from a file as a new segmentation over a CT, on the grid that the file has.

    Parameters
    ----------
    file
        A segmentation of Slicer (.seg.nrrd), or an image with the labels 0, 1 (right lung) and 2 (left lung).

    Raises
    ------
    MaskError
        If there is no mask in it.
    """
    from ..report.files import read_lung_mask

    if file.name.lower().endswith((".seg.nrrd", ".seg.nhdr")):
        try:
            return slicer.util.loadSegmentation(str(file))
        except RuntimeError as error:
            raise MaskError(f"{file.name} cannot be read as a segmentation; choose another file.") from error
    lung_mask = read_lung_mask(file)
    node = new_segmentation(ct_node, file.name.split(".")[0])
    write_lung_mask(lung_mask, node)
    return node


def write_attention(attention: Attention, result: Result, lung_mask: LungMask) -> None:
    """Show another heat map of the same score; the probability and the regions stay those of the result."""
    write_heat_map(attention, result.heat_map_node)
    write_in_lungs(attention, lung_mask, result.in_lungs_node)


def show_opacity(result: Result, labels: np.ndarray) -> slicer.vtkMRMLSegmentationNode:
    """Densities as segments of a node of their own; shown filled, so that they are not taken for the lung mask.

    Parameters
    ----------
    labels
        ``opacity.opacity_labels`` on the CT's grid.
    """
    ct_node = result.ct_node
    assert ct_node is not None, "a result whose CT is gone cannot be measured"
    node = result.opacity_node
    if node is None:
        node = new_segmentation(ct_node, f"{ct_node.GetName()} opacity")
        result.refer_to_opacity(node)
        node.GetDisplayNode().SetVisibility2DFill(True)
        node.GetDisplayNode().SetOpacity2DFill(0.4)
    geometry = geometry_of(ct_node)
    for label, title, color in _DENSITIES:
        write_segment(node, geometry, labels == label, f"COVIDDetect_{label}", title, color)
    return node


def chest_cts() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The volumes in the scene that can be a CT: with voxels, no labelmaps, no heat maps of ours."""
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [
        node
        for node in nodes
        if node.GetClassName() == "vtkMRMLScalarVolumeNode"
        and not is_heat_map(node)
        and not node.GetHideFromEditors()
        and node.GetImageData() is not None
    ]


def why_no_ct() -> str:
    """Why the volume that was loaded last is not among them, as a sentence; empty if nothing is wrong with it."""
    for node in reversed(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")):
        if node.GetClassName() != "vtkMRMLScalarVolumeNode" and node.GetImageData() and not node.GetHideFromEditors():
            finding = layout_finding(node)
            if finding:
                return finding.sentence
    return ""

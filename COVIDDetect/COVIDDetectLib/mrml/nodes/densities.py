"""Densities in the lungs of a result: measured within limits, and shown as segments."""

from __future__ import annotations

import slicer

from ...analysis.opacity import CONSOLIDATION, EMPHYSEMA, GROUND_GLASS, OpacityBounds, opacity_labels
from ...ct.volume import CTVolume
from ...lungs import LungMask
from .ct import ct_from_node, geometry_of
from .lung_mask import fingerprint, lung_mask_from_node, new_segmentation, segment, segment_ids, write_segment
from .result import Result

_DENSITIES = (
    (GROUND_GLASS, "Ground-glass opacity", (0.45, 0.80, 0.55)),
    (CONSOLIDATION, "Consolidation", (0.85, 0.45, 0.75)),
    (EMPHYSEMA, "Emphysema-like", (0.40, 0.55, 0.90)),
)
_MADE = "COVIDDetect.densities"
"""Attribute of the segments: what they were when they were made."""


def measure_densities(result: Result, bounds: OpacityBounds) -> None:
    """Measure anew within other bounds, into the result."""
    result.write_opacity(*_ct_and_mask(result), bounds)
    drop_densities(result)


def show_densities(result: Result, bounds: OpacityBounds) -> slicer.vtkMRMLSegmentationNode:
    """Segments of a node of their own; shown filled, so that they are not taken for the lung mask.

    The numbers of the result follow the same bounds.
    """
    ct, mask = _ct_and_mask(result)
    if bounds.levels != result.opacity_bounds:
        result.write_opacity(ct, mask, bounds)
    labels = opacity_labels(ct, mask, bounds)
    ct_node = result.ct_node
    assert ct_node is not None, "a result whose CT is gone cannot be measured"
    node = result.opacity_node
    if node is None or not _is_as_made(node):
        node = new_segmentation(ct_node, f"{ct_node.GetName()} opacity")
        result.refer_to_opacity(node)
        node.GetDisplayNode().SetVisibility2DFill(True)
        node.GetDisplayNode().SetOpacity2DFill(0.4)
    geometry = geometry_of(ct_node)
    for label, title, color in _DENSITIES:
        write_segment(node, geometry, labels == label, f"COVIDDetect_{label}", title, color)
    node.SetAttribute(_MADE, _fingerprint(node))
    return node


def drop_densities(result: Result) -> None:
    """The segments show what lies within other bounds, or in another mask: remove them.

    If somebody renamed or edited them, they stay in the scene, and the result no longer refers to them.
    """
    node = result.opacity_node
    if node is None:
        return
    result.refer_to_opacity(None)
    if _is_as_made(node):
        slicer.mrmlScene.RemoveNode(node)


def _is_as_made(node: slicer.vtkMRMLSegmentationNode) -> bool:
    return node.GetAttribute(_MADE) == _fingerprint(node)


def _fingerprint(node: slicer.vtkMRMLSegmentationNode) -> str:
    ids = segment_ids(node)
    names = [node.GetName(), *(segment(node, each).GetName() for each in ids)]
    return f"{names} {fingerprint(node, {each: 1 << number % 8 for number, each in enumerate(ids)})}"


def _ct_and_mask(result: Result) -> tuple[CTVolume, LungMask]:
    return ct_from_node(result.ct_node), lung_mask_from_node(result.lung_mask_node, result.ct_node)

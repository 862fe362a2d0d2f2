"""The densities of a result's lungs: measured within bounds, and shown as segments."""

from __future__ import annotations

import slicer

from ..lungs import LungMask
from ..opacity import CONSOLIDATION, EMPHYSEMA, GROUND_GLASS, OpacityBounds, measure_opacity, opacity_labels
from ..volume import CTVolume
from .ct import ct_from_node, geometry_of
from .lung_mask import lung_mask_from_node, new_segmentation, write_segment
from .result import Result

_DENSITIES = (
    (GROUND_GLASS, "Ground-glass opacity", (0.45, 0.80, 0.55)),
    (CONSOLIDATION, "Consolidation", (0.85, 0.45, 0.75)),
    (EMPHYSEMA, "Emphysema-like", (0.40, 0.55, 0.90)),
)


def measure_densities(result: Result, bounds: OpacityBounds) -> None:
    """Measure anew within other bounds, into the result."""
    result.write_opacity(measure_opacity(*_ct_and_mask(result), bounds), bounds)


def show_densities(result: Result, bounds: OpacityBounds) -> slicer.vtkMRMLSegmentationNode:
    """Segments of a node of their own; shown filled, so that they are not taken for the lung mask.

    The numbers of the result follow the same bounds.
    """
    ct, mask = _ct_and_mask(result)
    if bounds.levels != result.opacity_bounds:
        result.write_opacity(measure_opacity(ct, mask, bounds), bounds)
    labels = opacity_labels(ct, mask, bounds)
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


def _ct_and_mask(result: Result) -> tuple[CTVolume, LungMask]:
    return ct_from_node(result.ct_node), lung_mask_from_node(result.lung_mask_node, result.ct_node)

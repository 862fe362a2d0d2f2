"""The heat map in the scene: ``HeatMap`` as two scalar volumes that lie over the slice views."""

from __future__ import annotations

import slicer

from ...analysis.attention import Attention
from ...analysis.heat_map import HeatMap
from .ct import geometry_of, give_to, place
from .for_and_against import table_for_and_against

FOR_AND_AGAINST = "For and against"
COLORS = ("Inferno", "Viridis", "Magma", "Plasma", FOR_AND_AGAINST)
"""Perceptually uniform color tables that Slicer brings along, and one that also shows what speaks against."""

_SHARE, _RAW_MAXIMUM = "COVIDDetect.shareInLungs", "COVIDDetect.rawMaximum"
_NO_LIMIT = -1e9
_TITLE = "COVIDDetect.title"
"""Attribute of a legend: what it got here, its title and whether numbers have signs; the user may change it."""
_LEGEND_SIZE = 0.045, 0.2
"""Shares of the view. Slicer fits the letters into them, whatever font is set: here no larger than the corner text."""


def new_heat_map(ct_node: slicer.vtkMRMLScalarVolumeNode, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """An empty heat map that follows the CT's transform."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetAndObserveTransformNodeID(ct_node.GetTransformNodeID())
    give_to(ct_node, node)
    node.SetAttribute("COVIDDetect.role", "heatMap")
    return node


def is_heat_map(node: slicer.vtkMRMLNode) -> bool:
    """Whether a volume is a heat map of ours, and so no CT to analyze."""
    return node.GetAttribute("COVIDDetect.role") == "heatMap"


def heat_maps() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """All heat maps of ours in the scene."""
    return [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if is_heat_map(node)]


def write_heat_map(
    heat_map: HeatMap, whole: slicer.vtkMRMLScalarVolumeNode, in_lungs: slicer.vtkMRMLScalarVolumeNode
) -> None:
    """Make a heat map the content of two nodes; that of the part in the lungs also tells how much that is."""
    write_attention(heat_map.whole, whole)
    write_attention(heat_map.in_lungs, in_lungs)
    in_lungs.SetAttribute(_SHARE, repr(heat_map.share_in_lungs))


def write_attention(attention: Attention, node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Make ``attention`` the content of ``node``, on its own coarse grid: the slice views interpolate."""
    with slicer.util.NodeModify(node):
        place(node, attention.geometry)
        slicer.util.updateVolumeFromArray(node, attention.values)
        node.SetAttribute("COVIDDetect.layer", attention.layer)
        node.SetAttribute(_RAW_MAXIMUM, repr(attention.raw_maximum))
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, 1.0)
        display.InterpolateOn()
        display.ApplyThresholdOn()


def attention_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Attention:
    """The heat map of a node, where it lies now."""
    values = slicer.util.arrayFromVolume(node)
    return Attention(values.copy(), geometry_of(node), float(node.GetAttribute(_RAW_MAXIMUM) or 1), layer_of(node))


def share_of(node: slicer.vtkMRMLScalarVolumeNode | None) -> float | None:
    """The part of the heat that lies in the lungs, as the map in the lungs knows it."""
    share = node.GetAttribute(_SHARE) if node is not None else None
    return float(share) if share else None


def hottest_of(node: slicer.vtkMRMLScalarVolumeNode) -> float:
    """The highest value of a map: 1 where the hottest place of the whole lies in it."""
    image = node.GetImageData()
    return float(image.GetScalarRange()[1]) if image is not None else 0.0


def is_empty(node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether nothing spoke for COVID-19."""
    return float(node.GetAttribute(_RAW_MAXIMUM) or 1) == 0


def layer_of(node: slicer.vtkMRMLScalarVolumeNode | None) -> str:
    """Layer and method of a heat map, as the user reads them."""
    return (node.GetAttribute("COVIDDetect.layer") or "") if node is not None else ""


def tells_against(node: slicer.vtkMRMLScalarVolumeNode | None) -> bool:
    """Whether a map knows what speaks against COVID-19: Grad-CAM has no sign, nor had what earlier versions stored."""
    image = node.GetImageData() if node is not None else None
    return image is not None and bool(image.GetScalarRange()[0] < 0)


def style_heat_map(node: slicer.vtkMRMLScalarVolumeNode, colors: str, threshold: float) -> None:
    """Color table, and the size below which no value is shown (0 shows all but 0)."""
    # Exactly 0 is where the network saw nothing, or where there is no lung.
    threshold, display = max(threshold, 1e-3), node.GetDisplayNode()
    table, lowest = colors_of(node, colors, threshold)
    with slicer.util.NodeModify(display):
        display.SetAndObserveColorNodeID(table.GetID())
        display.SetWindowLevelMinMax(lowest, 1.0)
        display.SetLowerThreshold(threshold if lowest == 0 else _NO_LIMIT)
        display.SetUpperThreshold(2.0)


def colors_of(
    node: slicer.vtkMRMLScalarVolumeNode, colors: str, threshold: float
) -> tuple[slicer.vtkMRMLColorTableNode, float]:
    """The table of one of ``COLORS`` in the scene, and the value at its lower end; at the upper one is 1."""
    if colors == FOR_AND_AGAINST and tells_against(node):
        return table_for_and_against(threshold), -1.0
    name = COLORS[0] if colors == FOR_AND_AGAINST else colors
    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLColorTableNodeFile{name}.txt"), 0.0


def show_legend(node: slicer.vtkMRMLScalarVolumeNode, visible: bool) -> None:
    """A color legend of the heat map in the slice views."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    if legend is None and visible:
        legend = _new_legend(node)
    if legend is not None:
        legend.SetVisibility(visible)


def title_legend(node: slicer.vtkMRMLScalarVolumeNode, title: str, signed: bool) -> None:
    """Write over the legend of a heat map what its colors mean, when that has changed; with signs where they have."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    given = f"{title}±" if signed else title
    if legend is not None and legend.GetAttribute(_TITLE) != given:
        legend.SetAttribute(_TITLE, given)
        legend.SetTitleText(title)
        legend.SetLabelFormat("%+.1f" if signed else "%.1f")


def draw_legend(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Draw the legend in the views that show its heat map: Slicer looks for that only when the legend changes."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    if legend is not None:
        legend.Modified()


def _new_legend(node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLColorLegendDisplayNode:
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    with slicer.util.NodeModify(legend):
        legend.SetLabelFormat("%.1f")
        legend.SetNumberOfLabels(3)
        legend.SetMaxNumberOfColors(64)
        legend.SetSize(*_LEGEND_SIZE)
        legend.SetPosition(0.98, 0.5)
    return legend

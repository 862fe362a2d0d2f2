"""How a scored CT is shown in the slice views."""

from __future__ import annotations

import slicer

from .heat_map import is_heat_map, show_legend, style_heat_map
from .result import Result

LUNG_WINDOW, LUNG_LEVEL = 1400.0, -500.0
"""Slicer's own CT-lung preset."""


def set_lung_window(ct_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a CT in a lung window."""
    if ct_node.GetDisplayNode() is None:
        ct_node.CreateDefaultDisplayNodes()
    display = ct_node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevel(LUNG_WINDOW, LUNG_LEVEL)


def show_ct(ct_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Make a CT the background of all slice views; where it is so already nothing moves."""
    if any(view.GetBackgroundVolumeID() != ct_node.GetID() for view in _composites()):
        slicer.util.setSliceViewerLayers(background=ct_node, fit=True)


def show_result(result: Result | None, *, only_in_lungs: bool, opacity: float, threshold: float, colors: str) -> None:
    """The heat map of a result as foreground of all slice views, with its legend; None takes ours away."""
    shown = (result.in_lungs_node if only_in_lungs else result.heat_map_node) if result else None
    if shown is not None:
        style_heat_map(shown, colors, threshold)
    for view in _composites():
        foreground = slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID() or "")
        if shown is not None:
            with slicer.util.NodeModify(view):
                view.SetForegroundVolumeID(shown.GetID())
                view.SetForegroundOpacity(opacity)
        elif foreground is not None and is_heat_map(foreground):
            view.SetForegroundVolumeID(None)
    # After the volume is in the views: a legend of what is not shown stays hidden.
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if is_heat_map(node) and node.GetDisplayNode() is not None:
            show_legend(node, "Heat", node is shown)


def jump_to(position_ras: tuple[float, float, float]) -> None:
    """All slice views, and the crosshair, to a place in the patient."""
    crosshair = slicer.util.getNode("Crosshair")
    crosshair.SetCrosshairRAS(*position_ras)
    if crosshair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowBasic)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *position_ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)


def _composites() -> list[slicer.vtkMRMLSliceCompositeNode]:
    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))

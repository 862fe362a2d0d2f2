"""How a scored CT is shown in the views."""

from __future__ import annotations

import slicer

from .heat_map import is_heat_map, show_legend, style_heat_map
from .heat_map_3d import show_in_3d
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


def show_result(
    result: Result | None,
    *,
    visible: bool,
    in_3d: bool,
    only_in_lungs: bool,
    opacity: float,
    threshold: float,
    colors: str,
    over_others: bool = False,
) -> None:
    """The heat map of a result over its own CT, with its legend; over any other volume no map of ours is left.

    Parameters
    ----------
    result
        None takes all maps away.
    visible
        Whether its heat map is shown at all.
    in_3d
        Whether its lungs, and the heat map where it is visible, are shown in the 3D views.
    over_others
        Whether a foreground that is not ours may be replaced.
    """
    shown = (result.in_lungs_node if only_in_lungs else result.heat_map_node) if result and visible else None
    if shown is not None:
        style_heat_map(shown, colors, threshold)
    ct_id = result.ct_node.GetID() if result and result.ct_node else None
    for view in _composites():
        foreground = slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID() or "")
        is_free = foreground is None or is_heat_map(foreground) or over_others
        if shown is not None and view.GetBackgroundVolumeID() == ct_id:
            if is_free:
                with slicer.util.NodeModify(view):
                    view.SetForegroundVolumeID(shown.GetID())
                    view.SetForegroundOpacity(opacity)
        elif foreground is not None and is_heat_map(foreground):
            view.SetForegroundVolumeID(None)
    # After the volume is in the views: a legend of what is not shown stays hidden.
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if is_heat_map(node) and node.GetDisplayNode() is not None:
            show_legend(node, "Out of date" if result and result.stale else "Heat map", node is shown)
    show_in_3d(
        result if in_3d else None,
        shown if in_3d else None,
        opacity=opacity,
        threshold=threshold,
        colors=colors,
    )


def show_mask_of(result: Result | None, visible: bool) -> None:
    """The outlines of one result's mask; those of all other results would lie over a CT that is not theirs.

    Parameters
    ----------
    visible
        Of the outlines in the slice views; whether the lungs are shown in 3D is another choice.
    """
    for other in Result.all():
        for node in (other.lung_mask_node, other.opacity_node):
            if node is not None and node.GetDisplayNode() is not None:
                node.GetDisplayNode().SetVisibility(result is not None and other.node is result.node)
    display = result.lung_mask_node.GetDisplayNode() if result and result.lung_mask_node else None
    if display is not None:
        with slicer.util.NodeModify(display):
            display.SetVisibility2D(visible)
            if visible:
                display.SetVisibility2DOutline(True)


def jump_to(position_ras: tuple[float, float, float]) -> None:
    """All slice views, and the crosshair, to a place in the patient."""
    crosshair = slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    crosshair.SetCrosshairRAS(*position_ras)
    if crosshair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowBasic)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *position_ras, slicer.vtkMRMLSliceNode.CenteredJumpSlice)


def _composites() -> list[slicer.vtkMRMLSliceCompositeNode]:
    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))

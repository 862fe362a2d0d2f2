"""How a scored CT is shown in the views."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..nodes.hatched import hatched_copies, hatched_copy, original_of
from ..nodes.heat_map import (
    FOR_AND_AGAINST,
    draw_legend,
    heat_maps,
    is_heat_map,
    show_legend,
    style_heat_map,
    tells_against,
    title_legend,
)
from ..nodes.result import Result
from .heat_map_3d import show_in_3d

LUNG_WINDOW, LUNG_LEVEL = 1400.0, -500.0
"""Slicer's own CT-lung preset."""

_WINDOWED = "COVIDDetect.lungWindow"
"""Attribute of a CT that was shown in a lung window once."""

VIEWS = ("vtkMRMLSliceCompositeNode", "vtkMRMLSliceNode", "vtkMRMLViewNode")
"""Classes of the nodes that say what a slice view shows and whether it is on screen, and what a 3D view shows."""


def set_lung_window(ct_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a CT in a lung window."""
    if ct_node.GetDisplayNode() is None:
        ct_node.CreateDefaultDisplayNodes()
    display = ct_node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevel(LUNG_WINDOW, LUNG_LEVEL)


def set_lung_window_once(ct_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a CT in a lung window when it is chosen for the first time; from then on the window is the user's."""
    if not ct_node.GetAttribute(_WINDOWED):
        ct_node.SetAttribute(_WINDOWED, "yes")
        set_lung_window(ct_node)


def show_ct(ct_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Make a CT the background of all slice views; where it is so already nothing moves.

    The first time in a lung window.
    """
    set_lung_window_once(ct_node)
    if any(view.GetBackgroundVolumeID() != ct_node.GetID() for view in _composites()):
        slicer.util.setSliceViewerLayers(background=ct_node, fit=True)


def is_shown(ct_node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether a slice view on screen shows this CT; where the layout has none, those behind it count."""
    return any(view.GetBackgroundVolumeID() == ct_node.GetID() for view in _on_screen() or _composites())


def volumes_shown() -> dict[str, list[str]]:
    """IDs of the volumes, background and what is blended over it, of each slice view on screen that shows any.

    A hatched copy counts as the heat map that it is of.
    """
    shown = {}
    for view in _on_screen():
        foreground = view.GetForegroundVolumeID() if view.GetForegroundOpacity() else None
        volumes = [_original_id(volume) for volume in (view.GetBackgroundVolumeID(), foreground) if volume]
        if volumes:
            shown[slicer.vtkMRMLSliceLogic.GetSliceNode(view).GetID()] = volumes
    return shown


def backgrounds() -> dict[str, str | None]:
    """ID of the volume in the background of each slice view, also of those that are not on screen."""
    return {view.GetID(): view.GetBackgroundVolumeID() for view in _composites()}


@dataclass(frozen=True)
class Look:
    """How the user wants to see the heat map.

    Parameters
    ----------
    visible
        Whether it is shown at all.
    in_3d
        Whether the lungs, and the heat map where it is visible, are shown in the 3D views.
    """

    visible: bool
    in_3d: bool
    only_in_lungs: bool
    opacity: float
    threshold: float
    colors: str


def lay_heat_map(
    result: Result | None, look: Look, *, is_new: bool, known: Container[str] = (), over_others: bool = False
) -> None:
    """Lay the heat map of a result over its own CT, with its legend; over any other volume no map of ours is left.

    What is laid once is the user's until the look is changed: what happens to the foreground of a view, to the legend
    or to the volume in 3D stays.

    Parameters
    ----------
    result
        None takes all maps away.
    is_new
        Whether another map is to be shown, or otherwise, than at the last time.
    known
        IDs of the views that showed its CT at that time.
    over_others
        Whether a foreground that is not ours may be replaced.
    """
    heat_map, ct_id = map_shown(result, look), result.ct_node.GetID() if result and result.ct_node else None
    shown = _drawn(result, heat_map, is_new)
    if shown is not None and is_new:
        style_heat_map(shown, look.colors, look.threshold)
    is_changed = False
    for view in _composites():
        foreground = view.GetForegroundVolumeID()
        if shown is None or view.GetBackgroundVolumeID() != ct_id:
            if _has_heat_map(view):
                view.SetForegroundVolumeID(None)
                is_changed = True
        elif (is_new or view.GetID() not in known) and (not foreground or _has_heat_map(view) or over_others):
            with slicer.util.NodeModify(view):
                view.SetForegroundVolumeID(shown.GetID())
                view.SetForegroundOpacity(look.opacity)
            is_changed = True
    if is_new:
        for copy in hatched_copies():
            if copy is not shown:
                slicer.mrmlScene.RemoveNode(copy)
        for other in heat_maps():
            if other.GetDisplayNode() is not None:
                show_legend(other, other is shown)
    if shown is not None:
        signed = look.colors == FOR_AND_AGAINST and tells_against(shown)
        title_legend(shown, _legend_title(result, signed), signed)
        if is_changed:
            draw_legend(shown)
    show_in_3d(
        result if look.in_3d else None,
        heat_map if look.in_3d else None,
        opacity=look.opacity,
        threshold=look.threshold,
        colors=look.colors,
        is_new=is_new,
    )


def redraw_legends() -> None:
    """After other volumes came into the views: legends are seen where their heat map is."""
    for heat_map in heat_maps():
        draw_legend(heat_map)


def map_shown(result: Result | None, look: Look) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The heat map of a result that the user wants to see."""
    if result is None or not look.visible:
        return None
    return result.in_lungs_node if look.only_in_lungs else result.heat_map_node


def jump_to(position_ras: tuple[float, float, float]) -> None:
    """All slice views, and the crosshair, to a place in the patient."""
    crosshair = slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    crosshair.SetCrosshairRAS(*position_ras)
    if crosshair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)
    for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        # What is in sight already stays where it is: only the slice changes.
        if _is_in_sight(position_ras, view):
            view.JumpSliceByOffsetting(*position_ras)
        else:
            view.JumpSliceByCentering(*position_ras)


def take_out_of_views(volume: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Before a heat map or its CT is removed: Slicer's views would take another volume in its place.

    Over the CT lay one of another patient, and instead of the CT one saw its heat map alone.
    """
    for view in _composites():
        if view.GetForegroundVolumeID() == volume.GetID():
            view.SetForegroundVolumeID(None)
        if view.GetBackgroundVolumeID() == volume.GetID():
            view.SetBackgroundVolumeID(None)


def _is_in_sight(position_ras: tuple[float, float, float], view: slicer.vtkMRMLSliceNode) -> bool:
    """Whether a place lies within the borders of a slice view, in whichever slice."""
    to_ras = slicer.util.arrayFromVTKMatrix(view.GetXYToRAS())
    x, y = (np.linalg.inv(to_ras) @ [*position_ras, 1.0])[:2]
    width, height, _depth = view.GetDimensions()
    return bool(0 <= x < width and 0 <= y < height)


def _drawn(
    result: Result | None, heat_map: slicer.vtkMRMLScalarVolumeNode | None, is_new: bool
) -> slicer.vtkMRMLScalarVolumeNode | None:
    """What is laid over the CT: a heat map, or its copy in stripes where a check has failed."""
    if result is None or heat_map is None or not result.is_map_unreliable:
        return heat_map
    copies = [] if is_new else [copy for copy in hatched_copies() if original_of(copy) is heat_map]
    return copies[0] if copies else hatched_copy(heat_map)


def _original_id(volume_id: str) -> str:
    node = slicer.mrmlScene.GetNodeByID(volume_id)
    original = original_of(node) if node is not None else None
    return original.GetID() if original is not None else volume_id


def _legend_title(result: Result | None, signed: bool) -> str:
    """What the colors mean, or why they mean less than they seem to."""
    if result and result.stale:
        return _("Out of date")
    if result and result.is_map_unreliable:
        return _("Unreliable")
    return _("For (+)\nagainst (−)") if signed else _("Heat")


def _has_heat_map(view: slicer.vtkMRMLSliceCompositeNode) -> bool:
    foreground = slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID() or "")
    return foreground is not None and is_heat_map(foreground)


def _composites() -> list[slicer.vtkMRMLSliceCompositeNode]:
    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))


def _on_screen() -> list[slicer.vtkMRMLSliceCompositeNode]:
    """Those of the layout; others keep what they showed when they were last seen."""
    return [view for view in _composites() if _is_mapped(slicer.vtkMRMLSliceLogic.GetSliceNode(view))]


def _is_mapped(view: slicer.vtkMRMLSliceNode | None) -> bool:
    return view is not None and bool(view.IsMappedInLayout())

"""The heat map in space: a translucent volume inside the lungs, which are translucent surfaces."""

from __future__ import annotations

import json
import math

import slicer
import vtk

from ..nodes.heat_map import colors_of
from ..nodes.lung_mask import segment_ids
from ..nodes.result import Result

_ROLE, _HEAT_MAP_IN_3D = "COVIDDetect.role", "heatMapIn3D"
_BEFORE = "COVIDDetect.before3D"
"""Attribute of what is shown otherwise while lungs are shown in 3D: how it was before."""

LUNG_OPACITY = 0.2
_GRAY = "vtkMRMLColorTableNodeGrey"
_OPACITY_DISTANCE_MM = 4.0
"""What is this thick has the opacity of the overlay where it is hottest; a hot region is some centimeters thick."""
_COLOR_POINTS = 16
"""For each unit of heat."""


def show_in_3d(
    result: Result | None,
    heat_map: slicer.vtkMRMLScalarVolumeNode | None,
    *,
    opacity: float,
    threshold: float,
    colors: str,
    is_new: bool,
) -> None:
    """Show the lungs of one result and a heat map in all 3D views, and those of no other.

    Parameters
    ----------
    result
        None shows nothing, and leaves the lungs as they were before.
    heat_map
        None shows the lungs alone.
    opacity, threshold, colors
        As in the slice views. The map of a stale result is gray, and so is one that is not to be relied on.
    is_new
        Whether something else is to be shown than last time; if not, a volume that the user hid stays hidden.
    """
    _hide_volumes_but(heat_map)
    if heat_map is not None:
        table, lowest = colors_of(heat_map, colors, threshold)
        if result and (result.stale or result.is_map_unreliable):
            table, lowest = slicer.mrmlScene.GetNodeByID(_GRAY), 0.0
        functions = _opacity_function(opacity, threshold, lowest), _color_function(table, lowest)
        _show_volume(heat_map, *functions, is_new)
    _peel(result is None)
    mask = result.lung_mask_node if result else None
    # Not only the masks of results: a result may have been removed while its lungs were shown.
    for other in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if other is not mask:
            _hide_lungs(other)
    if mask is not None and mask.GetDisplayNode() is not None and _show_lungs(mask):
        _center_on(mask)


# --- The heat map ----------------------------------------------------------------------------------------------------


def _hide_volumes_but(heat_map: slicer.vtkMRMLScalarVolumeNode | None) -> None:
    for display in _volume_displays():
        volume = display.GetVolumeNode()
        if volume is None:  # its heat map was removed from the scene
            slicer.mrmlScene.RemoveNode(display)
        elif volume is not heat_map:
            display.SetVisibility(False)
    used = [display.GetVolumePropertyNode() for display in _volume_displays()]
    for colors in _of_ours("vtkMRMLVolumePropertyNode"):
        if colors not in used:
            slicer.mrmlScene.RemoveNode(colors)


def _show_volume(
    heat_map: slicer.vtkMRMLScalarVolumeNode,
    opacity: vtk.vtkPiecewiseFunction,
    colors: vtk.vtkColorTransferFunction,
    is_new: bool,
) -> None:
    own = next((one for one in _volume_displays() if one.GetVolumeNode() is heat_map), None)
    display = own or _new_volume_display(heat_map)
    volume_property = display.GetVolumePropertyNode()
    with slicer.util.NodeModify(volume_property):
        # Each change of these functions is one of the scene, and drawn anew.
        if not _is_same(volume_property.GetScalarOpacity(), opacity):
            volume_property.GetScalarOpacity().DeepCopy(opacity)
        if not _is_same(volume_property.GetColor(), colors):
            volume_property.GetColor().DeepCopy(colors)
    if is_new or own is None:
        display.SetVisibility(True)


def _volume_displays() -> list[slicer.vtkMRMLVolumeRenderingDisplayNode]:
    return _of_ours("vtkMRMLVolumeRenderingDisplayNode")


def _of_ours(class_name: str) -> list[slicer.vtkMRMLNode]:
    return [node for node in slicer.util.getNodesByClass(class_name) if node.GetAttribute(_ROLE) == _HEAT_MAP_IN_3D]


def _new_volume_display(heat_map: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLVolumeRenderingDisplayNode:
    """Drawn by the CPU: the map is small, and without a GPU that is twenty times as fast as to imitate one."""
    display = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLCPURayCastVolumeRenderingDisplayNode", f"{heat_map.GetName()} in 3D"
    )
    volume_property = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLVolumePropertyNode", f"{heat_map.GetName()} in 3D, colors"
    )
    with slicer.util.NodeModify(volume_property):
        volume_property.SetAttribute(_ROLE, _HEAT_MAP_IN_3D)
        look = volume_property.GetVolumeProperty()
        look.SetInterpolationTypeToLinear()
        look.ShadeOff()
        look.SetScalarOpacityUnitDistance(_OPACITY_DISTANCE_MM)
    with slicer.util.NodeModify(display):
        display.SetAttribute(_ROLE, _HEAT_MAP_IN_3D)
        display.SetVisibility(False)
        display.SetAndObserveVolumePropertyNodeID(volume_property.GetID())
    heat_map.AddAndObserveDisplayNodeID(display.GetID())
    return display


def _peel(allowed: bool) -> None:
    """Forbid depth peeling, or allow it again where it was.

    With it, Slicer also peels volumes beside translucent surfaces, of which VTK's ray caster for the CPU knows nothing:
    blocks of memory are drawn.
    """
    for view in slicer.util.getNodesByClass("vtkMRMLViewNode"):
        if not allowed and view.GetUseDepthPeeling():
            view.SetAttribute(_BEFORE, "depth peeling")
            view.SetUseDepthPeeling(False)
        elif allowed and view.GetAttribute(_BEFORE):
            view.RemoveAttribute(_BEFORE)
            view.SetUseDepthPeeling(True)


def _opacity_function(opacity: float, threshold: float, lowest: float) -> vtk.vtkPiecewiseFunction:
    """Nothing below the threshold; from there to the maximum the more opaque the hotter, and to ``lowest`` as well."""
    function = vtk.vtkPiecewiseFunction()
    for heat, share in ((0.0, 0.0), (threshold, 0.0), (threshold + 0.02, 0.2), (1.0, 1.0)):
        function.AddPoint(heat, share * opacity)
        if lowest < 0:
            function.AddPoint(heat * lowest, share * opacity)
    return function


def _color_function(table: slicer.vtkMRMLColorTableNode, lowest: float) -> vtk.vtkColorTransferFunction:
    """A color table of the scene over the heat from ``lowest`` to 1."""
    table = table.GetLookupTable()
    last = table.GetNumberOfTableValues() - 1
    function = vtk.vtkColorTransferFunction()
    points = round(_COLOR_POINTS * (1 - lowest))
    for point in range(points):
        share = point / (points - 1)
        function.AddRGBPoint(lowest + share * (1 - lowest), *table.GetTableValue(round(share * last))[:3])
    return function


def _is_same(one: vtk.vtkObject, other: vtk.vtkObject) -> bool:
    """Whether two functions of heat have the same points."""
    return _points_of(one) == _points_of(other)


def _points_of(function: vtk.vtkObject) -> list[list[float]]:
    size = 6 if function.IsA("vtkColorTransferFunction") else 4
    points = []
    for index in range(function.GetSize()):
        point = [0.0] * size
        function.GetNodeValue(index, point)
        points.append(point)
    return points


# --- The lungs -------------------------------------------------------------------------------------------------------


def _show_lungs(mask: slicer.vtkMRMLSegmentationNode) -> bool:
    """Make surfaces of a mask's segments, translucent; whether they were not there yet."""
    display = mask.GetDisplayNode()
    is_new = display.GetAttribute(_BEFORE) is None
    if is_new:
        before = {
            "opacity": display.GetOpacity3D(),
            "visible": bool(display.GetVisibility3D()),
            "surface": mask.GetSegmentation().ContainsRepresentation(_surface_name()),
        }
        display.SetAttribute(_BEFORE, json.dumps(before))
        with slicer.util.NodeModify(display):
            display.SetOpacity3D(LUNG_OPACITY)
            display.SetVisibility3D(True)
    if segment_ids(mask):
        with slicer.util.WaitCursor():  # seconds for a CT of many slices
            mask.CreateClosedSurfaceRepresentation()
    return is_new


def _hide_lungs(mask: slicer.vtkMRMLSegmentationNode) -> None:
    """Leave a mask as it was before its lungs were shown."""
    display = mask.GetDisplayNode()
    if display is None or display.GetAttribute(_BEFORE) is None:
        return
    before = json.loads(display.GetAttribute(_BEFORE))
    display.RemoveAttribute(_BEFORE)
    with slicer.util.NodeModify(display):
        display.SetOpacity3D(before["opacity"])
        display.SetVisibility3D(before["visible"])
    if not before["surface"]:
        mask.RemoveClosedSurfaceRepresentation()


def _surface_name() -> str:
    return slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()


def _center_on(mask: slicer.vtkMRMLSegmentationNode) -> None:
    """Turn the cameras of all 3D views to the lungs, from the side that they look from."""
    bounds = [0.0] * 6
    mask.GetRASBounds(bounds)
    box = vtk.vtkBoundingBox(bounds)
    if not box.IsValid():
        return
    center = [0.0] * 3
    box.GetCenter(center)
    for view in slicer.util.getNodesByClass("vtkMRMLViewNode"):
        camera = slicer.modules.cameras.logic().GetViewActiveCameraNode(view)
        if camera is None:  # the view was never shown
            continue
        direction = [towards - away for towards, away in zip(camera.GetPosition(), camera.GetFocalPoint(), strict=True)]
        length = vtk.vtkMath.Normalize(direction)
        distance = box.GetDiagonalLength() / 2 / math.sin(math.radians(camera.GetViewAngle() / 2))
        if length == 0:
            continue
        with slicer.util.NodeModify(camera):
            camera.SetFocalPoint(center)
            camera.SetPosition([middle + distance * part for middle, part in zip(center, direction, strict=True)])
            camera.SetParallelScale(box.GetDiagonalLength() / 2)
        camera.ResetClippingRange()
        view.InvokeEvent(slicer.vtkMRMLViewNode.ResetFocalPointRequestedEvent)  # its box fits what is there now

"""Two CTs side by side, in linked axial views: what Slicer's layout of that name shows in red and in yellow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer

LAYOUT_BEFORE = "before"
_LAYOUT = slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
_BOTH = "Red", "Yellow"


def show_side_by_side(left: slicer.vtkMRMLScalarVolumeNode, right: slicer.vtkMRMLScalarVolumeNode) -> dict[str, Any]:
    """Show two CTs beside each other; linked views scroll, move and zoom together.

    Returns
    -------
    dict
        How it was, for ``leave_side_by_side``, fit for JSON.
    """
    manager = slicer.app.layoutManager()
    before = {
        "layout": manager.layout,
        "views": {node.GetLayoutName(): _where(node) for node in slicer.util.getNodesByClass("vtkMRMLSliceNode")},
        "links": {
            name: [_composite(name).GetLinkedControl(), _composite(name).GetHotLinkedControl()] for name in _BOTH
        },
    }
    manager.setLayout(_LAYOUT)
    for name, ct in zip(_BOTH, (left, right), strict=True):
        _slice_node(name).SetOrientation("Axial")
        view = _composite(name)
        view.SetBackgroundVolumeID(ct.GetID())
        view.SetLinkedControl(True)
        view.SetHotLinkedControl(True)
    return before


def match_views() -> None:
    """Show the same place in both, equally large: once the views have the size that the layout gives them."""
    left, right = (_slice_node(name) for name in _BOTH)
    slicer.app.layoutManager().sliceWidget(_BOTH[0]).sliceLogic().FitSliceToBackground()
    _put(right, _where(left))


def leave_side_by_side(
    before: Mapping[str, Any],
    left: slicer.vtkMRMLScalarVolumeNode | None,
    right: slicer.vtkMRMLScalarVolumeNode | None,
) -> None:
    """As it was before, as far as the user has not chosen another layout or another volume since."""
    manager, view = slicer.app.layoutManager(), _composite(_BOTH[1])
    if right is None or view.GetBackgroundVolumeID() == right.GetID():
        view.SetBackgroundVolumeID(left.GetID() if left is not None else None)
    for name, (linked, hot_linked) in before["links"].items():
        _composite(name).SetLinkedControl(linked)
        _composite(name).SetHotLinkedControl(hot_linked)
    if manager.layout == _LAYOUT:
        manager.setLayout(before["layout"])
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if node.GetLayoutName() in before["views"]:
            _put(node, before["views"][node.GetLayoutName()])


def _where(node: slicer.vtkMRMLSliceNode) -> dict[str, Any]:
    """What a slice view shows: its plane, how high and deep it is in mm, and how far it was moved."""
    _width, height, depth = node.GetFieldOfView()
    return {
        "plane": slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS()).ravel().tolist(),
        "height": height,
        "depth": depth,
        "origin": list(node.GetXYZOrigin()),
    }


def _put(node: slicer.vtkMRMLSliceNode, where: Mapping[str, Any]) -> None:
    """Show that. When Slicer gives the view another size, it keeps the height in mm."""
    columns, rows, _slices = node.GetDimensions()
    height = where["height"]
    with slicer.util.NodeModify(node):
        node.GetSliceToRAS().DeepCopy(where["plane"])
        node.SetFieldOfView(height * columns / max(1, rows), height, where["depth"])
        node.SetXYZOrigin(*where["origin"])
        node.UpdateMatrices()


def _slice_node(name: str) -> slicer.vtkMRMLSliceNode:
    return slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()


def _composite(name: str) -> slicer.vtkMRMLSliceCompositeNode:
    return slicer.app.layoutManager().sliceWidget(name).mrmlSliceCompositeNode()

"""Masks and densities of ours are seen in the views of their own CT, and in no view of another.

Which views those are follows from the CTs in the views, and is written as view IDs. Whether a mask is shown at all is
the user's choice: but for ``show_outlines``, which does as it is told, visibility is never written here.
"""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from ..nodes.ct import belongs_to_a_ct, ct_of
from ..nodes.result import Result
from .display import volumes_shown

_NOWHERE = "COVIDDetect.nowhere:"
"""An ID that no view has, so that nothing is seen; before the ID of a view it keeps that for later."""
_WRITTEN = "COVIDDetect.views"
"""Attribute of a display node: the view IDs that were written here. Any others are the user's."""


def keep_to_own_views(
    ct_node: slicer.vtkMRMLScalarVolumeNode | None,
    lung_mask_node: slicer.vtkMRMLSegmentationNode | None,
    editing: bool,
) -> None:
    """Restrict each mask to the slice views that show a CT of its own, and in 3D to what belongs to the chosen CT.

    Parameters
    ----------
    ct_node
        The chosen CT; without one every mask may be seen in 3D.
    lung_mask_node
        The mask that is chosen for it: it belongs to that CT too, whichever it was made for.
    editing
        Whether that mask is being edited: then it is seen in all views.
    """
    results, volumes = Result.all(), volumes_shown()
    views_in_3d = [view.GetID() for view in slicer.util.getNodesByClass("vtkMRMLViewNode")]
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        display, owners = node.GetDisplayNode(), _owners_of(node, results)
        if display is None or not (owners or belongs_to_a_ct(node)):
            continue
        is_of_chosen = node is lung_mask_node or ct_node in owners
        own_ids = {owner.GetID() for owner in ([*owners, ct_node] if is_of_chosen else owners) if owner is not None}
        # Blended over its own CT, the chosen CT is what one looks at.
        chosen_id = ct_node.GetID() if ct_node is not None and not is_of_chosen else None
        own = [view for view, shown in volumes.items() if own_ids & set(shown) and chosen_id not in shown]
        in_3d = is_of_chosen or ct_node is None
        if (editing and node is lung_mask_node) or (len(own) == len(volumes) and (own or in_3d)):
            _show_everywhere(display)
        else:
            _show_in(display, [*own, *(views_in_3d if in_3d else [])], is_over_its_own=bool(own))


def outlines_shown(node: slicer.vtkMRMLSegmentationNode | None) -> bool:
    """Whether the outlines of a mask are shown in the slice views."""
    display = node.GetDisplayNode() if node is not None else None
    return display is not None and all(
        (display.GetVisibility(), display.GetVisibility2D(), display.GetVisibility2DOutline())
    )


def show_outlines(node: slicer.vtkMRMLSegmentationNode | None, visible: bool) -> None:
    """Show or hide the outlines of a mask; whether its lungs are shown in 3D is another choice."""
    display = node.GetDisplayNode() if node is not None else None
    if display is not None:
        with slicer.util.NodeModify(display):
            display.SetVisibility(True)
            display.SetVisibility2D(visible)
            if visible:
                display.SetVisibility2DOutline(True)


def _owners_of(node: slicer.vtkMRMLSegmentationNode, results: Sequence[Result]) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The CT that it was made for, and those that were scored with it: two results may rest on one mask."""
    owners = [ct_of(node), *(one.ct_node for one in results if one.lung_mask_node is node)]
    return [owner for owner in owners if owner is not None]


def _show_everywhere(display: slicer.vtkMRMLDisplayNode) -> None:
    """In all views, or in those that the user chose."""
    chosen = _views_of(display)
    is_the_users = chosen != _written(display)
    display.SetAttribute(_WRITTEN, None)
    _write(display, chosen if is_the_users else [])


def _show_in(display: slicer.vtkMRMLDisplayNode, views: list[str], is_over_its_own: bool) -> None:
    """In these views. Where the user chose others they stay, until none shows its own CT: then they wait for that."""
    chosen, was_over_its_own = _views_of(display), _NOWHERE not in display.GetViewNodeIDs()
    if chosen == _written(display) or not (chosen or is_over_its_own):
        display.SetAttribute(_WRITTEN, " ".join(views) or None)
        chosen = views
    elif was_over_its_own and not is_over_its_own:
        chosen = [view if view in views else _NOWHERE + view for view in chosen]
    elif not is_over_its_own:
        chosen = [view for view in display.GetViewNodeIDs() if view != _NOWHERE]
    _write(display, chosen if is_over_its_own else [_NOWHERE, *chosen])


def _views_of(display: slicer.vtkMRMLDisplayNode) -> list[str]:
    """The IDs of the views that were chosen for it, whether or not it is seen in them now."""
    return [view.removeprefix(_NOWHERE) for view in display.GetViewNodeIDs() if view != _NOWHERE]


def _written(display: slicer.vtkMRMLDisplayNode) -> list[str]:
    return (display.GetAttribute(_WRITTEN) or "").split()


def _write(display: slicer.vtkMRMLDisplayNode, views: list[str]) -> None:
    if views != list(display.GetViewNodeIDs()):
        with slicer.util.NodeModify(display):
            display.RemoveAllViewNodeIDs()
            for view in views:
                display.AddViewNodeID(view)

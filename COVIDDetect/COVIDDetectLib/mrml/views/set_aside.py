"""Masks and densities of ours in the slice views: none of them over a CT that is not theirs.

But for a mask that she chooses for a CT, or edits, and for what she shows herself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import slicer

from ..nodes.ct import belongs_to_a_ct, ct_of
from ..nodes.result import Result
from .display import is_seen, is_shown, volumes_shown

_SET_ASIDE = "COVIDDetect.setAside"
"""Attribute of what was hidden here and is to come back; what she hides herself does not."""
_OUTLINES_SET_ASIDE = "COVIDDetect.outlinesSetAside"
"""The same of what was hidden in the slice views alone."""
_KEPT_TO_VIEWS = "COVIDDetect.keptToViews"
"""Attribute of what was restricted to some of the views here: which; where she does so herself, hers stays."""
_HERS = "hers"


class SetAside:
    """Keeps masks and densities of ours to the slice views that show a CT of theirs; where none does they are hidden.

    Each is hidden, or comes back, when that changes; what she shows or hides herself meanwhile stays.
    """

    def __init__(self) -> None:
        self._aside: dict[str, bool] = {}

    def update(
        self,
        ct_node: slicer.vtkMRMLScalarVolumeNode | None,
        lung_mask_node: slicer.vtkMRMLSegmentationNode | None,
        editing: bool,
    ) -> None:
        """Look at what is chosen and at what the slice views show.

        Parameters
        ----------
        lung_mask_node
            Belongs to the chosen CT, whatever it was made for.
        editing
            While she edits that, it stays in all views.
        """
        results, chosen, views = Result.all(), Result.of(ct_node), volumes_shown()
        scored = chosen.lung_mask_node if chosen else None
        is_chosen_behind = ct_node is not None and is_shown(ct_node)
        before, self._aside = self._aside, {}
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            display, owners = node.GetDisplayNode(), _owners_of(node, results)
            if display is None or not (owners or belongs_to_a_ct(node)):
                continue
            was = before.get(node.GetID(), bool(display.GetAttribute(_SET_ASIDE)))
            is_edited = editing and node is lung_mask_node
            is_chosens = node is lung_mask_node or ct_node in owners
            own = _views_of([*owners, ct_node] if is_chosens else owners, None if is_chosens else ct_node, views)
            if node is scored or is_edited:  # ``show_outlines`` shows what was scored
                aside = False
            elif views:
                aside = not own
            else:  # none on screen: the 3D views go with what is chosen
                aside = not is_chosens and (was or is_chosen_behind)
            self._aside[node.GetID()] = aside
            if aside != was:
                _set_aside(display, aside)
            if node is not scored and display.GetAttribute(_OUTLINES_SET_ASIDE):
                display.RemoveAttribute(_OUTLINES_SET_ASIDE)
                display.SetVisibility2D(True)
            everywhere = is_edited or len(own) == len(views)
            _keep_to(display, [] if everywhere else own, in_3d=is_chosens or ct_node is None)

    def forget(self) -> None:
        """Other nodes may get the IDs of those that were here."""
        self._aside.clear()


def show_outlines(result: Result | None, visible: bool, elsewhere: bool = False) -> None:
    """The outlines of the mask that was scored; whether the lungs are shown in 3D is another choice.

    Parameters
    ----------
    elsewhere
        While the slice views show another volume, they are not seen in them.
    """
    display = result.lung_mask_node.GetDisplayNode() if result and result.lung_mask_node else None
    if display is not None:
        with slicer.util.NodeModify(display):
            display.RemoveAttribute(_SET_ASIDE)
            display.SetAttribute(_OUTLINES_SET_ASIDE, "1" if visible and elsewhere else None)
            display.SetVisibility(True)
            display.SetVisibility2D(visible and not elsewhere)
            if visible:
                display.SetVisibility2DOutline(True)


def lies_over_its_own(node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a CT that it was made for, or scored with, is seen in the slice views."""
    return any(is_seen(owner) for owner in _owners_of(node, Result.all()))


def _owners_of(node: slicer.vtkMRMLSegmentationNode, results: Sequence[Result]) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The CT that it was made for, and those that were scored with it: two results may rest on one mask."""
    owners = [ct_of(node), *(one.ct_node for one in results if one.lung_mask_node is node)]
    return [owner for owner in owners if owner is not None]


def _views_of(
    owners: Sequence[slicer.vtkMRMLScalarVolumeNode | None],
    other: slicer.vtkMRMLScalarVolumeNode | None,
    views: Mapping[str, Sequence[str]],
) -> list[str]:
    """The slice views that show one of these CTs, and not another one blended with it."""
    ids = {owner.GetID() for owner in owners if owner is not None}
    other_id = other.GetID() if other is not None else None
    return [view for view, volumes in views.items() if ids & set(volumes) and other_id not in volumes]


def _keep_to(display: slicer.vtkMRMLDisplayNode, slice_view_ids: list[str], in_3d: bool) -> None:
    """Show something in these slice views, and perhaps in the 3D views; without any slice views, everywhere."""
    views_in_3d = slicer.util.getNodesByClass("vtkMRMLViewNode") if slice_view_ids and in_3d else []
    wanted = [*slice_view_ids, *(view.GetID() for view in views_in_3d)]
    now, written = " ".join(display.GetViewNodeIDs()), display.GetAttribute(_KEPT_TO_VIEWS)
    if written is None and now:
        return  # she had chosen views before
    if written is not None and written != now:  # she did so since: until it can be seen everywhere again
        display.SetAttribute(_KEPT_TO_VIEWS, _HERS if wanted else None)
    elif now != " ".join(wanted):
        with slicer.util.NodeModify(display):
            display.RemoveAllViewNodeIDs()
            for view_id in wanted:
                display.AddViewNodeID(view_id)
            display.SetAttribute(_KEPT_TO_VIEWS, " ".join(wanted) or None)


def _set_aside(display: slicer.vtkMRMLDisplayNode, aside: bool) -> None:
    if aside and display.GetVisibility():
        display.SetAttribute(_SET_ASIDE, "1")
        display.SetVisibility(False)
    elif not aside and display.GetAttribute(_SET_ASIDE):
        display.RemoveAttribute(_SET_ASIDE)
        display.SetVisibility(True)

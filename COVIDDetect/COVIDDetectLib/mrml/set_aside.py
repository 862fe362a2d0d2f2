"""Masks and densities of ours in the slice views: none of them over a CT that is not theirs."""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from .ct import belongs_to_a_ct, ct_of
from .display import backgrounds, is_seen
from .result import Result

_SET_ASIDE = "COVIDDetect.setAside"
"""Attribute of what was hidden here and is to come back; what she hides herself does not."""
_OUTLINES_SET_ASIDE = "COVIDDetect.outlinesSetAside"
"""The same of what was hidden in the slice views alone."""


class SetAside:
    """Hides masks and densities of ours while they would lie over a CT that is not theirs, and brings them back.

    Each is hidden, or comes back, when that changes; what she shows or hides herself meanwhile stays.
    """

    def __init__(self) -> None:
        self._aside: dict[str, bool] = {}

    def update(
        self,
        ct_node: slicer.vtkMRMLScalarVolumeNode | None,
        lung_mask_node: slicer.vtkMRMLSegmentationNode | None,
        elsewhere: bool,
    ) -> None:
        """Look at what is chosen and at what the slice views show.

        Parameters
        ----------
        elsewhere
            While the slice views show another volume than the chosen CT, nothing of that CT is seen in them.
        """
        results = Result.all()
        chosen = Result.of(ct_node)
        scored = chosen.lung_mask_node if chosen else None
        is_chosen_seen, shown = ct_node is not None and is_seen(ct_node), backgrounds()
        before, self._aside = self._aside, {}
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            display, owners = node.GetDisplayNode(), _owners_of(node, results)
            if display is None or not (owners or belongs_to_a_ct(node)):
                continue
            was = before.get(node.GetID(), bool(display.GetAttribute(_SET_ASIDE)))
            if node is scored:  # ``show_outlines`` shows it
                aside = False
            elif node is lung_mask_node or ct_node in owners:
                aside = elsewhere and not any(is_seen(owner) for owner in owners)
            elif shown:
                aside = is_chosen_seen or not shown <= {owner.GetID() for owner in owners}
            else:
                aside = was
            self._aside[node.GetID()] = aside
            if aside != was:
                _set_aside(display, aside)
            if node is not scored and display.GetAttribute(_OUTLINES_SET_ASIDE):
                display.RemoveAttribute(_OUTLINES_SET_ASIDE)
                display.SetVisibility2D(True)

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


def _set_aside(display: slicer.vtkMRMLDisplayNode, aside: bool) -> None:
    if aside and display.GetVisibility():
        display.SetAttribute(_SET_ASIDE, "1")
        display.SetVisibility(False)
    elif not aside and display.GetAttribute(_SET_ASIDE):
        display.RemoveAttribute(_SET_ASIDE)
        display.SetVisibility(True)

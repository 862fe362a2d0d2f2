"""Two results of one patient that are compared, as they lie in the scene: one transform node, with what it needs.

The earlier CT and all that was made for it lie under that transform, which can be taken away again; nothing is
hardened. Its attribute holds what was found out, as JSON; node references lead to both results, to the transform that
the earlier CT had before, and to the segments that show where opacity has changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..analysis.follow_up import TWO_PATIENTS, Dated, FollowUp, follow_up, lobe_logits
from ..analysis.registration import GROWN, RESOLVED, Alignment, OpacityChange, Registration
from ..errors import COVIDDetectError
from .nodes.ct import to_world
from .nodes.lung_mask import lung_mask_from_node, new_segmentation, write_segment
from .nodes.patient import are_of_two_patients, day_of
from .nodes.result import Result
from .views.side_by_side import LAYOUT_BEFORE, leave_side_by_side, show_side_by_side

_FOUND = "COVIDDetect.comparison"
_LATER, _EARLIER, _BEFORE, _CHANGE = (f"COVIDDetect.{role}" for role in ("later", "earlier", "before", "change"))
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


_SEGMENTS = (
    (GROWN, "COVIDDetect_grown", "Grown opacity", (0.95, 0.35, 0.20)),
    (RESOLVED, "COVIDDetect_resolved", "Resolved opacity", (0.25, 0.75, 0.85)),
)


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Parameters
    ----------
    node
        The transform under which the earlier CT lies.
    """

    node: slicer.vtkMRMLLinearTransformNode

    @classmethod
    def current(cls) -> Comparison | None:
        """The one in the scene, if there is one."""
        nodes = slicer.util.getNodesByClass("vtkMRMLLinearTransformNode")
        return next((cls(node) for node in nodes if is_comparison(node)), None)

    @property
    def later(self) -> Result | None:
        """The result of the CT that stays where it is; None if that or its CT was removed."""
        return _result(self.node.GetNodeReference(_LATER))

    @property
    def earlier(self) -> Result | None:
        """The result of the CT that was moved; None if that or its CT was removed."""
        return _result(self.node.GetNodeReference(_EARLIER))

    @property
    def change_node(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Where opacity has grown or resolved."""
        return self.node.GetNodeReference(_CHANGE)

    @property
    def registration(self) -> Registration:
        """How the CTs lie on each other."""
        found = self._found["registration"]
        rows = tuple(tuple(row) for row in found["earlier_to_later_lps"])
        return Registration(rows, found["overlap"], found["seen_in_both"])

    @property
    def changed_ml(self) -> tuple[float, float]:
        """How much opacity has grown and resolved in the segments."""
        grown, resolved = self._found["changed_ml"]
        return grown, resolved

    def follow_up(self, later: Result) -> FollowUp:
        """What has changed until ``later``, the later result as it is for whoever asks.

        Raises
        ------
        COVIDDetectError
            If one of the two results no longer holds, or is gone.
        """
        earlier = self.earlier
        if earlier is None:
            raise COVIDDetectError(_("The earlier CT was removed; stop comparing."))
        both = [self._dated(one, role) for one, role in ((earlier, "earlier"), (later, "later"))]
        found = follow_up(both[0], both[1], self.registration)
        if are_of_two_patients(earlier.ct_node, later.ct_node):
            return replace(found, doubts=(TWO_PATIENTS, *found.doubts))
        return found

    def _dated(self, result: Result, role: str) -> Dated:
        kept = self._found[role]
        by_lobe = None
        if kept["lobes"] and kept["mask"] == result.record["lungs"]["sha256"]:
            by_lobe = {tuple(name.split()): logit for name, logit in kept["lobes"].items()}
        return dated(result, by_lobe)

    @property
    def _found(self) -> Mapping[str, Any]:
        return json.loads(self.node.GetAttribute(_FOUND))


def is_comparison(node: slicer.vtkMRMLNode) -> bool:
    """Whether a node is the transform of a comparison."""
    return bool(node.IsA("vtkMRMLLinearTransformNode") and node.GetAttribute(_FOUND))


def dated(result: Result, by_lobe: Any = None) -> Dated:
    """A result as it is compared."""
    day = day_of(result.ct_node) if result.ct_node is not None else None
    return Dated(result.record, result.stale, day, tuple(result.opacity_bounds), by_lobe)


def earlier_results(ct_node: slicer.vtkMRMLScalarVolumeNode | None) -> list[Result]:
    """The results in the scene that one of a CT may be compared with: of other CTs that were not taken later."""
    day = day_of(ct_node) if ct_node is not None else None
    others = [one for one in Result.all() if one.ct_node is not None and one.ct_node is not ct_node]
    days = [day_of(one.ct_node) for one in others]
    return [one for one, then in zip(others, days, strict=True) if not (day and then and then > day)]


def begin_comparison(later: Result, earlier: Result, alignment: Alignment) -> Comparison:
    """Lay the CT of an earlier result over that of a later one, show both side by side, and what has changed.

    Raises
    ------
    COVIDDetectError
        If the earlier CT and its mask lie under different transforms.
    """
    last = Comparison.current()
    if last is not None:
        end_comparison(last)
    moved, mask, over = earlier.ct_node, earlier.lung_mask_node, later.ct_node
    assert moved is not None and mask is not None and over is not None, "they were looked for"
    before = moved.GetTransformNodeID()
    if mask.GetTransformNodeID() != before:
        raise COVIDDetectError(
            _("{ct} and its lung mask lie under different transforms; put both under the same one.").format(
                ct=moved.GetName()
            )
        )
    name = f"{moved.GetName()} laid over {over.GetName()}"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    matrix = _LPS_TO_RAS @ alignment.registration.matrix @ _LPS_TO_RAS @ to_world(moved)
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    change = _write_change(alignment.change, later)
    for role, other in ((_LATER, later.node), (_EARLIER, earlier.node), (_CHANGE, change)):
        node.SetNodeReferenceID(role, other.GetID())
    node.SetNodeReferenceID(_BEFORE, before)
    found = {
        "registration": asdict(alignment.registration),
        "changed_ml": [alignment.change.volume_ml(label) for label in (GROWN, RESOLVED)],
        "later": _kept(later),
        "earlier": _kept(earlier),
        LAYOUT_BEFORE: show_side_by_side(over, moved),
    }
    node.SetAttribute(_FOUND, json.dumps(found))
    for one in (moved, mask, earlier.heat_map_node, earlier.in_lungs_node, earlier.opacity_node):
        if one is not None and one.GetTransformNodeID() == before:
            one.SetAndObserveTransformNodeID(node.GetID())
    return Comparison(node)


def end_comparison(comparison: Comparison) -> None:
    """Take it apart, and remove it."""
    take_apart(comparison)
    slicer.mrmlScene.RemoveNode(comparison.node)


def take_apart(comparison: Comparison) -> None:
    """Put the earlier CT back where it was, and show the views as they were; the segments of the change go.

    All that lies under the transform goes back under that which the earlier CT had before.
    """
    change, later, earlier = comparison.change_node, comparison.later, comparison.earlier
    leave_side_by_side(
        comparison._found[LAYOUT_BEFORE], later.ct_node if later else None, earlier.ct_node if earlier else None
    )
    for node in (change.GetDisplayNode(), change) if change is not None else ():
        slicer.mrmlScene.RemoveNode(node)
    before = comparison.node.GetNodeReferenceID(_BEFORE)
    for one in slicer.util.getNodesByClass("vtkMRMLTransformableNode"):
        if one.GetTransformNodeID() == comparison.node.GetID():
            one.SetAndObserveTransformNodeID(before)


def _result(node: slicer.vtkMRMLTableNode | None) -> Result | None:
    result = Result(node) if node is not None else None
    return result if result and result.ct_node is not None else None


def _kept(result: Result) -> dict[str, Any]:
    """The evidence of each lobe, and with which mask that holds."""
    lobes = None
    if result.record.get("lobes"):  # else nobody needs the mask, which takes a while to be read
        by_lobe = lobe_logits(result.record, lung_mask_from_node(result.lung_mask_node, result.ct_node))
        lobes = {" ".join(key): logit for key, logit in by_lobe.items()} if by_lobe else None
    return {"mask": result.record["lungs"]["sha256"], "lobes": lobes}


def _write_change(change: OpacityChange, later: Result) -> slicer.vtkMRMLSegmentationNode:
    """Filled segments of a node of their own, so that they are not taken for the lung mask."""
    ct_node = later.ct_node
    assert ct_node is not None, "its CT is compared"
    node = new_segmentation(ct_node, f"{ct_node.GetName()} opacity change")
    node.GetDisplayNode().SetVisibility2DFill(True)
    node.GetDisplayNode().SetOpacity2DFill(0.4)
    for label, segment_id, title, color in _SEGMENTS:
        write_segment(node, change.geometry, change.labels == label, segment_id, title, color)
    return node

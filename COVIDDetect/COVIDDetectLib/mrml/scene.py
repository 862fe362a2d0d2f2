"""Writes an analysis into the scene: lung mask, heat map and result of one CT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from ..analysis.analyze import Analysis
from ..analysis.heat_map import HeatMap
from ..analysis.result_table import Scored
from ..ct.geometry import Geometry
from ..errors import COVIDDetectError, MaskError
from ..lungs import LungMask
from .nodes.ct import give_to, has_voxels, is_bent, layout_finding, to_world
from .nodes.densities import drop_densities
from .nodes.heat_map import is_heat_map, new_heat_map, write_heat_map
from .nodes.lung_mask import is_automatic, lay_on, mark_automatic, new_segmentation, write_lung_mask_node
from .nodes.result import Result

if TYPE_CHECKING:
    from ..report.results import Results


def write_analysis_nodes(
    analysis: Analysis,
    ct_node: slicer.vtkMRMLScalarVolumeNode,
    lung_mask_node: slicer.vtkMRMLSegmentationNode | None,
) -> Result:
    """Write an analysis of ``ct_node`` into the scene; the nodes of its last result are used again.

    Parameters
    ----------
    lung_mask_node
        The mask that was scored, which stays as it is; None if the analysis made one. That goes into the mask of the
        last result if nobody touched or bent it and no other result rests on it, else into a new node.

    Raises
    ------
    COVIDDetectError
        If the CT or the mask is no longer in the scene.
    """
    if ct_node.GetScene() is None or (lung_mask_node is not None and lung_mask_node.GetScene() is None):
        raise COVIDDetectError(_("The CT or its mask was removed during the analysis."))
    earlier = Result.of(ct_node)
    if lung_mask_node is None:
        last = earlier.lung_mask_node if earlier else None
        is_free = last is not None and not is_bent(last) and is_only_of(earlier, last) and is_automatic(last)
        lung_mask_node = write_lungs(analysis.lung_mask, ct_node, last if is_free else None)
    heat_map, in_lungs = _heat_maps(ct_node, earlier)
    if earlier:
        drop_densities(earlier)  # they were those in the last mask
    for node in (heat_map, in_lungs):
        node.SetAndObserveTransformNodeID(ct_node.GetTransformNodeID())
    write_heat_map(analysis.heat_map, heat_map, in_lungs)
    return Result.write(analysis.to_record(), ct_node, lung_mask_node, heat_map, in_lungs)


def write_results_nodes(results: Results, ct_node: slicer.vtkMRMLScalarVolumeNode) -> Result:
    """Write what an analysis left in files over a CT that has no result yet; nothing is computed but the map's edge."""
    lung_mask_node = new_segmentation(ct_node, f"{ct_node.GetName()} lungs")
    write_lung_mask_node(results.lung_mask, lung_mask_node)
    if results.record["lungs"]["method"] != "given":
        mark_automatic(lung_mask_node)
    heat_map, in_lungs = _heat_maps(ct_node, None)
    write_heat_map(HeatMap.of(results.attention, results.lung_mask.axial()), heat_map, in_lungs)
    return Result.write(results.record, ct_node, lung_mask_node, heat_map, in_lungs)


def write_lungs(
    lung_mask: LungMask,
    ct_node: slicer.vtkMRMLScalarVolumeNode,
    node: slicer.vtkMRMLSegmentationNode | None = None,
) -> slicer.vtkMRMLSegmentationNode:
    """Write lungs that an analysis has found in a CT into a mask that may be replaced, or into a new one."""
    if node is None:
        node = new_segmentation(ct_node, f"{ct_node.GetName()} lungs")
    else:
        lay_on(ct_node, node)  # the CT may have been changed or moved
    write_lung_mask_node(lung_mask, node)
    mark_automatic(node)
    return node


def load_lung_mask_file(file: Path, ct_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """A lung mask from a file as a new segmentation over a CT, on the grid that the file has.

    The file lies where the CT's own file does: a transform that moves the CT moves the mask too.

    Parameters
    ----------
    file
        A segmentation of Slicer (.seg.nrrd), or an image as ``report.files.read_lung_mask`` takes it.

    Raises
    ------
    MaskError
        If there is no mask in it.
    """
    from ..report.files import read_lung_mask

    if file.name.lower().endswith((".seg.nrrd", ".seg.nhdr")):
        try:
            node = slicer.util.loadSegmentation(str(file))
        except RuntimeError as error:
            raise MaskError(f"{file.name} cannot be read as a segmentation; choose another file.") from error
        node.SetAndObserveTransformNodeID(ct_node.GetTransformNodeID())
        give_to(ct_node, node)
        return node
    lung_mask = read_lung_mask(file)
    geometry = Geometry.from_ijk_to_ras(to_world(ct_node) @ lung_mask.geometry.ijk_to_ras)
    node = new_segmentation(ct_node, file.name.split(".")[0])
    write_lung_mask_node(replace(lung_mask, geometry=geometry), node)
    return node


def write_explanation(heat_map: HeatMap, result: Result) -> None:
    """Show another heat map of the same score; the probability and the regions stay those of the result.

    A heat map that was removed from the scene comes back.
    """
    whole, in_lungs = _heat_maps(result.ct_node, result)
    write_heat_map(heat_map, whole, in_lungs)
    result.refer_to_heat_maps(whole, in_lungs)


def require_nodes(result: Result, scores: tuple[Scored, ...]) -> None:
    """Make sure that a result, its CT and its mask are still in the scene, and that it is still the same result.

    Parameters
    ----------
    scores
        Its ``history`` when that was begun of which the outcome is to be shown with it.

    Raises
    ------
    COVIDDetectError
        If they are not: what was computed then no longer has a place.
    """
    if result.node.GetScene() is None:
        raise COVIDDetectError(_("The result was removed during the computation."))
    if result.ct_node is None or result.lung_mask_node is None:
        raise COVIDDetectError(_("The CT or its mask was removed during the computation."))
    if tuple(result.history) != scores:
        raise COVIDDetectError(_("The CT was scored again during the computation; start it again."))


def results_left_behind() -> list[Result]:
    """The results of CTs that are no longer in the scene."""
    return [result for result in Result.all() if result.ct_node is None]


def remove_left_behind() -> None:
    """Remove the results whose CT is gone with all that was made for them; what somebody worked on stays."""
    for result in results_left_behind():
        drop_densities(result)
        mask, nodes = result.lung_mask_node, [result.node, result.heat_map_node, result.in_lungs_node]
        if mask is not None and is_only_of(result, mask) and is_automatic(mask):
            nodes.append(mask)
        for node in nodes:
            if node is not None:
                slicer.mrmlScene.RemoveNode(node)


def chest_cts() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The volumes in the scene that can be a CT: with voxels, no labelmaps, no heat maps of ours."""
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [
        node
        for node in nodes
        if node.GetClassName() == "vtkMRMLScalarVolumeNode"
        and not is_heat_map(node)
        and not node.GetHideFromEditors()
        and has_voxels(node)
    ]


def why_no_ct() -> str:
    """Why the volume that was loaded last is not among them, as a sentence; empty if nothing is wrong with it."""
    for node in reversed(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")):
        if node.GetClassName() != "vtkMRMLScalarVolumeNode" and has_voxels(node) and not node.GetHideFromEditors():
            finding = layout_finding(node)
            if finding:
                return finding.sentence
    return ""


def is_only_of(result: Result | None, lung_mask_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether no other result rests on a mask."""
    others = [one for one in Result.all() if result is None or one.node is not result.node]
    return all(one.lung_mask_node is not lung_mask_node for one in others)


def _heat_maps(
    ct_node: slicer.vtkMRMLScalarVolumeNode, result: Result | None
) -> tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLScalarVolumeNode]:
    """The nodes of the whole heat map and of that in the lungs: those of a result, new ones where it has none."""
    whole = result.heat_map_node if result else None
    in_lungs = result.in_lungs_node if result else None
    return (
        whole or new_heat_map(ct_node, f"{ct_node.GetName()} heat map"),
        in_lungs or new_heat_map(ct_node, f"{ct_node.GetName()} heat map in lungs"),
    )

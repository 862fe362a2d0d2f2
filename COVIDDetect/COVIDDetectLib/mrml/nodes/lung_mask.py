"""Lung masks in the scene: segmentation node to ``LungMask`` and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ...ct.geometry import Geometry
from ...errors import MaskError
from ...lungs import LEFT, RIGHT, LungMask, split_sides
from ...lungs.lobes import LOBES, lobe_sizes
from ...lungs.segment_names import BOTH, lobe_named, side_named
from .ct import geometry_of, give_to, to_world

_TERMINOLOGY = "Segmentation category and type - 3D Slicer General Anatomy list"
_NO_REGION = "Anatomic codes - DICOM master list~^^~^^"
_AUTOMATIC = "COVIDDetect.automatic"
"""Attribute of a mask that Analyze made: the fingerprint that it had then. An edited copy has it too."""

SIDES = {
    RIGHT: ("COVIDDetect_RightLung", "Right lung", ("24028007", "Right"), (0.36, 0.68, 0.93)),
    LEFT: ("COVIDDetect_LeftLung", "Left lung", ("7771000", "Left"), (0.95, 0.76, 0.35)),
}
"""Segment id, name, laterality code and color of each side."""

_LOBE_KINDS = {
    "upper": ("SCT^45653009^Upper lobe of lung", 1.0),
    "middle": ("SCT^72481006^Middle lobe of right lung", 0.85),
    "lower": ("SCT^90572001^Lower lobe of lung", 0.7),
}
"""Code of each lobe, and how bright it is in the color of its lung."""
_LEAST_SHARE_IN_LOBES = 0.98
"""Of the lungs: beside the lobes, other modules leave a segment of the whole, which differs by a few voxels."""


def new_segmentation(ct_node: slicer.vtkMRMLScalarVolumeNode, name: str) -> slicer.vtkMRMLSegmentationNode:
    """An empty segmentation on the grid of a CT, shown as outlines in the slice views."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.GetSegmentation().SetSourceRepresentationName(binary_labelmap_name())
    lay_on(ct_node, node)
    give_to(ct_node, node)
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(2)
    return node


def lay_on(ct_node: slicer.vtkMRMLScalarVolumeNode, node: slicer.vtkMRMLSegmentationNode) -> None:
    """Make the grid of a CT the one on which a segmentation is edited, and let it follow the CT's transform."""
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    node.SetAndObserveTransformNodeID(ct_node.GetTransformNodeID())


def write_lung_mask_node(lung_mask: LungMask, node: slicer.vtkMRMLSegmentationNode) -> None:
    """Make right and left lung of ``lung_mask`` the segments *Right lung* and *Left lung* of ``node``.

    Where it tells the lobes apart, they become segments instead. Other segments of the node are left alone.
    """
    if lung_mask.lobes is not None:
        for label, (side, place) in LOBES.items():
            (_id, lung, laterality, (red, green, blue)), (kind, shade) = SIDES[side], _LOBE_KINDS[place]
            name, color = f"{lung.removesuffix('lung')}{place} lobe", (shade * red, shade * green, shade * blue)
            terminology = _terminology(*(("", "") if place == "middle" else laterality), kind)
            inside = lung_mask.lobes == label
            write_segment(node, lung_mask.geometry, inside, f"COVIDDetect_{side}_{place}", name, color, terminology)
        return
    for side, (segment_id, name, laterality, color) in SIDES.items():
        inside = lung_mask.labels == side
        write_segment(node, lung_mask.geometry, inside, segment_id, name, color, _terminology(*laterality))


def write_segment(
    node: slicer.vtkMRMLSegmentationNode,
    geometry: Geometry,
    inside: np.ndarray,
    segment_id: str,
    name: str,
    color: tuple[float, float, float],
    terminology: str = "",
) -> None:
    """Make ``inside``, bool on the grid at ``geometry``, one segment of ``node``, which is added if it is not there."""
    segmentation = node.GetSegmentation()
    if segmentation.GetSegment(segment_id) is None:
        segmentation.AddEmptySegment(segment_id, name, color)
        if terminology:
            segmentation.GetSegment(segment_id).SetTerminology(terminology)
    image = _oriented_image(inside.shape, geometry, node)
    # Only the box that it fills: Slicer copies what it is given several times, and the window waits.
    slices, rows, columns = _box(inside)
    image.SetExtent(columns[0], columns[1], rows[0], rows[1], slices[0], slices[1])
    part = inside[slices[0] : slices[1] + 1, rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
    values = np.ascontiguousarray(part, dtype=np.uint8).ravel()
    scalars = numpy_to_vtk(values, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")  # as VTK itself names them; Slicer's DICOM export takes a segment without for empty
    image.GetPointData().SetScalars(scalars)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(image, node, segment_id, logic.MODE_REPLACE)


def lung_mask_from_node(
    node: slicer.vtkMRMLSegmentationNode | None, ct_node: slicer.vtkMRMLScalarVolumeNode
) -> LungMask:
    """Right and left lung of a segmentation on the grid of a CT.

    Lung segments are known by their terminology codes, else by their names; lobes are joined to their lung, and
    a segment that holds both lungs is divided. Where there are five lobes that fill the lungs, the mask has them too.

    Raises
    ------
    MaskError
        If there is no node, no segment is a lung, or the lungs are empty within the CT.
    """
    if node is None:
        raise MaskError("The lung mask is no longer in the scene; choose another, or analyze again.")
    sides = {segment_id: side_of(segment(node, segment_id)) for segment_id in lung_segment_ids(node)}
    if not sides:
        raise MaskError(
            f"{node.GetName()} has no lung: name its segments “Right lung” and “Left lung”, or choose another mask."
        )
    geometry = geometry_of(ct_node)
    labels = np.zeros(ct_node.GetImageData().GetDimensions()[::-1], dtype=np.uint8)
    reference = _oriented_image(labels.shape, geometry, node)
    both: np.ndarray | None = None
    named = {segment_id: lobe_of(segment(node, segment_id)) for segment_id in sides}
    lobes = np.zeros_like(labels) if sorted(filter(None, named.values())) == sorted(LOBES) else None
    for segment_id, side in sides.items():
        inside, where = _voxels(node, segment_id, reference)
        if lobes is not None and named[segment_id]:
            lobes[where][inside] = named[segment_id]
        if side == BOTH:
            both = np.zeros(labels.shape, dtype=bool) if both is None else both
            both[where] |= inside
        else:
            labels[where][inside] = side
    if both is not None and both.any():
        reorientation = geometry.reorientation_to_axial()
        axial = np.ascontiguousarray(reorientation.apply(both))
        spacing = geometry.reoriented(reorientation, both.shape).spacing
        divided = reorientation.undo(split_sides(axial, spacing))
        labels = np.where(labels == 0, divided, labels)
    lungs = LungMask.from_labels(labels, geometry)
    sizes = lobe_sizes(lobes) if lobes is not None else [0]
    are_filled = all(sizes) and sum(sizes) >= _LEAST_SHARE_IN_LOBES * np.count_nonzero(labels)
    return replace(lungs, lobes=lobes) if are_filled else lungs


def erase_from_lungs(
    node: slicer.vtkMRMLSegmentationNode, ct_node: slicer.vtkMRMLScalarVolumeNode, voxels: np.ndarray
) -> None:
    """Take ``voxels``, bool on the grid of a CT, out of the lung segments; a segment that has none of them stays."""
    geometry = geometry_of(ct_node)
    reference = _oriented_image(voxels.shape, geometry, node)
    for segment_id in lung_segment_ids(node):
        inside, where = _voxels(node, segment_id, reference)
        if np.any(inside & voxels[where]):
            left = np.zeros(voxels.shape, dtype=bool)
            left[where] = inside & ~voxels[where]
            one = segment(node, segment_id)
            write_segment(node, geometry, left, segment_id, one.GetName(), one.GetColor())


def write_repaired(
    node: slicer.vtkMRMLSegmentationNode,
    ct_node: slicer.vtkMRMLScalarVolumeNode,
    before: np.ndarray,
    after: np.ndarray,
    painted: np.ndarray,
) -> None:
    """Bring the lung segments from one state to another, uint8 labels on the grid of a CT.

    What is added to a lung goes to that of its segments, as lobes, which holds most of what was ``painted``.
    """
    erase_from_lungs(node, ct_node, (before > 0) & (after == 0))
    geometry = geometry_of(ct_node)
    reference = _oriented_image(after.shape, geometry, node)
    for side in SIDES:
        added = (after == side) & (before == 0)
        held = {each: _voxels(node, each, reference) for each in lung_segment_ids(node)}
        held = {each: one for each, one in held.items() if side_of(segment(node, each)) in (side, BOTH)}
        if not added.any() or not held:
            continue
        chosen = max(held, key=lambda each: np.count_nonzero(held[each][0] & (painted[held[each][1]] == side)))
        inside, where = held[chosen]
        added[where] |= inside
        one = segment(node, chosen)
        write_segment(node, geometry, added, chosen, one.GetName(), one.GetColor())


def side_of(segment: slicer.vtkSegment) -> int:
    """Which lung a segment is: ``RIGHT``, ``LEFT``, ``BOTH``, or 0."""
    return side_named(segment.GetName() or "", terminology_of(segment))


def lobe_of(segment: slicer.vtkSegment) -> int:
    """Which of ``lungs.lobes.LOBES`` a segment is, or 0."""
    return lobe_named(segment.GetName() or "", terminology_of(segment))


def segments_of(node: slicer.vtkMRMLSegmentationNode) -> tuple[object, ...]:
    """What tells whether sides or voxels of the segments may have changed, without looking at the voxels."""
    segments = {each: segment(node, each) for each in segment_ids(node)}
    labelmaps = {each: one.GetRepresentation(binary_labelmap_name()) for each, one in segments.items()}
    # Name and terminology tell which lung or lobe it is. In a labelmap that segments share each has its own value.
    return tuple(
        (each, side_of(one), lobe_of(one), one.GetLabelValue(), labelmaps[each].GetMTime() if labelmaps[each] else 0)
        for each, one in segments.items()
    )


def lung_colors(node: slicer.vtkMRMLSegmentationNode | None) -> tuple[str, str]:
    """Colors of the first right and the first left lung segment, as ``#rrggbb``; empty where there is none."""
    colors = {RIGHT: "", LEFT: ""}
    for segment_id in lung_segment_ids(node) if node is not None else ():
        one = segment(node, segment_id)
        if not colors.get(side_of(one), "-"):
            colors[side_of(one)] = "#" + "".join(f"{round(255 * part):02x}" for part in one.GetColor())
    return colors[RIGHT], colors[LEFT]


def lung_segment_ids(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Ids of the segments that are lungs or parts of them."""
    return [segment_id for segment_id in segment_ids(node) if side_of(segment(node, segment_id))]


def segment_ids(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Ids of all segments in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(number) for number in range(segmentation.GetNumberOfSegments())]


def segment(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> slicer.vtkSegment:
    """One segment of a node."""
    return node.GetSegmentation().GetSegment(segment_id)


def terminology_of(segment: slicer.vtkSegment) -> str:
    """The serialized terminology entry; empty if there is none."""
    value = vtk.reference("")
    segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), value)
    return str(value)


def mark_automatic(lung_mask_node: slicer.vtkMRMLSegmentationNode) -> None:
    """Remember that Analyze made a mask, and what it made."""
    lung_mask_node.SetAttribute(_AUTOMATIC, _fingerprint_of_lungs(lung_mask_node))


def is_from_analyze(lung_mask_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether Analyze made a mask, or that of which it is a copy; somebody may have worked on it since."""
    return bool(lung_mask_node.GetAttribute(_AUTOMATIC))


def is_automatic(lung_mask_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a mask was made by Analyze and is still as it was made: such a mask may be replaced.

    Compares the voxels, so that no edit is overlooked; takes up to a second for a large CT.
    """
    return lung_mask_node.GetAttribute(_AUTOMATIC) == _fingerprint_of_lungs(lung_mask_node)


def _fingerprint_of_lungs(node: slicer.vtkMRMLSegmentationNode) -> str:
    return fingerprint(node, {each: side_of(segment(node, each)) for each in lung_segment_ids(node)})


def fingerprint(node: slicer.vtkMRMLSegmentationNode, labels_of: Mapping[str, int]) -> str:
    """SHA-256 of segments on the grid that they were made on, wherever a transform takes them.

    Parameters
    ----------
    labels_of
        The bits that stand for each segment, by its id.
    """
    converter = slicer.vtkSegmentationConverter
    grid = slicer.vtkOrientedImageData()
    made_on = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    if not converter.DeserializeImageGeometry(made_on, grid, False):
        return "no grid"
    labels = np.zeros(grid.GetDimensions()[::-1], dtype=np.uint8)
    try:
        for segment_id, label in labels_of.items():
            inside, where = _voxels(node, segment_id, grid)
            labels[where][inside] |= label
    except MaskError:
        return "no voxels"
    box = _box(labels > 0)
    part = labels[tuple(slice(first, last + 1) for first, last in box)]
    return hashlib.sha256(f"{box}".encode() + np.ascontiguousarray(part).tobytes()).hexdigest()


def binary_labelmap_name() -> str:
    """Name of the representation that lung masks have."""
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def _terminology(laterality_code: str, laterality: str, kind: str = "SCT^39607008^Lung") -> str:
    side = f"SCT^{laterality_code}^{laterality}" if laterality_code else "^^"
    return f"{_TERMINOLOGY}~SCT^123037004^Anatomical Structure~{kind}~{side}~{_NO_REGION}"


def _oriented_image(
    shape: tuple[int, ...], geometry: Geometry, segmentation_node: slicer.vtkMRMLSegmentationNode
) -> slicer.vtkOrientedImageData:
    """A grid of slices, rows and columns, without voxels, as the segmentation's own transform sees it."""
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(shape[::-1])
    matrix = np.linalg.inv(to_world(segmentation_node)) @ geometry.ijk_to_ras
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(matrix))
    return image


def _box(inside: np.ndarray) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """First and last slice, row and column with anything inside; one voxel if there is nothing."""
    lines = [np.any(inside, axis=other) for other in ((1, 2), (0, 2), (0, 1))]
    found = [np.flatnonzero(line) for line in lines]
    first, middle, last = ((int(at[0]), int(at[-1])) if len(at) else (0, 0) for at in found)
    return first, middle, last


def _voxels(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, reference: slicer.vtkOrientedImageData
) -> tuple[np.ndarray, tuple[slice, slice, slice]]:
    """A segment's voxels, bool ``[slice, row, column]``, and the part of the reference grid that they fill."""
    image = slicer.vtkOrientedImageData()
    if not node.GetBinaryLabelmapRepresentation(segment_id, image):
        raise MaskError(f"The segments of {node.GetName()} are not voxels; create a binary labelmap of them first.")
    nothing = np.zeros((0, 0, 0), dtype=bool), (slice(0, 0), slice(0, 0), slice(0, 0))
    if image.IsEmpty():
        return nothing
    resample = slicer.vtkOrientedImageDataResample
    if not resample.DoGeometriesMatch(image, reference):
        resample.ResampleOrientedImageToReferenceOrientedImage(image, reference, image, False)
    extent, size = image.GetExtent(), reference.GetDimensions()
    first = [max(0, extent[2 * axis]) for axis in range(3)]
    last = [min(size[axis] - 1, extent[2 * axis + 1]) for axis in range(3)]
    if any(high < low for low, high in zip(first, last, strict=True)):
        return nothing
    shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)
    own = tuple(slice(first[a] - extent[2 * a], last[a] - extent[2 * a] + 1) for a in (2, 1, 0))
    where = slice(first[2], last[2] + 1), slice(first[1], last[1] + 1), slice(first[0], last[0] + 1)
    return array[own] > 0, where

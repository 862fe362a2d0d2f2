"""A CT in the scene: volume node to ``CTVolume``, and where its voxels lie."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ...ct.geometry import Geometry
from ...ct.layout_checks import Finding, check_layout
from ...ct.volume import CTVolume
from ...errors import InputError

_CT = "COVIDDetect.ct"
"""Role of the reference to the CT, and attribute with its name."""


def ct_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> CTVolume:
    """The CT of a volume node, with its parent transform applied.

    Raises
    ------
    InputError
        If the node has no image, is not one volume of HU, or lies under a transform that bends it.
    """
    if not has_voxels(node):
        raise InputError(f"The volume {node.GetName()} is empty; load the CT again.")
    if finding := layout_finding(node):
        raise InputError(finding.sentence)
    return CTVolume.from_array(slicer.util.arrayFromVolume(node), geometry_of(node), node.GetName())


def has_voxels(node: slicer.vtkMRMLVolumeNode) -> bool:
    """Whether there is an image in a volume node, and something in the image."""
    image = node.GetImageData()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    return scalars is not None and scalars.GetNumberOfTuples() > 0


def layout_finding(node: slicer.vtkMRMLVolumeNode) -> Finding | None:
    """Whether a volume node with an image is something else than one gray volume: in color, in time, one picture."""
    image = node.GetImageData()
    components = image.GetNumberOfScalarComponents()
    # Red, green and blue, perhaps with opacity; else volumes in time, as the MultiVolume modules keep them.
    if components > 1 and (components not in (3, 4) or node.IsA("vtkMRMLMultiVolumeNode")):
        return check_layout((*image.GetDimensions(), components), 1, node.GetName())
    return check_layout(image.GetDimensions(), components, node.GetName())


def geometry_of(node: slicer.vtkMRMLVolumeNode) -> Geometry:
    """Where the voxels of a volume node lie in the world.

    Raises
    ------
    InputError
        If the node lies under a transform that bends it.
    """
    ijk_to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(ijk_to_ras)
    return Geometry.from_ijk_to_ras(to_world(node) @ slicer.util.arrayFromVTKMatrix(ijk_to_ras))


def place(node: slicer.vtkMRMLVolumeNode, geometry: Geometry) -> None:
    """Put a volume node at ``geometry``, wherever its parent transform takes it."""
    local = np.linalg.inv(to_world(node)) @ geometry.ijk_to_ras
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(local))


def give_to(ct_node: slicer.vtkMRMLScalarVolumeNode, node: slicer.vtkMRMLNode) -> None:
    """Make a node one of those that were made for a CT, and put it next to the CT in the subject hierarchy.

    Slicer's DICOM export takes patient and study from there, and what belongs to a patient is removed with it.
    """
    mark_as_of(ct_node, node)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    items = [hierarchy.GetItemByDataNode(one) if hierarchy else 0 for one in (node, ct_node)]
    if all(items):
        hierarchy.SetItemParent(items[0], hierarchy.GetItemParent(items[1]))


def mark_as_of(ct_node: slicer.vtkMRMLScalarVolumeNode, node: slicer.vtkMRMLNode) -> None:
    """Remember that a node belongs to a CT, wherever it lies in the subject hierarchy."""
    node.SetNodeReferenceID(_CT, ct_node.GetID())
    node.SetAttribute(_CT, ct_node.GetName())  # stays when the CT is removed


def belongs_to_a_ct(node: slicer.vtkMRMLNode) -> bool:
    """Whether a node was made for a CT or scored with one, which may have been removed since."""
    return node.GetAttribute(_CT) is not None


def ct_of(node: slicer.vtkMRMLNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The CT that a node was made for or scored with; None for others, and if that CT is no longer in the scene."""
    return node.GetNodeReference(_CT)


def ct_name_of(node: slicer.vtkMRMLNode) -> str:
    """The name that this CT had; known also when it is no longer in the scene."""
    return node.GetAttribute(_CT) or ""


def is_bent(node: slicer.vtkMRMLTransformableNode) -> bool:
    """Whether a node lies under a transform that is not linear."""
    transform = node.GetParentTransformNode()
    return transform is not None and not transform.IsTransformToWorldLinear()


def to_world(node: slicer.vtkMRMLTransformableNode) -> np.ndarray:
    """4×4 RAS matrix of the transform that a node lies under; the identity if there is none.

    Raises
    ------
    InputError
        If that transform is not linear.
    """
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if is_bent(node):
        raise InputError(f"{node.GetName()} has a nonlinear transform; harden it in the Transforms module.")
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def voxels_of(ct: slicer.vtkMRMLScalarVolumeNode) -> tuple[object, ...]:
    """What tells whether voxels or their place changed, without looking at the voxels."""
    image = ct.GetImageData()
    scalars = image.GetPointData().GetScalars() if image else None
    matrix = vtk.vtkMatrix4x4()
    ct.GetIJKToRASMatrix(matrix)
    place = slicer.util.arrayFromVTKMatrix(matrix).tobytes() + place_of(ct)
    return scalars.GetMTime() if scalars else 0, image.GetDimensions() if image else None, place


def place_of(node: slicer.vtkMRMLTransformableNode) -> bytes:
    """What tells whether a node was put under another transform that takes it elsewhere."""
    return b"bent" if is_bent(node) else to_world(node).tobytes()

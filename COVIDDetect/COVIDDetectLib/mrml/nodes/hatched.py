"""The heat map that is not to be relied on, in stripes: a copy that is only looked at.

Slicer's slice views have no pattern for a volume, so the stripes lie in voxels; not in those of the map, which are
exported and measured.
"""

from __future__ import annotations

import slicer
import vtk

from ...analysis.attention import Attention
from ...analysis.heat_map import hatched
from ...ct.geometry import Geometry
from .ct import ct_of
from .heat_map import heat_maps, layer_of, new_heat_map, write_attention

_OF = "COVIDDetect.hatchedOf"


def hatched_copy(heat_map: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode:
    """A heat map in stripes, made anew, in the node of the last copy where there is one."""
    matrix = vtk.vtkMatrix4x4()
    heat_map.GetIJKToRASMatrix(matrix)
    geometry = Geometry.from_ijk_to_ras(slicer.util.arrayFromVTKMatrix(matrix))
    node = next((one for one in heat_maps() if original_of(one) is heat_map), None)
    if node is None:
        node = new_heat_map(ct_of(heat_map), f"{heat_map.GetName()}, hatched")
        node.SetNodeReferenceID(_OF, heat_map.GetID())
    node.SetAndObserveTransformNodeID(None)
    write_attention(hatched(Attention(slicer.util.arrayFromVolume(heat_map), geometry, 1.0, layer_of(heat_map))), node)
    node.SetAndObserveTransformNodeID(heat_map.GetTransformNodeID())
    return node


def original_of(node: slicer.vtkMRMLNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The heat map of which a volume is a hatched copy."""
    return node.GetNodeReference(_OF)


def hatched_copies() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """All in the scene, also of heat maps that are gone."""
    return [node for node in heat_maps() if node.GetNodeReferenceID(_OF)]

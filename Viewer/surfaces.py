"""Segments as surfaces in the 3D view."""

from __future__ import annotations

import slicer
import slicer.util


def show_segments_in_3d(shown: bool) -> None:
    """Make, or remove, the surfaces of all segmentations; they follow later changes of the segments."""
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if shown:
            node.CreateClosedSurfaceRepresentation()
        else:
            node.RemoveClosedSurfaceRepresentation()
    slicer.app.layoutManager().resetThreeDViews()

"""Notices when a view shows another volume, whichever part of Slicer changed it."""

from __future__ import annotations

from collections.abc import Callable

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..events.later import Later
from ..mrml.views.display import VIEWS


class ViewWatch(VTKObservationMixin):
    """Observes all slice and 3D views, also those that come later.

    Parameters
    ----------
    changed
        Called with the node of a view that changed; without one some time after a view came.
    """

    def __init__(self, changed: Callable[..., None]) -> None:
        VTKObservationMixin.__init__(self)
        self._changed = changed
        # A view becomes complete after its node.
        self._changed_later = Later(changed)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAddedEvent, self._on_node_added)
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_node_removed)
        for view in [node for kind in VIEWS for node in slicer.util.getNodesByClass(kind)]:
            self._observe(view)

    def stop(self) -> None:
        """Observe nothing any more."""
        self._changed_later.stop()
        self.removeObservers()

    def _observe(self, view: slicer.vtkMRMLNode) -> None:
        self.addObserver(view, vtk.vtkCommand.ModifiedEvent, self._on_view_modified)

    def _on_view_modified(self, view: slicer.vtkMRMLNode, event: str) -> None:
        self._changed(view)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_added(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        if any(node.IsA(kind) for kind in VIEWS):
            self._observe(node)
            self._changed_later.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        if any(node.IsA(kind) for kind in VIEWS):
            self.removeObserver(node, vtk.vtkCommand.ModifiedEvent, self._on_view_modified)

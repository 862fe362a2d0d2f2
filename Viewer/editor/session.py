"""What is being edited: segmentation, segment and CT, with Slicer's logic that changes and undoes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer


class Session:
    """State of the editor, all of it in a vtkMRMLSegmentEditorNode.

    Parameters
    ----------
    changed
        Called after every change of what is shown in the editor.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.changed = changed
        self.logic.AddObserver(self.logic.SegmentationHistoryChangedEvent, lambda *_: self.changed())

    def set_scene(self, scene: Any) -> None:
        self.logic.SetMRMLScene(scene)

    @property
    def node(self) -> Any:
        """The vtkMRMLSegmentEditorNode."""
        return self.logic.GetSegmentEditorNode()

    @property
    def segmentation(self) -> Any:
        """The vtkMRMLSegmentationNode."""
        return self.logic.GetSegmentationNode() if self.node is not None else None

    @property
    def segment_id(self) -> str:
        """The selected segment."""
        return str(self.logic.GetCurrentSegmentID()) if self.node is not None else ""

    @property
    def source(self) -> Any:
        """The vtkMRMLScalarVolumeNode that is edited over."""
        return self.logic.GetSourceVolumeNode() if self.node is not None else None

    @property
    def ready(self) -> bool:
        """Whether there is a segment to change."""
        return self.segmentation is not None and bool(self.segment_id)

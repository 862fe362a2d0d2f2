"""What all effects share: parameters in the vtkMRMLSegmentEditorNode, and how a segment is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk
from PySide6.QtWidgets import QWidget

from .grid import matrix_of, voxels

if TYPE_CHECKING:
    from .session import Session

ADD = slicer.vtkSlicerSegmentEditorLogic.ModificationModeAdd
REMOVE = slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove
SET = slicer.vtkSlicerSegmentEditorLogic.ModificationModeSet


class Effect:
    """One tool of the editor.

    Parameters
    ----------
    session
        What is being edited.
    """

    name = ""
    defaults: dict[str, Any] = {}
    common_defaults: dict[str, Any] = {}
    takes_mouse = False

    def __init__(self, session: Session) -> None:
        self.session = session

    def self(self) -> Effect:
        """The effect itself: in Slicer the Python object behind a C++ one."""
        return self

    # --- Parameters: in the node's attributes, as Slicer names them ------------------------------------------------

    def parameter(self, name: str) -> str:
        return self._read(f"{self.name}.{name}", self.defaults.get(name, ""))

    def setParameter(self, name: str, value: Any) -> None:
        self._write(f"{self.name}.{name}", value)

    def commonParameter(self, name: str) -> str:
        return self._read(name, self.common_defaults.get(name, ""))

    def setCommonParameter(self, name: str, value: Any) -> None:
        self._write(name, value)

    def integerParameter(self, name: str) -> int:
        return int(float(self.parameter(name)))

    def doubleParameter(self, name: str) -> float:
        return float(self.parameter(name))

    def _read(self, name: str, default: Any) -> str:
        value = self.session.node.GetAttribute(name) if self.session.node else None
        return str(default) if value is None else str(value)

    def _write(self, name: str, value: Any) -> None:
        self.session.node.SetAttribute(name, str(value))
        self.session.changed()

    # --- Changing the segment ----------------------------------------------------------------------------------------

    def modify(self, mask: np.ndarray, mode: int) -> None:
        """Add a mask to the selected segment, remove it, or put it in its place; one step to undo.

        Parameters
        ----------
        mask
            bool ``[k, j, i]`` on the grid of ``blank``.
        mode
            ``ADD``, ``REMOVE`` or ``SET``.
        """
        logic = self.session.logic
        image = self.blank()
        voxels(image)[...] = mask
        image.Modified()
        logic.SaveStateForUndo()
        per_segment, bypass_masking = True, False
        logic.ModifySegmentByLabelmap(
            self.session.segmentation, self.session.segment_id, image, mode, per_segment, bypass_masking
        )
        self.session.changed()

    def blank(self) -> Any:
        """An empty labelmap on the segmentation's reference grid."""
        self.session.logic.ResetModifierLabelmapToDefault()
        return self.session.logic.GetModifierLabelmap()

    def segment(self) -> np.ndarray:
        """The selected segment as bool ``[k, j, i]`` on the grid of ``blank``."""
        self.blank()
        self.session.logic.UpdateSelectedSegmentLabelmap()
        return voxels(self.session.logic.GetSelectedSegmentLabelmap()) != 0

    # --- What tools with a mouse override ----------------------------------------------------------------------------

    def options(self) -> QWidget | None:
        """The widget with the tool's settings."""
        return None

    def activate(self) -> None:
        """The tool was chosen."""

    def deactivate(self) -> None:
        """Another tool was chosen."""

    def press(self, view: Any) -> None:
        """The left button went down in a slice view."""

    def move(self, view: Any, dragging: bool) -> None:
        """The mouse moved in a slice view."""

    def release(self, view: Any) -> None:
        """The left button went up."""

    def leave(self, view: Any) -> None:
        """The mouse left the slice view."""

    def wheel(self, view: Any, forward: bool) -> bool:
        """Shift and the wheel; True if the tool has used it."""
        return False


def mouse_ras(view: Any) -> np.ndarray:
    """Where the mouse points to in the patient."""
    x, y = view.interactor().GetEventPosition()
    return np.asarray((matrix_of(view.node.GetXYToRAS()) @ (x, y, 0.0, 1.0))[:3])


def mouse_xy(view: Any) -> tuple[int, int]:
    """Where the mouse is, in pixels of the view from its lower left corner."""
    x, y = view.interactor().GetEventPosition()
    return int(x), int(y)


def slice_plane(view: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Point, unit normal and thickness in mm of the slice that a view shows."""
    to_ras = matrix_of(view.node.GetSliceToRAS())
    spacing = view.logic.GetLowestVolumeSliceSpacing()[2]
    return to_ras[:3, 3], to_ras[:3, 2] / np.linalg.norm(to_ras[:3, 2]), float(spacing)


def overlay_line(width: float) -> tuple[Any, Any]:
    """A 2D actor for lines in pixels of the view, and the vtkPolyData that it shows."""
    data = vtk.vtkPolyData()
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputData(data)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(1.0, 1.0, 0.2)
    actor.GetProperty().SetLineWidth(width)
    return actor, data


def show_line(data: Any, points_xy: np.ndarray, closed: bool) -> None:
    """Put a line through points, in pixels."""
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    for x, y in points_xy:
        points.InsertNextPoint(x, y, 0.0)
    count = len(points_xy)
    if count > 1:
        lines.InsertNextCell(count + closed)
        for index in range(count):
            lines.InsertCellPoint(index)
        if closed:
            lines.InsertCellPoint(0)
    data.SetPoints(points)
    data.SetLines(lines)
    data.Modified()

"""Repair: what was painted and erased in the mask editor grows over what it means."""

from __future__ import annotations

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..errors import MaskError
from ..lungs.repair import repair_lungs
from ..lungs.strokes import Strokes
from ..mrml.nodes.ct import ct_from_node
from ..mrml.nodes.lung_mask import lung_mask_from_node, write_repaired
from .mask_editor import MaskEditor

_MOST_DRAWN_ML = 200.0
"""More is no stroke; smoothing, for one, changes the mask everywhere."""


class MaskRepair:
    """Follows one mask while it is edited.

    Parameters
    ----------
    editor
        The Segment Editor, with its undo.
    """

    def __init__(self, editor: MaskEditor) -> None:
        self._editor = editor
        self._strokes: Strokes | None = None

    def begin(self, mask: slicer.vtkMRMLSegmentationNode, ct: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Strokes count from now on."""
        try:
            self._strokes = Strokes(lung_mask_from_node(mask, ct).labels)
        except MaskError:  # nothing is painted yet
            self._strokes = Strokes(np.zeros(ct.GetImageData().GetDimensions()[::-1], dtype=np.uint8))

    def repair(self, mask: slicer.vtkMRMLSegmentationNode, ct: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Grow the strokes, as one step that Undo takes back.

        Raises
        ------
        MaskError
            If nothing was painted or erased, or so much that it is no stroke, or the mask is empty.
        InputError
            If the CT cannot be read.
        """
        now = lung_mask_from_node(mask, ct)
        if self._strokes is None:
            return
        painted, erased = self._strokes.drawn(now.labels)
        drawn = np.count_nonzero(painted) + np.count_nonzero(erased)
        if not drawn:
            raise MaskError(
                _("Paint a stroke where lung is missing, or erase one where too much is marked; then click Repair.")
            )
        if drawn * now.geometry.voxel_ml > _MOST_DRAWN_ML:
            self._strokes.note(now.labels)
            raise MaskError(_("Too much was changed to be a stroke; draw one now, then click Repair."))
        axial, order = ct_from_node(ct).axial()
        volumes = (np.ascontiguousarray(order.apply(one)) for one in (now.labels, painted, erased))
        repaired = np.ascontiguousarray(order.undo(repair_lungs(axial, *volumes)))
        self._editor.editor.saveStateForUndo()
        write_repaired(mask, ct, now.labels, repaired, painted)
        self._strokes.note(lung_mask_from_node(mask, ct).labels)

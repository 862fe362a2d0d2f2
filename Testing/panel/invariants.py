"""What holds in the panel whatever was done, each found out anew from the scene and from what is on screen.

No stroke of the user is lost; no number is black that does not rest on what is there and on what the views show;
nothing of a CT is left that was removed; the panel answers; observations do not pile up; and the log names no patient.
"""

from __future__ import annotations

import gc
import logging
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from Testing.panel.host import MODULE_FOLDER, log_warnings, observation_count

SECRET = "Doe^Jane"
_LABELS = ("verdict", "details", "message", "progress", "inViews", "hint", "lungs", "history", "meaning")


def edited_mask(editor: Any) -> Any:
    """The segmentation that is in the panel's Segment Editor."""
    return editor.editor.segmentationNode()


class Invariants:
    """Remembers what the user did, and compares.

    Parameters
    ----------
    panel, client
        The module's widget, and what computes for it.
    """

    def __init__(self, panel: Any, client: Any) -> None:
        self.panel, self.ui, self.client = panel, panel.ui, client
        self._strokes: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self._gone: list[tuple[str, Any]] = []
        self._log = _Log()
        self._unseen: list[str] = []
        self._observations, self._warnings = observation_count(panel), len(log_warnings())

    def name(self, number: int) -> str:
        """Of a CT: that of a patient."""
        return f"{SECRET} {number}"

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within this block the log is read, and errors that nobody catches are noticed."""
        earlier = sys.excepthook
        sys.excepthook = lambda *error: self._unseen.append("".join(traceback.format_exception(*error)))
        logging.getLogger().addHandler(self._log)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(self._log)
            sys.excepthook = earlier

    @contextmanager
    def drawn(self, mask: Any) -> Iterator[None]:
        """Within this block the user draws into a mask, or takes that back; what then differs is to stay."""
        before, mask_id = _voxels(mask), mask.GetID()
        if mask_id not in self._strokes:
            self._made[mask_id] = before
        yield
        self._strokes[mask_id] = _voxels(mask)
        if self._strokes[mask_id] == self._made[mask_id]:  # as the program made it: that may be replaced
            del self._strokes[mask_id]

    def let_go(self, node: Any) -> None:
        """The user removes a node."""
        import vtk

        self._strokes.pop(node.GetID(), None)
        if node.IsA("vtkMRMLScalarVolumeNode") and node.GetName().startswith(SECRET):
            reference = vtk.vtkWeakReference()
            reference.Set(node)
            self._gone.append((node.GetName(), reference))

    def let_go_of_all(self) -> None:
        """The user closes the scene."""
        import slicer

        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            self.let_go(node)
        self._strokes.clear()

    @contextmanager
    def reopened(self) -> Iterator[None]:
        """Within this block a saved scene is closed and loaded: it brings back what was drawn."""
        before, made = (
            Counter(self._strokes.values()),
            {self._strokes[each]: self._made[each] for each in self._strokes},
        )
        self._strokes.clear()
        yield
        import slicer

        for mask in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            voxels = _voxels(mask)
            if before[voxels]:
                before[voxels] -= 1
                self._strokes[mask.GetID()], self._made[mask.GetID()] = voxels, made[voxels]
        assert not +before, "a saved scene came back without what was drawn"

    def check(self) -> None:
        """Raise AssertionError if one does not hold."""
        assert not self._unseen, f"raised where nobody catches: {self._unseen}"
        self._no_stroke_is_lost()
        self._no_black_number_is_out_of_date()
        self._nothing_is_left_of_what_was_removed()
        self._the_log_names_nobody()

    def check_at_rest(self) -> None:
        """The same in an empty scene, when nothing is computed."""
        self.check()
        assert observation_count(self.panel) <= self._observations, "the panel observes more from scene to scene"

    def _no_stroke_is_lost(self) -> None:
        import slicer

        for mask_id, voxels in self._strokes.items():
            mask = slicer.mrmlScene.GetNodeByID(mask_id)
            assert mask is not None, "a mask that the user drew in is gone"
            assert _voxels(mask) == voxels, f"what the user drew in {mask.GetName()} is lost"

    def _no_black_number_is_out_of_date(self) -> None:
        from COVIDDetectLib.analysis.width import number_text
        from COVIDDetectLib.mrml.nodes.result import Result
        from COVIDDetectLib.mrml.watch import difference

        for result in Result.all():
            if result.ct_node is not None and not result.node.GetAttribute("COVIDDetect.stale"):
                assert difference(result) == "", f"a result is current, and {difference(result)}"
        if not (self.ui.resultWidget.visible and self.ui.probabilityLabel.enabled):
            return
        ct, mask = self.ui.ctSelector.currentNode(), self.ui.maskSelector.currentNode()
        shown = Result.of(ct)
        assert shown is not None, "a number is shown for a CT without a result"
        assert difference(shown) == "", f"the number is black, and {difference(shown)}"
        own = shown.lung_mask_node
        assert mask in (own, None), "the number is black beside another mask"
        threshold = self.ui.decisionThresholdSlider.value
        assert self.ui.probabilityLabel.text == number_text(shown.record, threshold)
        backgrounds = _backgrounds()
        assert not backgrounds or ct.GetID() in backgrounds, "the number is black beside the pictures of another CT"

    def _nothing_is_left_of_what_was_removed(self) -> None:
        import slicer

        if not self._gone or self.panel.logic.busy:
            return
        gc.collect()
        held = [name for name, reference in self._gone if reference.Get() is not None]
        assert not held, f"{', '.join(held)} was removed and is still held"
        for name, _ in self._gone:
            for label in _LABELS:
                text = getattr(self.ui, f"{label}Label").text
                assert f"{name} " not in f"{text} ", f"{label} still names {name}, which was removed"
        for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            for volume in (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()):
                assert volume is None or slicer.mrmlScene.GetNodeByID(volume), "a view shows a volume that is gone"
        if not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            assert getattr(self.client, "kept_ct", None) is None, "the client keeps a CT that was removed"
        self._gone.clear()

    def _the_log_names_nobody(self) -> None:
        named = [line for line in self._log.lines if SECRET in line]
        assert not named, f"the log names a patient: {named}"
        warnings = log_warnings()[self._warnings :]
        assert not warnings, f"Slicer's log has warnings: {warnings}"


class _Log(logging.Handler):
    """What this program itself logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if Path(record.pathname).is_relative_to(MODULE_FOLDER):
            self.lines.append(record.getMessage())


def _voxels(mask: Any) -> str:
    from COVIDDetectLib.mrml.nodes.lung_mask import fingerprint, segment_ids

    return fingerprint(mask, {each: 1 << number for number, each in enumerate(segment_ids(mask))})


def _backgrounds() -> set[str]:
    """What the slice views on screen show behind."""
    import slicer

    manager = slicer.app.layoutManager()
    shown = set()
    for name in manager.sliceViewNames():
        widget = manager.sliceWidget(name)
        if widget.mrmlSliceNode().IsMappedInLayout():
            shown.add(widget.mrmlSliceCompositeNode().GetBackgroundVolumeID())
    return shown - {None}

"""Correcting a mask by hand: the tools change what they should, and undo brings it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Drag = Callable[..., None]


class Editing:
    """A segmentation with two segments in the editor, over the CT."""

    def __init__(self, ct: Any) -> None:
        import slicer

        self.ct = ct
        self.node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
        self.node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
        self.node.CreateDefaultDisplayNodes()
        for identifier, name in (("right", "Right lung"), ("left", "Left lung")):
            self.node.GetSegmentation().AddEmptySegment(identifier, name)
        self.widget = slicer.qMRMLSegmentEditorWidget()
        self.widget.setMaximumNumberOfUndoStates(10)
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
        self.widget.setSegmentationNode(self.node)
        self.widget.setSourceVolumeNode(ct)
        self.widget.setCurrentSegmentID("right")
        self.widget.setupViewObservations()

    def use(self, name: str, **parameters: object) -> Any:
        self.widget.setActiveEffectByName(name)
        effect = self.widget.activeEffect()
        for parameter, value in parameters.items():
            effect.setParameter(parameter, value)
        if name in ("Paint", "Erase"):
            effect.setCommonParameter("BrushAbsoluteDiameter", 24.0)
        return effect

    def mask(self, segment: str = "right") -> np.ndarray:
        import slicer

        return np.array(slicer.util.arrayFromSegmentBinaryLabelmap(self.node, segment, self.ct)) > 0

    def set(self, mask: np.ndarray, segment: str = "right") -> None:
        import slicer

        slicer.util.updateSegmentBinaryLabelmapFromArray(mask.astype(np.uint8), self.node, segment, self.ct)


@pytest.fixture
def editing(ct: Any) -> Any:
    made = Editing(ct)
    yield made
    made.widget.setActiveEffect(None)
    made.widget.removeViewObservations()
    made.widget.setMRMLSegmentEditorNode(None)


def test_paint_fills_a_disc_of_the_brushs_diameter_in_one_slice(
    editing: Editing, drag: Drag, middle: tuple[float, float]
) -> None:
    editing.use("Paint")
    drag(middle, middle)
    mask = editing.mask()
    assert list(np.nonzero(mask.any(axis=(1, 2)))[0].shape) == [1]
    area_mm2 = mask.sum() * 16
    assert area_mm2 == pytest.approx(np.pi * 12**2, rel=0.15)


def test_a_stroke_has_no_gaps_and_leaves_window_and_level_alone(
    editing: Editing, drag: Drag, middle: tuple[float, float]
) -> None:
    from scipy import ndimage

    x, y = middle
    window = editing.ct.GetDisplayNode().GetWindow()
    editing.use("Paint")
    drag((x - 120, y), (x + 120, y - 60))
    assert ndimage.label(editing.mask())[1] == 1
    assert editing.ct.GetDisplayNode().GetWindow() == window


def test_a_ball_paints_the_neighboring_slices_too(editing: Editing, drag: Drag, middle: tuple[float, float]) -> None:
    editing.use("Paint", BrushSphere=1)
    drag(middle, middle)
    assert editing.mask().sum() * 80 == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.2)


def test_painting_works_in_sagittal_and_coronal_views(editing: Editing, drag: Drag) -> None:
    import slicer

    for name, axis in (("Yellow", 2), ("Green", 1)):
        view = slicer.app.layoutManager().sliceWidget(name).sliceView().VTKWidget()
        editing.set(np.zeros((20, 40, 40)))
        editing.use("Paint")
        center = (view.width / 2, view.height / 2)
        drag(center, center, view=name)
        assert np.count_nonzero(editing.mask().any(axis=tuple({0, 1, 2} - {axis}))) == 1


def test_undo_and_redo_go_back_and_forth(editing: Editing, drag: Drag, middle: tuple[float, float]) -> None:
    x, y = middle
    editing.use("Paint")
    drag(middle, middle)
    first = editing.mask()
    drag((x + 60, y), (x + 60, y))
    second = editing.mask()
    editing.widget.undo()
    assert np.array_equal(editing.mask(), first)
    editing.widget.undo()
    assert editing.mask().sum() == 0
    editing.widget.redo()
    editing.widget.redo()
    assert np.array_equal(editing.mask(), second)


def test_painting_one_lung_takes_the_voxels_from_the_other(
    editing: Editing, drag: Drag, middle: tuple[float, float]
) -> None:
    editing.use("Paint")
    drag(middle, middle)
    before = editing.mask()
    editing.widget.setCurrentSegmentID("left")
    drag(middle, middle)
    assert np.array_equal(editing.mask("left"), before)
    assert editing.mask("right").sum() == 0


def test_erase_takes_away_under_the_brush(editing: Editing, drag: Drag, middle: tuple[float, float]) -> None:
    editing.set(np.ones((20, 40, 40)))
    editing.use("Erase")
    drag(middle, middle)
    assert (~editing.mask()).sum() * 16 == pytest.approx(np.pi * 12**2, rel=0.15)


def test_the_intensity_range_limits_the_brush(editing: Editing, drag: Drag, middle: tuple[float, float]) -> None:
    import slicer

    x, y = middle
    threshold = editing.use("Threshold", MinimumThreshold=-100, MaximumThreshold=400)
    threshold.self().onUseForPaint()
    editing.use("Paint")
    drag((x - 100, y), (x + 150, y))
    mask = editing.mask()
    assert mask.any()
    assert set(np.unique(slicer.util.arrayFromVolume(editing.ct)[mask])) == {200}


def test_threshold_makes_the_segment_of_a_range(editing: Editing) -> None:
    import slicer

    editing.use("Threshold", MinimumThreshold=0, MaximumThreshold=400).self().onApply()
    assert np.array_equal(editing.mask(), slicer.util.arrayFromVolume(editing.ct) == 200)


def test_scissors_cut_through_all_slices(editing: Editing, drag: Drag, middle: tuple[float, float]) -> None:
    x, y = middle
    editing.set(np.ones((20, 40, 40)))
    editing.use("Scissors", Operation="EraseInside")
    drag((x, 2), (x, 2 * y - 3), (2 * x - 3, 2 * y - 3), (2 * x - 3, 2))
    mask = editing.mask()
    assert mask[:, :, :19].all()
    assert not mask[:, :, 21:].any()
    assert (mask == mask[0]).all()


def test_islands_keep_the_largest(editing: Editing) -> None:
    mask = np.zeros((20, 40, 40), dtype=bool)
    mask[2:8, 2:12, 2:12] = True
    mask[12:14, 20:24, 20:24] = True
    editing.set(mask)
    editing.use("Islands", Operation="KEEP_LARGEST_ISLAND").self().onApply()
    mask[12:14] = False
    assert np.array_equal(editing.mask(), mask)


def test_islands_below_a_size_go(editing: Editing) -> None:
    mask = np.zeros((20, 40, 40), dtype=bool)
    mask[2:8, 2:12, 2:12] = True
    mask[12:14, 20:24, 20:24] = True
    mask[17, 30, 30] = True
    editing.set(mask)
    editing.use("Islands", Operation="REMOVE_SMALL_ISLANDS", MinimumSize=10).self().onApply()
    mask[17] = False
    assert np.array_equal(editing.mask(), mask)


def test_slices_between_painted_ones_are_filled(editing: Editing) -> None:
    mask = np.zeros((20, 40, 40), dtype=bool)
    mask[5, 10:20, 10:20] = mask[9, 10:20, 10:20] = True
    editing.set(mask)
    editing.use("Fill between slices").self().onApply()
    filled = editing.mask()
    assert filled[5:10, 11:19, 11:19].all()
    assert not filled[:5].any()
    assert not filled[10:].any()


def test_smoothing_removes_a_spike(editing: Editing) -> None:
    mask = np.zeros((20, 40, 40), dtype=bool)
    mask[4:16, 10:30, 10:30] = True
    mask[10, 20, 33] = True
    editing.set(mask)
    editing.use("Smoothing", KernelSizeMm=15.0).self().onApply()
    smooth = editing.mask()
    assert not smooth[10, 20, 33]
    assert smooth[10, 20, 20]


def test_shift_and_the_wheel_change_the_brush(editing: Editing, viewer: Any, middle: tuple[float, float]) -> None:
    import qt
    import slicer

    effect = editing.use("Paint")
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView().VTKWidget()
    offset = slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceOffset()
    at = qt.QPointF(*middle)
    event = qt.QWheelEvent(
        at, at, qt.QPoint(0, 0), qt.QPoint(0, 120), qt.Qt.NoButton, qt.Qt.ShiftModifier, qt.Qt.NoScrollPhase, False
    )
    slicer.app.sendEvent(view, event)
    assert float(effect.commonParameter("BrushAbsoluteDiameter")) == pytest.approx(28.8)
    assert slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceOffset() == offset


def test_after_the_editor_is_closed_the_mouse_belongs_to_the_view(
    editing: Editing, drag: Drag, middle: tuple[float, float]
) -> None:
    x, y = middle
    editing.use("Paint")
    editing.widget.setActiveEffect(None)
    editing.widget.removeViewObservations()
    drag((x, y), (x + 50, y))
    assert editing.mask().sum() == 0
    assert editing.ct.GetDisplayNode().GetWindow() != 1400


def test_only_the_ordered_tools_are_offered(editing: Editing) -> None:
    editing.widget.setEffectNameOrder(["Erase", "Paint", "Hollow"])
    editing.widget.unorderedEffectsVisible = False
    assert editing.widget.availableEffectNames() == ("Erase", "Paint")

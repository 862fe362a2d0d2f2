"""The views show the CT as Slicer's do, and the mouse does in them what it does there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Seen = Callable[[str], np.ndarray]


def logic(name: str = "Red") -> Any:
    import slicer

    return slicer.app.layoutManager().sliceWidget(name).sliceLogic()


def crop(picture: np.ndarray) -> np.ndarray:
    """Without the text at the borders."""
    return picture[40:-50, 25:-60]


@pytest.mark.parametrize("name", ["Red", "Yellow", "Green"])
def test_a_slice_view_shows_air_and_tissue_in_the_window_of_the_ct(ct: Any, seen: Seen, name: str) -> None:
    logic(name).SetSliceOffset({"Red": 0.0, "Yellow": 40.0, "Green": 0.0}[name])
    gray = set(np.unique(crop(seen(name))[..., 0]))
    # -1000 HU in a window of 1400 round -500 is 200/1400 of white; 200 HU is white.
    assert 36 in gray
    assert 255 in gray


def test_the_patients_left_is_at_the_right_of_the_axial_view(ct: Any, seen: Seen) -> None:
    logic().SetSliceOffset(0.0)
    columns = np.nonzero((crop(seen("Red")) == 255).all(axis=2).any(axis=0))[0]
    assert columns.min() > crop(seen("Red")).shape[1] / 2


def test_the_wheel_goes_one_slice_on(ct: Any, viewer: Any, seen: Seen, middle: tuple[float, float]) -> None:
    import qt
    import slicer

    view = slicer.app.layoutManager().sliceWidget("Red").sliceView().VTKWidget()
    before = logic().GetSliceOffset()
    position = qt.QPointF(*middle)
    event = qt.QWheelEvent(
        position,
        position,
        qt.QPoint(0, 0),
        qt.QPoint(0, 120),
        qt.Qt.NoButton,
        qt.Qt.NoModifier,
        qt.Qt.NoScrollPhase,
        False,
    )
    slicer.app.sendEvent(view, event)
    assert abs(logic().GetSliceOffset() - before) == pytest.approx(5.0)
    bar = slicer.app.layoutManager().sliceWidget("Red").bar
    assert bar._offset.value() == pytest.approx(logic().GetSliceOffset(), abs=0.05)


def test_the_slider_of_the_bar_moves_the_slice(ct: Any) -> None:
    import slicer

    bar = slicer.app.layoutManager().sliceWidget("Red").bar
    bar._slider.setValue(0)
    assert logic().GetSliceOffset() == pytest.approx(-47.5, abs=2.6)
    assert bar._letter.text() == "R"
    prefixes = [
        slicer.app.layoutManager().sliceWidget(name).bar._offset.prefix() for name in ("Red", "Yellow", "Green")
    ]
    assert prefixes == ["S: ", "L: ", "A: "]


def test_dragging_with_the_left_button_changes_window_and_level(
    ct: Any, seen: Seen, drag: Callable[..., None], middle: tuple[float, float]
) -> None:
    x, y = middle
    before = seen("Red")
    drag((x, y), (x + 60, y + 30))
    display = ct.GetDisplayNode()
    assert display.GetWindow() > 1400
    assert display.GetLevel() != -500
    assert np.any(seen("Red") != before)


def test_dragging_with_the_right_button_zooms(ct: Any, drag: Callable[..., None], middle: tuple[float, float]) -> None:
    x, y = middle
    before = logic().GetSliceNode().GetFieldOfView()[0]
    drag((x, y), (x, y + 40), button="RightButton")
    assert logic().GetSliceNode().GetFieldOfView()[0] != pytest.approx(before)


def test_dragging_with_the_middle_button_pans(ct: Any, drag: Callable[..., None], middle: tuple[float, float]) -> None:
    x, y = middle
    before = np.array(logic().GetSliceNode().GetXYZOrigin())
    drag((x, y), (x + 30, y), button="MiddleButton")
    assert np.any(np.array(logic().GetSliceNode().GetXYZOrigin()) != before)


def test_shift_and_a_movement_take_the_other_views_along(
    ct: Any, mouse: Callable[..., None], middle: tuple[float, float]
) -> None:
    x, y = middle
    before = logic("Yellow").GetSliceOffset()
    mouse("MouseMove", x, y, key="Shift")
    mouse("MouseMove", x + 60, y, key="Shift")
    assert abs(logic("Yellow").GetSliceOffset() - before) > 4


def test_an_overlay_is_blended_by_its_opacity(ct: Any, viewer: Any, seen: Seen) -> None:
    import slicer

    heat = slicer.util.addVolumeFromArray(np.full((20, 40, 40), 1.0, dtype=np.float32), name="heat")
    heat.CopyOrientation(ct)
    heat.CreateDefaultDisplayNodes()
    display = heat.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeFileInferno.txt")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, 2.0)
    alone = crop(seen("Red")).astype(int)
    pictures = []
    for opacity in (0.0, 0.5, 1.0):
        slicer.util.setSliceViewerLayers(foreground=heat, foregroundOpacity=opacity)
        pictures.append(crop(seen("Red")).astype(int))
    assert np.abs(pictures[0] - alone).max() <= 1
    half = (pictures[0] + pictures[2]) / 2
    assert np.abs(pictures[1] - half).max() <= 2
    assert np.ptp(pictures[2][60, 60]) > 50  # colored, not gray


def test_a_color_legend_is_shown_for_an_overlay(ct: Any, viewer: Any, seen: Seen) -> None:
    import slicer

    slicer.util.setSliceViewerLayers(foreground=ct, foregroundOpacity=0.0)
    before = seen("Red")
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(ct)
    legend.SetVisibility(True)
    slicer.app.processEvents()
    changed = np.nonzero((seen("Red") != before).any(axis=(0, 2)))[0]
    assert changed.size
    assert changed.min() > before.shape[1] / 2


def test_a_segment_is_outlined(ct: Any, viewer: Any, seen: Seen) -> None:
    import slicer

    before = seen("Red")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lungs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    node.CreateDefaultDisplayNodes()
    segment = node.GetSegmentation().AddEmptySegment("right", "Right lung", (0.0, 1.0, 0.0))
    mask = np.zeros((20, 40, 40), np.uint8)
    mask[5:15, 10:20, 5:15] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, ct)
    node.GetDisplayNode().SetVisibility2DFill(False)
    green = seen("Red").astype(int)
    outline = (green[..., 1] - green[..., 0] > 50).sum()
    assert outline > 50
    assert (before[..., 1].astype(int) - before[..., 0] > 50).sum() == 0
    node.CreateClosedSurfaceRepresentation()
    slicer.app.layoutManager().resetThreeDViews()
    solid = seen("3D").astype(int)
    assert (solid[..., 1] - solid[..., 2] > 30).sum() > 200


def test_slice_lines_are_drawn_on_demand(ct: Any, viewer: Any, seen: Seen) -> None:
    import slicer

    before = seen("Red")
    mode = slicer.vtkMRMLApplicationLogic.IntersectingSlicesVisibility
    slicer.app.applicationLogic().SetIntersectingSlicesEnabled(mode, True)
    slicer.app.processEvents()
    assert np.any(seen("Red") != before)
    slicer.app.applicationLogic().SetIntersectingSlicesEnabled(mode, False)


def test_layouts_show_their_views(viewer: Any) -> None:
    import slicer

    manager, node = slicer.app.layoutManager(), slicer.vtkMRMLLayoutNode
    manager.setLayout(node.SlicerLayoutOneUpRedSliceView)
    slicer.app.processEvents()
    assert manager.sliceWidget("Red").visible
    assert not manager.sliceWidget("Green").visible
    assert not manager.threeDWidget(0).visible
    manager.sliceWidget("Red").bar.maximize.emit()
    assert manager.sliceWidget("Green").visible
    with pytest.raises(ValueError, match="not available"):
        manager.setLayout(node.SlicerLayoutOneUpPlotView)


def test_closing_the_scene_leaves_usable_views(ct: Any, viewer: Any) -> None:
    import slicer

    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()
    orientations = [logic(name).GetSliceNode().GetOrientation() for name in ("Red", "Yellow", "Green")]
    assert orientations == ["Axial", "Sagittal", "Coronal"]
    assert logic().GetSliceNode().GetLayoutLabel() == "R"


def test_the_window_can_be_grabbed_with_its_views(ct: Any, viewer: Any) -> None:
    import slicer

    slicer.app.processEvents()
    image = slicer.util.mainWindow().grab().toImage()
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    corner = view.mapTo(slicer.util.mainWindow(), view.rect.center())
    assert image.pixelColor(corner.x() + 80, corner.y()).lightness() == 255


@pytest.mark.parametrize(
    ("name", "sides"), [("Red", "RLPA"), ("Yellow", "APIS"), ("Green", "RLIS")], ids=["axial", "sagittal", "coronal"]
)
def test_letters_tell_which_way_the_patient_lies(ct: Any, seen: Seen, name: str, sides: str) -> None:
    """Left, right, lower and upper edge; turned over, the letters turn with the slice."""
    import slicer

    seen(name)
    widget = slicer.app.layoutManager().sliceWidget(name)
    text = widget.sliceView()._corners
    assert "".join(text._shown[2:]) == sides
    node = widget.mrmlSliceNode()
    before = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS()).copy()
    turned = before.copy()
    turned[:3, 0] *= -1
    turned[:3, 2] *= -1
    node.GetSliceToRAS().DeepCopy(turned.ravel())
    node.UpdateMatrices()
    seen(name)
    assert "".join(text._shown[2:]) == sides[1] + sides[0] + sides[2:]
    node.GetSliceToRAS().DeepCopy(before.ravel())
    node.UpdateMatrices()


def test_a_long_name_leaves_the_letter_of_the_patients_side_free(ct: Any, viewer: Any, seen: Seen) -> None:
    before = seen("Red").astype(int)
    ct.SetName("4: WWW Thorax with a description that no view is wide enough for, 5.0 mm, B70f heat map in lungs")
    logic().Modified()
    changed = np.abs(seen("Red").astype(int) - before).max(axis=2) > 60
    columns = np.nonzero(changed.any(axis=0))[0]
    assert len(columns) and columns.max() < before.shape[1] / 2 - 10
    assert len(columns) > before.shape[1] / 8, "but as much of them is shown as there is room for"

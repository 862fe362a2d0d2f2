"""The heat map in 3D: a volume inside translucent lungs, which follows what is chosen for the slice views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.panel.host import close_scene, is_slicer, wait_until
from Testing.panel.steps import analyze, begin, is_seen_in_3d, load_phantom, seen_in


def volumes(visible: bool = True) -> list[Any]:
    """The heat maps that are rendered as volumes."""
    import slicer

    displays = slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
    return [display.GetVolumeNode() for display in displays if bool(display.GetVisibility()) == visible]


def volume_property() -> Any:
    import slicer

    [display] = slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
    return display.GetVolumePropertyNode()


def surface(mask: Any) -> bool:
    import slicer

    name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    return bool(mask.GetSegmentation().ContainsRepresentation(name))


def threed_pixels() -> Any:
    """What the 3D view shows, uint8 ``[row, column, RGB]``."""
    import slicer
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    view = slicer.app.layoutManager().threeDWidget(0).threeDView()
    view.forceRender()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(view.renderWindow())
    grab.ReadFrontBufferOff()
    grab.Update()
    columns, rows, _ = grab.GetOutput().GetDimensions()
    return vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars()).reshape(rows, columns, -1)[:, :, :3].copy()


def reddish(image: Any) -> int:
    """Pixels in the colors of heat; lungs are blue and yellow, the background is blue."""
    red, green, blue = (image[:, :, channel].astype(int) for channel in range(3))
    return int(np.count_nonzero((red > green + 60) & (red > blue + 30) & (blue < 150)))


def test_off_at_first_and_when_switched_off_all_is_as_before(panel: Any) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    display = mask.GetDisplayNode()
    display.SetOpacity3D(0.9)
    view = slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    peeling = view.GetUseDepthPeeling()
    assert not panel.ui.heatMapIn3DCheckBox.checked
    assert not surface(mask)
    panel.ui.heatMapIn3DCheckBox.click()
    assert surface(mask)
    assert 0.1 < display.GetOpacity3D() < 0.4
    assert display.GetVisibility3D()
    panel.ui.heatMapIn3DCheckBox.click()
    assert not surface(mask)
    assert display.GetOpacity3D() == pytest.approx(0.9)
    assert view.GetUseDepthPeeling() == peeling
    assert volumes() == []


def test_surfaces_that_were_there_stay(panel: Any) -> None:
    load_phantom()
    mask = analyze(panel).lung_mask_node
    mask.CreateClosedSurfaceRepresentation()
    panel.ui.heatMapIn3DCheckBox.click()
    panel.ui.heatMapIn3DCheckBox.click()
    assert surface(mask)


def test_it_is_seen_in_the_lungs_and_gone_with_the_heat_map(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySlider.value = 1.0
    slicer.util.getNode("Crosshair").SetCrosshairMode(slicer.vtkMRMLCrosshairNode.NoCrosshair)
    empty = threed_pixels()
    panel.ui.heatMapIn3DCheckBox.click()
    hot = threed_pixels()
    panel.ui.heatMapVisibleCheckBox.click()
    assert volumes() == []
    assert surface(result.lung_mask_node)
    lungs = threed_pixels()
    assert (lungs != empty).any()
    assert reddish(hot) > reddish(lungs) + 200
    panel.ui.heatMapVisibleCheckBox.click()
    assert volumes() == [result.in_lungs_node]


def test_the_lungs_are_in_the_middle_and_fit(panel: Any) -> None:
    import slicer
    import vtk

    load_phantom()
    mask = analyze(panel).lung_mask_node
    panel.ui.heatMapIn3DCheckBox.click()
    bounds = [0.0] * 6
    mask.GetRASBounds(bounds)
    box = vtk.vtkBoundingBox(bounds)
    center = [0.0] * 3
    box.GetCenter(center)
    view = slicer.app.layoutManager().threeDWidget(0)
    camera = slicer.modules.cameras.logic().GetViewActiveCameraNode(view.mrmlViewNode())
    assert camera.GetFocalPoint() == pytest.approx(center, abs=1.0)
    renderer = view.threeDView().renderWindow().GetRenderers().GetFirstRenderer()
    for x in bounds[:2]:
        for y in bounds[2:4]:
            for z in bounds[4:]:
                renderer.SetWorldPoint(x, y, z, 1.0)
                renderer.WorldToView()
                assert max(abs(part) for part in renderer.GetViewPoint()[:2]) < 1.0


def test_threshold_opacity_and_colors_are_those_of_the_slice_views(panel: Any) -> None:
    import slicer

    load_phantom()
    analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    panel.ui.heatMapThresholdSlider.value = 0.6
    panel.ui.opacitySlider.value = 0.8
    opacity = volume_property().GetScalarOpacity()
    assert opacity.GetValue(0.0) == opacity.GetValue(0.6) == 0.0
    assert opacity.GetValue(0.65) > 0.0
    assert opacity.GetValue(1.0) == pytest.approx(0.8)
    panel.ui.colorsComboBox.currentIndex = 1
    table = slicer.util.getNode("Viridis").GetLookupTable()
    color = [0.0] * 3
    for heat in (0.0, 0.5, 1.0):
        volume_property().GetColor().GetColor(heat, color)
        assert color == pytest.approx(table.GetTableValue(round(255 * heat))[:3], abs=0.05)


def test_only_in_the_lungs_is_followed(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    assert volumes() == [result.in_lungs_node]
    panel.ui.onlyInLungsCheckBox.click()
    assert volumes() == [result.heat_map_node]
    assert volumes(visible=False) == [result.in_lungs_node]


def test_a_stale_result_is_gray(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    segmentation = result.lung_mask_node.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    assert result.stale
    color = [0.0] * 3
    volume_property().GetColor().GetColor(0.5, color)
    assert color[0] == pytest.approx(color[1], abs=0.01) == pytest.approx(color[2], abs=0.01)


def test_an_answer_that_comes_while_surfaces_are_made_is_shown(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.probability import probability_text

    ct = load_phantom()
    result = analyze(panel)
    before = panel.ui.probabilityLabel.text
    array = slicer.util.arrayFromVolume(ct)
    array[(array > -950) & (array < -600)] += 200
    slicer.util.arrayFromVolumeModified(ct)
    begin(panel)
    panel.ui.heatMapIn3DCheckBox.click()  # Slicer's wait cursor lets the answer through
    assert not panel.logic.busy
    shown = panel.ui.probabilityLabel
    assert shown.text == probability_text(result.record["probability"], 0.5) != before and shown.enabled
    assert not panel.ui.staleWidget.visible and not panel.ui.progressWidget.visible


def test_one_ct_does_not_show_the_lungs_of_another(panel: Any) -> None:
    first_ct = load_phantom("First")
    first = analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    second_ct = load_phantom("Second", disease=None)
    panel.ui.ctSelector.setCurrentNode(second_ct)
    assert volumes() == []
    assert not is_seen_in_3d(first.lung_mask_node)
    second = analyze(panel)
    assert volumes() == [second.in_lungs_node]
    panel.ui.ctSelector.setCurrentNode(first_ct)
    assert volumes() == [first.in_lungs_node]
    assert surface(first.lung_mask_node)
    assert not surface(second.lung_mask_node)


def test_outlines_can_be_hidden_while_the_lungs_are_shown_in_3d(panel: Any) -> None:
    load_phantom()
    mask = analyze(panel).lung_mask_node
    panel.ui.heatMapIn3DCheckBox.click()
    panel.ui.maskVisibleCheckBox.click()
    assert seen_in(mask) == []
    assert is_seen_in_3d(mask)


def test_no_view_peels_the_volume_whenever_it_comes(panel: Any) -> None:
    import qt
    import slicer

    load_phantom()
    analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    first = slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    before = first.GetUseDepthPeeling()
    added = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLViewNode", "Another 3D view")
    try:
        assert added.GetUseDepthPeeling(), "Slicer's default"
        wait_until(lambda: not added.GetUseDepthPeeling(), 5, "the new view does not peel")
        first.SetUseDepthPeeling(True)
        wait_until(lambda: not first.GetUseDepthPeeling(), 5, "nor does one where it is switched on")
        panel.ui.heatMapIn3DCheckBox.click()
        assert added.GetUseDepthPeeling() and first.GetUseDepthPeeling() and not before
    finally:
        slicer.mrmlScene.RemoveNode(added)
        if is_slicer():  # its widget goes now, not when the test's own event returns
            slicer.app.sendPostedEvents(None, qt.QEvent.DeferredDelete)


def test_when_the_heat_map_is_removed_nothing_of_it_is_left(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    slicer.mrmlScene.RemoveNode(result.in_lungs_node)
    panel.panel.update()
    for class_name in ("vtkMRMLVolumeRenderingDisplayNode", "vtkMRMLVolumePropertyNode"):
        assert slicer.mrmlScene.GetNumberOfNodesByClass(class_name) == 0


def test_a_saved_scene_brings_it_back_once(panel: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.result import Result

    load_phantom()
    analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    panel.ui.heatMapThresholdSlider.value = 0.45
    camera = slicer.util.getNodesByClass("vtkMRMLCameraNode")[0]
    camera.SetPosition(500.0, 100.0, 50.0)
    file = tmp_path / "case.mrb"
    assert slicer.util.saveScene(str(file))
    close_scene()
    assert volumes() == []
    slicer.util.loadScene(str(file))
    wait_until(lambda: panel.ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    again = Result.of(panel.ui.ctSelector.currentNode())
    assert again is not None
    assert panel.ui.heatMapIn3DCheckBox.checked
    assert volumes() == [again.in_lungs_node]
    assert volumes(visible=False) == []
    assert surface(again.lung_mask_node)
    assert volume_property().GetScalarOpacity().GetValue(0.45) == 0.0
    assert again.stale == ""
    camera = slicer.util.getNodesByClass("vtkMRMLCameraNode")[0]
    assert camera.GetPosition() == pytest.approx((500.0, 100.0, 50.0)), "the user's view of it is saved too"
    panel.ui.heatMapIn3DCheckBox.click()
    assert again.lung_mask_node.GetDisplayNode().GetOpacity3D() == pytest.approx(1.0)
    assert not surface(again.lung_mask_node)


def test_closing_the_scene_leaves_the_views_as_they_were(panel: Any) -> None:
    import slicer

    view = slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    peeling = view.GetUseDepthPeeling()
    load_phantom()
    analyze(panel)
    panel.ui.heatMapIn3DCheckBox.click()
    close_scene()
    view = slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    assert view.GetUseDepthPeeling() == peeling
    assert not panel.ui.heatMapIn3DCheckBox.checked


def test_without_a_3d_view_nothing_breaks(panel: Any) -> None:
    import slicer

    layout = slicer.app.layoutManager()
    layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    try:
        load_phantom()
        result = analyze(panel)
        panel.ui.heatMapIn3DCheckBox.click()
        assert volumes() == [result.in_lungs_node]
    finally:
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

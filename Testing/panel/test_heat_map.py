"""Reviewing the heat map: how it is shown, and the way to its hottest regions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.steps import analyze, composite, let_views_settle, load_phantom, phantom, pixels
from Testing.panel.test_mask import press


def test_opacity_threshold_and_colors_reach_the_views(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySlider.value = 0.8
    panel.ui.heatMapThresholdSlider.value = 0.6
    panel.ui.colorsComboBox.currentIndex = 1
    display = result.in_lungs_node.GetDisplayNode()
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetForegroundOpacity() == pytest.approx(0.8)
    assert display.GetLowerThreshold() == pytest.approx(0.6)
    assert display.GetColorNode().GetName() == "Viridis"


def test_for_and_against_have_colors_of_their_own_and_what_is_neither_has_none(panel: Any) -> None:
    import slicer

    load_phantom()
    result, ui = analyze(panel), panel.ui
    write_signed(result)
    panel.panel.update()
    ui.opacitySlider.value = 1.0
    ui.maskVisibleCheckBox.checked = False  # outlines have colors, too
    ui.colorsComboBox.currentIndex = ui.colorsComboBox.count - 1
    assert ui.colorsComboBox.currentText == "For and against"
    assert "does not tell" not in ui.heatMapNoteLabel.text
    let_views_settle()
    picture = pixels().astype(int)
    red, blue = picture[..., 0], picture[..., 2]
    in_sight = np.arange(picture.shape[1]) < 0.8 * picture.shape[1]  # the legend is at the right
    is_red, is_blue = (red > blue + 60) & in_sight, (blue > red + 60) & in_sight
    assert is_red.sum() > 100 and is_blue.sum() > 100
    ui.heatMapVisibleCheckBox.click()
    let_views_settle()
    bare = pixels()
    rows, columns = np.nonzero(is_red | is_blue)
    between = np.s_[rows.min() : rows.max(), (columns.min() + columns.max()) // 2]
    assert (picture[between] == bare[between]).mean() > 0.9, "between both nothing is painted"
    ui.heatMapVisibleCheckBox.click()
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(result.in_lungs_node)
    assert "against" in legend.GetTitleText() and legend.GetLabelFormat().startswith("%+")
    ui.heatMapThresholdSlider.value = 0.95
    let_views_settle()
    picture = pixels().astype(int)
    assert not ((picture[..., 2] > picture[..., 0] + 60) & in_sight).any(), "weaker than the threshold"
    ui.colorsComboBox.currentIndex = 0
    assert legend.GetTitleText() == "Heat" and not legend.GetLabelFormat().startswith("%+")


def test_a_map_without_a_sign_says_so_and_keeps_its_colors(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)  # a map with nothing below 0, as Grad-CAM's and those of earlier versions
    panel.ui.colorsComboBox.currentIndex = panel.ui.colorsComboBox.count - 1
    assert "does not tell what speaks against" in panel.ui.heatMapNoteLabel.text
    assert result.in_lungs_node.GetDisplayNode().GetColorNode().GetName() == "Inferno"


def write_signed(result: Any) -> None:
    """The right lung speaks for COVID-19, the left one against it."""
    from COVIDDetectLib.analysis.attention import normalized
    from COVIDDetectLib.analysis.heat_map import HeatMap
    from COVIDDetectLib.mrml.nodes.heat_map import write_heat_map
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    lungs = lung_mask_from_node(result.lung_mask_node, result.ct_node)
    raw = np.select([lungs.labels == 1, lungs.labels == 2], [1.0, -0.8]).astype(np.float32)
    write_heat_map(HeatMap.of(normalized(raw, lungs.geometry), lungs), result.heat_map_node, result.in_lungs_node)


def test_hidden_it_leaves_no_legend_and_no_foreground(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(result.in_lungs_node)
    assert legend.GetVisibility()
    panel.ui.heatMapVisibleCheckBox.checked = False
    assert not legend.GetVisibility()
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetForegroundVolumeID() is None


def test_what_she_does_with_legend_and_volume_stays(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.heatMapIn3DCheckBox.checked = True
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(result.in_lungs_node)
    volume = next(iter(slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")))
    assert legend.GetVisibility() and volume.GetVisibility()
    legend.SetVisibility(False)
    legend.SetPosition(0.1, 0.2)
    legend.SetTitleText("Mine")
    volume.SetVisibility(False)
    composite("Red").SetForegroundOpacity(0.3)  # any event of a view
    panel.panel.update()
    assert not legend.GetVisibility() and not volume.GetVisibility()
    assert legend.GetTitleText() == "Mine"
    panel.ui.heatMapVisibleCheckBox.click()
    panel.ui.heatMapVisibleCheckBox.click()
    assert legend.GetVisibility() and volume.GetVisibility()
    assert tuple(legend.GetPosition()) == (0.1, 0.2)
    panel.ui.heatMapIn3DCheckBox.checked = False


def test_the_legend_is_drawn_again_with_a_ct_that_comes_back(panel: Any) -> None:
    import slicer

    def drawn() -> bool:
        let_views_settle()
        with_legend = pixels()
        legend.SetVisibility(False)
        let_views_settle()
        without = pixels()
        legend.SetVisibility(True)
        return bool((with_legend != without).any())

    first = load_phantom("One")
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(analyze(panel).in_lungs_node)
    assert drawn()
    panel.ui.ctSelector.setCurrentNode(load_phantom("Two"))
    analyze(panel)
    panel.ui.ctSelector.setCurrentNode(first)
    assert drawn()
    composite("Red").SetBackgroundVolumeID(slicer.util.getNode("Two").GetID())
    assert not drawn(), "over another CT"


@pytest.mark.parametrize(
    ("heat", "told"), [("in the lungs", ""), ("outside", "outside the lungs"), ("nowhere", "empty")]
)
def test_a_map_that_says_little_of_the_lungs_says_so(panel: Any, heat: str, told: str) -> None:
    from COVIDDetectLib.analysis.attention import normalized
    from COVIDDetectLib.analysis.heat_map import HeatMap
    from COVIDDetectLib.mrml.nodes.heat_map import write_heat_map
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    load_phantom()
    result = analyze(panel)
    lungs = lung_mask_from_node(result.lung_mask_node, result.ct_node)
    raw = {"in the lungs": lungs.labels > 0, "outside": lungs.labels == 0, "nowhere": np.zeros(lungs.labels.shape)}[
        heat
    ]
    heat_map = HeatMap.of(normalized(raw.astype(np.float32), lungs.geometry), lungs)
    write_heat_map(heat_map, result.heat_map_node, result.in_lungs_node)
    panel.panel.update()
    note = panel.ui.heatMapNoteLabel
    assert told in note.text
    assert note.isVisibleTo(panel.ui.COVIDDetect) == bool(told)


def test_only_in_the_lungs_means_only_there(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    values = slicer.util.arrayFromVolume(result.in_lungs_node)
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    result.in_lungs_node.GetIJKToRASMatrix(matrix)
    hot = np.argwhere(values > 0)[:, ::-1]
    ras = slicer.util.arrayFromVTKMatrix(matrix) @ np.c_[hot, np.ones(len(hot))].T
    made = phantom()
    ijk = np.rint(np.linalg.inv(made.ct.geometry.ijk_to_ras) @ ras).astype(int)[:3]
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    labels = lung_mask_from_node(result.lung_mask_node, result.ct_node).labels
    assert len(hot)
    assert labels[ijk[2], ijk[1], ijk[0]].all()


def test_the_keys_walk_the_regions_in_all_views(panel: Any) -> None:
    import slicer

    load_phantom()
    regions = analyze(panel).record["regions"]
    assert regions
    assert panel.ui.regionsTable.rowCount == len(regions)
    for number, region in enumerate([*regions, regions[0]]):
        if number:  # the hottest is shown from the start
            press(panel, "N")
        left, posterior, superior = region["peak_lps"]
        crosshair = slicer.util.getNode("Crosshair")
        assert crosshair.GetCrosshairRAS() == pytest.approx((-left, -posterior, superior), abs=1e-3)
        red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
        assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(superior, abs=6)
    press(panel, "Shift+N")
    assert panel.ui.regionsTable.currentRow() == len(regions) - 1


def test_a_click_on_a_region_goes_there(panel: Any) -> None:
    import slicer

    load_phantom()
    region = analyze(panel).record["regions"][1]
    panel.ui.regionsTable.setCurrentCell(1, 1)
    left, posterior, superior = region["peak_lps"]
    assert slicer.util.getNode("Crosshair").GetCrosshairRAS() == pytest.approx((-left, -posterior, superior), abs=1e-3)

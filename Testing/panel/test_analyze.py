"""One click: lungs, probability and heat map in the scene and in the views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, begin, finish, load_phantom, on_screen, phantom, pixels


def test_analyze_makes_an_editable_segmentation_of_both_lungs(panel: Any, real_worker: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node, segment_ids, terminology_of

    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    segments = [mask.GetSegmentation().GetSegment(one) for one in segment_ids(mask)]
    assert [segment.GetName() for segment in segments] == ["Right lung", "Left lung"]
    codes = [[part.split("^")[1] for part in terminology_of(segment).split("~")[1:4]] for segment in segments]
    assert codes == [["123037004", "39607008", "24028007"], ["123037004", "39607008", "7771000"]]
    reference = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert mask.GetNodeReference(reference) is ct
    labels = lung_mask_from_node(mask, ct).labels
    truth = phantom().lung_mask
    for side in (1, 2):
        overlap = np.count_nonzero((labels == side) & (truth == side))
        assert 2 * overlap / (np.count_nonzero(labels == side) + np.count_nonzero(truth == side)) > 0.93


def test_the_result_says_probability_threshold_weights_and_device(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    ui, record = panel.ui, result.record
    assert float(ui.probabilityLabel.text.strip("<> ")) == pytest.approx(record["probability"], abs=0.011)
    assert "the threshold." in ui.verdictLabel.text and "0.50" in ui.scaleThresholdLabel.text
    assert record["weights"]["title"] in ui.detailsLabel.text
    assert record["device"] in ui.detailsLabel.text
    assert "no measured sensitivity" in ui.meaningLabel.text
    assert ui.lungsLabel.text.count(" L<") + ui.lungsLabel.text.count(" L&") == 2 and "HU" in ui.lungsLabel.toolTip
    assert not ui.staleWidget.visible
    rows = dict(zip(*columns(result.node), strict=True))
    assert rows["Status"] == "Current"
    assert rows["Probability of COVID-19"] == f"{record['probability']:.3f}"


def columns(table: Any) -> list[list[str]]:
    return [
        [str(table.GetTable().GetColumn(column).GetValue(row)) for row in range(table.GetNumberOfRows())]
        for column in range(2)
    ]


def test_the_ct_is_shown_in_a_lung_window_when_it_is_chosen_and_then_with_the_heat_map_over_it(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    assert ct.GetDisplayNode().GetWindow() == 1400
    assert ct.GetDisplayNode().GetLevel() == -500
    result = analyze(panel)
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() == ct.GetID()
        assert view.GetForegroundVolumeID() == result.in_lungs_node.GetID()
        assert view.GetForegroundOpacity() == pytest.approx(panel.ui.opacitySlider.value)


def test_the_overlay_changes_pixels_in_the_lungs_and_none_outside_the_body(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySlider.value = 1.0
    panel.ui.heatMapThresholdSlider.value = 0.2
    region = result.record["regions"][0]
    left, posterior, superior = region["peak_lps"]
    hide_legend(result)
    with_map = pixels()
    panel.ui.heatMapVisibleCheckBox.checked = False
    without = pixels()
    changed = (with_map.astype(int) - without).any(axis=2)
    assert changed.any()
    x, y = on_screen((-left, -posterior, superior))
    assert changed[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].any()
    made = phantom()
    slices = made.ct.hu.shape[0]
    k = round(float((np.linalg.inv(made.ct.geometry.ijk_to_lps) @ [left, posterior, superior, 1])[2]))
    body = made.ct.hu[min(k, slices - 1)] > -300
    rows, columns_ = np.nonzero(body)
    corners = [
        on_screen(ras_of(made, (column, row, k)))
        for row in (rows.min(), rows.max())
        for column in (columns_.min(), columns_.max())
    ]
    xs, ys = zip(*corners, strict=True)
    outside = np.ones_like(changed)
    outside[max(0, int(min(ys)) - 3) : int(max(ys)) + 4, max(0, int(min(xs)) - 3) : int(max(xs)) + 4] = False
    for corner_text in (slice(int(0.1 * changed.shape[0])), slice(int(0.8 * changed.shape[0]), None)):
        outside[corner_text] = False
    assert not changed[outside].any()


def hide_legend(result: Any) -> None:
    import slicer

    slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(result.in_lungs_node).SetVisibility(False)


def ras_of(made: Any, ijk: tuple[int, int, int]) -> tuple[float, float, float]:
    left, posterior, superior, _ = made.ct.geometry.ijk_to_lps @ [*ijk, 1.0]
    return -left, -posterior, superior


def test_stored_in_another_order_the_ct_gives_the_same(panel: Any, real_worker: Any) -> None:
    load_phantom("Axial")
    first = analyze(panel).record["probability"]
    other = load_phantom("Coronal, flipped", orientation="RSA")
    panel.ui.ctSelector.setCurrentNode(other)
    assert analyze(panel).record["probability"] == pytest.approx(first, abs=1e-4)


def test_under_a_transform_masks_and_heat_map_stay_on_the_ct(panel: Any) -> None:
    import slicer
    import vtk
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    first = analyze(panel)
    before = lung_mask_from_node(first.lung_mask_node, ct).labels
    moved = load_phantom("Moved")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    for row in range(3):
        matrix.SetElement(row, 3, 30.0 * (row + 1))
    transform.SetMatrixTransformToParent(matrix)
    moved.SetAndObserveTransformNodeID(transform.GetID())
    panel.ui.ctSelector.setCurrentNode(moved)
    result = analyze(panel)
    assert np.array_equal(lung_mask_from_node(result.lung_mask_node, moved).labels, before)
    assert result.record["probability"] == pytest.approx(first.record["probability"], abs=1e-6)
    peaks = [np.array(one.record["regions"][0]["peak_lps"]) for one in (first, result)]
    assert peaks[1] - peaks[0] == pytest.approx([-30.0, -60.0, 90.0], abs=1e-3)


def test_progress_names_the_stage_and_the_slice(panel: Any) -> None:
    load_phantom()
    said: list[str] = []
    panel.logic.progressed.connect(lambda job, progress: said.append(panel.ui.progressLabel.text))
    begin(panel, "unet")
    assert panel.ui.progressWidget.visible
    assert not panel.ui.analyzeButton.enabled
    assert "An analysis is running." in panel.ui.analyzeButton.toolTip
    finish(panel)
    assert any(text.startswith("Lungs, slice ") and " of 28" in text for text in said)
    assert not panel.ui.progressWidget.visible


def test_cancel_leaves_the_scene_as_it_was(panel: Any, client: Any) -> None:
    from Testing.panel.host import node_counts

    load_phantom()
    before = node_counts()
    with client.held():
        begin(panel, "unet")
        wait_until(lambda: "slice" in panel.ui.progressLabel.text, 5.0, "it computes")
        panel.ui.cancelButton.click()
        wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
    assert node_counts() == before
    assert panel.ui.messageLabel.text == ""
    assert panel.ui.analyzeButton.enabled
    assert analyze(panel).record["probability"] >= 0


def test_a_volume_that_is_not_a_ct_gives_one_sentence(panel: Any) -> None:
    import slicer

    node = load_phantom()
    slicer.util.updateVolumeFromArray(node, np.full((20, 64, 64), 100, dtype=np.int16))
    panel.ui.analyzeButton.click()
    assert not panel.logic.busy
    assert "Hounsfield units" in panel.ui.messageLabel.text
    assert panel.ui.messageLabel.visible
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0


def test_what_can_be_computed_all_the_same_is_asked_once_and_by_the_button(panel: Any) -> None:
    import slicer

    node = load_phantom()
    few = phantom().ct.hu[8:20]
    slicer.util.updateVolumeFromArray(node, few)
    combo = panel.ui.methodComboBox
    combo.currentIndex = combo.findData("threshold")
    panel.ui.analyzeButton.click()
    assert not panel.logic.busy
    assert "only 12 axial slices" in panel.ui.messageLabel.text
    assert panel.ui.analyzeButton.text == "Analyze all the same"
    panel.ui.analyzeButton.click()
    finish(panel)
    assert panel.ui.analyzeButton.text == "Analyze again"
    analyze(panel)


def test_closing_the_scene_during_an_analysis_ends_it(panel: Any, client: Any) -> None:
    from Testing.panel.host import close_scene

    load_phantom()
    with client.held():
        begin(panel, "unet")
        close_scene()
        wait_until(lambda: not panel.logic.busy, 5.0, "ended")
    assert panel.ui.ctSelector.currentNode() is None
    assert not panel.ui.progressWidget.visible


def test_a_worker_that_dies_costs_one_sentence_and_nothing_else(panel: Any, real_worker: Any) -> None:
    import os
    import signal

    load_phantom()
    first = analyze(panel)
    begin(panel, "unet")
    process = real_worker.process_id
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not panel.logic.busy, 5.0, "the death is noticed")
    assert "ended unexpectedly" in panel.ui.messageLabel.text
    assert first.stale == ""
    assert analyze(panel).record["probability"] == first.record["probability"]
    assert real_worker.process_id != process

"""Experiments, other heat maps and measured opacity: on demand, and named as what they are."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, load_phantom


def test_experiments_are_shown_as_differences(panel: Any, real_worker: Any) -> None:
    load_phantom()
    result = analyze(panel)
    probability = result.record["probability"]
    assert "region 1" in panel.ui.experimentsHintLabel.text
    panel.ui.experimentsButton.click()
    wait_until(lambda: not panel.logic.busy, 60, "the experiments end")
    lines = panel.ui.experimentsLabel.text.split("\n")
    assert len(lines) == 3
    for line in lines:
        value, difference = line.rsplit(": ", 1)[1].rstrip(")").split(" (")
        assert float(value.strip("<> ")) - probability == pytest.approx(
            float(difference.replace("\N{MINUS SIGN}", "-")), abs=0.011
        )
    assert result.record["probability"] == probability
    assert result.stale == ""


def test_of_a_stale_result_nothing_is_experimented(panel: Any) -> None:
    load_phantom()
    mask = analyze(panel).lung_mask_node
    mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))
    assert not panel.ui.experimentsButton.enabled
    assert "Re-score first" in panel.ui.experimentsButton.toolTip


def test_another_method_makes_another_map_of_the_same_score(panel: Any, real_worker: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    before = slicer.util.arrayFromVolume(result.heat_map_node).copy()
    record = result.record
    header = panel.ui.regionsTable.horizontalHeaderItem
    assert header(1).text() == "Where it looked"
    index = panel.ui.layerComboBox.findData("second ResBlock, Grad-CAM++")
    panel.ui.layerComboBox.currentIndex = index
    panel.panel.explain(index)
    wait_until(lambda: not panel.logic.busy, 60, "the heat map is made")
    after = slicer.util.arrayFromVolume(result.heat_map_node)
    assert (after != before).any()
    assert after.max() == pytest.approx(1.0)
    assert result.record == record
    assert panel.ui.layerComboBox.currentIndex == index
    assert header(1).text() == "Where HiResCAM looked", "the regions are still those of the analysis"


def test_other_bounds_measure_anew_and_are_kept_with_the_result(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    before = result.record["opacity"][0]["ground_glass_ml"]
    panel.ui.groundGlassFromSpinBox.value = -600
    wait_until(lambda: result.record["opacity"][0]["ground_glass_ml"] != before, 5, "measured anew")
    assert result.record["opacity"][0]["ground_glass_ml"] < before
    assert result.opacity_bounds == [-950, -600, -300, 50]
    assert result.stale == ""


def test_bounds_that_overlap_give_one_sentence(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    panel.ui.groundGlassFromSpinBox.value = 0
    wait_until(lambda: panel.ui.messageLabel.text, 5, "the sentence")
    assert "overlap" in panel.ui.messageLabel.text


def test_densities_become_segments_on_demand(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    panel.ui.opacitySegmentsButton.click()
    names = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")}
    assert "Chest CT opacity" in names
    node = slicer.util.getNode("Chest CT opacity")
    segmentation = node.GetSegmentation()
    titles = [segmentation.GetNthSegment(index).GetName() for index in range(segmentation.GetNumberOfSegments())]
    assert titles == ["Ground-glass opacity", "Consolidation", "Emphysema-like"]
    assert result.stale == ""
    assert panel.ui.maskSelector.currentNode() is result.lung_mask_node


def test_weights_with_measured_figures_show_them_with_intervals(panel: Any) -> None:
    from COVIDDetectLib.panel.sections.result_section import meaning
    from COVIDDetectLib.weights.released import PAPER_TABLE_2

    load_phantom()
    result = analyze(panel)
    text = meaning(result.card, PAPER_TABLE_2, 0.5, 75 / 131)
    assert "sensitivity 0.84 (0.74–0.91)" in text
    assert "specificity 0.98 (0.91–1.00)" in text
    assert "PPV 0.98, NPV 0.82" in text

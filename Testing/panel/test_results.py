"""Results in the scene: each CT has its own, and a saved scene brings all of them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import close_scene, wait_until
from Testing.panel.steps import analyze, load_phantom, seen_in


def test_two_cts_keep_two_results(panel: Any) -> None:
    import slicer

    first_ct = load_phantom("First")
    first = analyze(panel)
    second_ct = load_phantom("Second", disease=None)
    panel.ui.ctSelector.setCurrentNode(second_ct)
    assert not panel.ui.resultWidget.visible
    assert panel.ui.maskSelector.currentNode() is None
    second = analyze(panel)
    assert first.node is not second.node
    assert first.lung_mask_node is not second.lung_mask_node
    assert first.stale == second.stale == ""
    panel.ui.ctSelector.setCurrentNode(first_ct)
    assert float(panel.ui.probabilityLabel.text.strip("<> ")) == pytest.approx(first.record["probability"], abs=0.011)
    assert panel.ui.maskSelector.currentNode() is first.lung_mask_node
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() == first_ct.GetID()
        assert view.GetForegroundVolumeID() == first.in_lungs_node.GetID()


def test_heat_maps_are_no_cts_to_choose(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    names = [panel.ui.ctSelector.nodeFromIndex(index).GetName() for index in range(panel.ui.ctSelector.nodeCount())]
    assert names == ["Chest CT"]


def test_a_saved_scene_comes_back_as_it_was(panel: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node
    from COVIDDetectLib.mrml.nodes.result import Result

    ct = load_phantom()
    result = analyze(panel)
    mask = result.lung_mask_node
    mask.GetSegmentation().GetNthSegment(0).GetName()
    labels = lung_mask_from_node(mask, ct).labels
    panel.ui.opacitySlider.value = 0.7
    panel.ui.heatMapThresholdSlider.value = 0.45
    panel.ui.decisionThresholdSlider.value = 0.35
    panel.ui.onlyInLungsCheckBox.checked = False
    record, history = result.record, result.history
    text = {
        name: getattr(panel.ui, name).text
        for name in ("probabilityLabel", "verdictLabel", "detailsLabel", "lungsLabel")
    }
    file = tmp_path / "case.mrb"
    assert slicer.util.saveScene(str(file))
    close_scene()
    assert not panel.ui.resultWidget.visible
    slicer.util.loadScene(str(file))
    wait_until(lambda: panel.ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    again = Result.of(panel.ui.ctSelector.currentNode())
    assert again is not None
    assert again.record == record
    assert again.history == history
    assert again.stale == ""
    assert {name: getattr(panel.ui, name).text for name in text} == text
    assert panel.ui.opacitySlider.value == pytest.approx(0.7)
    assert panel.ui.heatMapThresholdSlider.value == pytest.approx(0.45)
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.35)
    assert not panel.ui.onlyInLungsCheckBox.checked
    assert panel.ui.maskSelector.currentNode() is again.lung_mask_node
    assert (lung_mask_from_node(again.lung_mask_node, again.ct_node).labels == labels).all()
    # It is alive: an edit is noticed after loading too.
    segmentation = again.lung_mask_node.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    assert again.stale == "The lung mask was edited after scoring."


def test_a_stale_result_is_stale_when_it_comes_back(panel: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.result import Result

    load_phantom()
    mask = analyze(panel).lung_mask_node
    mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    again = Result.of(panel.ui.ctSelector.currentNode())
    assert again is not None
    assert again.stale == "The lung mask was edited after scoring."
    assert panel.ui.staleWidget.visible


def test_a_scene_made_with_other_weights_says_so(panel: Any) -> None:
    import copy
    import json

    load_phantom()
    result = analyze(panel)
    record = copy.deepcopy(result.record)
    record["weights"]["sha256"] = "0" * 64
    result.node.SetAttribute("COVIDDetect.record", json.dumps(record))
    panel.panel.update()
    assert panel.ui.staleLabel.text == "The weights of this score are not installed on this computer."
    assert panel.ui.meaningLabel.text == "Scored with weights that are not installed on this computer."


def test_outlines_that_were_hidden_come_back_hidden(panel: Any, tmp_path: Path) -> None:
    import slicer

    load_phantom()
    analyze(panel)
    panel.ui.maskVisibleCheckBox.click()
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    panel.ui.maskVisibleCheckBox.checked = True
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: panel.ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    assert not panel.ui.maskVisibleCheckBox.checked
    panel.ui.maskVisibleCheckBox.click()
    assert seen_in(panel._parameterNode.lungMask)

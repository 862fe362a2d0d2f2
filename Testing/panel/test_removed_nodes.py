"""Nodes that the panel shows or computes with are removed from the scene, as she can do in the Data module."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, finish, load_phantom


def remove(node: Any) -> None:
    import slicer

    slicer.mrmlScene.RemoveNode(node)
    slicer.app.processEvents()


METHOD = "second ResBlock, Grad-CAM++"


def explain(panel: Any) -> None:
    """Choose another way to make the heat map."""
    index = panel.ui.layerComboBox.findData(METHOD)
    assert index >= 0
    panel.ui.layerComboBox.currentIndex = index
    panel.panel.explain(index)
    assert panel.logic.busy


def assert_at_rest(panel: Any) -> None:
    """Nothing is computed, and the panel can be used."""
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert not panel.ui.progressWidget.visible
    assert panel.ui.analyzeButton.enabled


@pytest.mark.parametrize("which", ["heat_map_node", "in_lungs_node"])
def test_a_heat_map_that_is_gone_is_made_again(panel: Any, which: str) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    explain(panel)
    remove(getattr(result, which))
    assert_at_rest(panel)
    assert panel.ui.messageLabel.text == ""
    whole, in_lungs = (slicer.util.arrayFromVolume(node) for node in (result.heat_map_node, result.in_lungs_node))
    assert whole.max() == pytest.approx(1.0)
    assert in_lungs.max() > 0 and in_lungs.shape[0] == whole.shape[0]
    assert panel.ui.layerComboBox.currentIndex == panel.ui.layerComboBox.findData(METHOD)
    shown = {view.GetForegroundVolumeID() for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    assert shown == {result.in_lungs_node.GetID()}


@pytest.mark.parametrize("begin", ["explain", "experiment"])
@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ("node", "The result was removed meanwhile."),
        ("lung_mask_node", "The CT or its mask was removed meanwhile."),
        ("ct_node", "The CT or its mask was removed meanwhile."),
    ],
)
def test_what_is_gone_before_the_answer_gives_a_sentence(panel: Any, begin: str, which: str, sentence: str) -> None:
    load_phantom()
    result = analyze(panel)
    if begin == "explain":
        explain(panel)
    else:
        panel.ui.experimentsButton.click()
        assert panel.logic.busy
    failures: list[str] = []
    panel.logic.failed.connect(lambda error: failures.append(str(error)))
    remove(getattr(result, which))
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert failures == [sentence]
    assert not panel.ui.progressWidget.visible
    assert sentence in panel.ui.messageLabel.text


def test_all_of_an_earlier_result_is_removed_during_the_next_analysis(panel: Any) -> None:
    ct = load_phantom()
    earlier = analyze(panel)
    nodes = [earlier.lung_mask_node, earlier.heat_map_node, earlier.in_lungs_node, earlier.node]
    panel.ui.analyzeButton.click()
    for node in nodes:
        remove(node)
    result = finish(panel)
    assert result.ct_node is ct and result.stale == ""
    assert None not in (result.lung_mask_node, result.heat_map_node, result.in_lungs_node)


def test_a_result_that_is_removed_is_no_longer_shown(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    view = slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    peeling = view.GetUseDepthPeeling()
    mask = result.lung_mask_node
    panel.ui.heatMapIn3DCheckBox.click()
    assert mask.GetDisplayNode().GetOpacity3D() < 0.4
    remove(result.node)
    assert not panel.ui.resultCollapsibleButton.visible
    assert not panel.ui.heatMapCollapsibleButton.visible
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert all(view.GetForegroundVolumeID() is None for view in composites)
    assert view.GetUseDepthPeeling() == peeling
    assert mask.GetDisplayNode().GetOpacity3D() == pytest.approx(1.0)
    displays = slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
    assert not any(display.GetVisibility() for display in displays)

"""One lung mask for two CTs: both results rest on it, and neither takes it away from the other."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.steps import analyze, finish, load_phantom


@pytest.fixture
def shared(panel: Any) -> tuple[Any, Any]:
    """The results of two CTs, both scored with the mask that was made for the first; the second CT is chosen."""
    load_phantom("First")
    first = analyze(panel)
    panel.ui.ctSelector.setCurrentNode(load_phantom("Second"))
    analyze(panel)
    panel.ui.maskSelector.setCurrentNode(first.lung_mask_node)
    panel.ui.rescoreButton.click()
    second = finish(panel)
    assert second.lung_mask_node is first.lung_mask_node
    return first, second


def test_analyze_leaves_a_mask_that_another_result_rests_on(panel: Any, shared: tuple[Any, Any]) -> None:
    first, second = shared
    mask = first.lung_mask_node
    changes: list[str] = []
    for name in ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SourceRepresentationModified"):
        event = getattr(mask.GetSegmentation(), name)
        mask.AddObserver(event, lambda *_, name=name: changes.append(name))
    again = analyze(panel)
    assert again.node is second.node
    assert again.lung_mask_node is not mask
    assert changes == []
    assert first.lung_mask_node is mask
    assert first.stale == "" and again.stale == ""


def test_analyze_uses_its_own_untouched_mask_again(panel: Any) -> None:
    load_phantom()
    mask = analyze(panel).lung_mask_node
    assert analyze(panel).lung_mask_node is mask


def test_another_mask_ends_editing_the_last(panel: Any) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Other lungs")
    panel.ui.editMaskButton.click()
    assert panel.panel.mask_editor.is_open
    panel.ui.decisionThresholdSlider.value = 0.8
    assert panel.panel.mask_editor.is_open, "what else is chosen does not end editing"
    panel.ui.maskSelector.setCurrentNode(other)
    assert not panel.panel.mask_editor.is_open
    assert panel.panel.mask_editor.editor.segmentationNode() is None
    panel.ui.maskSelector.setCurrentNode(mask)
    panel.ui.editMaskButton.click()
    assert panel.panel.mask_editor.editor.segmentationNode() is mask


@pytest.mark.parametrize("how", ["none is chosen", "it is removed"])
def test_editing_ends_with_its_mask(panel: Any, how: str) -> None:
    import slicer

    load_phantom()
    mask = analyze(panel).lung_mask_node
    panel.ui.editMaskButton.click()
    panel.panel.mask_editor.editor.setActiveEffectByName("Paint")
    if how == "it is removed":
        slicer.mrmlScene.RemoveNode(mask)
    else:
        panel.ui.maskSelector.setCurrentNode(None)
    slicer.app.processEvents()
    assert not panel.panel.mask_editor.is_open
    assert not panel.ui.segmentEditorPlace.visible
    assert panel.panel.mask_editor.editor.activeEffect() is None
    assert not panel.ui.editMaskButton.enabled

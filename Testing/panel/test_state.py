"""What the panel shows is one value, read in one go: showing it again costs nothing and changes nothing."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from Testing.panel.steps import load_phantom, write_result


@pytest.mark.parametrize("in_3d", [False, True])
def test_an_update_with_nothing_new_reads_the_record_once_and_writes_nothing(
    panel: Any, monkeypatch: pytest.MonkeyPatch, in_3d: bool
) -> None:
    import slicer
    import vtk
    from COVIDDetectLib.mrml.nodes import result as module

    result = write_result(load_phantom())
    panel.ui.heatMapIn3DCheckBox.checked = in_3d
    slicer.app.processEvents()
    record = result.node.GetAttribute("COVIDDetect.record")
    read, events = [], []

    def loads(text: str) -> Any:
        read.append(text)
        return json.loads(text)

    scene = slicer.mrmlScene
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    count = len(nodes)
    # Whoever holds the subject hierarchy keeps it from being closed with its scene.
    nodes = [scene, *(node for node in nodes if not node.IsA("vtkMRMLSubjectHierarchyNode"))]
    before = [node.GetMTime() for node in nodes]
    tags = [node.AddObserver(vtk.vtkCommand.AnyEvent, lambda caller, event: events.append(event)) for node in nodes]
    monkeypatch.setattr(module, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
    module._parsed.cache_clear()
    state = panel.panel.state
    try:
        panel.panel.update()
    finally:
        for node, tag in zip(nodes, tags, strict=True):
            node.RemoveObserver(tag)
    assert read.count(record) == 1
    assert panel.panel.state == state
    assert events == []
    assert [node.GetMTime() for node in nodes] == before
    assert scene.GetNumberOfNodes() == count
    panel.panel.update()
    assert read.count(record) == 1


def test_each_choice_makes_another_state_and_taking_it_back_the_same_again(panel: Any) -> None:
    result = write_result(load_phantom())
    ui, state = panel.ui, panel.panel.state
    for change, back in (
        (lambda: ui.opacitySlider.setValue(0.9), lambda: ui.opacitySlider.setValue(0.5)),
        (lambda: ui.decisionThresholdSlider.setValue(0.8), lambda: ui.decisionThresholdSlider.setValue(0.5)),
        (lambda: ui.maskVisibleCheckBox.click(), lambda: ui.maskVisibleCheckBox.click()),
        (lambda: ui.regionsTable.setCurrentCell(0, 0), lambda: ui.regionsTable.setCurrentCell(-1, -1)),
        (lambda: ui.maskSelector.setCurrentNode(None), lambda: ui.maskSelector.setCurrentNode(result.lung_mask_node)),
    ):
        change()
        assert panel.panel.state != state
        back()
        panel.panel.update()
        assert panel.panel.state == state


def test_without_a_scene_the_state_is_the_empty_one(panel: Any) -> None:
    from COVIDDetectLib.panel.state import PanelState, panel_state

    load_phantom()
    state = panel_state(None, None, "")
    assert state.hint == "Select the chest CT above."
    assert (state.ct, state.result, state.regions, state.name_of_other) == (None, None, (), "")
    assert not state.is_elsewhere and not PanelState().is_elsewhere

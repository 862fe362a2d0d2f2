"""Nodes that the panel shows or computes with are removed from the scene, as a user can do in the Data module."""

from __future__ import annotations

import copy
import gc
import json
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import close_scene, wait_until
from Testing.panel.steps import LONGEST_ANALYSIS_S, analyze, begin, composite, finish, load_phantom, phantom


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
        ("node", "The result was removed during the computation."),
        ("lung_mask_node", "The CT or its mask was removed during the computation."),
        ("ct_node", "The CT or its mask was removed during the computation."),
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
    panel.logic.failed.connect(lambda job, error: failures.append(str(error)))
    remove(getattr(result, which))
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert failures == [sentence]
    assert not panel.ui.progressWidget.visible
    assert sentence in panel.ui.messageLabel.text


def test_all_of_an_earlier_result_is_removed_during_the_next_analysis(panel: Any, client: Any) -> None:
    ct = load_phantom()
    earlier = analyze(panel)
    nodes = [earlier.lung_mask_node, earlier.heat_map_node, earlier.in_lungs_node, earlier.node]
    with client.held():
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
    assert not panel.ui.resultWidget.visible
    assert not panel.ui.heatMapWidget.visible
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert all(view.GetForegroundVolumeID() is None for view in composites)
    assert view.GetUseDepthPeeling() == peeling
    assert mask.GetDisplayNode().GetOpacity3D() == pytest.approx(1.0)
    displays = slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
    assert not any(display.GetVisibility() for display in displays)


class Memory:
    """Objects of VTK, and which of them somebody still holds."""

    def __init__(self, **objects: Any) -> None:
        import vtk

        self._references = {name: vtk.vtkWeakReference() for name in objects}
        for name, reference in self._references.items():
            reference.Set(objects[name])
            assert reference.Get() is not None, name

    def kept(self) -> list[str]:
        """Their names, once another CT is there: slice views keep the voxels that they showed last until then."""
        import slicer

        load_phantom("The next CT")
        slicer.util.forceRenderAllViews()
        gc.collect()
        return [name for name, reference in self._references.items() if reference.Get() is not None]


def memory_of(result: Any) -> Memory:
    """All that an analyzed CT has in the scene."""
    return Memory(
        ct=result.ct_node,
        voxels=result.ct_node.GetImageData(),
        mask=result.lung_mask_node,
        segmentation=result.lung_mask_node.GetSegmentation(),
        heat_map=result.heat_map_node,
        in_lungs=result.in_lungs_node,
        table=result.node,
    )


def test_nothing_of_a_closed_scene_stays_in_memory(panel: Any) -> None:
    load_phantom()
    memory = memory_of(analyze(panel))
    close_scene()
    assert memory.kept() == []


def test_nothing_of_removed_nodes_stays_in_memory(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    memory = memory_of(result)
    nodes = [result.ct_node, result.lung_mask_node, result.heat_map_node, result.in_lungs_node, result.node]
    del result
    while nodes:
        remove(nodes.pop(0))
    assert set(memory.kept()) <= {"voxels"}, "the views alone may hold them, until the scene is closed"


def test_nothing_of_a_ct_that_was_asked_about_stays_in_memory(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    slicer.util.updateVolumeFromArray(ct, phantom().ct.hu[8:20])  # too few slices
    panel.ui.analyzeButton.click()
    assert panel.ui.analyzeButton.text == "Analyze all the same"
    memory = Memory(ct=ct, voxels=ct.GetImageData())
    del ct
    close_scene()
    assert memory.kept() == []


def test_nothing_of_a_scene_that_is_closed_during_an_analysis_stays_in_memory(panel: Any) -> None:
    ct = load_phantom()
    memory = Memory(ct=ct, voxels=ct.GetImageData())
    del ct
    begin(panel)
    close_scene()
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert memory.kept() == []


def test_what_is_under_computation_is_watched_when_another_ct_is_removed(panel: Any, client: Any) -> None:
    import slicer

    earlier = load_phantom("Earlier CT")
    analyze(panel)
    ct = load_phantom()
    panel._parameterNode.ct = ct
    with client.held():
        begin(panel)
        remove(earlier)
        assert panel.logic.busy
        slicer.util.arrayFromVolume(ct)[0] += 1
        slicer.util.arrayFromVolumeModified(ct)
    assert_at_rest(panel)
    assert "The CT was changed during the analysis" in panel.ui.messageLabel.text


def test_the_other_result_becomes_stale_as_before_when_a_ct_was_removed(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.watch import CT_CHANGED

    other = load_phantom("Earlier CT")
    analyze(panel)
    ct = load_phantom()
    panel._parameterNode.ct = ct
    result = analyze(panel)
    remove(other)
    assert result.stale == ""
    slicer.util.arrayFromVolume(ct)[0] += 1
    slicer.util.arrayFromVolumeModified(ct)
    assert result.stale == CT_CHANGED


def test_where_a_ct_was_removed_nothing_else_comes_into_its_views(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    other = load_phantom("Another patient")
    panel.panel.parameters.ct = ct
    analyze(panel)
    remove(ct)
    assert panel.panel.parameters.ct is None
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() is None
        assert view.GetForegroundVolumeID() is None
    panel.panel.parameters.ct = other
    assert composite("Red").GetBackgroundVolumeID() == other.GetID()


@pytest.mark.parametrize("how", ["removed", "closed"])
def test_no_copy_of_a_ct_stays_on_the_disk_when_it_is_gone(panel: Any, real_worker: Any, how: str) -> None:
    ct = load_phantom()
    analyze(panel)
    folder = real_worker.folder.path
    assert list(folder.glob("ct-*/*"))
    remove(ct) if how == "removed" else close_scene()
    assert [path.name for path in folder.iterdir()] == ["owner"]
    load_phantom()
    analyze(panel)  # by the same process
    assert real_worker.folder.path == folder


def test_the_copy_of_a_ct_that_is_removed_during_its_analysis_goes_at_the_end(panel: Any, client: Any) -> None:
    ct = load_phantom()
    with client.held():
        begin(panel)
        remove(ct)
        assert client.kept_ct is not None
    assert_at_rest_without_ct(panel)
    assert client.kept_ct is None


def assert_at_rest_without_ct(panel: Any) -> None:
    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "it ends")
    assert not panel.ui.progressWidget.visible


def test_a_loaded_result_is_compared_with_its_mask_though_its_ct_gets_the_id_of_a_removed_one(
    panel: Any, tmp_path: Path
) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.result import Result

    load_phantom()
    result = analyze(panel)
    record = copy.deepcopy(result.record)
    record["lungs"]["sha256"] = "of another mask"
    result.node.SetAttribute("COVIDDetect.record", json.dumps(record))
    scene = tmp_path / "Scene.mrb"
    assert slicer.util.saveScene(str(scene))
    close_scene()
    ct = load_phantom()
    analyze(panel)
    for node in (ct, *(one.node for one in Result.all())):
        remove(node)
    with slicer.util.tryWithErrorDisplay("not loaded"):
        slicer.util.loadScene(str(scene))
    assert [one.stale for one in Result.all()] == ["The lung mask was edited after scoring."]


def test_in_the_place_of_a_mask_that_was_removed_no_other_is_chosen(panel: Any) -> None:
    load_phantom("Another patient")
    mask_of_another = analyze(panel).lung_mask_node
    panel.panel.parameters.ct = load_phantom()
    result = analyze(panel)
    assert panel.panel.parameters.lungMask is result.lung_mask_node is not mask_of_another
    remove(result.lung_mask_node)
    assert panel.panel.parameters.lungMask is None
    assert panel.ui.maskSelector.currentNode() is None
    assert result.stale == "The lung mask was removed after scoring."


@pytest.mark.parametrize("of_another", [True, False])
def test_a_ct_whose_result_was_removed_before_it_leaves_its_views_empty_too(panel: Any, of_another: bool) -> None:
    import slicer

    if of_another:
        load_phantom("Another patient")
    panel.panel.parameters.ct = ct = load_phantom()
    remove(analyze(panel).node)
    remove(ct)
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert view.GetBackgroundVolumeID() is None
        assert view.GetForegroundVolumeID() is None


def test_the_end_of_a_batch_chooses_no_ct_in_the_place_of_one_that_was_removed(panel: Any) -> None:
    import slicer

    scene = slicer.mrmlScene
    load_phantom("Another patient")
    panel.panel.parameters.ct = ct = load_phantom()
    scene.StartState(scene.BatchProcessState)
    scene.RemoveNode(ct)
    scene.EndState(scene.BatchProcessState)
    slicer.app.processEvents()
    assert panel.panel.parameters.ct is None
    scene.StartState(scene.BatchProcessState)  # as a scene view does, say
    scene.EndState(scene.BatchProcessState)
    slicer.app.processEvents()
    assert panel.panel.parameters.ct is None


def test_the_only_ct_that_comes_in_a_batch_is_chosen(panel: Any) -> None:
    import slicer

    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    ct = load_phantom()
    scene.EndState(scene.BatchProcessState)
    slicer.app.processEvents()
    assert panel.panel.parameters.ct is ct

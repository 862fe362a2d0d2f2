"""A result is out of date as soon as its CT or mask is not what was scored, and not a moment longer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import load_phantom, write_result

EDITED = "The lung mask was edited after scoring."
MOVED = "The lung mask was moved after scoring."
REMOVED = "The lung mask was removed after scoring."
CT_CHANGED = "The CT was changed after scoring."


def move(node: Any, mm: float) -> Any:
    """Put a node under a translation."""
    import slicer
    import vtk

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, mm)
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def remove_a_lung(result: Any) -> None:
    segments = result.lung_mask_node.GetSegmentation()
    segments.RemoveSegment(segments.GetNthSegmentID(0))


def exchange_sides(result: Any) -> None:
    import slicer

    right = result.lung_mask_node.GetSegmentation().GetNthSegment(0)
    right.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), "")
    right.SetName("Left lung")


def add_to_all_voxels(result: Any) -> None:
    import slicer

    slicer.util.arrayFromVolume(result.ct_node)[:] += 10
    slicer.util.arrayFromVolumeModified(result.ct_node)


def empty_a_lung(result: Any) -> None:
    import slicer

    mask = result.lung_mask_node
    segment = mask.GetSegmentation().GetNthSegmentID(0)
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(mask, segment)
    voxels[:] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, mask, segment)


def remove_the_mask(result: Any) -> None:
    import slicer

    slicer.mrmlScene.RemoveNode(result.lung_mask_node)


def move_in_a_batch(result: Any) -> None:
    import slicer

    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    move(result.ct_node, 10.0)
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)


CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "the CT is moved": (lambda result: move(result.ct_node, 40.0), CT_CHANGED),
    "the CT is moved in a batch": (move_in_a_batch, CT_CHANGED),
    "voxels of the CT are changed": (add_to_all_voxels, CT_CHANGED),
    "the mask is moved": (lambda result: move(result.lung_mask_node, 40.0), MOVED),
    "the mask is removed": (remove_the_mask, REMOVED),
    "a segment is removed": (remove_a_lung, EDITED),
    "a segment is emptied": (empty_a_lung, EDITED),
    "a segment is renamed to the other side": (exchange_sides, EDITED),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_ct_or_mask_makes_the_result_stale(panel: Any, change: str) -> None:
    load_phantom()
    result = write_result(panel.panel.parameters.ct)
    make, sentence = CHANGES[change]
    make(result)
    assert result.stale == sentence
    assert panel.ui.staleLabel.text == sentence


def put_under_a_transform_that_moves_nothing(result: Any) -> None:
    import slicer

    identity = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    for node in (result.ct_node, result.lung_mask_node, result.heat_map_node, result.in_lungs_node):
        node.SetAndObserveTransformNodeID(identity.GetID())
    result.ct_node.HardenTransform()


def replace_by_an_equal_one(result: Any) -> None:
    import slicer

    other = slicer.vtkSegmentation()
    other.DeepCopy(result.lung_mask_node.GetSegmentation())
    result.lung_mask_node.SetAndObserveSegmentation(other)


def work_on_a_segment_that_is_no_lung(result: Any) -> None:
    segments = result.lung_mask_node.GetSegmentation()
    segments.AddEmptySegment("mine", "Lesion")
    segments.GetSegment("mine").SetName("Nodule")
    segments.RemoveSegment("mine")


NO_CHANGES: dict[str, Callable[[Any], object]] = {
    "a transform that moves nothing": put_under_a_transform_that_moves_nothing,
    "another color": lambda result: result.lung_mask_node.GetSegmentation().GetNthSegment(0).SetColor(1.0, 0.0, 0.0),
    "surfaces": lambda result: result.lung_mask_node.CreateClosedSurfaceRepresentation(),
    "shown otherwise in 3D": lambda result: result.lung_mask_node.GetDisplayNode().SetOpacity3D(0.4),
    "the same segments in another segmentation": replace_by_an_equal_one,
    "another segment, which is no lung": work_on_a_segment_that_is_no_lung,
    "another name of the CT": lambda result: result.ct_node.SetName("CT"),
}


@pytest.mark.parametrize("change", NO_CHANGES)
def test_what_changes_neither_leaves_the_result_as_it_is(panel: Any, change: str) -> None:
    load_phantom()
    result = write_result(panel.panel.parameters.ct)
    NO_CHANGES[change](result)
    assert result.stale == ""
    assert panel.ui.probabilityLabel.enabled


def test_to_save_a_mask_of_several_layers_leaves_the_result_as_it_is(panel: Any, tmp_path: Path) -> None:
    """Slicer joins the layers where it can: what is in them stays the same."""
    import slicer

    ct = load_phantom()
    result = write_result(ct)
    segments = result.lung_mask_node.GetSegmentation()
    for number in range(2):
        segments.SeparateSegmentLabelmap(segments.GetNthSegmentID(number))
    assert segments.GetNumberOfLayers() == 2
    assert slicer.util.saveScene(str(tmp_path / "Scene.mrb"))
    assert segments.GetNumberOfLayers() == 1
    assert result.stale == ""
    assert panel.ui.probabilityLabel.enabled
    remove_a_lung(result)
    assert result.stale == EDITED


def test_edits_that_nobody_watched_are_found_when_a_logic_is_made(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import is_automatic
    from COVIDDetectLib.mrml.watch import scene_watch

    from COVIDDetect import COVIDDetectLogic

    first, second = (write_result(load_phantom(name)) for name in ("First", "Second"))
    with scene_watch().writing():
        remove_a_lung(first)
    slicer.util.arrayFromVolume(second.ct_node)[0] += 1  # and nobody is told
    assert (first.stale, second.stale) == ("", "")
    panel.ui.ctSelector.setCurrentNode(second.ct_node)
    COVIDDetectLogic().stop()
    assert (first.stale, second.stale) == (EDITED, CT_CHANGED)
    assert panel.ui.staleLabel.text == CT_CHANGED
    assert not is_automatic(first.lung_mask_node)


def test_a_ct_without_voxels_is_not_called_an_edited_mask(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.watch import difference

    ct = load_phantom()
    result = write_result(ct)
    slicer.util.setSliceViewerLayers(background=None, foreground=None)  # Slicer's views ask for voxels
    ct.SetAndObserveImageData(None)  # as if its file was not found when the scene was loaded
    assert difference(result) == CT_CHANGED


def test_all_that_follow_are_told_and_each_score_once(panel: Any) -> None:
    from COVIDDetectLib.mrml.watch import scene_watch

    ct, told = load_phantom(), []
    slots = [lambda result, change, name=name: told.append((name, change)) for name in ("first", "second")]
    for slot in slots:
        scene_watch().follow(slot)
    try:
        result = write_result(ct)
        assert told == [("first", "scored"), ("second", "scored")]
        told.clear()
        remove_a_lung(result)
        assert told == [("first", "stale"), ("second", "stale")]
        told.clear()
        result.lung_mask_node.GetDisplayNode().SetVisibility(False)
        assert told == [("first", "shown"), ("second", "shown")]
    finally:
        for slot in slots:
            scene_watch().leave(slot)


def test_for_nobody_nothing_is_observed(panel: Any) -> None:
    from COVIDDetectLib.mrml.watch import SceneWatch

    write_result(load_phantom())
    watch = SceneWatch()
    for _ in range(2):
        assert watch.observation_count == 0
        watch.follow(slot := lambda result, change: None)
        assert watch.observation_count > 4
        watch.leave(slot)


def test_a_follower_that_fails_keeps_nobody_else_from_knowing(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from COVIDDetectLib.mrml.watch import scene_watch

    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    told: list[Any] = []
    result = write_result(load_phantom())
    scene_watch().follow(fails)
    scene_watch().follow(told_slot := lambda result, change: told.append(change))
    try:
        remove_a_lung(result)
        wait_until(lambda: told, 5.0, "the next one is told")
    finally:
        scene_watch().leave(fails)
        scene_watch().leave(told_slot)
    assert set(heard) == {ZeroDivisionError}
    assert panel.ui.staleLabel.text == EDITED

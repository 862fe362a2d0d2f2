"""Two CTs of one patient: side by side, what has changed in numbers, and nothing of the user's changed by it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.phantom import Phantom, add_disease

from Testing.panel.host import close_scene, is_slicer, node_counts, wait_until
from Testing.panel.steps import composite, let_views_settle, load_phantom, phantom, seen_in, write_result
from Testing.panel.test_removed_nodes import remove

needs_dates = pytest.mark.skipif(not is_slicer(), reason="the embedded viewer keeps no subject hierarchy")


@cache
def grown() -> tuple[Phantom, float]:
    """The phantom with more disease than ``phantom("covid")`` has, elsewhere in space; and how much more, in mL."""
    before = phantom()
    ct, lesions = add_disease(before.ct, before.lung_mask, 105)
    angle = np.radians(6.0)
    moved = np.eye(4)
    moved[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    moved[:3, 3] = 12.0, -20.0, 35.0
    geometry = Geometry.from_ijk_to_lps(moved @ before.ct.geometry.ijk_to_lps)
    added_ml = np.count_nonzero(lesions & ~before.lesions) * before.ct.geometry.voxel_ml
    return Phantom(type(ct)(ct.hu, geometry, ct.name), before.lung_mask, lesions | before.lesions), added_ml


def load_later() -> Any:
    import slicer
    from COVIDDetectLib.mrml.nodes.ct import place

    made = grown()[0]
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Later")
    place(node, made.ct.geometry)
    slicer.util.updateVolumeFromArray(node, made.ct.hu)
    node.CreateDefaultDisplayNodes()
    slicer.app.processEvents()
    return node


def two_results(panel: Any) -> tuple[Any, Any]:
    """Of an earlier and of a later CT, which is chosen."""
    from COVIDDetectLib.mrml.scene import write_analysis_nodes
    from COVIDDetectLib.mrml.watch import scene_watch
    from COVIDDetectLib.phantom.ideal import ideal_analysis

    earlier = write_result(load_phantom("Earlier"))
    later_ct = load_later()
    panel.ui.ctSelector.setCurrentNode(later_ct)
    with scene_watch().writing():
        later = write_analysis_nodes(ideal_analysis(grown()[0]), later_ct, None)
    return earlier, later


def compare(panel: Any) -> Any:
    from COVIDDetectLib.mrml.comparison import Comparison

    panel.ui.followUpCollapsibleButton.collapsed = False
    panel.ui.compareButton.click()
    assert panel.ui.messageLabel.text == ""
    wait_until(lambda: not panel.logic.busy, 60, "the comparison ends")
    let_views_settle()
    comparison = Comparison.current()
    assert comparison is not None, panel.ui.messageLabel.text
    return comparison


def matrix_of(node: Any) -> np.ndarray:
    from COVIDDetectLib.mrml.nodes.ct import geometry_of

    return geometry_of(node).ijk_to_lps


def table(panel: Any) -> dict[str, list[str]]:
    widget = panel.ui.followUpTable
    return {
        widget.verticalHeaderItem(row).text(): [widget.item(row, column).text() for column in range(3)]
        for row in range(widget.rowCount)
    }


def test_the_earlier_ct_is_laid_over_the_later_one_and_shown_beside_it(panel: Any) -> None:
    import slicer

    earlier, later = two_results(panel)
    assert panel.ui.earlierComboBox.currentText == "Earlier"
    compare(panel)
    # Both are the same voxels, so laid over each other they lie at the same place.
    difference = matrix_of(earlier.ct_node) - matrix_of(later.ct_node)
    corners = np.array([[0, 0, 0, 1], [127, 127, 27, 1]], dtype=float).T
    assert np.abs(difference @ corners).max() < 3.0
    assert (earlier.stale, later.stale) == ("", "")
    assert composite("Red").GetBackgroundVolumeID() == later.ct_node.GetID()
    assert composite("Yellow").GetBackgroundVolumeID() == earlier.ct_node.GetID()
    assert composite("Yellow").GetForegroundVolumeID() is None
    assert seen_in(later.lung_mask_node) == ["Red"] and seen_in(earlier.lung_mask_node) == ["Yellow"]
    left, right = (slicer.app.layoutManager().sliceWidget(name) for name in ("Red", "Yellow"))
    for offset in (10.0, 40.0):
        left.sliceLogic().StartSliceOffsetInteraction()
        left.sliceLogic().SetSliceOffset(offset)
        left.sliceLogic().EndSliceOffsetInteraction()
        assert right.sliceLogic().GetSliceOffset() == pytest.approx(offset)


def test_the_numbers_say_by_how_much_the_disease_has_grown(panel: Any) -> None:
    two_results(panel)
    comparison = compare(panel)
    rows = table(panel)
    change = sum(int(rows[f"{side} opacity, mL"][2]) for side in ("Right", "Left"))
    assert change == pytest.approx(grown()[1], rel=0.15)
    assert comparison.changed_ml[0] == pytest.approx(grown()[1], rel=0.3)
    assert comparison.changed_ml[1] < 5.0
    assert "the lungs overlap by 1.00" in panel.ui.followUpLabel.text
    assert not panel.ui.followUpDoubtsWidget.visible
    before, now, _ = rows["Right opacity, mL"]
    import qt

    panel.ui.copyTextButton.click()
    text = qt.QApplication.clipboard().text()
    assert "COMPARISON" in text
    (line,) = [line for line in text.splitlines() if line.startswith("Right lung: volume")]
    assert f"({before} mL) -> " in line and f"({now} mL)" in line


def test_stop_comparing_leaves_everything_as_it_was(panel: Any) -> None:
    import slicer

    earlier, later = two_results(panel)
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "The user's own")
    nodes = [earlier.ct_node, earlier.lung_mask_node, earlier.heat_map_node, earlier.in_lungs_node]
    from COVIDDetectLib.mrml.watch import scene_watch

    with scene_watch().writing():
        for node in nodes:
            node.SetAndObserveTransformNodeID(own.GetID())
    place, counts = matrix_of(earlier.ct_node), node_counts()
    manager = slicer.app.layoutManager()
    yellow = manager.sliceWidget("Yellow").mrmlSliceNode()
    layout, plane = manager.layout, slicer.util.arrayFromVTKMatrix(yellow.GetSliceToRAS()).copy()
    compare(panel)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    assert {node.GetTransformNodeID() for node in nodes} != {own.GetID()}
    assert panel.ui.stopComparingButton.visible
    panel.ui.stopComparingButton.click()
    let_views_settle()
    assert [node.GetTransformNodeID() for node in nodes] == [own.GetID()] * 4
    np.testing.assert_array_equal(matrix_of(earlier.ct_node), place)
    assert node_counts() == counts
    assert manager.layout == layout
    np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(yellow.GetSliceToRAS()), plane)
    assert composite("Yellow").GetBackgroundVolumeID() == later.ct_node.GetID()
    assert composite("Yellow").GetForegroundVolumeID() == later.in_lungs_node.GetID()
    assert not composite("Red").GetLinkedControl()
    assert (earlier.stale, later.stale) == ("", "")
    assert not panel.ui.stopComparingButton.visible and not panel.ui.followUpTable.visible


@pytest.mark.parametrize("what", ["another CT is chosen", "the transform is removed", "the earlier CT is removed"])
def test_a_comparison_ends_with_what_it_needs(panel: Any, what: str) -> None:
    import slicer
    from COVIDDetectLib.mrml.comparison import Comparison

    earlier, later = two_results(panel)
    place, layout = matrix_of(earlier.ct_node), slicer.app.layoutManager().layout
    comparison = compare(panel)
    if what == "another CT is chosen":
        panel.ui.ctSelector.setCurrentNode(earlier.ct_node)
    else:
        remove(comparison.node if "transform" in what else earlier.ct_node)
    wait_until(lambda: Comparison.current() is None, 5, "the comparison ends")
    let_views_settle()
    assert slicer.app.layoutManager().layout == layout
    assert later.stale == ""
    if earlier.ct_node is not None:
        np.testing.assert_allclose(matrix_of(earlier.ct_node), place)
        assert earlier.stale == ""


def test_a_scene_that_is_closed_takes_its_layout_along(panel: Any) -> None:
    import slicer

    layout = slicer.app.layoutManager().layout
    two_results(panel)
    compare(panel)
    close_scene()
    assert slicer.app.layoutManager().layout == layout


def test_a_mask_that_is_edited_makes_the_numbers_out_of_date_but_not_the_pictures(panel: Any) -> None:
    from COVIDDetectLib.mrml.comparison import Comparison

    _earlier, later = two_results(panel)
    compare(panel)
    segments = later.lung_mask_node.GetSegmentation()
    segments.RemoveSegment(segments.GetNthSegmentID(0))
    assert not panel.ui.followUpTable.visible
    assert "The later result is out of date" in panel.ui.followUpDoubtsLabel.text
    assert Comparison.current() is not None
    import qt

    panel.ui.copyTextButton.click()
    assert "COMPARISON" not in qt.QApplication.clipboard().text()


def test_what_cannot_be_compared_is_said_before_anything_is_computed(panel: Any) -> None:
    earlier, _later = two_results(panel)
    earlier.lung_mask_node.GetSegmentation().RemoveAllSegments()
    panel.ui.compareButton.click()
    assert not panel.logic.busy
    assert "The earlier result is out of date" in panel.ui.messageLabel.text


@needs_dates
def test_only_cts_that_were_not_taken_later_are_offered(panel: Any) -> None:
    earlier, later = two_results(panel)
    assert panel.ui.compareButton.enabled
    for result, day in ((earlier, "20240223"), (later, "20240131")):
        put_into_study(result.ct_node, "Doe", day)
    panel.panel.update()
    assert not panel.ui.compareButton.enabled
    assert "taken before this one" in panel.ui.earlierComboBox.toolTip
    panel.ui.ctSelector.setCurrentNode(earlier.ct_node)
    assert panel.ui.earlierComboBox.currentText == "Later (2024-01-31)"


@needs_dates
def test_two_patients_are_named_as_a_doubt_and_days_are_counted(panel: Any) -> None:
    earlier, later = two_results(panel)
    put_into_study(earlier.ct_node, "Doe", "20240131")
    put_into_study(later.ct_node, "Roe", "20240223")
    compare(panel)
    assert "23 days apart" in panel.ui.followUpLabel.text
    assert "of different patients" in panel.ui.followUpDoubtsLabel.text


def test_an_earlier_result_is_opened_from_its_files(panel: Any, tmp_path: Path, monkeypatch: Any) -> None:
    from COVIDDetectLib.panel.sections import follow_up_section
    from COVIDDetectLib.report.files import write_analysis_files

    from Testing.panel.steps import ideal

    _earlier, _later = two_results(panel)
    write_analysis_files(phantom().ct, ideal(), tmp_path / "results")
    monkeypatch.setattr(follow_up_section, "which_results_folder", lambda: str(tmp_path / "results"))
    panel.ui.compareFileButton.click()
    assert panel.ui.messageLabel.text == ""
    assert int(table(panel)["Right opacity, mL"][2]) > 0
    assert not panel.ui.changeVisibleCheckBox.visible
    panel.ui.stopComparingButton.click()
    assert not panel.ui.followUpTable.visible
    monkeypatch.setattr(follow_up_section, "which_results_folder", lambda: str(tmp_path))
    panel.ui.compareFileButton.click()
    assert "has no analysis.json" in panel.ui.messageLabel.text


@pytest.mark.slow
def test_the_worker_lays_them_over_each_other_as_well(panel: Any, real_worker: Any) -> None:
    two_results(panel)
    comparison = compare(panel)
    assert comparison.registration.overlap > 0.9
    assert comparison.changed_ml[0] == pytest.approx(grown()[1], rel=0.3)


def put_into_study(ct: Any, patient: str, day: str) -> None:
    """As Slicer's DICOM reader does."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    levels = slicer.vtkMRMLSubjectHierarchyConstants
    subject = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), patient)
    study = hierarchy.CreateStudyItem(subject, "CT")
    hierarchy.SetItemAttribute(study, levels.GetDICOMStudyDateAttributeName(), day)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(ct), study)


def test_a_saved_scene_comes_back_with_its_comparison(panel: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.comparison import Comparison
    from COVIDDetectLib.mrml.nodes.result import Result

    earlier, _later = two_results(panel)
    place, layout = matrix_of(earlier.ct_node), slicer.app.layoutManager().layout
    compare(panel)
    rows = table(panel)
    assert slicer.util.saveScene(str(tmp_path / "Scene.mrb"))
    close_scene()
    slicer.util.loadScene(str(tmp_path / "Scene.mrb"))
    let_views_settle()
    assert Comparison.current() is not None
    assert [result.stale for result in Result.all()] == ["", ""]
    assert table(panel) == rows
    panel.ui.stopComparingButton.click()
    let_views_settle()
    (back,) = [result for result in Result.all() if result.ct_name == "Earlier"]
    np.testing.assert_allclose(matrix_of(back.ct_node), place, atol=1e-4)
    assert slicer.app.layoutManager().layout == layout


def test_another_earlier_ct_takes_the_place_of_the_first(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.comparison import is_comparison

    earlier, later = two_results(panel)
    place = matrix_of(earlier.ct_node)
    compare(panel)
    again = load_phantom("Before that")
    write_result(again)
    panel.ui.ctSelector.setCurrentNode(later.ct_node)
    panel.ui.earlierComboBox.currentIndex = panel.ui.earlierComboBox.findText("Before that")
    compare(panel)
    assert len([node for node in slicer.util.getNodesByClass("vtkMRMLLinearTransformNode") if is_comparison(node)]) == 1
    assert composite("Yellow").GetBackgroundVolumeID() == again.GetID()
    np.testing.assert_allclose(matrix_of(earlier.ct_node), place)

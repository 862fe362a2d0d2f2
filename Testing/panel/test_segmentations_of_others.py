"""A segmentation that another module made is taken as the lung mask: by its terminology codes first, then by names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.lungs.segments_of_others import LOBES_BY_NAME, OTHERS, TOTAL_SEGMENTATOR, Segments
from Testing.panel.host import wait_until
from Testing.panel.steps import begin, finish, load_phantom, phantom


def parts() -> dict[str, np.ndarray]:
    """The phantom's lungs as lobes, near enough, and things that lie elsewhere or within."""
    labels = phantom().lung_mask
    height = np.arange(labels.shape[0])[:, None, None]
    inside = np.flatnonzero(labels.any(axis=(1, 2)))
    low, high = np.quantile(inside, [0.4, 0.6])
    right, left = labels == 1, labels == 2
    return {
        "right": right,
        "left": left,
        "both": right | left,
        "right upper": right & (height > high),
        "right middle": right & (height > low) & (height <= high),
        "right lower": right & (height <= low),
        "left upper": left & (height > high),
        "left lower": left & (height <= high),
        "elsewhere": (labels == 0) & (np.indices(labels.shape)[1] < 40),
        "within": (right | left) & (height == int(high)),
    }


def add_segmentation(ct: Any, segments: Segments, grid: Any = None) -> Any:
    """As another module would leave it in the scene."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Of another module")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(grid or ct)
    made = parts()
    for name, code, part in segments:
        segment_id = node.GetSegmentation().AddEmptySegment("", name)
        if code:
            node.GetSegmentation().GetSegment(segment_id).SetTerminology(code)
        voxels = made[part][:, ::2, ::2] if grid else made[part]
        slicer.util.updateSegmentBinaryLabelmapFromArray(voxels.astype(np.uint8), node, segment_id, grid or ct)
    return node


@pytest.mark.parametrize(
    "which",
    ["the same, renamed", "one segment with the code of both lungs", "names beside a code that says nothing"],
)
def test_lungs_and_lobes_of_others_are_both_lungs(panel: Any, which: str) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    labels = lung_mask_from_node(add_segmentation(ct, OTHERS[which]), ct).labels
    assert np.count_nonzero(labels != phantom().lung_mask) == 0


def test_analyze_scores_with_the_lobes_of_another_module_and_leaves_them(panel: Any) -> None:
    import slicer

    ct = load_phantom()
    other = add_segmentation(ct, TOTAL_SEGMENTATOR)
    panel.ui.maskSelector.setCurrentNode(other)
    begin(panel, "threshold")
    result = finish(panel)
    assert result.lung_mask_node is other
    assert result.record["lungs"]["method"] == "given"
    voxel_ml = phantom().ct.geometry.voxel_ml
    for side, label in (("right_ml", 1), ("left_ml", 2)):
        volume = np.count_nonzero(phantom().lung_mask == label) * voxel_ml
        assert result.record["lungs"][side] == pytest.approx(volume, abs=0.1)
    lobes = result.record["lobes"]
    assert [f"{lobe['side']} {lobe['lobe']}" for lobe in lobes] == [name for name in parts() if " " in name]
    for lobe in lobes:
        volume = np.count_nonzero(parts()[f"{lobe['side']} {lobe['lobe']}"]) * voxel_ml
        assert lobe["volume_ml"] == pytest.approx(volume, abs=0.1)
    segmentation = other.GetSegmentation()
    assert [segmentation.GetNthSegment(number).GetName() for number in range(segmentation.GetNumberOfSegments())] == [
        name for name, *_ in TOTAL_SEGMENTATOR
    ]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_lobes_are_told_beside_whole_lungs_if_they_fill_them(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    with_lung = lung_mask_from_node(add_segmentation(ct, [("lung", "", "both"), *TOTAL_SEGMENTATOR]), ct)
    assert with_lung.lobes is not None and np.array_equal(with_lung.lobes > 0, with_lung.labels > 0)
    without_middle = [one for one in TOTAL_SEGMENTATOR if one[-1] != "right middle"]
    for segments in (without_middle, [*TOTAL_SEGMENTATOR, ("Left upper lobe", "", "within")]):
        assert lung_mask_from_node(add_segmentation(ct, segments), ct).lobes is None
    too_small = [(name, code, "within" if part == "right upper" else part) for name, code, part in TOTAL_SEGMENTATOR]
    assert lung_mask_from_node(add_segmentation(ct, [("lung", "", "both"), *too_small]), ct).lobes is None


def test_opacity_is_shown_for_each_lobe_and_follows_the_limits(panel: Any) -> None:
    ct, ui = load_phantom(), panel.ui
    ui.maskSelector.setCurrentNode(add_segmentation(ct, TOTAL_SEGMENTATOR))
    begin(panel, "threshold")
    result = finish(panel)

    def table() -> dict[str, list[str]]:
        shown = ui.opacityTable
        return {
            shown.verticalHeaderItem(row).text(): [shown.item(row, column).text() for column in range(2)]
            for row in range(shown.rowCount)
        }

    def opaque(side: str, lobe: str) -> str:
        (of_it,) = [one for one in result.record["lobes"] if (one["side"], one["lobe"]) == (side, lobe)]
        ml, percent = (of_it[f"ground_glass_{unit}"] + of_it[f"consolidation_{unit}"] for unit in ("ml", "percent"))
        return f"{ml:.0f}, {percent:.{0 if percent >= 9.95 else 1}f} %"

    first = table()
    assert first["Middle lobe opacity"] == [opaque("right", "middle"), "–"]
    assert first["Lower lobe opacity"] == [opaque("right", "lower"), opaque("left", "lower")]
    ui.groundGlassFromSpinBox.value = -900
    wait_until(lambda: result.opacity_bounds[1] == -900, 10.0, "measured again")
    assert (
        table()["Lower lobe opacity"]
        == [opaque("right", "lower"), opaque("left", "lower")]
        != first["Lower lobe opacity"]
    )


@pytest.mark.parametrize("change", ["renamed", "another border"])
def test_lobes_that_are_told_apart_otherwise_make_the_result_out_of_date(panel: Any, change: str) -> None:
    import slicer

    ct = load_phantom()
    other = add_segmentation(ct, LOBES_BY_NAME)
    panel.ui.maskSelector.setCurrentNode(other)
    begin(panel, "threshold")
    result = finish(panel)
    upper, lower = (other.GetSegmentation().GetNthSegment(number) for number in (0, 1))
    if change == "renamed":
        upper.SetName("lung_upper_lobe")
        lower.SetName("Left lung")
    else:
        left, high = parts()["left"], parts()["left lower"].copy()
        high[np.argwhere(left)[:, 0].max()] |= left[np.argwhere(left)[:, 0].max()]
        for number, voxels in ((0, left & ~high), (1, high)):
            segment_id = other.GetSegmentation().GetNthSegmentID(number)
            slicer.util.updateSegmentBinaryLabelmapFromArray(voxels.astype(np.uint8), other, segment_id, ct)
    assert result.stale == "The lung mask was edited after scoring."


def test_a_mask_on_a_coarser_grid_lies_where_the_lungs_are(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.ct.geometry import Geometry
    from COVIDDetectLib.mrml.nodes.ct import place
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    matrix = phantom().ct.geometry.ijk_to_ras @ np.diag([2.0, 2.0, 1.0, 1.0])
    grid = slicer.vtkMRMLScalarVolumeNode()
    place(grid, Geometry.from_ijk_to_ras(matrix))
    slicer.util.updateVolumeFromArray(grid, np.ascontiguousarray(phantom().ct.hu[:, ::2, ::2]))
    labels = lung_mask_from_node(add_segmentation(ct, LOBES_BY_NAME, grid), ct).labels
    for side in (1, 2):
        true, found = phantom().lung_mask == side, labels == side
        assert 2 * np.count_nonzero(true & found) / (np.count_nonzero(true) + np.count_nonzero(found)) > 0.95

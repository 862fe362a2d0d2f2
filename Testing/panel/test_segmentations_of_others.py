"""A segmentation that another module made is taken as the lung mask: by its terminology codes first, then by names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.steps import begin, finish, load_phantom, phantom

STRUCTURE, ALTERED, TISSUE = "SCT^123037004^Anatomical Structure", "SCT^49755003^Altered", "SCT^85756007^Tissue"
LEFT, RIGHT = "SCT^7771000^Left", "SCT^24028007^Right"
LUNG, UPPER, LOWER = "SCT^39607008^Lung", "SCT^45653009^Upper lobe of lung", "SCT^90572001^Lower lobe of lung"
MIDDLE, NONE = "SCT^72481006^Middle lobe of right lung", "^^"


def entry(category: str, kind: str, laterality: str = NONE, region: str = NONE, region_side: str = NONE) -> str:
    """A serialized terminology entry, in the form that Slicer documents for the segment's tag."""
    context, regions = "Segmentation category and type - Total Segmentator", "Anatomic codes - DICOM master list"
    return "~".join([context, category, kind, laterality, regions, region, region_side]) + "|"


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


Segments = list[tuple[str, str, str]]
"""Name, terminology entry or nothing, and the part that the segment marks."""

TOTAL_SEGMENTATOR: Segments = [
    ("Spleen", entry(STRUCTURE, "SCT^78961009^Spleen"), "elsewhere"),
    ("Upper lobe of lung Left", entry(STRUCTURE, UPPER, LEFT), "left upper"),
    ("Lower lobe of lung Left", entry(STRUCTURE, LOWER, LEFT), "left lower"),
    ("Upper lobe of lung Right", entry(STRUCTURE, UPPER, RIGHT), "right upper"),
    ("Middle lobe of right lung", entry(STRUCTURE, MIDDLE), "right middle"),
    ("Lower lobe of lung Right", entry(STRUCTURE, LOWER, RIGHT), "right lower"),
    ("Trachea and bronchus", entry(STRUCTURE, "SCT^110726009^Trachea and bronchus"), "elsewhere"),
    ("pulmonary vein", entry(STRUCTURE, "SCT^122972007^Pulmonary vein"), "elsewhere"),
]
LOBES_BY_NAME: Segments = [
    ("lung_upper_lobe_left", "", "left upper"),
    ("lung_lower_lobe_left", "", "left lower"),
    ("lung_upper_lobe_right", "", "right upper"),
    ("lung_middle_lobe_right", "", "right middle"),
    ("lung_lower_lobe_right", "", "right lower"),
    ("heart", "", "elsewhere"),
    ("lung_trachea_bronchia", "", "elsewhere"),
    ("lung_airways_wall", "", "elsewhere"),
    ("lung_arteries", "", "elsewhere"),
    ("pulmonary_artery", "", "elsewhere"),
]
OTHERS: dict[str, Segments] = {
    "lobes with codes among other organs, as of TotalSegmentator": TOTAL_SEGMENTATOR,
    "the same, renamed": [(f"Segment_{n}", code, part) for n, (_, code, part) in enumerate(TOTAL_SEGMENTATOR)],
    "lobes as MONAI Auto3DSeg calls them": [
        ("Left Lower lobe of lung", "", "left lower"),
        ("Right Lower lobe of lung", "", "right lower"),
        ("Middle lobe of right lung", "", "right middle"),
        ("Left Upper lobe of lung", "", "left upper"),
        ("Right Upper lobe of lung", "", "right upper"),
        ("Blood vessel in Lung", entry(STRUCTURE, "SCT^59820001^Vessel", NONE, LUNG), "elsewhere"),
        ("Pulmonary vein", "", "elsewhere"),
    ],
    "lobes by name among other structures": LOBES_BY_NAME,
    "lobes abbreviated": [
        (name, "", part)
        for name, part in [
            ("RUL", "right upper"), ("RML", "right middle"), ("RLL", "right lower"),
            ("LUL", "left upper"), ("LLL", "left lower"), ("Aorta", "elsewhere"),
        ]
    ],
    "one segment with the code of both lungs": [
        ("1", entry(STRUCTURE, LUNG), "both"),
        ("2", entry(STRUCTURE, "SCT^786838002^Lung nodule"), "within"),
    ],
    "one segment named lung": [("lung", "", "both"), ("background", "", "elsewhere")],
    "names beside a code that says nothing": [
        ("RightLung", entry(TISSUE, TISSUE), "right"),
        ("lung_l", entry(TISSUE, TISSUE), "left"),
    ],
    "tissue in the region of a lung": [
        ("1", entry(TISSUE, TISSUE, NONE, LUNG, RIGHT), "right"),
        ("2", entry(TISSUE, TISSUE, NONE, LUNG, LEFT), "left"),
    ],
    "one code for lung and side": [
        ("1", entry(STRUCTURE, "SCT^3341006^Right lung"), "right"),
        ("2", entry(STRUCTURE, "SCT^44714003^Upper lobe of left lung"), "left upper"),
        ("3", entry(STRUCTURE, "SCT^41224006^Lower lobe of left lung"), "left lower"),
    ],
    "codes against names": [
        ("Left lung", entry(STRUCTURE, LUNG, RIGHT), "right"),
        ("Right lung", entry(STRUCTURE, LUNG, LEFT), "left"),
    ],
    "older codes": [
        ("1", entry("SRT^T-D000A^Anatomical Structure", "SRT^T-28820^Upper lobe of lung", "SRT^G-A100^Right"), "right"),
        ("2", entry("SRT^T-D000A^Anatomical Structure", "SRT^T-28000^Lung", "SRT^G-A101^Left"), "left"),
    ],
}  # fmt: skip


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


@pytest.mark.parametrize("segments", OTHERS.values(), ids=OTHERS.keys())
def test_lungs_and_lobes_of_others_are_both_lungs(panel: Any, segments: Segments) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    labels = lung_mask_from_node(add_segmentation(ct, segments), ct).labels
    assert np.count_nonzero(labels != phantom().lung_mask) == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Lung", entry(ALTERED, "SCT^47351003^Infiltrate", NONE, LUNG)),
        ("Left lung lesion", ""),
        ("lung_covid_infiltrate", ""),
        ("Lobe of liver", ""),
        ("Pulmonary valve", ""),
        ("Thyroid, lower lobe", ""),
        ("ball", ""),
    ],
)
def test_what_lies_in_a_lung_or_sounds_like_one_is_none(panel: Any, name: str, code: str) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_segment_ids

    assert lung_segment_ids(add_segmentation(load_phantom(), [(name, code, "within")])) == []


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
    segmentation = other.GetSegmentation()
    assert [segmentation.GetNthSegment(number).GetName() for number in range(segmentation.GetNumberOfSegments())] == [
        name for name, *_ in TOTAL_SEGMENTATOR
    ]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


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

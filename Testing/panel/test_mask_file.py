"""A lung mask from a file, made here or elsewhere, is scored as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from Testing.lungs.drawn_lobes import lobes_in
from Testing.panel.steps import analyze, finish, load_phantom, phantom


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Answers the file dialog, which no test can click, with a file."""
    import qt

    return lambda file: monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", staticmethod(lambda *values: str(file)))


def write_labels(file: Path, labels: np.ndarray, coarser: int = 1) -> Path:
    """An image with a lung mask, by itself or on every so manyth row and column."""
    image = sitk.GetImageFromArray(labels.astype(np.uint8))
    phantom().ct.geometry.apply_to(image)
    sitk.WriteImage(image[::coarser, ::coarser], str(file))
    return file


@pytest.mark.parametrize(("name", "coarser"), [("lungs.nrrd", 1), ("lungs.nii.gz", 1), ("coarse.mha", 2)])
def test_a_mask_from_a_file_is_scored(panel: Any, choose: Any, tmp_path: Path, name: str, coarser: int) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    truth = phantom().lung_mask
    choose(write_labels(tmp_path / name, truth, coarser))
    panel.ui.maskFileButton.click()
    assert panel.ui.messageLabel.text == ""
    mask = panel.ui.maskSelector.currentNode()
    assert mask.GetName() == name.split(".")[0]
    labels = lung_mask_from_node(mask, ct).labels
    for side in (1, 2):
        both = np.count_nonzero((labels == side) & (truth == side))
        dice = 2 * both / (np.count_nonzero(labels == side) + np.count_nonzero(truth == side))
        assert dice == 1 if coarser == 1 else dice > 0.95
    panel.ui.analyzeButton.click()
    result = finish(panel)
    assert result.lung_mask_node is mask
    assert result.record["lungs"]["method"] == "given"


def test_a_file_with_lobes_becomes_segments_that_are_told_as_lobes(panel: Any, choose: Any, tmp_path: Path) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node, segment, segment_ids

    ct, lobes = load_phantom(), lobes_in(phantom().lung_mask)
    choose(write_labels(tmp_path / "lobes.nii.gz", lobes))
    panel.ui.maskFileButton.click()
    mask = panel.ui.maskSelector.currentNode()
    assert [segment(mask, one).GetName() for one in segment_ids(mask)][:2] == ["Right upper lobe", "Right middle lobe"]
    read = lung_mask_from_node(mask, ct)
    assert np.array_equal(read.lobes, lobes) and np.array_equal(read.labels, phantom().lung_mask)


def test_a_segmentation_of_slicer_comes_back_from_its_file(panel: Any, choose: Any, tmp_path: Path) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    own, probability = result.lung_mask_node, result.record["probability"]
    assert slicer.util.saveNode(own, str(tmp_path / "corrected.seg.nrrd"))
    choose(tmp_path / "corrected.seg.nrrd")
    panel.ui.maskFileButton.click()
    mask = panel.ui.maskSelector.currentNode()
    assert mask is not own
    assert panel.ui.staleLabel.text == "Another lung mask was chosen after scoring."
    panel.ui.rescoreButton.click()
    assert finish(panel).record["probability"] == pytest.approx(probability, abs=1e-6)
    assert result.lung_mask_node is mask


@pytest.mark.parametrize("kind", ["lungs.nrrd", "lungs.seg.nrrd"])
def test_under_a_transform_the_mask_lies_where_the_ct_does(panel: Any, choose: Any, tmp_path: Path, kind: str) -> None:
    import slicer
    import vtk
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    ct = load_phantom()
    if kind.endswith(".seg.nrrd"):
        expected_mask = analyze(panel).lung_mask_node
        expected = lung_mask_from_node(expected_mask, ct).labels
        assert slicer.util.saveNode(expected_mask, str(tmp_path / kind))
        choose(tmp_path / kind)
    else:
        expected = phantom().lung_mask
        choose(write_labels(tmp_path / kind, expected))
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 40.0)
    transform.SetMatrixTransformToParent(matrix)
    ct.SetAndObserveTransformNodeID(transform.GetID())
    panel.ui.maskFileButton.click()
    np.testing.assert_array_equal(lung_mask_from_node(panel.ui.maskSelector.currentNode(), ct).labels, expected)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("labels", "labels other than 0"), ("empty", "is empty"), ("text", "is no NRRD file"), ("", "")],
)
def test_what_is_no_mask_changes_nothing(panel: Any, choose: Any, tmp_path: Path, content: str, sentence: str) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    own, nodes = result.lung_mask_node, slicer.mrmlScene.GetNumberOfNodes()
    file = tmp_path / "mask.nrrd"
    if content == "text":
        file.write_text("no mask")
    elif content:
        write_labels(file, phantom().lung_mask * (0 if content == "empty" else 3))
    choose(file if content else "")
    panel.ui.maskFileButton.click()
    assert sentence in panel.ui.messageLabel.text
    assert bool(panel.ui.messageLabel.text) == bool(content)
    assert panel.ui.maskSelector.currentNode() is own
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert result.stale == ""

"""A CT from the DICOM database and its mask back into it, by Slicer's own browser and exporter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.dicom_series import write_ct
from Testing.panel.dicom_steps import export_to_database, find_module, load_folder, load_series, series_in_database
from Testing.panel.host import is_slicer, node_counts, wait_until
from Testing.panel.steps import analyze, begin, finish, load_phantom, phantom, write_result
from Testing.panel.test_mask import erase_a_piece


@pytest.fixture
def database(host: None, tmp_path: Path) -> Iterator[None]:
    """An empty DICOM database; the embedded viewer opens folders without one."""
    if not is_slicer():
        yield
        return
    from DICOMLib import DICOMUtils

    folder = tmp_path / "database"
    earlier = DICOMUtils.openTemporaryDatabase(str(folder))
    yield
    DICOMUtils.closeTemporaryDatabase(earlier)


@pytest.fixture
def phantom_series(tmp_path: Path) -> Path:
    """The phantom as a scanner would send it."""
    write_ct(tmp_path / "series", phantom().ct)
    return tmp_path / "series"


def test_a_ct_from_dicom_is_chosen_analyzed_cancelled_and_analyzed(
    database: None, panel: Any, phantom_series: Path
) -> None:
    import slicer

    load_folder(phantom_series)
    ct = panel.ui.ctSelector.currentNode()
    assert np.array_equal(slicer.util.arrayFromVolume(ct), phantom().ct.hu)
    if is_slicer():
        assert len(ct.GetAttribute("DICOM.instanceUIDs").split()) == len(phantom().ct.hu)
    before = node_counts()
    begin(panel, "unet")
    panel.ui.cancelButton.click()
    wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
    assert node_counts() == before
    result = analyze(panel)
    assert result.ct_node is ct
    assert result.record["input"]["sha256"] == phantom().ct.sha256


def test_another_patient_from_dicom_is_named_at_once_and_one_click_away(
    database: None, panel: Any, phantom_series: Path, tmp_path: Path
) -> None:
    load_folder(phantom_series)
    first = panel.ui.ctSelector.currentNode()
    write_result(first)
    assert panel.ui.probabilityLabel.enabled
    load_folder(tmp_path / "other", write_ct(tmp_path / "other", phantom(None).ct, "Another patient"))
    assert panel.ui.ctSelector.currentNode() is first
    assert "Another patient" in panel.ui.inViewsLabel.text and panel.ui.inViewsWidget.visible
    assert not panel.ui.probabilityLabel.enabled
    panel.ui.inViewsButton.click()
    assert "Another patient" in panel.ui.ctSelector.currentNode().GetName()
    assert not panel.ui.resultWidget.visible


def test_the_module_finder_finds_it(database: None, panel: Any, phantom_series: Path) -> None:
    import slicer

    if not is_slicer():
        pytest.skip("the embedded viewer has one module and no module finder")
    load_folder(phantom_series)
    slicer.util.selectModule("Data")
    assert find_module("covid") == ["COVIDDetect"]
    assert slicer.util.selectedModule() == "COVIDDetect"
    assert panel.ui.analyzeButton.enabled


@pytest.mark.real_ct
def test_a_real_ct_from_dicom_is_analyzed(database: None, panel: Any, real_worker: Any, real_ct_folder: Path) -> None:
    load_folder(real_ct_folder)
    combo = panel.ui.methodComboBox
    combo.currentIndex = combo.findData("threshold")
    panel.ui.analyzeButton.click()
    if not panel.logic.busy:
        assert "contrast agent" in panel.ui.messageLabel.text
        panel.ui.analyzeButton.click()
    result = finish(panel)
    assert result.record["lungs"]["right_ml"] > 1000
    assert result.record["lungs"]["left_ml"] > 1000


def test_the_corrected_mask_comes_back_from_dicom_seg_voxel_by_voxel(
    database: None, panel: Any, phantom_series: Path
) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    if not is_slicer():
        pytest.skip("DICOM SEG is written by Slicer's exporter, which the embedded viewer does not have")
    load_folder(phantom_series)
    [ct_series] = series_in_database()
    mask = analyze(panel).lung_mask_node
    untouched = lung_mask_from_node(mask, panel.ui.ctSelector.currentNode()).labels
    erase_a_piece(panel)
    panel.ui.editMaskButton.click()
    corrected = lung_mask_from_node(mask, panel.ui.ctSelector.currentNode()).labels
    assert np.count_nonzero(corrected != untouched) > 10
    assert export_to_database(mask) == ""

    slicer.mrmlScene.Clear(0)
    [segmentation_series] = set(series_in_database()) - {ct_series}
    assert codes_in_file(segmentation_series) == [("39607008", "24028007"), ("39607008", "7771000")]
    load_series(ct_series, segmentation_series)
    slicer.util.selectModule("COVIDDetect")
    slicer.app.processEvents()
    [read] = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert np.array_equal(lung_mask_from_node(read, panel.ui.ctSelector.currentNode()).labels, corrected)
    panel.ui.maskSelector.setCurrentNode(read)
    begin(panel)
    result = finish(panel)
    assert result.lung_mask_node is read
    assert result.record["lungs"]["method"] == "given"


def test_objects_are_written_into_a_folder_and_into_the_study_in_slicers_database(
    database: None, panel: Any, phantom_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_slicer():
        pytest.skip("the embedded viewer has no DICOM database")
    import pydicom
    import qt
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    out = tmp_path / "out"
    out.mkdir()
    load_folder(phantom_series)
    [ct_series] = series_in_database()
    result = analyze(panel)
    scored = lung_mask_from_node(result.lung_mask_node, result.ct_node).labels
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", staticmethod(lambda *values: str(out)))
    panel.panel.report.menu.dicom.to_folder.trigger()
    assert panel.ui.messageLabel.text == ""
    objects = {file.name: pydicom.dcmread(file) for file in out.iterdir()}
    assert {"lungs.dcm", "heat-map.dcm", "report.dcm"} <= objects.keys()
    study = pydicom.dcmread(slicer.dicomDatabase.filesForSeries(ct_series)[0]).StudyInstanceUID
    assert {one.StudyInstanceUID for one in objects.values()} == {study}

    panel.panel.report.menu.dicom.to_database.trigger()
    assert panel.ui.messageLabel.text == ""
    files = [slicer.dicomDatabase.filesForSeries(series)[0] for series in set(series_in_database()) - {ct_series}]
    kinds = {file: pydicom.dcmread(file, stop_before_pixels=True) for file in files}
    assert len(kinds) == len(objects) and not list(Path(slicer.app.temporaryPath).glob("coviddetect-*/*.dcm"))
    [lungs] = [one for one in kinds.values() if "lungs" in one.SeriesDescription]
    slicer.mrmlScene.Clear(0)
    load_series(ct_series, str(lungs.SeriesInstanceUID))
    slicer.util.selectModule("COVIDDetect")
    [segmentation] = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    [ct] = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert np.array_equal(lung_mask_from_node(segmentation, ct).labels > 0, scored > 0)


def test_what_cannot_be_exported_as_dicom_gets_one_sentence(database: None, panel: Any) -> None:
    if not is_slicer():
        pytest.skip("the embedded viewer has no DICOM database")
    load_phantom()
    result = analyze(panel)
    panel.panel.report.menu.dicom.to_database.trigger()
    assert "not in Slicer's DICOM database" in panel.ui.messageLabel.text
    segmentation = result.lung_mask_node.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    panel.panel.report.menu.dicom.to_database.trigger()
    assert "out of date" in panel.ui.messageLabel.text
    assert series_in_database() == []


def codes_in_file(series: str) -> list[tuple[str, str]]:
    """Type and its modifier of each segment of the series' only file, as any other program reads them."""
    import pydicom
    import slicer

    [file] = slicer.dicomDatabase.filesForSeries(series)
    segments = pydicom.dcmread(file, stop_before_pixels=True).SegmentSequence
    kinds = [segment.SegmentedPropertyTypeCodeSequence[0] for segment in segments]
    assert {kind.CodingSchemeDesignator for kind in kinds} == {"SCT"}
    return [(kind.CodeValue, kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue) for kind in kinds]

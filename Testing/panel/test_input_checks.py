"""What is wrong with a CT is said before it is computed; what can be computed all the same is asked once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry

from Testing.dicom_series import write_enhanced, write_series
from Testing.panel.host import is_slicer, wait_until
from Testing.panel.steps import begin, finish, load_phantom, phantom

MM = (2.8, 2.8, 10.0)


def load(hu: np.ndarray, spacing: tuple[float, float, float] = MM, name: str = "Chest CT") -> Any:
    """A scalar volume comes into the scene and is selected."""
    import slicer
    from COVIDDetectLib.mrml.nodes.ct import place

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    place(node, Geometry.axial(spacing))
    slicer.util.updateVolumeFromArray(node, hu)
    node.CreateDefaultDisplayNodes()
    slicer.app.processEvents()
    return node


def load_vectors(components: int) -> None:
    """A volume with several numbers a voxel comes into the scene."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Picture")
    slicer.util.updateVolumeFromArray(node, np.zeros((4, 8, 8, components), dtype=np.uint8))
    slicer.app.processEvents()


def body(gas_hu: int) -> np.ndarray:
    """A round body of soft tissue with a pocket in it."""
    rows, columns = np.mgrid[-64:64, -64:64]
    hu = np.full((30, 128, 128), -1000, dtype=np.int16)
    hu[:, np.hypot(rows, columns) < 45] = 40
    hu[10:20, np.hypot(rows, columns) < 12] = gas_hu
    return hu


def with_contrast_agent() -> np.ndarray:
    hu = phantom().ct.hu.copy()
    middle = hu[:, 30:80, 45:85]
    middle[middle > 20] += 150
    return hu


def refused(panel: Any) -> str:
    """Click Analyze where that is no use; what is said then."""
    panel.ui.analyzeButton.click()
    assert not panel.logic.busy
    assert panel.ui.analyzeButton.text == "Analyze"
    assert panel.ui.messageLabel.visible
    return str(panel.ui.messageLabel.text)


def asked(panel: Any) -> str:
    """Click Analyze where something can be computed all the same; what is said before."""
    combo = panel.ui.methodComboBox
    combo.currentIndex = combo.findData("threshold")
    panel.ui.analyzeButton.click()
    assert not panel.logic.busy
    assert panel.ui.analyzeButton.text == "Analyze all the same", panel.ui.messageLabel.text
    assert panel.ui.messageLabel.visible
    return str(panel.ui.messageLabel.text)


def assert_it_is_asked_once(panel: Any) -> None:
    """The second click begins, and so does every one after it."""
    for _ in range(2):
        begin(panel, "threshold")
        assert panel.ui.messageLabel.text == ""
        panel.ui.cancelButton.click()
        wait_until(lambda: not panel.logic.busy, 5.0, "cancelled")
        assert panel.ui.analyzeButton.text == "Analyze"


@pytest.mark.parametrize(
    ("hu", "spacing", "sentence"),
    [
        (lambda: body(40), MM, "No air-filled lung is seen in this CT; choose a CT of the chest."),
        (lambda: body(-1000), MM, "This looks like a CT of another part of the body"),
        (lambda: phantom().ct.hu[10:], MM, "The lungs are cut off at the lower end of the CT; choose a series of the"),
        (lambda: phantom().ct.hu[8:20], MM, "The CT has only 12 axial slices, of which at least 16 are needed"),
        (with_contrast_agent, MM, "The vessels hold contrast agent"),
        (
            lambda: phantom().ct.hu,
            (1.0, 1.0, 1.0),
            "The voxels measure 1 × 1 × 1 mm and the slices 128 × 128 mm, unlike",
        ),
    ],
    ids=["no lungs", "other body part", "cut off", "few slices", "contrast", "spacing"],
)
def test_what_can_be_computed_all_the_same_is_asked_once(panel: Any, hu: Any, spacing: Any, sentence: str) -> None:
    load(hu(), spacing)
    assert asked(panel).startswith(sentence)
    assert_it_is_asked_once(panel)


def test_values_that_are_not_hu_are_refused(panel: Any) -> None:
    load(phantom().ct.hu + np.int16(1500))
    assert "are not Hounsfield units of a chest: there is no air in it; choose a chest CT." in refused(panel)


def test_a_single_picture_is_refused(panel: Any) -> None:
    load(phantom().ct.hu[14:15])
    assert refused(panel) == "Chest CT is a single picture; choose a whole chest CT."


def test_an_image_without_voxels_is_no_ct(panel: Any) -> None:
    import slicer
    import vtk
    from COVIDDetectLib.errors import InputError

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Chest CT")
    empty = vtk.vtkImageData()
    empty.SetDimensions(4, 4, 4)
    node.SetAndObserveImageData(empty)
    slicer.app.processEvents()
    assert panel.panel.parameters.ct is None
    with pytest.raises(InputError, match="is empty; load the CT again"):
        panel.logic.analyze(node)


def test_a_tilted_gantry_is_asked_once_and_the_lungs_are_found_all_the_same(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    node = load(phantom().ct.hu)
    matrix = Geometry.axial(MM).ijk_to_ras
    matrix[1, 2] = 10.0 * np.tan(np.radians(12.0))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
    said = "The CT was scanned with the gantry tilted by 12 degrees; choose a series without tilt."
    assert asked(panel) == said
    panel.ui.analyzeButton.click()
    result = finish(panel)
    assert said in panel.ui.whyLabel.text
    assert_lungs_are_those_of_the_phantom(lung_mask_from_node(result.lung_mask_node, node).labels)


def assert_lungs_are_those_of_the_phantom(labels: np.ndarray) -> None:
    truth = phantom().lung_mask
    for side in (1, 2):
        overlap = np.count_nonzero((labels == side) & (truth == side))
        assert 2 * overlap / (np.count_nonzero(labels == side) + np.count_nonzero(truth == side)) > 0.93


@pytest.mark.parametrize(
    ("components", "sentence"),
    [
        (3, "Picture is in color; choose the original series in Hounsfield units."),
        (5, "Picture is a series of 5 volumes in time; load only one of them."),
    ],
)
def test_a_volume_that_cannot_be_chosen_says_why(panel: Any, components: int, sentence: str) -> None:
    import slicer

    load_vectors(components)
    assert panel.ui.ctSelector.currentNode() is None
    assert panel.ui.hintWidget.visible
    assert panel.ui.hintLabel.text == sentence
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("Picture"))
    assert "Load a chest CT" in panel.ui.hintLabel.text
    load_vectors(components)
    load_phantom()
    assert panel.ui.ctSelector.currentNode() is not None
    assert not panel.ui.hintWidget.visible


def test_of_a_time_series_the_volume_that_is_shown_is_computed_after_a_question(panel: Any) -> None:
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "4D CT")
    for time in range(3):
        volume = slicer.vtkMRMLScalarVolumeNode()
        slicer.util.updateVolumeFromArray(volume, phantom().ct.hu + np.int16(time))
        volume.SetSpacing(*MM)
        sequence.SetDataNodeAtValue(volume, str(time))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetSelectedItemNumber(1)
    slicer.app.processEvents()
    node = browser.GetProxyNode(sequence)
    panel.ui.ctSelector.setCurrentNode(node)
    assert asked(panel).startswith(
        "The CT is a series of 3 volumes in time, of which number 2 is shown; choose the one at full inspiration"
    )
    panel.ui.analyzeButton.click()
    result = finish(panel)
    assert "of which number 2 is shown" in panel.ui.whyLabel.text
    assert result.stale == ""
    browser.SetSelectedItemNumber(2)
    assert result.stale == "The CT was changed after scoring."
    assert "of which number 3 is shown" in asked(panel)
    for left in (browser, sequence, node):
        slicer.mrmlScene.RemoveNode(left)


# --- Slices out of place: only DICOM tells of them ----------------------------------------------------------------

EVEN_MM = [10.0 * k for k in range(28)]


@pytest.fixture
def database(host: None) -> Iterator[Any]:
    """Slicer's DICOM database, empty; none in the embedded viewer, which refuses such series when it opens them."""
    if not is_slicer():
        yield None
        return
    import slicer
    from DICOMLib import DICOMUtils

    earlier = DICOMUtils.openTemporaryDatabase()
    yield slicer.dicomDatabase
    DICOMUtils.closeTemporaryDatabase(earlier)


def load_series(database: Any, folder: Path, z_mm: list[float], hu: np.ndarray) -> Any:
    """A DICOM series comes into the scene as a user loads it; its volume is selected."""
    import slicer

    uid = write_series(folder, hu, z_mm=z_mm, spacing_mm=MM)
    if database is None:
        from Viewer.opening import open_ct

        return open_ct(folder)
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(str(folder), database)
    loaded = [slicer.mrmlScene.GetNodeByID(node) for node in DICOMUtils.loadSeriesByUID([uid])]
    slicer.app.processEvents()
    return next(node for node in loaded if node.IsA("vtkMRMLScalarVolumeNode"))


def harden(node: Any) -> None:
    """What the button *Harden transform* calls."""
    import slicer

    assert node.HardenTransform()
    slicer.app.processEvents()


def test_missing_slices_are_evened_out_asked_once_and_computed(panel: Any, database: Any, tmp_path: Path) -> None:
    kept = [k for k in range(28) if k not in (12, 13)]
    hu, z_mm = phantom().ct.hu[kept], [EVEN_MM[k] for k in kept]
    gaps = "has slices 10.0 to 30.0 mm apart, as if some were missing; load the whole series"
    if database is None:
        from COVIDDetectLib.errors import InputError

        with pytest.raises(InputError, match=gaps):
            load_series(database, tmp_path, z_mm, hu)
        return
    node = load_series(database, tmp_path, z_mm, hu)
    assert node.GetParentTransformNode().GetClassName() == "vtkMRMLGridTransformNode"
    assert refused(panel) == (f"The CT {gaps}, or harden the transform that evens them out (Transforms module).")
    harden(node)
    assert asked(panel) == f"The CT {gaps}."
    panel.ui.analyzeButton.click()
    result = finish(panel)
    true_ml = np.count_nonzero(phantom().lung_mask) * np.prod(MM) / 1000
    assert sum(lung["volume_ml"] for lung in result.record["opacity"]) == pytest.approx(true_ml, rel=0.03)


def test_several_images_at_one_position_are_refused(panel: Any, database: Any, tmp_path: Path) -> None:
    hu, z_mm = np.repeat(phantom().ct.hu, 2, axis=0), [z for z in EVEN_MM for _ in range(2)]
    twice = "has several images at one position \\(phases or time points\\); choose a series with only one."
    if database is None:
        from COVIDDetectLib.errors import InputError

        with pytest.raises(InputError, match=twice):
            load_series(database, tmp_path, z_mm, hu)
        return
    load_series(database, tmp_path, z_mm, hu)
    assert refused(panel) == "The CT " + twice.replace("\\", "")


def test_slices_that_are_hardly_out_of_place_need_only_be_hardened(panel: Any, database: Any, tmp_path: Path) -> None:
    """Slicer evens out what is off by more than a micrometer."""
    if database is None:
        pytest.skip("the embedded viewer has no such transform")
    node = load_series(database, tmp_path, [z + 0.02 * (k % 2) for k, z in enumerate(EVEN_MM)], phantom().ct.hu)
    said = f"{node.GetName()} has a nonlinear transform; harden it in the Transforms module."
    assert refused(panel) == said
    harden(node)
    begin(panel)
    finish(panel)


def test_a_series_with_a_tilted_gantry_is_asked_once(panel: Any, database: Any, tmp_path: Path) -> None:
    if database is None:
        pytest.skip("the embedded viewer refuses such a series; its reader is tested by itself")
    import slicer
    from DICOMLib import DICOMUtils

    uid = write_series(tmp_path, phantom().ct.hu, spacing_mm=MM, tilt_mm=2.0)
    DICOMUtils.importDicom(str(tmp_path), database)
    DICOMUtils.loadSeriesByUID([uid])
    slicer.app.processEvents()
    assert asked(panel) == ("The CT was scanned with the gantry tilted by 11 degrees; choose a series without tilt.")


@pytest.mark.parametrize(
    ("order", "intercept", "said"),
    [
        (range(28), -1024, ""),
        ([*range(14), *range(27, 13, -1)], -1024, "The CT was loaded with voxels of 1 × 1 × 1 mm, and its DICOM files"),
        ([k for k in range(28) if k != 9], -1024, "The CT has slices 10.0 to 20.0 mm apart, as if some were missing;"),
        ([*range(28), *range(28)], -1024, "The CT has several images at one position (phases or time points); choose"),
        (range(28), -1000, "14 of 28 slices of the CT do not show what its DICOM files hold there (frames in another"),
    ],
    ids=["plain", "out of order", "one missing", "two phases", "rescale of each frame"],
)
def test_frames_that_slicer_reads_wrongly_are_named(
    panel: Any, database: Any, tmp_path: Path, order: list[int], intercept: int, said: str
) -> None:
    if database is None:
        pytest.skip("the embedded viewer reads frames itself; its reader is tested by itself")
    import slicer
    from DICOMLib import DICOMUtils

    every_other = {0: -1024, 1: intercept}
    write_enhanced(tmp_path / "ct.dcm", phantom().ct.hu, order, spacing_mm=MM, intercept=lambda k: every_other[k % 2])
    DICOMUtils.importDicom(str(tmp_path), database)
    DICOMUtils.loadPatientByUID(database.patients()[0])
    slicer.app.processEvents()
    if said:
        panel.ui.analyzeButton.click()
        assert not panel.logic.busy
        assert panel.ui.messageLabel.text.startswith(said)
    else:
        begin(panel)
        finish(panel)


def test_a_database_that_is_closed_tells_nothing_and_stops_nothing(panel: Any, database: Any, tmp_path: Path) -> None:
    if database is None:
        pytest.skip("the embedded viewer has no DICOM database")
    load_series(database, tmp_path, EVEN_MM, phantom().ct.hu)
    folder = database.databaseDirectory
    database.closeDatabase()
    begin(panel)
    finish(panel)
    from DICOMLib import DICOMUtils

    assert DICOMUtils.openDatabase(folder)


def test_what_was_wrong_with_an_earlier_content_is_not_said_of_the_new_one(panel: Any) -> None:
    import slicer

    node = load(phantom().ct.hu[8:20])
    panel.ui.analyzeButton.click()
    assert "only 12 axial slices" in panel.ui.messageLabel.text
    begin(panel)
    assert any("12 axial slices" in note for note in finish(panel).record["notes"])
    slicer.util.updateVolumeFromArray(node, phantom().ct.hu)
    begin(panel)
    assert not any("axial slices" in note for note in finish(panel).record["notes"])

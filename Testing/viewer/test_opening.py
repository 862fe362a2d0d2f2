"""What a user opens or drops comes into the scene, or a sentence says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk


@pytest.fixture
def nrrd(tmp_path: Path, small_phantom: Any) -> Path:
    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    small_phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / "thorax.nrrd"))
    return tmp_path / "thorax.nrrd"


def test_a_volume_file_is_shown_in_a_lung_window(viewer: Any, nrrd: Path, small_phantom: Any) -> None:
    import slicer

    from Viewer.opening import open_path

    assert "thorax" in open_path(nrrd)
    node = slicer.util.getNode("thorax*")
    assert np.array_equal(slicer.util.arrayFromVolume(node), small_phantom.ct.hu)
    matrix = slicer.util.arrayFromVTKMatrix(_ijk_to_ras(node))
    assert np.allclose(matrix, small_phantom.ct.geometry.ijk_to_ras)
    assert node.GetDisplayNode().GetWindow() == 1400
    assert slicer.util.getNode("vtkMRMLSliceCompositeNodeRed").GetBackgroundVolumeID() == node.GetID()


def test_the_panel_takes_the_ct_that_was_opened(viewer: Any, nrrd: Path) -> None:
    import slicer

    from Viewer.opening import open_path

    open_path(nrrd)
    for _ in range(3):
        slicer.app.processEvents()
    assert viewer.panel.ui.ctSelector.currentNode() is slicer.util.getNode("thorax*")
    assert viewer.panel.ui.analyzeButton.enabled


@pytest.mark.real_ct
def test_a_dicom_folder_is_opened_by_its_chest_series(viewer: Any, real_ct_folder: Path) -> None:
    import slicer

    from Viewer.opening import open_path

    sentence = open_path(real_ct_folder)
    node = slicer.util.getNode("vtkMRMLScalarVolumeNode*")
    assert node.GetName() in sentence
    assert slicer.util.arrayFromVolume(node).shape[1:] == (512, 512)


def test_a_file_that_is_no_ct_gives_a_sentence(viewer: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.errors import InputError

    from Viewer.opening import open_path

    file = tmp_path / "notes.nrrd"
    file.write_text("not an image")
    with pytest.raises(InputError, match="notes"):
        open_path(file)
    with pytest.raises(InputError, match="does not exist"):
        open_path(tmp_path / "missing.mrb")
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []


def test_a_bad_scene_gives_a_sentence_and_leaves_the_present_one(viewer: Any, ct: Any, tmp_path: Path) -> None:
    from COVIDDetectLib.errors import InputError

    from Viewer.opening import open_path

    file = tmp_path / "scene.mrb"
    file.write_text("no archive")
    with pytest.raises(InputError, match=r"scene\.mrb"):
        open_path(file)
    assert ct.GetScene() is not None


def test_dropped_files_are_opened(viewer: Any, nrrd: Path) -> None:
    import slicer
    from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(nrrd))])
    window = viewer.window
    enter = QDragEnterEvent(
        window.rect.center(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    slicer.app.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    slicer.app.sendEvent(window, drop)
    for _ in range(5):
        slicer.app.processEvents()
    assert slicer.util.getNode("thorax*")
    assert "thorax" in window.statusBar().currentMessage()


def test_a_bad_file_that_is_dropped_is_told_in_the_window(
    viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QMessageBox

    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))
    file = tmp_path / "letter.txt"
    file.write_text("Dear colleague")
    viewer.window._open(str(file))
    assert len(told) == 1
    assert "letter.txt" in told[0]
    assert viewer.window.statusBar().currentMessage() == told[0]


def test_a_scene_comes_back_as_it_was_saved(viewer: Any, ct: Any, tmp_path: Path) -> None:
    import slicer

    from Viewer.opening import open_path, save_scene

    voxels = slicer.util.arrayFromVolume(ct).copy()
    file = tmp_path / "reading.mrb"
    save_scene(file)
    slicer.mrmlScene.Clear(0)
    open_path(file)
    again = slicer.util.getNode("Block")
    assert np.array_equal(slicer.util.arrayFromVolume(again), voxels)
    assert again.GetDisplayNode().GetWindow() == 1400
    assert slicer.util.getNode("vtkMRMLSliceCompositeNodeRed").GetBackgroundVolumeID() == again.GetID()


def test_a_scene_cannot_be_saved_to_nowhere(viewer: Any, tmp_path: Path) -> None:
    from COVIDDetectLib.errors import InputError

    from Viewer.opening import save_scene

    with pytest.raises(InputError, match="another place"):
        save_scene(tmp_path / "missing" / "scene.mrb")


def test_nodes_are_saved_and_loaded_by_slicer_util(viewer: Any, ct: Any, tmp_path: Path) -> None:
    import slicer

    assert slicer.util.saveNode(ct, str(tmp_path / "block.nrrd"))
    again = slicer.util.loadVolume(str(tmp_path / "block.nrrd"), {"name": "again"})
    assert np.array_equal(slicer.util.arrayFromVolume(again), slicer.util.arrayFromVolume(ct))
    with pytest.raises(RuntimeError, match="Failed to load"):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def _ijk_to_ras(node: Any) -> Any:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix

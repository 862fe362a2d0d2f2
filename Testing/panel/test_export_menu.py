"""The result goes to a PACS, with what the user says of it and the pictures that the user adds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.dicom_series import write_ct
from Testing.orthanc import an_archive, free_port, is_installed, stored
from Testing.panel.dicom_steps import load_folder
from Testing.panel.host import is_slicer, wait_until
from Testing.panel.steps import analyze, let_views_settle, load_phantom, phantom, pixels
from Testing.panel.test_dicom import database as database
from Testing.panel.test_mask import erase_a_piece
from Testing.panel.test_report import save_as as save_as
from Testing.panel.test_weights import answer


@pytest.fixture
def menu(panel: Any) -> Iterator[Any]:
    import slicer

    key = "COVIDDetect/archive"
    earlier = slicer.app.userSettings().value(key)
    slicer.app.userSettings().remove(key)
    yield panel.panel.report.menu
    slicer.app.userSettings().setValue(key, earlier or "")


def click(menu: Any, action: Any) -> None:
    """Open the menu, which then shows what can be done, and choose an entry."""
    menu.update()
    assert action.enabled
    action.trigger()


def write_in_corner(name: str, text: str) -> None:
    """As Slicer writes the patient's name into a slice view."""
    import slicer

    window = slicer.app.layoutManager().sliceWidget(name).sliceView().renderWindow()
    for renderer in window.GetRenderers():
        for prop in renderer.GetViewProps():
            if prop.IsA("vtkCornerAnnotation"):
                prop.SetText(0, text)


def load_series(folder: Path) -> None:
    """The phantom from DICOM."""
    write_ct(folder, phantom().ct)
    load_folder(folder)


def said_to(archive: str, heard: list[str]) -> Any:
    """Fill in the dialog that asks where to; what it says goes into a list."""

    def act(dialog: Any) -> None:
        import qt

        line = dialog.findChild(qt.QLineEdit, "archiveLineEdit")
        heard.extend([*(label.text for label in dialog.findChildren(qt.QLabel)), line.text])
        line.text = archive
        title = "Send" if archive else "Cancel"
        buttons = dialog.findChild(qt.QDialogButtonBox).buttons()
        next(button for button in buttons if button.text.replace("&", "") == title).click()

    return act


def send(menu: Any, archive: str) -> list[str]:
    """Click *Send to PACS…*, answer, and wait for the end; what the dialog said, and the last address."""
    heard: list[str] = []
    answer([said_to(archive, heard)])
    click(menu, menu.dicom.to_archive)
    wait_until(lambda: not menu.dicom.sender.busy, 60, "all is sent")
    return heard


def export_to(folder: Path, panel: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    import pydicom
    import qt

    folder.mkdir()
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", staticmethod(lambda *values: str(folder)))
    panel.panel.report.menu.dicom.to_folder.trigger()
    assert panel.ui.messageLabel.text == ""
    return {file.name: pydicom.dcmread(file) for file in folder.iterdir()}


def test_a_result_arrives_in_a_real_archive_after_one_question_and_nothing_before(
    database: None, panel: Any, menu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_installed():
        pytest.skip("Orthanc is not installed; on Debian: apt-get install orthanc orthanc-dicomweb")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    load_series(tmp_path / "series")
    analyze(panel)
    (tmp_path / "orthanc").mkdir()
    with an_archive(tmp_path / "orthanc") as (node, web):
        heard = send(menu, "")
        assert "5 DICOM objects" in heard[0] and heard[-1] == ""
        assert stored(web) == {} and panel.ui.messageLabel.text == ""
        click(menu, menu.verdicts["accepted"])
        click(menu, menu.add_image)
        heard = send(menu, node)
        assert panel.ui.messageLabel.text == ""
        kept = stored(web)
        assert f"{len(kept)} DICOM objects" in heard[0]
        descriptions = [one.SeriesDescription for one in kept.values()]
        for what in ("lungs", "regions", "heat map", "report", "assessment", "key images"):
            assert f"COVIDDetect {what} (research)" in descriptions
    assert send(menu, f"PACS@127.0.0.1:{free_port()}")[-1] == node, "the last address is offered"
    assert "does not answer" in panel.ui.messageLabel.text
    assert list(tmp_path.glob("coviddetect-*")) == [], "the files hold the patient's name"


def test_an_accepted_result_is_modified_once_its_mask_was_corrected(
    database: None, panel: Any, menu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from COVIDDetectLib.mrml.nodes.verdict import assessment_of

    load_phantom()
    result = analyze(panel)
    assert assessment_of(result, "me") is None
    click(menu, menu.verdicts["rejected"])
    click(menu, menu.verdicts["accepted"])
    panel.panel.regions.step(1)
    panel.panel.reading.mark()
    said = assessment_of(result, "me")
    assert said is not None and (said.verdict, said.reader) == ("accepted", "me") and "yes" in said.marks.values()
    assert menu.verdicts["accepted"].checked and not menu.verdicts["rejected"].checked
    erase_a_piece(panel)
    menu.update()
    assert not menu.verdicts["accepted"].enabled
    panel.ui.rescoreEditedButton.click()
    wait_until(lambda: not panel.logic.busy, 60, "scored again")
    menu.update()
    assert assessment_of(result, "me") is None, "nothing was said of the new number"
    assert not menu.verdicts["accepted"].checked
    click(menu, menu.verdicts["accepted"])
    said = assessment_of(result, "me")
    assert said is not None and said.verdict == "modified"
    click(menu, menu.verdicts["accepted"])
    assert assessment_of(result, "me") is None, "a second click takes it back"
    panel.ui.editMaskButton.click()


def test_a_key_image_is_what_the_views_show_without_the_patient_s_name(
    database: None, panel: Any, menu: Any, save_as: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.key_images import key_images_of
    from COVIDDetectLib.mrml.nodes.result import Result

    load_series(tmp_path / "series")
    result = analyze(panel)
    write_in_corner("Red", "DOE JOHN")
    before = pixels("Red")
    click(menu, menu.add_image)
    first = key_images_of(result)
    assert {one.axis for one in first} == {"axial", "coronal", "sagittal"} and {one.added for one in first} == {1}
    red = next(one for one in first if one.axis == "axial")
    colors = np.asarray(red.image).astype(int)
    assert np.ptp(colors, axis=2).max() > 50, "the heat map and the outlines are on it"
    assert (before != colors).any() and np.array_equal(pixels("Red"), before), "corner texts are on the screen alone"
    write_in_corner("Red", "")
    let_views_settle()
    click(menu, menu.add_image)
    click(menu, menu.add_image)
    click(menu, menu.remove_image)
    assert menu.remove_image.text.endswith("(2)")
    objects = export_to(tmp_path / "out", panel, monkeypatch)
    shown = objects["key-image-1.dcm"]
    assert np.array_equal(shown.pixel_array, np.asarray(first[0].image))
    assert sum(name.startswith("key-image") for name in objects) == 2 * len(first)
    save_as(tmp_path / "report.html")
    panel.ui.exportButton.click()
    assert panel.ui.messageLabel.text == ""
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("Key image 2: ") == 2 * len(first)
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    (loaded,) = Result.all()
    assert [np.asarray(one.image).tolist() for one in key_images_of(loaded)[: len(first)]] == [
        np.asarray(one.image).tolist() for one in first
    ]
    save_as(tmp_path / "report.pdf")
    panel.ui.exportButton.click()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_ct_that_is_not_from_dicom_cannot_be_sent(database: None, panel: Any, menu: Any) -> None:
    load_phantom()
    analyze(panel)
    click(menu, menu.dicom.to_archive)
    assert "not in Slicer's DICOM database" in panel.ui.messageLabel.text
    assert hasattr(menu.dicom, "to_database") == is_slicer()

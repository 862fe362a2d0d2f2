"""The result leaves the panel: text on the clipboard, and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, load_phantom


@pytest.fixture
def save_as(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Answers the file dialog, which no test can click, with a file."""
    import qt

    return lambda file: monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *values: str(file)))


def copied(panel: Any) -> str:
    import qt

    panel.ui.copyTextButton.click()
    return str(qt.QApplication.clipboard().text())


def test_the_text_says_what_the_panel_shows(panel: Any) -> None:
    load_phantom("Doe John")
    result = analyze(panel)
    text = copied(panel)
    assert f"{panel.ui.probabilityLabel.text}, " in text
    assert result.record["input"]["sha256"][:12] in text and "Doe" not in text
    assert "OUT OF DATE" not in text
    panel.ui.decisionThresholdSlider.value = 0.8
    assert "decision threshold of 0.80" in copied(panel)
    segmentation = result.lung_mask_node.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    assert "OUT OF DATE: The lung mask was edited after scoring." in copied(panel)


def test_the_method_is_copied_with_the_map_that_is_shown(panel: Any) -> None:
    import qt

    load_phantom("Doe John")
    result, ui = analyze(panel), panel.ui
    ui.copyMethodButton.click()
    text = str(qt.QApplication.clipboard().text())
    assert result.record["weights"]["sha256"] in text and "Draelos" in text and "Doe" not in text
    index = ui.layerComboBox.findData("second ResBlock, occlusion")
    ui.layerComboBox.currentIndex = index
    panel.panel.explain(index)
    wait_until(lambda: not panel.logic.busy, 5, "the heat map is made")
    ui.copyMethodButton.click()
    text = str(qt.QApplication.clipboard().text())
    assert "Zeiler" in text and "Selvaraju" not in text


def test_each_kind_of_file_is_written_with_the_pictures_of_the_scene(panel: Any, save_as: Any, tmp_path: Path) -> None:
    load_phantom()
    analyze(panel)
    for ending, beginning in ((".pdf", b"%PDF"), (".html", b"<!DOCTYPE"), (".txt", b"Chest CT"), (".csv", b"study,")):
        save_as(tmp_path / f"report{ending}")
        panel.ui.exportButton.click()
        assert panel.ui.messageLabel.text == ""
        assert (tmp_path / f"report{ending}").read_bytes().startswith(beginning)
    html = (tmp_path / "report.html").read_text("utf-8")
    assert html.count("<img") >= 3 and "28 slices of 128 x 128 voxels" in html
    save_as(tmp_path / "report.docx")
    panel.ui.exportButton.click()
    assert "use .pdf, .html, .txt or .csv" in panel.ui.messageLabel.text
    assert not (tmp_path / "report.docx").exists()


def test_a_page_without_the_heat_map_has_no_pictures(panel: Any, save_as: Any, tmp_path: Path) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    slicer.mrmlScene.RemoveNode(result.heat_map_node)
    save_as(tmp_path / "report.html")
    panel.ui.exportButton.click()
    assert "<img" not in (tmp_path / "report.html").read_text("utf-8")

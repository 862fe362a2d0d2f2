"""My reading first: until the user has read the CT, nothing anywhere says what was computed."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.panel.host import close_scene, key, node_counts, wait_until
from Testing.panel.instant_client import InstantClient
from Testing.panel.steps import (
    LONGEST_ANALYSIS_S,
    analyze,
    begin,
    finish,
    let_views_settle,
    load_phantom,
    pixels,
    seen_in,
    view,
)


class Told(InstantClient):
    """Answers every analysis with a probability of the test's choice."""

    probability = 0.5

    def _begin(self, ct: Any, compute: Callable[[], Any], steps: Sequence[Any]) -> None:
        def told() -> Any:
            value = compute()
            return replace(value, score=replace(value.score, probability=self.probability))

        super()._begin(ct, told, steps)


@pytest.fixture
def client(host: None) -> InstantClient:
    return Told()


@pytest.fixture
def reader(panel: Any, tmp_path: Path) -> Iterator[Any]:
    """The panel with the switch on, and a table of its own."""
    panel.panel.reading.file = tmp_path / "COVIDDetect" / "readings.csv"
    panel.ui.readingFirstCheckBox.checked = True
    yield panel
    panel.ui.readingFirstCheckBox.checked = False


def compute(panel: Any) -> None:
    """Click Analyze, and wait until all is computed."""
    begin(panel)
    wait_until(lambda: panel.logic.gate.waits, 30, "the answer waits")


def choose(panel: Any, category: str, sure: str) -> None:
    ui = panel.ui
    for combo, value in ((ui.readingClassComboBox, category), (ui.readingSureComboBox, sure)):
        combo.currentIndex = combo.findData(value)
    assert ui.readingButton.enabled


def read(panel: Any, category: str = "CO-RADS 4", sure: str = "high") -> Any:
    choose(panel, category, sure)
    panel.ui.readingButton.click()
    return finish(panel)


def rows(panel: Any) -> list[dict[str, str]]:
    with panel.panel.reading.file.open(newline="") as file:
        return list(csv.DictReader(file))


def picture_of(widget: Any) -> np.ndarray:
    """What a widget shows, ``[row, column, channel]``."""
    import qt

    image = widget.grab().toImage().convertToFormat(qt.QImage.Format_RGB32)
    there = qt.QByteArray()
    buffer = qt.QBuffer(there)
    buffer.open(qt.QIODevice.WriteOnly)
    assert image.save(buffer, "BMP")
    content = there.data()
    start, width, height, bits = (int.from_bytes(content[at : at + 4], "little") for at in (10, 18, 22, 28))
    bytes_a_row = (width * (bits & 0xFFFF) // 8 + 3) // 4 * 4
    rows_from_below = np.frombuffer(content, np.uint8)[start:].reshape(height, bytes_a_row)
    return rows_from_below[::-1, : width * (bits & 0xFFFF) // 8].reshape(height, width, -1)


def picture_without_slices() -> np.ndarray:
    """What the whole main window shows but in the slice views."""
    import qt
    import slicer

    window = slicer.util.mainWindow()
    picture = picture_of(window).copy()
    ratio = window.devicePixelRatioF()
    for name in ("Red", "Green", "Yellow"):
        shown = view(name)
        corner = shown.mapTo(window, qt.QPoint(0, 0))
        left, top, right, bottom = (
            round(ratio * one) for one in (corner.x(), corner.y(), corner.x() + shown.width, corner.y() + shown.height)
        )
        picture[top:bottom, left:right] = 0
    return picture


def all_that_is_said(panel: Any) -> list[str]:
    """Texts and tool tips of all widgets of the panel, and names and attributes of all nodes."""
    import slicer

    said = []
    for name, widget in sorted(vars(panel.ui).items()):
        texts = [str(getattr(widget, one, "")) for one in ("toolTip", "text", "value", "currentText", "visible")]
        said.append(f"{name}: {texts}")
    scene = slicer.mrmlScene
    for number in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(number)
        attributes = {one: node.GetAttribute(one) for one in node.GetAttributeNames()}
        said.append(f"{node.GetClassName()} {node.GetName()} {node.GetDescription()} {attributes}")
    return said


def test_low_and_high_look_the_same_until_she_has_read(
    reader: Any, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    import slicer

    caplog.set_level(logging.DEBUG)
    pictures, views, said, logs, opened = [], [], [], [], []
    for probability in (0.05, 0.95):
        client.probability = probability
        close_scene()
        caplog.clear()
        load_phantom()
        compute(reader)
        let_views_settle()
        pictures.append(picture_of(reader.parent))
        views.append([pixels(name) for name in ("Red", "Green", "Yellow")])
        said.append(all_that_is_said(reader))
        logs.append([record.getMessage() for record in caplog.records])
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
        reader.logic.cancel()  # else hidden labels would still tell of the CT before
        wait_until(lambda: not reader.logic.busy, 5, "cancelled")
    for probability in (0.05, 0.95):
        client.probability = probability
        close_scene()
        load_phantom()
        compute(reader)
        read(reader)
        let_views_settle()
        opened.append(picture_of(reader.parent))
    assert pictures[0].size > 100_000 and np.array_equal(*pictures)
    assert all(np.array_equal(low, high) for low, high in zip(*views, strict=True))
    assert said[0] == said[1] and logs[0] == logs[1]
    assert not np.array_equal(*opened), "else this test could not fail"


def test_of_two_patients_nothing_but_the_ct_differs_until_she_has_read(reader: Any, client: Any) -> None:
    pictures, views = [], []
    for probability, disease in ((0.05, None), (0.95, "covid")):
        client.probability = probability
        close_scene()
        load_phantom(disease=disease)
        compute(reader)
        let_views_settle()
        pictures.append(picture_without_slices())
        views.append(pixels())
        reader.logic.cancel()
        wait_until(lambda: not reader.logic.busy, 5, "cancelled")
    assert np.array_equal(*pictures) and not np.array_equal(*views)
    assert len(np.unique(pictures[0].reshape(-1, pictures[0].shape[-1]), axis=0)) > 100, "there is something to be seen"


def test_ct_and_lungs_are_there_while_the_answer_waits(reader: Any) -> None:
    import slicer

    ct = load_phantom()
    compute(reader)
    ui = reader.ui
    assert ui.readingWidget.visible and not ui.readingButton.enabled and not ui.resultWidget.visible
    assert "waits for your reading" in ui.progressLabel.text and ui.cancelButton.enabled
    assert seen_in(reader.logic.job.lungs_node) == ["Green", "Red", "Yellow"]
    assert not ui.analyzeButton.enabled
    key(reader, "M")
    assert seen_in(reader.logic.job.lungs_node) == [], "the user may want to see the CT alone"
    ui.maskVisibleCheckBox.checked = True
    assert seen_in(reader.logic.job.lungs_node) == ["Green", "Red", "Yellow"]
    ui.readingClassComboBox.currentIndex = 1
    assert not ui.readingButton.enabled, "how sure is not said yet"
    other = load_phantom("Another CT")
    ui.ctSelector.setCurrentNode(other)
    assert not ui.readingWidget.visible, "the views show the CT of somebody else"
    assert ui.progressLabel.text.startswith("Chest CT: ")
    ui.ctSelector.setCurrentNode(ct)
    result = read(reader)
    assert ui.resultWidget.visible and result.stale == ""
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1
    assert ui.regionsTable.currentRow() == 0, "the views stand at the hottest region, as always"


def test_both_readings_are_recorded_in_scene_and_table(reader: Any, client: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.reading import reading_of

    client.probability = 0.95
    ct = load_phantom()
    compute(reader)
    result = read(reader, "CO-RADS 2", "low")
    (first,) = rows(reader)
    assert (first["before"], first["sure_before"], first["after"], first["read_again"]) == ("CO-RADS 2", "low", "", "")
    assert first["case"] == result.record["input"]["sha256"][:12] and float(first["probability"]) == 0.95
    assert first["weights_sha256"] == result.record["weights"]["sha256"]
    assert first["analyzed"] <= first["read"] <= first["opened"] and first["opened"].endswith("+00:00")
    ui = reader.ui
    assert ui.readingWidget.visible and ui.readingLabel.text == "Do you change your reading?"
    assert ui.readingButton.text == "Keep"
    key(reader, "K")
    assert ui.regionsTable.item(0, 0).text() == "1 ✓"
    choose(reader, "CO-RADS 5", "low")
    assert ui.readingButton.text == "Change it"
    ui.readingClassComboBox.currentIndex = ui.readingClassComboBox.findData("RSNA typical")
    assert not ui.readingButton.enabled, "both readings on one scale"
    choose(reader, "CO-RADS 5", "low")
    ui.readingButton.click()
    assert not ui.readingWidget.visible
    _, second = rows(reader)
    assert (second["before"], second["after"], second["regions"]) == ("CO-RADS 2", "CO-RADS 5", "1 yes")
    assert first["opened"] <= second["read_again"] and second["read"] == first["read"]
    kept = reading_of(result)
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: ui.ctSelector.currentNode() is not None, 5, "the CT is chosen again")
    from COVIDDetectLib.mrml.nodes.result import Result

    assert reading_of(Result.all()[0]) == kept and ui.regionsTable.item(0, 0).text() == "1 ✓"
    assert ct.GetName() not in reader.panel.reading.file.read_text(), "no name"


def test_a_ct_that_she_has_read_is_scored_again_at_once(reader: Any) -> None:
    load_phantom()
    compute(reader)
    read(reader)
    reader.ui.rescoreButton.click()
    finish(reader)
    assert len(rows(reader)) == 1
    assert reader.ui.readingWidget.visible, "whether the user changes it is still asked"


def test_a_cancel_throws_the_answer_away_and_nothing_is_recorded(reader: Any) -> None:
    load_phantom()
    before = node_counts()
    compute(reader)
    reader.ui.cancelButton.click()
    wait_until(lambda: not reader.logic.busy, 5, "cancelled")
    assert node_counts() == before and not reader.ui.readingWidget.visible
    assert not reader.panel.reading.file.exists()
    compute(reader)
    assert not reader.ui.readingButton.enabled, "nothing is chosen in the next one"
    reader.logic.cancel()


@pytest.mark.parametrize("what", ["scene", "CT"])
def test_what_waits_ends_with_its_ct(reader: Any, what: str) -> None:
    import slicer

    ct = load_phantom()
    compute(reader)
    if what == "CT":
        slicer.mrmlScene.RemoveNode(ct)
    else:
        close_scene()
    wait_until(lambda: not reader.logic.busy, 5, "cancelled")
    assert not reader.ui.readingWidget.visible and not reader.logic.gate.waits


def test_a_ct_that_was_changed_meanwhile_is_refused_and_nothing_is_recorded(reader: Any) -> None:
    import slicer

    ct = load_phantom()
    compute(reader)
    slicer.util.updateVolumeFromArray(ct, np.full((20, 64, 64), -1000, dtype=np.int16))
    choose(reader, "RSNA typical", "medium")
    reader.ui.readingButton.click()
    assert reader.ui.messageLabel.text == "The CT was changed during the analysis; analyze it again."
    assert not reader.panel.reading.file.exists()


def test_a_table_that_cannot_be_written_is_said_and_the_scene_keeps_the_reading(reader: Any, tmp_path: Path) -> None:
    from COVIDDetectLib.mrml.nodes.reading import reading_of
    from COVIDDetectLib.mrml.nodes.result import Result

    (tmp_path / "COVIDDetect").write_text("a file where the folder should be")
    ct = load_phantom()
    compute(reader)
    choose(reader, "CO-RADS 1", "high")
    reader.ui.readingButton.click()
    assert "cannot be written" in reader.ui.messageLabel.text
    result = Result.of(ct)
    assert result is not None and reading_of(result).before == "CO-RADS 1"


def test_without_the_switch_nothing_waits_and_regions_can_be_marked(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    assert not panel.ui.readingWidget.visible
    texts = []
    for _ in range(4):
        key(panel, "K")
        texts.append(panel.ui.regionsTable.item(0, 0).text())
    assert texts == ["1 ✓", "1 ✗", "1 ?", "1"]
    assert panel.ui.regionsTable.currentRow() == 0, "the region stays chosen"


def test_what_the_real_process_computed_waits_too(panel: Any, real_worker: Any, tmp_path: Path) -> None:
    panel.panel.reading.file = tmp_path / "readings.csv"
    panel.ui.readingFirstCheckBox.checked = True
    try:
        load_phantom()
        begin(panel)
        wait_until(lambda: panel.logic.gate.waits, LONGEST_ANALYSIS_S, "the answer waits")
        assert not real_worker.busy and panel.logic.job.lungs_in_scene is not None
        result = read(panel)
    finally:
        panel.ui.readingFirstCheckBox.checked = False
    assert result.lung_mask_node is not None and len(rows(panel)) == 1

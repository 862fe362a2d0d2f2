"""A day with the worklist: a scored cohort is opened, read case by case, and labeled by two readers."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.cohort.cases import Case, read_cases
from COVIDDetectLib.cohort.records import keep, plan_tasks, write_tables
from COVIDDetectLib.cohort.score import Loaded, Outcome, Scoring, store_case
from COVIDDetectLib.phantom.ideal import analysis_of, ideal_analysis
from COVIDDetectLib.report.files import OVERVIEW

from Testing.dicom_series import write_ct
from Testing.panel.host import key, node_counts, picture
from Testing.panel.steps import composite, let_views_settle, load_phantom, phantom, show, write_result
from Testing.panel.test_mask import erase_a_piece
from Testing.panel.test_removed_nodes import remove

NEXT, PREVIOUS = "Alt+PgDown", "Alt+PgUp"


@pytest.fixture(scope="session")
def scored_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four CTs as ``coviddetect batch`` leaves them, scored by their ground truth; one of them DICOM, one damaged."""
    folder = tmp_path_factory.mktemp("cohort")
    made = {
        "ill": (phantom("covid"), 2.0, ()),
        "well": (phantom(None), -2.0, ()),
        "doubtful": (phantom("covid", "LAS"), 0.3, ("Slices are missing.",)),
        "dicom": (phantom("covid"), 1.0, ()),
    }
    cases = [Case(name, folder / (name if name == "dicom" else f"{name}.nrrd")) for name in (*made, "damaged")]
    scoring = Scoring(skip=(OVERVIEW,))
    tasks = plan_tasks(cases, folder / "scored", scoring)
    for task in tasks:
        name, path = task.case.name, task.case.path
        if name not in made:
            keep(task, Outcome(name, kind="input", sentence="It holds no volume."), scoring)
            continue
        one, logit, findings = made[name]
        if name == "dicom":
            write_ct(path, one.ct)
        else:
            image = sitk.GetImageFromArray(one.ct.hu)
            one.ct.geometry.apply_to(image)
            sitk.WriteImage(image, str(path))
        known = ideal_analysis(one)
        analysis = analysis_of(one.ct, known.lung_mask, known.attention, logit, lungs_method="unet", findings=findings)
        loaded = Loaded(one.ct, None, findings, 0.0)
        keep(task, store_case(task.case, loaded, analysis, scoring, task.folder), scoring)
    write_tables(tasks, folder / "scored", scoring)
    return folder


@pytest.fixture
def worklist(panel: Any, scored_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The section is unfolded and shows a copy of the list, which nobody has labeled yet."""
    from COVIDDetectLib.panel.sections import worklist_section

    output = tmp_path / "scored"
    shutil.copytree(scored_once / "scored", output)
    monkeypatch.setattr(worklist_section, "which_results_table", lambda: str(output / "results.csv"))
    ui = panel.ui
    ui.worklistCollapsibleButton.collapsed = False
    reader = ui.readerLineEdit.text
    sign_in(panel, "anna")
    ui.openResultsButton.click()
    assert ui.messageLabel.text == ""
    yield output
    ui.worklistFilterLineEdit.text = ""
    sign_in(panel, reader)
    ui.worklistCollapsibleButton.collapsed = True


def sign_in(panel: Any, reader: str) -> None:
    panel.ui.readerLineEdit.text = reader
    panel.ui.readerLineEdit.editingFinished()


def column(panel: Any, number: int, visible: bool = False) -> list[str]:
    table = panel.ui.worklistTable
    return [table.item(row, number).text() for row in range(table.rowCount) if not (visible and table.isRowHidden(row))]


def open_case(panel: Any, name: str) -> Any:
    """Double-click it; returns its CT, None where it could not be opened."""
    table = panel.ui.worklistTable
    table.cellDoubleClicked(column(panel, 0).index(name), 0)
    let_views_settle()
    return panel.ui.ctSelector.currentNode()


def say(panel: Any, label: str, comment: str = "") -> None:
    """As a person does: choose, and type."""
    ui = panel.ui
    combo = ui.worklistLabelComboBox
    assert combo.enabled and ui.worklistCommentLineEdit.enabled
    combo.currentIndex = combo.findText(label)
    combo.activated(combo.currentIndex)
    if comment:
        ui.worklistCommentLineEdit.text = comment
        ui.worklistCommentLineEdit.textEdited(comment)


def table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def test_a_day_with_the_worklist(panel: Any, worklist: Path, request: pytest.FixtureRequest) -> None:
    ui = panel.ui
    assert column(panel, 0) == ["ill", "dicom", "doubtful", "well", "damaged"]
    assert column(panel, 1) == ["0.98", "0.88", "0.65", "0.02", "–"]
    assert column(panel, 2) == ["", "", "!", "", "!"]

    ill = open_case(panel, "ill")
    assert ui.worklistCaseLabel.text == "ill" and ill.GetName() == "ill"
    assert ui.probabilityLabel.text.startswith("0.98") and not ui.staleLabel.visible
    assert composite("Red").GetBackgroundVolumeID() == ill.GetID()
    assert composite("Red").GetForegroundVolumeID() is not None
    say(panel, "COVID-19", "crazy paving")
    key(panel, NEXT)
    let_views_settle()
    assert ui.worklistCaseLabel.text == "dicom" and ui.probabilityLabel.text.startswith("0.88")
    assert ui.worklistLabelComboBox.currentText == "" and ui.worklistCommentLineEdit.text == ""
    key(panel, NEXT)
    key(panel, NEXT)
    let_views_settle()
    assert ui.worklistCaseLabel.text == "well" and ui.probabilityLabel.text.startswith("0.02")
    say(panel, "Not COVID-19")

    sign_in(panel, "ben")
    assert column(panel, 3) == [""] * 5, "what another reader said is not shown"
    say(panel, "Not COVID-19")
    open_case(panel, "ill")
    say(panel, "Unsure")
    sign_in(panel, "anna")
    assert column(panel, 3) == ["COVID-19", "", "", "Not COVID-19", ""]
    assert ui.worklistCommentLineEdit.text == "crazy paving"
    picture(request.config.rootpath / "build" / "pictures" / "worklist.png")

    both = table(worklist / "labels.csv")
    assert [both["ill"][name] for name in ("label_anna", "comment_anna", "label_ben")] == [
        "1",
        "crazy paving",
        "unsure",
    ]
    assert [(case.name, case.label) for case in read_cases(worklist / "train.csv", "optional")] == [("well", 0)]


def test_a_case_comes_as_it_was_scored_and_nothing_is_computed(panel: Any, worklist: Path) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result
    from COVIDDetectLib.mrml.watch import difference

    for name in ("ill", "dicom", "doubtful"):
        result = Result.of(open_case(panel, name))
        assert result is not None, panel.ui.messageLabel.text
        assert not panel.logic.busy
        assert (result.stale, difference(result)) == ("", ""), name
        assert panel.ui.maskSelector.currentNode() is result.lung_mask_node


def test_of_the_last_case_nothing_stays(panel: Any, worklist: Path) -> None:
    import slicer

    own = load_phantom("The user's own")
    write_result(own)
    panel.ui.ctSelector.setCurrentNode(own)
    let_views_settle()
    before = node_counts()
    counts: list[Counter[str]] = []
    for name in ("ill", "dicom", "well", "ill"):
        open_case(panel, name)
        panel.ui.heatMapIn3DCheckBox.checked = name == "dicom"
        counts.append(node_counts())
    assert counts[0] == counts[-1]
    open_case(panel, "damaged")
    assert node_counts() - before <= Counter({"vtkMRMLColorTableNode": 9})
    assert slicer.mrmlScene.GetNodeByID(own.GetID()) is own


def test_the_next_case_closes_the_editor_of_a_mask_that_nobody_has_edited(panel: Any, worklist: Path) -> None:
    ill = open_case(panel, "ill")
    panel.ui.editMaskButton.click()
    assert panel.panel.mask_editor.is_open
    key(panel, NEXT)
    let_views_settle()
    assert ill.GetScene() is None and not panel.panel.mask_editor.is_open
    assert panel.ui.worklistCaseLabel.text == "dicom" and panel.ui.messageLabel.text == ""


@pytest.mark.parametrize("editor", ["closed", "open"])
def test_a_mask_that_was_edited_stays_with_its_case(panel: Any, worklist: Path, editor: str) -> None:
    from COVIDDetectLib.mrml.nodes.result import Result

    ill = open_case(panel, "ill")
    mask = panel.ui.maskSelector.currentNode()
    erase_a_piece(panel)
    if editor == "closed":
        panel.ui.editMaskButton.click()
    key(panel, NEXT)
    let_views_settle()
    assert panel.ui.ctSelector.currentNode() is not ill
    assert mask.GetScene() is not None and ill.GetScene() is not None
    assert open_case(panel, "ill") is ill
    key(panel, NEXT)
    result = Result.of(ill)
    assert result is not None and result.lung_mask_node is mask and "edited" in result.stale


def test_a_label_can_be_given_only_to_the_ct_that_is_shown(panel: Any, worklist: Path) -> None:
    ui, other = panel.ui, load_phantom("Other")
    assert not ui.worklistLabelComboBox.enabled
    ill = open_case(panel, "ill")
    assert ui.worklistLabelComboBox.enabled
    ui.ctSelector.setCurrentNode(other)
    assert not ui.worklistLabelComboBox.enabled and not ui.worklistCommentLineEdit.enabled
    assert "ill is not shown" in ui.worklistCaseLabel.text
    ui.ctSelector.setCurrentNode(ill)
    assert ui.worklistLabelComboBox.enabled
    show(other)
    assert not ui.worklistLabelComboBox.enabled
    show(ill)
    assert ui.worklistLabelComboBox.enabled
    remove(ill)
    assert not ui.worklistLabelComboBox.enabled


def test_a_ct_whose_voxels_differ_is_named_and_not_shown(
    panel: Any, worklist: Path, scored_once: Path, tmp_path: Path
) -> None:
    import slicer

    image = sitk.ReadImage(str(scored_once / "ill.nrrd"))
    hu = sitk.GetArrayFromImage(image)
    hu[14, 60:64, 60:64] += np.int16(40)
    changed = sitk.GetImageFromArray(hu)
    changed.CopyInformation(image)
    sitk.WriteImage(changed, str(tmp_path / "changed.nrrd"))
    record = worklist / "ill" / "case.json"
    record.write_text(record.read_text().replace(str(scored_once / "ill.nrrd"), str(tmp_path / "changed.nrrd")))
    assert open_case(panel, "ill") is None
    assert "its voxels differ" in panel.ui.messageLabel.text
    assert not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert not panel.ui.worklistLabelComboBox.enabled


@pytest.mark.parametrize(
    ("case", "missing", "words"),
    [
        ("damaged", "", "could not be scored: It holds no volume"),
        ("ill", "ill/attention.nrrd", "has no attention.nrrd"),
        ("ill", "ill/case.json", "does not say where the CT lies"),
    ],
)
def test_a_case_that_cannot_be_opened_gets_one_sentence_and_the_next_one_opens(
    panel: Any, worklist: Path, case: str, missing: str, words: str
) -> None:
    if missing:
        (worklist / missing).unlink()
    panel.ui.openResultsButton.click()
    assert open_case(panel, case) is None
    assert words in panel.ui.messageLabel.text
    key(panel, PREVIOUS if case == "damaged" else NEXT)
    assert panel.ui.worklistCaseLabel.text == ("well" if case == "damaged" else "dicom")
    assert panel.ui.messageLabel.text == ""


def test_the_filter_leaves_cases_by_name_doubt_and_label_and_the_keys_follow_it(panel: Any, worklist: Path) -> None:
    ui = panel.ui
    ui.worklistFilterLineEdit.text = "!"
    assert column(panel, 0, visible=True) == ["doubtful", "damaged"]
    ui.worklistFilterLineEdit.text = "SLICES"
    assert column(panel, 0, visible=True) == ["doubtful"]
    key(panel, NEXT)
    let_views_settle()
    assert ui.worklistCaseLabel.text == "doubtful"
    key(panel, NEXT)
    assert ui.worklistCaseLabel.text == "doubtful", "there is no other"


def test_a_comment_is_stored_while_it_is_written_and_a_place_that_forbids_it_is_named(
    panel: Any, worklist: Path
) -> None:
    from Testing.panel.host import wait_until

    open_case(panel, "ill")
    say(panel, "Unsure", "half a sent")
    file = worklist / "labels-anna.csv"
    wait_until(lambda: table(file).get("ill", {}).get("comment") == "half a sent", 5, "the comment is stored")
    file.unlink()
    file.mkdir()
    ill = panel.ui.ctSelector.currentNode()
    say(panel, "COVID-19")
    assert "labels-anna.csv" in panel.ui.messageLabel.text
    key(panel, NEXT)
    assert panel.ui.ctSelector.currentNode() is ill, "what is not stored is not left behind"
    file.rmdir()
    key(panel, NEXT)
    assert table(file)["ill"]["label"] == "1"


def test_another_table_is_refused_and_the_list_stays(panel: Any, worklist: Path) -> None:
    (worklist / "results.csv").write_text("a,b\n1,2\n")
    panel.ui.openResultsButton.click()
    assert "has no column case" in panel.ui.messageLabel.text
    assert len(column(panel, 0)) == 5

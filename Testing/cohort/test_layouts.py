"""Tables of public cohorts that lie on the disk as their authors arranged them, on small replicas."""

from __future__ import annotations

from pathlib import Path

import pytest
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.reading import read_ct
from typer.testing import CliRunner, Result

from Testing.dicom_series import write_ct

from .conftest import tiny_phantom, write_volume


def table(layout: str, folder: Path, output: Path) -> Result:
    return CliRunner().invoke(app, ["cohort", "table", layout, str(folder), "--output", str(output)])


def mosmed(root: Path) -> None:
    for number, grade in enumerate((0, 0, 1, 4), start=1):
        folder = root / "studies" / f"CT-{grade}"
        folder.mkdir(parents=True, exist_ok=True)
        write_volume(tiny_phantom(number % 2), folder / f"study_{number:04}.nii.gz")
    (root / "masks").mkdir()
    write_volume(tiny_phantom(1), root / "masks" / "study_0003_mask.nii.gz", of_lungs=True)
    (root / "dataset_registry.xlsx").touch()


def stoic(root: Path) -> None:
    for name in ("metadata", "data/mha"):
        (root / name).mkdir(parents=True)
    rows = ["PatientID,probCOVID,probSevere", "10,1,1", "11,1,0", "12,0,0", "13,0,0"]
    (root / "metadata" / "reference.csv").write_text("\n".join(rows) + "\n")
    for patient in (10, 11, 12):  # the fourth was not downloaded
        write_volume(tiny_phantom(patient % 2), root / "data" / "mha" / f"{patient}.mha")


def covid_ct_md(root: Path) -> None:
    for patient in ("COVID-19 subjects/P001", "CAP subjects/cap001", "Normal subjects/normal001"):
        write_ct(root / patient, tiny_phantom(1).ct)
    (root / "COVID-19 subjects" / ".DS_Store").touch()
    (root / "Index.csv").write_text("Label Index,Diagnosis,Relative Path,Folder/ID\n0,COVID-19,./COVID-19/,P001\n")


@pytest.mark.parametrize(
    ("layout", "make", "labels"),
    [
        ("mosmed", mosmed, {"study_0001": 0, "study_0002": 0, "study_0003": 1, "study_0004": 1}),
        ("stoic", stoic, {"10": 1, "11": 1, "12": 0}),
        ("covid-ct-md", covid_ct_md, {"P001": 1, "cap001": 0, "normal001": 0}),
    ],
)
@pytest.mark.parametrize("is_within", [True, False], ids=["table in the cohort", "table elsewhere"])
def test_the_table_of_a_cohort_names_every_ct_with_its_label(
    layout: str, make: object, labels: dict[str, int], is_within: bool, tmp_path: Path
) -> None:
    root = tmp_path / "cohort"
    make(root)  # type: ignore[operator]
    output = (root if is_within else tmp_path) / "table.csv"
    result = table(layout, root, output)
    assert result.exit_code == 0, result.output
    positive = sum(labels.values())
    assert f"{positive} CTs with COVID-19 and {len(labels) - positive} without" in result.stdout
    cases = read_cases(output)
    assert {case.name: case.label for case in cases} == labels
    assert all(read_ct(case.path).hu.shape == (12, 64, 64) for case in cases)
    assert ("cohort/" in output.read_text()) != is_within  # relative to the table


def test_the_grade_of_mosmed_and_the_severity_of_stoic_are_kept(tmp_path: Path) -> None:
    mosmed(tmp_path / "m")
    stoic(tmp_path / "s")
    for layout, folder, expected in (("mosmed", "m", "CT-4"), ("stoic", "s", "severe")):
        table(layout, tmp_path / folder, tmp_path / "table.csv")
        assert expected in {row.split(",")[4] for row in (tmp_path / "table.csv").read_text().splitlines()}


@pytest.mark.parametrize("layout", ["mosmed", "stoic", "covid-ct-md"])
def test_a_folder_with_another_arrangement_is_refused_in_a_sentence(layout: str, tmp_path: Path) -> None:
    result = table(layout, tmp_path, tmp_path / "table.csv")
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert "give the folder" in result.stderr and not (tmp_path / "table.csv").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("PatientID,probCOVID\n10,1\n", "no column probSevere"),
        ("PatientID,probCOVID,probSevere\n10,yes,0\n", "line 2: probCOVID and probSevere must be 0 or 1"),
    ],
)
def test_a_damaged_table_of_stoic_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    stoic(tmp_path)
    (tmp_path / "metadata" / "reference.csv").write_text(text)
    result = table("stoic", tmp_path, tmp_path / "table.csv")
    assert result.exit_code == 2 and sentence in result.stderr


def test_the_labels_of_a_cohort_are_not_replaced_by_the_table(tmp_path: Path) -> None:
    stoic(tmp_path)
    before = (tmp_path / "metadata" / "reference.csv").read_text()
    assert table("stoic", tmp_path, tmp_path / "metadata" / "reference.csv").exit_code == 2
    assert (tmp_path / "metadata" / "reference.csv").read_text() == before


def test_an_unknown_arrangement_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    result = table("lidc", tmp_path, tmp_path / "table.csv")
    assert result.exit_code == 2 and "mosmed, stoic, covid-ct-md" in result.stderr

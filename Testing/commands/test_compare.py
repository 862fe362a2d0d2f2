"""``coviddetect compare``: two results of one patient, with and without their CTs."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.phantom import Phantom, add_disease, thorax
from COVIDDetectLib.phantom.ideal import ideal_analysis
from COVIDDetectLib.report.acquisition import are_of_two_patients
from COVIDDetectLib.report.files import write_analysis_files
from typer.testing import CliRunner, Result

from Testing.dicom_series import write_ct


@cache
def phantoms() -> tuple[Phantom, Phantom]:
    """One chest, and later more disease in it."""
    before = thorax(seed=5, shape=(28, 96, 96), spacing=(3.6, 3.6, 10.0), disease="covid", extent="mild")
    ct, lesions = add_disease(before.ct, before.lung_mask, 105)
    return before, Phantom(ct, before.lung_mask, before.lesions | lesions)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """With a folder ``CT`` of DICOM files and a folder ``results`` in each."""
    made = []
    for phantom in phantoms():
        folder = tmp_path_factory.mktemp("visit")
        write_ct(folder / "CT", phantom.ct)
        ct = read_ct(folder / "CT")
        write_analysis_files(ct, ideal_analysis(Phantom(ct, phantom.lung_mask, phantom.lesions)), folder / "results")
        made.append(folder)
    return made[0], made[1]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *(str(argument) for argument in arguments)])


def test_results_alone_are_compared(folders: tuple[Path, Path]) -> None:
    earlier, later = folders
    told = run(earlier / "results", later / "results")
    assert told.exit_code == 0, told.output
    assert "Right lung: volume: " in told.stdout and " mL; evidence: " in told.stdout
    assert "Dice" not in told.stdout
    assert "Rechte Lunge" in run(earlier / "results", later / "results", "--language", "de").stdout


def test_with_both_cts_they_are_laid_over_each_other_and_files_are_written(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    earlier, later = folders
    out = tmp_path / "out"
    sources = ("--sources", earlier / "CT", later / "CT")
    told = run(earlier / "results", later / "results", *sources, "--output", out)
    assert told.exit_code == 0, told.output
    assert "Dice of the lungs laid over each other: 1.00" in told.stdout
    assert "(CTs 0 days apart)" in told.stdout
    numbers = json.loads((out / "follow-up.json").read_text())
    assert numbers["lungs"][0]["opacity_ml"]["now"] > numbers["lungs"][0]["opacity_ml"]["before"]
    np.testing.assert_allclose(
        numbers["registration"]["earlier_to_later_lps"], np.eye(4), atol=1.0
    )  # mm; of angles less
    transform = sitk.ReadTransform(str(out / "earlier-to-later.tfm"))
    assert transform.TransformPoint((1.0, 2.0, 3.0)) == pytest.approx((1.0, 2.0, 3.0), abs=1.5)
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(out / "change.nrrd"))).max() == 1
    assert {file.name for file in out.iterdir()} == {"follow-up.json", "earlier-to-later.tfm", "change.nrrd"}


def test_bad_input_is_told_in_one_sentence(folders: tuple[Path, Path], tmp_path: Path) -> None:
    earlier, later = (folder / "results" for folder in folders)
    cts = [folder / "CT" for folder in folders]
    for arguments, said in (
        ((tmp_path, later), "has no analysis.json"),
        ((later, later), "Both results are of one CT"),
        ((earlier, later, "--sources", cts[1], cts[0]), "This is not the CT that was analyzed"),
        ((earlier, later, "--sources", tmp_path / "none", cts[1]), "none"),
        ((earlier, later, "--output", tmp_path / "out"), "give them with --sources"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 2, refused.output
        assert said in refused.stderr and len(refused.stderr.strip().splitlines()) == 1


def test_two_patients_are_named_and_a_ct_that_lies_elsewhere_is_refused(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    earlier, later = folders
    assert not are_of_two_patients(earlier / "CT", later / "CT")
    shutil.copytree(earlier / "CT", tmp_path / "Ben")
    shutil.copytree(later / "CT", tmp_path / "moved")
    for file in (tmp_path / "Ben").iterdir():
        image = pydicom.dcmread(file)
        image.PatientID = "2"
        image.save_as(file)
    assert are_of_two_patients(tmp_path / "Ben", later / "CT")
    for file in (tmp_path / "moved").iterdir():
        image = pydicom.dcmread(file)
        image.ImagePositionPatient[0] += 30
        image.save_as(file)
    sources = ("--sources", earlier / "CT", tmp_path / "moved")
    refused = run(earlier / "results", later / "results", *sources)
    assert refused.exit_code == 2 and "lies elsewhere than when it was analyzed" in refused.stderr


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("probability", 87),
        ("probability", 0.5),
        ("probability", float("nan")),
        ("opacity", None),
        ("opacity", [{"side": "right", "volume_ml": "5"}]),
        ("weights", None),
        ("time", "yesterday"),
        ("evidence", {"terms": [{}]}),
        ("regions", [{}]),
    ],
)
def test_a_record_that_was_edited_is_refused_in_one_sentence(
    folders: tuple[Path, Path], tmp_path: Path, change: str, value: object
) -> None:
    record = json.loads((folders[0] / "results" / "analysis.json").read_text())
    (tmp_path / "analysis.json").write_text(json.dumps({**record, change: value}))
    refused = run(tmp_path, folders[1] / "results")
    assert refused.exit_code == 2, refused.output
    assert "analyze the CT again" in refused.stderr and len(refused.stderr.strip().splitlines()) == 1

"""Reviewed masks become a dataset that nnU-Net itself accepts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.commands.app import app
from typer.testing import CliRunner, Result

from Testing.dicom_series import write_ct

from .conftest import tiny_phantom, write_volume


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A DICOM folder and a file with masks, the second mirrored, and a CT without a mask."""
    write_ct(tmp_path / "a", tiny_phantom(0).ct)
    write_volume(tiny_phantom(0), tmp_path / "lungs of a.nrrd", of_lungs=True)
    for name, of_lungs in (("b.nrrd", False), ("lungs of b.nrrd", True)):
        image = sitk.ReadImage(str(write_volume(tiny_phantom(1), tmp_path / name, of_lungs=of_lungs)))
        sitk.WriteImage(sitk.DICOMOrient(image, "RAI"), str(tmp_path / name))
    write_volume(tiny_phantom(1), tmp_path / "c.nrrd")
    rows = ["case,path,mask", "a,a,lungs of a.nrrd", "patient b,b.nrrd,lungs of b.nrrd", "c,c.nrrd,"]
    (tmp_path / "cohort.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "cohort.csv"


def export(table: Path, output: Path) -> Result:
    return CliRunner().invoke(app, ["cohort", "nnunet", str(table), "--output", str(output)])


def test_cts_and_masks_lie_as_nnunet_expects_them(table: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "Dataset501_Lungs"
    result = export(table, dataset)
    assert result.exit_code == 0, result.output
    assert "2 cases; 1 without a mask" in result.stdout
    files = sorted(file.relative_to(dataset).as_posix() for file in dataset.rglob("*") if file.is_file())
    assert files == [
        "dataset.json",
        "imagesTr/a_0000.nii.gz", "imagesTr/patient b_0000.nii.gz",
        "labelsTr/a.nii.gz", "labelsTr/patient b.nii.gz",
    ]  # fmt: skip
    assert json.loads((dataset / "dataset.json").read_text()) == {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "right lung": 1, "left lung": 2},
        "numTraining": 2,
        "file_ending": ".nii.gz",
    }
    for name, seed in (("a", 0), ("patient b", 1)):
        ct, mask = (
            sitk.ReadImage(str(dataset / f"{part}.nii.gz")) for part in (f"imagesTr/{name}_0000", f"labelsTr/{name}")
        )
        assert np.allclose(ct.GetOrigin(), mask.GetOrigin()) and np.allclose(ct.GetDirection(), mask.GetDirection())
        for image, expected in ((ct, tiny_phantom(seed).ct.hu), (mask, tiny_phantom(seed).lung_mask)):
            assert np.array_equal(sitk.GetArrayFromImage(sitk.DICOMOrient(image, "LPS")), expected)


def test_nnunet_accepts_the_dataset(table: Path, tmp_path: Path) -> None:
    """Skipped where nnU-Net is not installed."""
    verify = pytest.importorskip("nnunetv2.experiment_planning.verify_dataset_integrity")
    export(table, tmp_path / "Dataset501_Lungs")
    verify.verify_dataset_integrity(str(tmp_path / "Dataset501_Lungs"), num_processes=1)


def test_a_name_that_nnunet_does_not_take_and_a_folder_that_is_there_are_refused(table: Path, tmp_path: Path) -> None:
    assert "no name of a dataset" in export(table, tmp_path / "lungs").stderr
    (tmp_path / "Dataset001_There").mkdir()
    result = export(table, tmp_path / "Dataset001_There")
    assert result.exit_code == 2 and "is there already" in result.stderr


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("c,c.nrrd,", "No case of the table has a mask"),
        ("c,a,lungs of b.nrrd", "c: the mask is on another grid"),
        ("c,gone.nrrd,lungs of b.nrrd", "c: The CT"),
    ],
)
def test_nothing_is_left_of_a_dataset_that_cannot_be_whole(
    rows: str, sentence: str, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text(f"case,path,mask\n{rows}\n")
    if "grid" in sentence:
        small = sitk.ReadImage(str(tmp_path / "lungs of b.nrrd"))[:, :, 1:]
        sitk.WriteImage(small, str(tmp_path / "lungs of b.nrrd"))
    result = export(tmp_path / "other.csv", tmp_path / "Dataset501_Lungs")
    assert result.exit_code == 2 and sentence in result.stderr
    assert not list(tmp_path.glob("*Dataset501*"))

"""Files in: every format gives the same CT, and what is wrong with a file is said in one sentence."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.series import files_below, find_series
from COVIDDetectLib.errors import InputError

from Testing.dicom_series import SPACING_MM, write_series


def voxels(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, size=(slices, 10, 12)).astype(np.int16)


def test_a_dicom_folder_is_sorted_rescaled_and_placed(tmp_path: Path) -> None:
    hu = voxels()
    write_series(tmp_path / "CT", hu)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, hu)
    assert ct.geometry.spacing == pytest.approx(SPACING_MM)
    assert ct.geometry.origin == pytest.approx((-5.0, -7.0, 0.0))
    assert "Chest 4mm" in ct.name
    assert "Secret" not in ct.name


def test_one_file_of_a_series_stands_for_the_series(tmp_path: Path) -> None:
    write_series(tmp_path, voxels())
    assert read_ct(next(tmp_path.glob("*.dcm"))).shape == (6, 10, 12)


def test_of_several_series_the_chest_ct_is_taken_and_another_can_be_asked_for(tmp_path: Path) -> None:
    hu = voxels()
    write_series(tmp_path / "a", voxels(9), description="Head 1mm")
    write_series(tmp_path / "b", voxels(1), description="Scout", number=1)
    chest = write_series(tmp_path / "c", hu, description="Thorax 5.0 B70f", number=4)
    write_series(tmp_path / "d", voxels(20), description="T1 chest", modality="MR")
    abdomen = write_series(tmp_path / "e", voxels(8), description="Abdomen", number=7)

    assert find_series(files_below(tmp_path)).series[0].uid == chest
    assert read_ct(tmp_path).shape == hu.shape
    assert "4: Thorax 5.0 B70f" in read_ct(tmp_path).name
    assert read_ct(tmp_path, series=abdomen).shape == (8, 10, 12)
    with pytest.raises(InputError, match="has no series 1.2.3"):
        read_ct(tmp_path, series="1.2.3")


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha", ".mhd"])
def test_volume_files_give_the_same_ct(tmp_path: Path, suffix: str) -> None:
    hu = voxels()
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(SPACING_MM)
    image.SetOrigin((-5.0, -7.0, 0.0))
    sitk.WriteImage(image, str(tmp_path / f"thorax{suffix}"))
    ct = read_ct(tmp_path / f"thorax{suffix}")
    axial, _ = ct.axial()
    np.testing.assert_array_equal(axial.hu, hu)
    assert ct.name == "thorax"
    assert ct.geometry.voxel_ml == pytest.approx(np.prod(SPACING_MM) / 1000, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"modality": "MR"}, "holds no CT"),
        ({"z_mm": [0.0, 4.0, 8.0, 16.0, 20.0, 24.0]}, "as if some were missing"),
        ({"z_mm": [0.0, 4.0, 4.0, 8.0, 12.0, 16.0]}, "several images at one position"),
        ({"tilt_mm": 1.0}, "tilted by 14 degrees"),
    ],
)
def test_a_series_that_is_no_even_stack_is_refused(tmp_path: Path, changes: dict, sentence: str) -> None:
    write_series(tmp_path, voxels(), **changes)
    with pytest.raises(InputError, match=sentence):
        read_ct(tmp_path)


def test_broken_and_foreign_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "cut.nrrd").write_text("NRRD0004\ntype: short\n")
    (tmp_path / "empty").mkdir()
    for path, sentence in [
        (tmp_path / "absent", "does not exist"),
        (tmp_path / "empty", "holds no DICOM images"),
        (tmp_path / "notes.txt", "neither a DICOM image nor"),
        (tmp_path / "cut.nrrd", "has no .dimension. in its header"),
    ]:
        with pytest.raises(InputError, match=sentence):
            read_ct(path)


def test_a_folder_that_may_not_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study" / "series").mkdir(parents=True)
    scan = os.scandir

    def refused(path: str | os.PathLike[str]) -> object:  # as for a user who is not root
        if os.fspath(path).endswith("series"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(InputError, match=r"series cannot be read \(Permission denied\); check the disk or the rights"):
        read_ct(tmp_path)


def test_color_time_series_and_single_pictures_are_refused(tmp_path: Path) -> None:
    color = sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), dtype=np.uint8), isVector=True)
    sitk.WriteImage(color, str(tmp_path / "color.nrrd"))
    series = sitk.JoinSeries([sitk.GetImageFromArray(voxels())] * 2)
    sitk.WriteImage(series, str(tmp_path / "time.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(voxels()[:1]), str(tmp_path / "flat.nrrd"))
    parts = sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), dtype=np.int16), isVector=True)
    sitk.WriteImage(parts, str(tmp_path / "parts.nii"))
    with pytest.raises(InputError, match="parts is in color"):
        read_ct(tmp_path / "parts.nii")
    for name, sentence in (
        ("color", "color is in color; choose the original series in Hounsfield units."),
        ("time", "time is a series of 2 volumes in time; load only one of them."),
        ("flat", "flat is a single picture; choose a whole chest CT."),
    ):
        with pytest.raises(InputError, match=sentence):
            read_ct(tmp_path / f"{name}.nrrd")

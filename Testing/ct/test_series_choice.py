"""Which series of a study is taken: the axial one that was acquired, of the chest; the others are named."""

from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.ct.reading import read_ct
from pydicom.dataset import Dataset

from Testing.dicom_series import write_series


def voxels(slices: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, size=(slices, 10, 12)).astype(np.int16)


def of_type(*words: str):
    def change(image: Dataset, _: int) -> None:
        image.ImageType = list(words)

    return change


def thick(image: Dataset, _: int) -> None:
    image.SliceThickness = 20


def coronal(image: Dataset, _: int) -> None:
    image.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    x, y, z = image.ImagePositionPatient
    image.ImagePositionPatient = [x, z, -y]


@pytest.mark.parametrize(
    ("description", "more", "said"),
    [
        ("Liver 3mm", {}, "Liver"),
        ("Foie, temps portal", {}, "Foie"),
        ("Brustwirbelsäule", {}, "Brustwirbel"),
        ("Thorax LungMIP 20/5", {}, "a projection"),
        ("Thorax MinIP", {}, "a projection"),
        ("Thorax MIP", {}, "a projection"),
        ("Chest", {"change": of_type("DERIVED", "PRIMARY", "MINIP")}, "a projection"),
        ("Chest", {"change": thick}, "thick slabs"),
        ("Chest", {"change": coronal}, "in another direction than axial"),
        ("Thorax Iodine map", {}, "a computed map"),
        ("Thorax MonoE 40 keV", {}, "a computed map"),
        ("Thorax exspiratorisch", {}, "in expiration"),
        ("Thorax espiración", {}, "in expiration"),
        ("Poumon expiration", {}, "in expiration"),
        ("Thorax Knochen", {}, "for bone"),
        ("Topogram Thorax", {}, "a localizer"),
        ("Chest dose report", {}, "a report"),
    ],
)
def test_the_acquired_axial_chest_series_is_taken_and_the_other_named(
    tmp_path: Path, description: str, more: dict, said: str
) -> None:
    write_series(tmp_path / "b", voxels(16), description="Low dose chest, respiratory gated inspiration 4mm")
    write_series(tmp_path / "a", voxels(18), description=description, **more)
    ct = read_ct(tmp_path)
    assert len(ct.hu) == 16
    assert said in ct.also_there
    assert ct.notes == ()


def test_a_series_that_is_not_what_it_should_be_is_read_with_a_note_where_there_is_no_other(tmp_path: Path) -> None:
    write_series(tmp_path, voxels(16), description="Thorax MIP")
    assert read_ct(tmp_path).notes == (
        "Series 2: Thorax MIP, 16 images seems to be a projection; choose an acquired axial series if there is one.",
    )

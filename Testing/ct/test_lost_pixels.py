"""Pixels that a disk or a network lost are noticed in every kind of file, and sound CTs are left in peace."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.lost_pixels import check_lost_pixels
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs.anatomy_checks import check_ct
from COVIDDetectLib.phantom import thorax

from Testing.dicom_series import write_series

SHAPE, SPACING_MM = (20, 64, 64), (5.8, 5.8, 14.0)


@pytest.fixture(scope="module")
def sound() -> CTVolume:
    return thorax(seed=1, shape=SHAPE, spacing=SPACING_MM).ct


def said(ct: CTVolume) -> list[str]:
    return [finding.sentence for finding in check_ct(ct) if finding.code == "lost-pixels"]


@pytest.mark.parametrize("place", ["in the middle", "at the end"])
def test_a_block_of_zeros_in_one_dicom_slice_is_named(sound: CTVolume, tmp_path: Path, place: str) -> None:
    write_series(tmp_path, sound.hu, spacing_mm=SPACING_MM, names="slice")
    assert not said(read_ct(tmp_path))
    file = sorted(tmp_path.iterdir())[8 if place == "in the middle" else 0]
    content = bytearray(file.read_bytes())
    content[-5000 : -5000 + 1024] = bytes(1024)
    file.write_bytes(content)
    (sentence,) = said(read_ct(tmp_path))
    assert f"Slice {9 if place == 'in the middle' else 1} of the CT has" in sentence


@pytest.mark.parametrize("name", ["ct.nii", "ct.nrrd", "ct.mha"])
def test_a_block_of_any_value_in_a_volume_file_is_named(sound: CTVolume, tmp_path: Path, name: str) -> None:
    image = sitk.GetImageFromArray(sound.hu)
    sound.geometry.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / name))
    content = bytearray((tmp_path / name).read_bytes())
    slice_bytes = 2 * 64 * 64
    at = len(content) - 9 * slice_bytes - 3000
    content[at : at + slice_bytes] = b"\xff" * slice_bytes  # the end of a slice and the beginning of the next
    (tmp_path / name).write_bytes(content)
    (sentence,) = said(read_ct(tmp_path / name))
    assert "Slices 11, 12 of the CT have" in sentence


@pytest.mark.parametrize("slices", [20, 60])
def test_rows_of_anything_else_are_named(slices: int) -> None:
    ct = thorax(seed=3, shape=(slices, 64, 64), spacing=(5.8, 5.8, 280 / slices)).ct
    hu = ct.hu.copy()
    hu[9, 30:34] = np.random.default_rng(0).integers(-1024, 3000, (4, 64))
    (sentence,) = said(CTVolume(hu, ct.geometry))
    assert sentence.startswith("Slice 10 of the CT has many pixels unlike those of the slices beside")


def test_whole_slices_that_are_empty_are_named(sound: CTVolume) -> None:
    hu = sound.hu.copy()
    hu[[0, 7, 8]] = 0
    assert "Slices 1, 8, 9 of" in said(CTVolume(hu, sound.geometry))[0]


@pytest.mark.parametrize("orientation", ["LPS", "PSR", "SAL"])
def test_sound_cts_have_lost_nothing(orientation: str) -> None:
    for seed, disease in ((2, None), (3, "covid")):
        ct = thorax(
            seed=seed, shape=SHAPE, spacing=SPACING_MM, orientation=orientation, disease=disease, extent="severe"
        ).ct
        assert check_lost_pixels(ct) is None
    # Above a head there is nothing, and beside a body air may be cut off at -1024 HU.
    hu = np.full((20, 128, 128), -1024, dtype=np.int16)
    for k in range(17):
        radius = 8 * np.sqrt(17 - k)
        rows, columns = np.mgrid[-64:64, -64:64]
        hu[k][np.hypot(rows, columns) < radius] = 40 + 5 * (k % 2)
    assert check_lost_pixels(CTVolume(hu, ct.geometry)) is None

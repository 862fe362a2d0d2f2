"""Lung masks in files: which lung is which."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.errors import MaskError
from COVIDDetectLib.lungs import LEFT, RIGHT
from COVIDDetectLib.report.files import read_lung_mask

from Testing.lungs.drawn_lobes import lobes_in

GEOMETRY = Geometry.axial((2.5, 2.5, 6.0), (-160.0, -120.0, 900.0))


def labels() -> np.ndarray:
    """Two boxes in axial LPS order: the patient's right lung at small columns."""
    array = np.zeros((20, 60, 128), np.uint8)
    array[4:16, 10:50, 20:56] = RIGHT
    array[4:16, 10:50, 72:108] = LEFT
    return array


def write(file: Path, array: np.ndarray, geometry: Geometry = GEOMETRY) -> Path:
    image = sitk.GetImageFromArray(array)
    geometry.apply_to(image)
    sitk.WriteImage(image, str(file))
    return file


@pytest.mark.parametrize("order", [((0, 1, 2), (False,) * 3), ((2, 0, 1), (True, False, True))])
@pytest.mark.parametrize("lungs", [(RIGHT, LEFT), (RIGHT,), (LEFT,)])
def test_a_mask_with_one_label_is_told_apart_in_any_orientation(
    tmp_path: Path, order: tuple[tuple[int, int, int], tuple[bool, bool, bool]], lungs: tuple[int, ...]
) -> None:
    reorientation = Reorientation(*order)
    expected = np.where(np.isin(labels(), lungs), labels(), 0)
    stored = np.ascontiguousarray(reorientation.apply((expected > 0).astype(np.uint8)))
    mask = read_lung_mask(write(tmp_path / "lungs.nrrd", stored, GEOMETRY.reoriented(reorientation, expected.shape)))
    np.testing.assert_array_equal(mask.labels, reorientation.apply(expected))
    if len(lungs) == 2:  # whatever that label is
        twos = write(tmp_path / "twos.nrrd", 2 * stored, GEOMETRY.reoriented(reorientation, expected.shape))
        np.testing.assert_array_equal(read_lung_mask(twos).labels, mask.labels)


def test_a_mask_with_both_labels_is_taken_as_it_is(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_lung_mask(write(tmp_path / "lungs.nii.gz", labels())).labels, labels())


def test_exchanged_sides_are_refused(tmp_path: Path) -> None:
    exchanged = np.array([0, LEFT, RIGHT], np.uint8)[labels()]
    with pytest.raises(MaskError, match="lungs exchanged"):
        read_lung_mask(write(tmp_path / "lungs.nrrd", exchanged))


def test_a_left_lung_alone_with_its_own_label_stays_the_left(tmp_path: Path) -> None:
    left = np.where(labels() == LEFT, LEFT, 0).astype(np.uint8)
    np.testing.assert_array_equal(read_lung_mask(write(tmp_path / "lungs.nrrd", left)).labels, left)


@pytest.mark.parametrize("name", ["lungs.nii.gz", "lungs.nrrd", "lungs.mha"])
def test_a_mask_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, labels())
    file.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(MaskError, match="The lung mask cannot be used: lungs"):
        read_lung_mask(file)


def test_a_mask_with_values_that_are_no_labels_is_refused(tmp_path: Path) -> None:
    values = labels().astype(np.float32)
    values[0, 0, 0] = np.nan
    with pytest.raises(MaskError, match="labels other than"):
        read_lung_mask(write(tmp_path / "lungs.nrrd", values))
    with pytest.raises(MaskError, match="is no file with a lung mask"):
        read_lung_mask(tmp_path / "unett")


@pytest.mark.parametrize("order", [((0, 1, 2), (False,) * 3), ((2, 0, 1), (True, False, True))])
def test_lobes_are_told_where_they_are_numbered_as_lungmask_does(
    tmp_path: Path, order: tuple[tuple[int, int, int], tuple[bool, bool, bool]]
) -> None:
    reorientation, lobes = Reorientation(*order), lobes_in(labels())
    stored = np.ascontiguousarray(reorientation.apply(lobes))
    file = write(tmp_path / "lobes.nrrd", stored, GEOMETRY.reoriented(reorientation, lobes.shape))
    mask = read_lung_mask(file).axial()
    assert mask.lobes is not None
    np.testing.assert_array_equal(mask.lobes, lobes)
    np.testing.assert_array_equal(mask.labels, labels())


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((0, 1, 2, 3, 5, 4), id="as YACTA's"),
        pytest.param((0, 3, 5, 1, 2, 4), id="right ones first"),
        pytest.param((0, 2, 1, 3, 4, 5), id="upside down on the left"),
        pytest.param((0, 1, 2, 3, 5, 5), id="one missing"),
    ],
)
def test_lobes_in_another_order_are_refused(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    with pytest.raises(MaskError, match="not the lobes in the order left upper, left lower, right upper"):
        read_lung_mask(write(tmp_path / "lobes.nrrd", np.array(numbers, np.uint8)[lobes_in(labels())]))

"""Lung masks as values, and the two lungs told apart."""

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import MaskError
from COVIDDetectLib.lungs import LEFT, RIGHT, LungMask, segment_lungs, split_sides

GRID = Geometry.axial((2.0, 2.0, 5.0))
SPACING = (2.0, 2.0, 5.0)


def ellipsoid(shape: tuple[int, int, int], center: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    places = np.indices(shape)
    return sum(((places[axis] - center[axis]) / radii[axis]) ** 2 for axis in range(3)) <= 1.0


def two_lungs() -> tuple[np.ndarray, np.ndarray]:
    shape = (30, 100, 160)
    return ellipsoid(shape, (15, 50, 45), (14, 40, 26)), ellipsoid(shape, (15, 50, 115), (14, 40, 26))


def test_volumes_are_in_millilitres_per_side() -> None:
    labels = np.zeros((10, 20, 20), dtype=np.int64)
    labels[:, :, :5] = RIGHT
    labels[:5, :, 10:] = LEFT
    assert LungMask.from_labels(labels, GRID).volumes_ml == pytest.approx((1000 * 0.02, 1000 * 0.02))


def test_one_empty_side_is_allowed() -> None:
    labels = np.zeros((2, 3, 4))
    labels[0] = LEFT
    mask = LungMask.from_labels(labels, GRID)
    assert mask.labels.dtype == np.uint8
    assert mask.volumes_ml[0] == 0.0


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.zeros((4, 4, 4)), "empty"),
        (np.full((4, 4, 4), 3), "labels other than"),
        (np.full((4, 4, 4), 0.5), "labels other than"),
        (np.full((4, 4, 4), 257), "labels other than"),
        (np.ones((4, 4)), "3D"),
        (np.full((1, 1, 1), "right"), "3D"),
    ],
)
def test_labels_that_are_no_lung_mask_are_refused_with_a_sentence(labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(MaskError, match=sentence):
        LungMask.from_labels(labels, GRID)


def test_unknown_method_is_refused() -> None:
    ct = CTVolume(np.zeros((4, 4, 4), dtype=np.int16), GRID)
    with pytest.raises(MaskError, match="unet, threshold"):
        segment_lungs(ct, "magic")


def test_separate_lungs_are_told_apart_by_place() -> None:
    right, left = two_lungs()
    labels = split_sides(right | left, SPACING)
    np.testing.assert_array_equal(labels, right * RIGHT + left * LEFT)


@pytest.mark.parametrize("row", [15, 50, 82])
def test_lungs_that_touch_are_parted_at_the_bridge(row: int) -> None:
    right, left = two_lungs()
    bridge = np.zeros_like(right)
    bridge[10:20, row : row + 4, 40:120] = True
    labels = split_sides(right | left | bridge, SPACING)
    assert np.mean(labels[right] == RIGHT) > 0.995
    assert np.mean(labels[left] == LEFT) > 0.995
    np.testing.assert_array_equal(labels > 0, right | left | bridge)


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_a_single_lung_stays_one_lung(side: int) -> None:
    lung = two_lungs()[side - 1]
    np.testing.assert_array_equal(split_sides(lung, SPACING), lung * np.uint8(side))


def test_a_lung_in_pieces_is_one_side() -> None:
    right, left = two_lungs()
    left[:, 45:52] = False
    labels = split_sides(right | left, SPACING)
    np.testing.assert_array_equal(labels, right * RIGHT + left * LEFT)


def test_sides_are_mirrored_with_the_patient() -> None:
    right, left = two_lungs()
    bridge = ellipsoid(right.shape, (15, 20, 80), (5, 3, 30))
    lungs = right | left | bridge
    lungs[:, :40, 100:] = False
    mirrored = split_sides(np.ascontiguousarray(lungs[:, :, ::-1]), SPACING)[:, :, ::-1]
    labels = split_sides(lungs, SPACING)
    assert np.mean(labels[lungs] != mirrored[lungs]) > 0.99


def test_one_slice_is_enough() -> None:
    right, left = (lung[15:16] for lung in two_lungs())
    np.testing.assert_array_equal(split_sides(right | left, SPACING), right * RIGHT + left * LEFT)


def test_nothing_gives_nothing() -> None:
    assert not split_sides(np.zeros((3, 8, 8), dtype=bool), SPACING).any()

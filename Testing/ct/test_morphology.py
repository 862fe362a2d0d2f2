"""Fast morphology gives the voxels of scipy's."""

import numpy as np
import pytest
import scipy
from COVIDDetectLib.ct.morphology import dilated, eroded, filled

SQUARE = np.ones((1, 3, 3), dtype=bool)
SHAPES = [(3, 40, 33), (1, 7, 9), (2, 2, 50)]


def drawn(shape: tuple[int, int, int], share: float) -> np.ndarray:
    return np.random.default_rng(0).random(shape) < share


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("times", [1, 2, 3, 6, 60])
def test_dilation_and_erosion_are_those_by_a_square(shape: tuple[int, int, int], times: int) -> None:
    few, many = drawn(shape, 0.02), drawn(shape, 0.98)
    assert np.array_equal(dilated(few, times), scipy.ndimage.binary_dilation(few, SQUARE, times))
    assert np.array_equal(eroded(many, times), scipy.ndimage.binary_erosion(many, SQUARE, times, border_value=1))


def test_rows_and_columns_may_be_widened_by_different_numbers() -> None:
    members = drawn((2, 30, 40), 0.01)
    expected = scipy.ndimage.binary_dilation(members, np.ones((1, 5, 9), dtype=bool))
    assert np.array_equal(dilated(members, 2, 4), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_every_slice_is_filled_by_itself(shape: tuple[int, int, int], share: float) -> None:
    members = drawn(shape, share)
    assert np.array_equal(filled(members), np.stack([scipy.ndimage.binary_fill_holes(one) for one in members]))

"""Dense lung is marked as its neighboring slices have it; what a network finds on one slice alone goes."""

from __future__ import annotations

import numpy as np
import pytest
from COVIDDetectLib.lungs.tidy import steady_along_slices

AIR_HU, DENSE_HU = -850, 30


def made(slices: int) -> tuple[np.ndarray, np.ndarray]:
    """A lung with a consolidation in its back half, and its HU."""
    mask = np.zeros((slices, 40, 40), dtype=bool)
    mask[:, 10:30, 10:30] = True
    hu = np.full(mask.shape, DENSE_HU, dtype=np.int16)
    hu[:, 10:20, 10:30] = AIR_HU
    return mask, hu


@pytest.mark.parametrize("slice_mm", [1.0, 2.5, 5.0])
def test_chest_wall_marked_on_one_slice_goes_and_consolidation_left_out_there_comes_back(slice_mm: float) -> None:
    mask, hu = made(12)
    found = mask.copy()
    found[5, 30:36, 12:28] = True
    found[7, 22:30, 12:28] = False
    assert np.array_equal(steady_along_slices(found, hu, slice_mm), mask)


def test_aerated_lung_stays_as_the_network_found_it() -> None:
    mask, hu = made(12)
    mask[4, 10:20] = False
    assert np.array_equal(steady_along_slices(mask, hu, 2.5), mask)


def test_the_first_and_the_last_slice_of_a_lung_stay() -> None:
    mask, hu = made(12)
    mask[:3] = mask[9:] = False
    assert np.array_equal(steady_along_slices(mask, hu, 4.0), mask)


def test_thick_slices_and_single_ones_stay_as_they_are() -> None:
    mask, hu = made(5)
    mask[2, 30:36, 12:28] = True
    assert np.array_equal(steady_along_slices(mask, hu, 8.0), mask)
    assert np.array_equal(steady_along_slices(mask[2:3], hu[2:3], 2.0), mask[2:3])
    assert not steady_along_slices(np.zeros_like(mask), hu, 2.0).any()

"""Synthetic disease and what resembles it: where it lies, what it does to HU, and that a seed says all."""

from functools import cache

import numpy as np
import pytest
from COVIDDetectLib.phantom import EXTENTS, MIMICS, Phantom, add_disease, add_mimic, paint_mimic, thorax
from COVIDDetectLib.phantom.space import LungSpace
from scipy import ndimage


@cache
def healthy() -> Phantom:
    """Small, without disease."""
    return thorax(seed=3, shape=(32, 128, 128), spacing=(2.6, 2.6, 9.0))


@cache
def space() -> LungSpace:
    return LungSpace(healthy().lung_mask, (9.0, 2.6, 2.6))


def changed(seed: int, kind: str = "covid", extent: str = "moderate") -> tuple[np.ndarray, np.ndarray]:
    """HU added to the healthy phantom, and the lesions."""
    ct, lesions = add_disease(healthy().ct, healthy().lung_mask, seed, kind, extent)
    return ct.hu.astype(int) - healthy().ct.hu, lesions


def test_a_seed_gives_the_same_disease_again_and_another_seed_another() -> None:
    (first, lesions), (again, same) = changed(1), changed(1)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(lesions, same)
    assert np.any(changed(2)[1] != lesions)


@pytest.mark.parametrize("kind", ["covid", "ground-glass", "consolidation"])
@pytest.mark.parametrize("extent", list(EXTENTS))
def test_disease_has_the_extent_that_was_asked_for(kind: str, extent: str) -> None:
    lung = np.count_nonzero(healthy().lung_mask)
    least, most = EXTENTS[extent]
    shares = [np.count_nonzero(changed(seed, kind, extent)[1]) / lung for seed in range(4)]
    assert np.mean(shares) > 0.6 * least
    # The last patch may go beyond what is left to fill.
    assert np.mean(shares) < most + 0.08


@pytest.mark.parametrize("seed", range(4))
def test_disease_lies_in_the_lungs_only(seed: int) -> None:
    added, lesions = changed(seed)
    assert not lesions[healthy().lung_mask == 0].any()
    border = ndimage.binary_dilation(healthy().lung_mask > 0, np.ones((1, 3, 3)))
    assert not added[~border].any()


@pytest.mark.parametrize("seed", range(4))
def test_lesions_are_denser_and_what_is_no_lesion_hardly_changes(seed: int) -> None:
    added, lesions = changed(seed)
    lung = healthy().lung_mask > 0
    air = healthy().ct.hu < -600
    assert np.mean(added[lesions & air]) > 120
    assert np.mean(np.abs(added[lung & ~lesions & air])) < 40


def test_vessels_are_seen_through_ground_glass() -> None:
    ct, lesions = add_disease(healthy().ct, healthy().lung_mask, 5, "ground-glass", "severe")
    inside = lesions & ndimage.binary_erosion(healthy().lung_mask > 0, np.ones((1, 5, 5)))
    vessels = inside & (healthy().ct.hu > -300)
    glass = inside & (healthy().ct.hu < -750)
    assert vessels.sum() > 20
    assert np.median(ct.hu[vessels]) - np.median(ct.hu[glass]) > 200


def test_ground_glass_is_not_airless_and_consolidation_is() -> None:
    glass, glass_lesions = add_disease(healthy().ct, healthy().lung_mask, 6, "ground-glass")
    dense, dense_lesions = add_disease(healthy().ct, healthy().lung_mask, 6, "consolidation")
    air = healthy().ct.hu < -700
    assert np.mean(glass.hu[glass_lesions & air] > -150) < 0.05
    assert np.mean(dense.hu[dense_lesions & air] > -150) > 0.15


def test_disease_lies_below_the_pleura_and_at_the_back() -> None:
    lung = healthy().lung_mask > 0
    all_lesions = np.mean([changed(seed)[1] for seed in range(12)], axis=0)
    rows = np.arange(lung.shape[1])[None, :, None] * np.ones(lung.shape)
    weights = all_lesions[lung]
    assert np.average(space().depth_mm[lung], weights=weights) < space().depth_mm[lung].mean()
    assert np.average(rows[lung], weights=weights) > rows[lung].mean()


def test_disease_of_most_patients_lies_on_both_sides() -> None:
    both = 0
    for seed in range(12):
        lesions = changed(seed)[1]
        right, left = (np.count_nonzero(lesions & (healthy().lung_mask == side)) for side in (1, 2))
        both += min(right, left) > 0.1 * max(right, left)
    assert 6 <= both


@pytest.mark.parametrize("kind", list(MIMICS))
def test_mimics_change_the_lungs_and_a_seed_gives_the_same_again(kind: str) -> None:
    first = add_mimic(healthy().ct, healthy().lung_mask, 4, kind)
    again = add_mimic(healthy().ct, healthy().lung_mask, 4, kind)
    np.testing.assert_array_equal(first.hu, again.hu)
    added = np.abs(first.hu.astype(int) - healthy().ct.hu)
    assert np.count_nonzero(added[healthy().lung_mask > 0] > 30) > 20
    beyond = ndimage.binary_dilation(healthy().lung_mask > 0, np.ones((1, 3, 3)))
    assert kind == "motion" or not added[~beyond].any()


def test_effusion_takes_the_place_of_lung_and_lies_at_the_back() -> None:
    ct, labels = healthy().ct, healthy().lung_mask
    random = np.random.default_rng(0)
    hu, left = paint_mimic(random, ct.hu.astype(np.float32), labels, (9.0, 2.6, 2.6), "effusion")
    fluid = (labels > 0) & (left == 0)
    assert 0.01 < fluid.sum() / (labels > 0).sum() < 0.6
    assert -30 < np.median(hu[fluid]) < 40
    assert np.argwhere(fluid)[:, 1].mean() > np.argwhere(left)[:, 1].mean()


def test_depth_grows_from_the_pleura() -> None:
    lung = healthy().lung_mask > 0
    surface = lung & ~ndimage.binary_erosion(lung)
    core = ndimage.binary_erosion(lung, iterations=4)
    assert space().depth_mm[surface].mean() < 0.5 * space().depth_mm[core].mean()

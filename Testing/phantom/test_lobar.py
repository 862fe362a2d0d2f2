"""Dense consolidation up to the chest wall: it stays lung, and fluid beside it does not."""

from functools import cache

import numpy as np
from COVIDDetectLib.phantom import Phantom, paint_lobar, thorax
from scipy import ndimage

SPACING = (9.0, 2.6, 2.6)


@cache
def patient() -> Phantom:
    return thorax(seed=3, shape=(32, 128, 128), spacing=(2.6, 2.6, 9.0))


def painted(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """HU before, and HU, labels and lesions after."""
    hu, labels = patient().ct.hu[14:17].astype(np.float32), patient().lung_mask[14:17]
    return hu, *paint_lobar(np.random.default_rng(seed), hu, labels, SPACING)


def test_a_seed_gives_the_same_again_and_the_input_is_left_alone() -> None:
    before, *first = painted(1)
    _, *again = painted(1)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(before, patient().ct.hu[14:17])


def test_consolidation_is_dense_stays_lung_and_reaches_the_chest_wall() -> None:
    labels = patient().lung_mask[14:17]
    border = ndimage.binary_dilation(labels > 0, np.ones((1, 3, 3)))
    reaches = airless = 0
    for seed in range(10):
        before, hu, left, lesions = painted(seed)
        assert not lesions[left == 0].any()
        dense = lesions & (hu > -100)
        airless += np.count_nonzero(dense) > 0.3 * np.count_nonzero(lesions)
        lowest = np.zeros(labels.shape, dtype=bool)
        lowest[:, :-1] = (labels[:, :-1] > 0) & (labels[:, 1:] == 0)
        lowest &= np.arange(labels.shape[1])[:, None] > 70
        reaches += np.mean(dense[lowest]) > 0.2
        np.testing.assert_array_equal(hu[~border], before[~border])
    assert airless >= 7
    assert reaches >= 6


def test_fluid_takes_the_place_of_lung_and_airways_stay_open_in_consolidation() -> None:
    labels = patient().lung_mask[14:17]
    with_fluid = with_airways = 0
    for seed in range(24):
        before, hu, left, lesions = painted(seed)
        fluid = (labels > 0) & (left == 0)
        if fluid.sum() > 50:
            with_fluid += 1
            assert -20 < np.median(hu[fluid & (before < -600)]) < 40
        with_airways += np.count_nonzero(lesions & (hu < -500) & (before > hu)) > 0 or np.ptp(hu[lesions]) > 700
    assert 2 <= with_fluid <= 16
    assert with_airways > 8

"""What lies round the patient and the gas in the bowel: painted where it belongs, never over body or lungs."""

from functools import cache

import numpy as np
import pytest
from COVIDDetectLib.phantom import Phantom, body_outline, head_slice, paint_bowel_gas, paint_surroundings, thorax
from scipy import ndimage

PIXEL_MM = 2.6


@cache
def patient() -> Phantom:
    return thorax(seed=3, shape=(32, 192, 192), spacing=(PIXEL_MM, PIXEL_MM, 9.0))


def slices(*numbers: int) -> tuple[np.ndarray, np.ndarray]:
    """HU and lungs of some slices."""
    chosen = list(numbers)
    return patient().ct.hu[chosen].astype(np.float32), patient().lung_mask[chosen] > 0


def test_the_body_holds_the_lungs_and_leaves_the_table_out() -> None:
    (hu,), (lungs,) = slices(15)
    body = body_outline(hu, lungs, PIXEL_MM)
    assert body[lungs].all()
    assert body[hu > 0].mean() > 0.98
    last = int(np.flatnonzero(body.any(axis=1))[-1])
    table = np.flatnonzero((hu[:, 96] > -600) & (np.arange(192) > last + 1))
    assert len(table)


@pytest.mark.parametrize("seed", range(6))
def test_another_table_changes_what_is_round_the_patient_and_nothing_inside(seed: int) -> None:
    hu, lungs = slices(14, 16)
    painted = paint_surroundings(np.random.default_rng(seed), hu, lungs, PIXEL_MM)
    again = paint_surroundings(np.random.default_rng(seed), hu, lungs, PIXEL_MM)
    np.testing.assert_array_equal(painted, again)
    for before, after, lung in zip(hu, painted, lungs, strict=True):
        body = body_outline(before, lung, PIXEL_MM)
        np.testing.assert_array_equal(before[body], after[body])
        assert np.mean(np.abs(before - after)[~body] > 5) > 0.3


def test_surroundings_are_now_and_then_as_dense_as_lung() -> None:
    hu, lungs = slices(15)
    body = body_outline(hu[0], lungs[0], PIXEL_MM)
    like_lung = []
    for seed in range(30):
        outside = paint_surroundings(np.random.default_rng(seed), hu, lungs, PIXEL_MM)[0][~body]
        like_lung.append(np.count_nonzero((outside > -920) & (outside < -500)) * PIXEL_MM**2 / 100)
    assert np.mean(np.array(like_lung) > 30) > 0.2  # 30 cm²


def test_gas_lies_in_the_body_outside_the_lungs() -> None:
    hu, lungs = slices(4, 6)
    body = np.stack([body_outline(one, lung, PIXEL_MM, False) for one, lung in zip(hu, lungs, strict=True)])
    inner = ndimage.binary_erosion(body, np.ones((1, 3, 3)), 3)
    found = 0
    for seed in range(8):
        painted = paint_bowel_gas(np.random.default_rng(seed), hu, lungs, PIXEL_MM)
        np.testing.assert_array_equal(painted[lungs], hu[lungs])
        gas = (painted < -800) & (hu > -300)
        assert not gas[~inner].any()
        found += np.count_nonzero(gas) * PIXEL_MM**2 > 300
    assert found >= 5


def test_heads_hold_air_that_bone_and_tissue_enclose() -> None:
    with_air = 0
    for seed in range(12):
        hu = head_slice(np.random.default_rng(seed), 192, 1.6)
        outline = ndimage.binary_fill_holes(hu > -300)
        assert 40 < np.count_nonzero(outline) * 1.6**2 / 100 < 400  # cm²
        with_air += np.count_nonzero(outline & (hu < -700)) > 10
    assert with_air >= 6

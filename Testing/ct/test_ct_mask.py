"""The network's input: windowed as the paper says, cropped to the lungs, and lying where it should."""

import numpy as np
import pytest
from COVIDDetectLib.ct.ct_mask import make_ct_mask, resample_in_plane, window_to_8_bit
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError, MaskError


def gradient_ct() -> CTVolume:
    """HU rise by 1 a millimetre to the left, 2 to the back and 3 to the head."""
    geometry = Geometry.axial(spacing=(0.8, 0.9, 5.0), origin=(-100.0, -50.0, 20.0))
    k, j, i = np.meshgrid(np.arange(12), np.arange(120), np.arange(140), indexing="ij")
    x, y, z = (geometry.ijk_to_lps[:3, :3] @ np.stack([i.ravel(), j.ravel(), k.ravel()])).reshape(3, *i.shape)
    return CTVolume.from_array(-600 + x + 2 * y + 3 * z, geometry)


def test_window_maps_minus_1200_to_0_and_600_to_255() -> None:
    np.testing.assert_array_equal(
        window_to_8_bit(np.array([-3000, -1200, -300, 600, 3000])), np.array([0, 0, 128, 255, 255])
    )


def test_slices_stay_and_plane_takes_the_size_of_the_weights() -> None:
    lungs = np.zeros((12, 120, 140), dtype=bool)
    lungs[2:11, 20:100, 10:130] = True
    ct_mask = make_ct_mask(gradient_ct(), lungs, (192, 288))
    assert ct_mask.image.shape == ct_mask.mask.shape == (9, 192, 288)
    assert ct_mask.mask.all()
    tensor = ct_mask.tensor()
    assert tensor.shape == (1, 2, 9, 192, 288)
    assert 0 <= float(tensor.min()) and float(tensor.max()) == 1.0


def test_its_geometry_places_every_pixel_where_its_gray_value_comes_from() -> None:
    ct = gradient_ct()
    lungs = np.zeros(ct.shape, dtype=bool)
    lungs[2:11, 20:100, 10:130] = True
    ct_mask = make_ct_mask(ct, lungs, (64, 96))
    inside = [(k, j, i) for k in (0, 4, 8) for j in (3, 30, 60) for i in (3, 50, 92)]
    for k, j, i in inside:
        x, y, z = (ct_mask.geometry.ijk_to_lps @ [i, j, k, 1])[:3] - ct.geometry.origin
        hu = -600 + x + 2 * y + 3 * z
        assert ct_mask.image[k, j, i] == pytest.approx((hu + 1200) * 255 / 1800, abs=0.6)


def test_resampling_to_the_same_size_changes_nothing() -> None:
    slices = np.random.default_rng(0).random((2, 7, 9), dtype=np.float32)
    np.testing.assert_allclose(resample_in_plane(slices, 7, 9), slices, atol=1e-6)


def test_empty_masks_other_grids_and_single_slices_are_refused() -> None:
    ct = gradient_ct()
    lungs = np.zeros(ct.shape, dtype=bool)
    with pytest.raises(MaskError, match="empty"):
        make_ct_mask(ct, lungs, (192, 288))
    with pytest.raises(MaskError, match="different numbers of voxels"):
        make_ct_mask(ct, lungs[1:], (192, 288))
    lungs[3] = True
    with pytest.raises(InputError, match="one slice"):
        make_ct_mask(ct, lungs, (192, 288))

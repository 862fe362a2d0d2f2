"""The network's input: windowed as the paper says, cropped to the lungs, and lying where it should."""

import numpy as np
import pytest
from COVIDDetectLib.ct.ct_mask import (
    InputForm,
    averaged_slabs,
    make_ct_mask,
    resample_in_plane,
    share_of_adult,
    window_to_8_bit,
)
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError, MaskError
from COVIDDetectLib.phantom import thorax


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
    ct_mask = make_ct_mask(gradient_ct(), lungs, InputForm((192, 288)))
    assert ct_mask.image.shape == ct_mask.mask.shape == (9, 192, 288)
    assert ct_mask.mask.all()
    tensor = ct_mask.tensor()
    assert tensor.shape == (1, 2, 9, 192, 288)
    assert 0 <= float(tensor.min()) and float(tensor.max()) == 1.0


def test_its_geometry_places_every_pixel_where_its_gray_value_comes_from() -> None:
    ct = gradient_ct()
    lungs = np.zeros(ct.shape, dtype=bool)
    lungs[2:11, 20:100, 10:130] = True
    ct_mask = make_ct_mask(ct, lungs, InputForm((64, 96)))
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
        make_ct_mask(ct, lungs, InputForm((192, 288)))
    with pytest.raises(MaskError, match="different numbers of voxels"):
        make_ct_mask(ct, lungs[1:], InputForm((192, 288)))
    lungs[3] = True
    with pytest.raises(InputError, match="one slice"):
        make_ct_mask(ct, lungs, InputForm((192, 288)))


def resliced(ct: CTVolume, slices: int) -> CTVolume:
    """The same anatomy in another number of slices of equal thickness over the same height."""
    i_mm, j_mm, k_mm = ct.geometry.spacing
    thickness_mm = k_mm * len(ct.hu) / slices
    x, y, z = ct.geometry.origin
    geometry = Geometry.axial((i_mm, j_mm, thickness_mm), (x, y, z - k_mm / 2 + thickness_mm / 2))
    return CTVolume(np.rint(averaged_slabs(ct.hu, slices)).astype(np.int16), geometry)


@pytest.mark.parametrize("slices", [25, 50, 80, 100, 200])
def test_slabs_are_the_same_whatever_the_slices_are_thick(slices: int) -> None:
    random = np.random.default_rng(0)
    fine = CTVolume(
        random.integers(-1000, 100, (400, 8, 8)).astype(np.int16), Geometry.axial((30.0, 30.0, 0.5), (0.0, 0.0, 0.25))
    )
    form = InputForm((8, 8), slice_mm=5.0)
    # 40 slabs of 5 mm; slices of 8 mm cannot be cut so.
    reference = make_ct_mask(resliced(fine, 40), np.ones((40, 8, 8), bool), form)
    made = make_ct_mask(resliced(fine, slices), np.ones((slices, 8, 8), bool), form)
    assert made.image.shape == (40, 8, 8)
    assert made.geometry.same_grid(reference.geometry)
    if slices % 40 == 0:
        np.testing.assert_allclose(made.image.astype(int), reference.image, atol=1)
    else:
        blurred = np.abs(made.image.astype(int) - reference.image).mean()
        assert blurred < np.abs(np.diff(reference.image.astype(int), axis=0)).mean()


def test_slices_stay_as_they_are_without_a_thickness_and_at_that_thickness() -> None:
    ct = CTVolume(gradient_ct().hu[:, :20, :20], Geometry.axial((15.0, 15.0, 5.0)))
    lungs = np.zeros(ct.hu.shape, dtype=bool)
    lungs[1:-1, 4:20, 4:20] = True
    plain, slabs = (make_ct_mask(ct, lungs, InputForm((32, 48), slice_mm=mm)) for mm in (None, 5.0))
    np.testing.assert_array_equal(plain.image, slabs.image)
    assert plain.geometry == slabs.geometry


def test_nothing_far_from_the_lungs_is_shown() -> None:
    random = np.random.default_rng(0)
    hu = random.integers(-1000, 400, (6, 60, 60)).astype(np.int16)
    lungs = np.zeros(hu.shape, dtype=bool)
    lungs[:, 0:10, 0:10] = lungs[:, -10:, -10:] = True
    form = InputForm((60, 60), surroundings_mm=16.0)
    ct_mask = make_ct_mask(CTVolume(hu, Geometry.axial((4.0, 4.0, 5.0))), lungs, form)
    changed = hu.copy()
    changed[:, 14:46, 14:46] = 300
    again = make_ct_mask(CTVolume(changed, Geometry.axial((4.0, 4.0, 5.0))), lungs, form)
    np.testing.assert_array_equal(ct_mask.image, again.image)
    shown = make_ct_mask(CTVolume(hu, Geometry.axial((4.0, 4.0, 5.0))), lungs, InputForm((60, 60)))
    np.testing.assert_array_equal(ct_mask.image[:, :14, :14], shown.image[:, :14, :14])


@pytest.mark.parametrize("slice_mm", [None, 5.0])
def test_a_childs_chest_is_seen_as_an_adults(slice_mm: float | None) -> None:
    """Slabs of 5 mm of a child are thick slices of an adult: vessels would be blurred until they look like disease."""
    phantom = thorax(seed=3, shape=(60, 64, 64), spacing=(5.5, 5.5, 5.0))
    form = InputForm((32, 48), slice_mm=slice_mm, surroundings_mm=10.0)
    adults = make_ct_mask(phantom.ct, phantom.lung_mask, form)
    for scale in (0.7, 0.4):
        small = CTVolume(phantom.ct.hu, Geometry.axial((5.5 * scale, 5.5 * scale, 5.0 * scale)))
        childs = make_ct_mask(small, phantom.lung_mask, form)
        assert abs(len(childs.image) - len(adults.image)) <= len(adults.image) * 0.2
        if childs.image.shape == adults.image.shape:
            np.testing.assert_array_equal(childs.image, adults.image)
    assert share_of_adult(180.0, 120.0) == 1.0, "a single lung is narrow, and no child's"

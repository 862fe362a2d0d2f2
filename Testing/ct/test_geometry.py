"""One geometry: LPS in, LPS out, and nothing lost when axes are exchanged or reversed."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError

AXIAL = Geometry.axial(spacing=(0.7, 0.8, 5.0), origin=(10.0, 20.0, -30.0))
ORDERS = [Reorientation(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)]


@pytest.fixture
def voxels() -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 400, size=(4, 5, 6)).astype(np.int16)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_order_of_axes_comes_back_to_axial_and_to_its_own_grid(voxels: np.ndarray, order: Reorientation) -> None:
    stored = CTVolume(np.ascontiguousarray(order.apply(voxels)), AXIAL.reoriented(order, voxels.shape))

    axial, reorientation = stored.axial()

    np.testing.assert_array_equal(axial.hu, voxels)
    assert axial.geometry.same_grid(AXIAL)
    np.testing.assert_array_equal(reorientation.undo(axial.hu), stored.hu)
    assert stored.sha256 == CTVolume(voxels, AXIAL).sha256


def test_a_grid_turned_by_forty_degrees_keeps_the_place_of_every_voxel() -> None:
    cosine, sine = np.cos(np.radians(40)), np.sin(np.radians(40))
    oblique = Geometry((1, 2, 3), (1, 2, 3), ((cosine, -sine, 0), (sine, cosine, 0), (0, 0, -1)))
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)

    axial, reorientation = CTVolume(voxels, oblique).axial()

    for k, j, i in np.ndindex(voxels.shape):
        new_kji = np.argwhere(axial.hu == voxels[k, j, i])[0]
        np.testing.assert_allclose(
            axial.geometry.ijk_to_lps @ [*new_kji[::-1], 1], oblique.ijk_to_lps @ [i, j, k, 1], atol=1e-9
        )
    np.testing.assert_array_equal(reorientation.undo(axial.hu), voxels)


def test_geometry_agrees_with_itk_on_the_place_of_a_voxel() -> None:
    image = sitk.Image(4, 5, 6, sitk.sitkInt16)
    image.SetOrigin((7.0, -3.0, 11.0))
    image.SetSpacing((0.5, 0.6, 2.5))
    image.SetDirection((0, 0, 1, -1, 0, 0, 0, -1, 0))

    geometry = Geometry.from_sitk(image)

    expected = image.TransformIndexToPhysicalPoint((3, 2, 1))
    np.testing.assert_allclose((geometry.ijk_to_lps @ [3, 2, 1, 1])[:3], expected)
    copy = sitk.Image(4, 5, 6, sitk.sitkInt16)
    geometry.apply_to(copy)
    assert copy.TransformIndexToPhysicalPoint((3, 2, 1)) == pytest.approx(expected)


def test_ras_differs_from_lps_by_the_sign_of_x_and_y() -> None:
    np.testing.assert_allclose(AXIAL.ijk_to_ras @ [0, 0, 0, 1], [-10, -20, -30, 1])
    assert Geometry.from_ijk_to_ras(AXIAL.ijk_to_ras).same_grid(AXIAL)


def test_voxel_volume_is_in_millilitres() -> None:
    assert AXIAL.voxel_ml == pytest.approx(0.7 * 0.8 * 5.0 / 1000)


@pytest.mark.parametrize("spacing", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (float("nan"), 1.0, 1.0)])
def test_a_spacing_that_is_none_is_refused(spacing: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="spacing"):
        Geometry.axial(spacing=spacing)

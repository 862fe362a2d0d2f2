"""The hottest regions are those of the heat map that lie in the lungs, each named by its lung and its place there."""

import time

import numpy as np
import pytest
from COVIDDetectLib.analysis.attention import Attention
from COVIDDetectLib.analysis.heat_map import HeatMap
from COVIDDetectLib.analysis.regions import Region, hottest_regions
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import MaskError
from COVIDDetectLib.lungs import LungMask
from scipy import ndimage

SHAPE = (40, 90, 120)
GEOMETRY = Geometry.axial(spacing=(2.0, 2.0, 5.0), origin=(-120.0, -90.0, 100.0))
CELLS = Geometry.axial(spacing=(8.0, 8.0, 10.0), origin=(-120.0, -90.0, 102.5))


def chest() -> tuple[CTVolume, LungMask]:
    """Two boxes of lung 40 × 60 voxels in plane and 30 slices high; the right one at −800 HU, the left at −600."""
    hu = np.full(SHAPE, 40, dtype=np.int16)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[5:35, 15:75, 10:50] = 1
    labels[5:35, 15:75, 70:110] = 2
    hu[labels == 1], hu[labels == 2] = -800, -600
    return CTVolume(hu, GEOMETRY), LungMask(labels, GEOMETRY)


def heat(*spots: tuple[tuple[int, int, int], float]) -> Attention:
    """A map with single hot cells ``(k, j, i)``."""
    values = np.zeros((20, 23, 30), dtype=np.float32)
    for cell, value in spots:
        values[cell] = value
    return Attention(values, CELLS, 1.0)


def regions_of(attention: Attention, ct: CTVolume, lung_mask: LungMask, count: int = 5) -> tuple[Region, ...]:
    return hottest_regions(HeatMap.of(attention, lung_mask), ct, lung_mask, count)


# Cell (k, j, i) lies between slices 2k and 2k + 1, on row 4j and column 4i.
RIGHT_LOWER, LEFT_UPPER, BETWEEN = (5, 10, 7), (15, 12, 22), (10, 10, 15)


def test_regions_are_ranked_by_peak_and_named_by_lung_and_third() -> None:
    first, second = regions_of(heat((RIGHT_LOWER, 0.7), (LEFT_UPPER, 1.0)), *chest())
    assert (first.rank, first.peak, first.side, first.third, first.mean_hu) == (1, 1.0, "left", "upper", -600.0)
    assert (second.rank, second.side, second.third, second.mean_hu) == (2, "right", "lower", -800.0)
    assert second.peak == pytest.approx(0.7)
    assert first.peak_lps == pytest.approx((-120 + 22 * 8, -90 + 12 * 8, 102.5 + 150))


def test_middle_of_the_lung_is_its_middle_third() -> None:
    (region,) = regions_of(heat(((10, 10, 7), 1.0)), *chest())
    assert region.third == "middle"


def test_what_is_hot_outside_the_lungs_is_no_region() -> None:
    assert regions_of(heat((BETWEEN, 1.0)), *chest()) == ()
    (region,) = regions_of(heat((BETWEEN, 1.0), (LEFT_UPPER, 0.8)), *chest())
    assert region.side == "left"


def test_what_is_lukewarm_is_no_region_and_only_the_hottest_few_are_kept() -> None:
    assert regions_of(heat((RIGHT_LOWER, 0.49)), *chest()) == ()
    spots = [((k, j, 22), 0.7 + 0.02 * k + 0.001 * j) for k in (4, 8, 12) for j in (6, 11, 16)]
    regions = regions_of(heat(*spots), *chest(), count=5)
    assert [region.rank for region in regions] == [1, 2, 3, 4, 5]
    assert [region.peak for region in regions] == pytest.approx(sorted((v for _, v in spots), reverse=True)[:5])


def test_volume_is_that_of_the_interpolated_map_above_half_its_maximum() -> None:
    # Linear interpolation: in each in-plane direction 2 of 4 finer cells to either side are at 0.5 or more,
    # where the product of both is. 9 of 25 cells are: the center, four at 3/4, four at 9/16; and four at 1/2.
    (region,) = regions_of(heat((RIGHT_LOWER, 1.0)), *chest())
    assert region.volume_ml == pytest.approx(13 * 2 * 2 * 10 / 1000)


def test_a_region_that_crosses_from_lung_to_lung_is_two() -> None:
    ct, lung_mask = chest()
    labels = lung_mask.labels.copy()
    labels[5:35, 15:75, 50:61], labels[5:35, 15:75, 61:70] = 1, 2
    regions = regions_of(heat((BETWEEN, 1.0), ((10, 10, 16), 1.0)), ct, LungMask(labels, GEOMETRY))
    assert {region.side for region in regions} == {"right", "left"}


def test_distance_to_the_pleura_is_to_the_nearest_voxel_outside() -> None:
    (region,) = regions_of(heat((RIGHT_LOWER, 1.0)), *chest())
    # The peak's voxel is slice 10, row 40, column 28; the nearest outside is slice 4, 6 × 5 mm; column 50 is 44 mm.
    assert region.distance_to_pleura_mm == pytest.approx(30.0)
    (region,) = regions_of(heat(((10, 10, 3), 1.0)), *chest())
    assert region.distance_to_pleura_mm == pytest.approx(3 * 2.0)


def test_a_lung_that_fills_the_volume_and_an_empty_map_are_no_trouble() -> None:
    ct, _ = chest()
    (region,) = regions_of(heat((RIGHT_LOWER, 1.0)), ct, LungMask(np.ones(SHAPE, np.uint8), GEOMETRY))
    assert isinstance(region, Region)
    assert region.distance_to_pleura_mm == pytest.approx(11 * 5.0)
    assert regions_of(heat(), *chest()) == ()


def test_a_mask_on_another_grid_is_refused() -> None:
    ct, lung_mask = chest()
    with pytest.raises(MaskError, match="voxel grid"):
        regions_of(heat(), ct, LungMask(lung_mask.labels, CELLS))


def test_six_hundred_slices_take_less_than_half_a_second() -> None:
    labels = np.zeros((600, 512, 512), dtype=np.uint8)
    labels[20:580, 100:400, 40:240], labels[20:580, 100:400, 270:470] = 1, 2
    geometry = Geometry.axial(spacing=(0.7, 0.7, 0.6))
    hu = np.full(labels.shape, -800, dtype=np.int16)
    noise = ndimage.gaussian_filter(np.random.default_rng(0).random((280, 24, 36)), 1.5)
    smooth = ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)
    cells = Geometry.axial(spacing=(0.7 * 430 / 36, 0.7 * 300 / 24, 1.2), origin=(28.0, 70.0, 12.3))
    start = time.thread_time()
    assert len(regions_of(Attention(smooth, cells, 1.0), CTVolume(hu, geometry), LungMask(labels, geometry))) == 5
    assert time.thread_time() - start < 0.5

"""The heat map that is shown is the network's own in the lungs, nothing outside, and tells how much that leaves out."""

from dataclasses import replace

import numpy as np
import pytest
from COVIDDetectLib.analysis.attention import Attention, heat_at
from COVIDDetectLib.analysis.heat_map import HeatMap, hatched
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.lungs import LungMask

VOXELS = Geometry.axial(spacing=(1.0, 1.0, 5.0))
CELLS = Geometry.axial(spacing=(8.0, 8.0, 10.0), origin=(0.0, 0.0, 2.5))
"""Cell (k, j, i) lies between slices 2k and 2k + 1, on row 8j and column 8i."""


def lung_mask() -> LungMask:
    """The right half of the columns is lung."""
    labels = np.zeros((8, 41, 65), dtype=np.uint8)
    labels[:, :, :33] = 1
    return LungMask(labels, VOXELS)


def attention(*spots: tuple[int, int, int]) -> Attention:
    values = np.zeros((4, 6, 9), dtype=np.float32)
    for spot in spots:
        values[spot] = 1
    return Attention(values, CELLS, 0.5, "layer")


def test_cells_in_the_lungs_stay_and_the_others_are_zero() -> None:
    heat_map = HeatMap.of(attention((1, 3, 2), (1, 3, 6)), lung_mask())
    shown = heat_map.in_lungs
    assert shown.values[1, 12, 8] == 1
    assert shown.values[1, 12, 9] == pytest.approx(0.75), "a quarter of the way to the next cell"
    assert not shown.values[:, :, 17:].any()
    assert (shown.layer, shown.raw_maximum) == ("layer", 0.5)
    place = shown.geometry.ijk_to_lps @ [8, 12, 1, 1]
    assert place == pytest.approx(CELLS.ijk_to_lps @ [2, 3, 1, 1])


@pytest.mark.parametrize(
    ("spots", "share"),
    [([(1, 3, 2)], 1.0), ([(1, 3, 6)], 0.0), ([(1, 3, 2), (1, 3, 6)], 0.5), ([], 0.0)],
    ids=["inside", "outside", "both", "empty map"],
)
def test_share_is_that_of_the_heat_in_the_lungs(spots: list[tuple[int, int, int]], share: float) -> None:
    assert HeatMap.of(attention(*spots), lung_mask()).share_in_lungs == pytest.approx(share)


def test_a_mask_that_nobody_turned_to_axial_order_is_refused() -> None:
    order = Reorientation((1, 0, 2), (False, False, False))
    mask = lung_mask()
    stored = LungMask(order.apply(mask.labels), mask.geometry.reoriented(order, mask.labels.shape))
    with pytest.raises(ValueError, match="not in axial order"):
        HeatMap.of(attention(), stored)
    assert HeatMap.of(attention((1, 3, 2)), stored.axial()).share_in_lungs == 1


def test_what_speaks_against_is_shown_but_is_no_heat() -> None:
    signed = Attention(attention((1, 3, 2)).values - 2 * attention((1, 3, 1), (1, 3, 6)).values, CELLS, 0.5, "layer")
    heat_map = HeatMap.of(signed, lung_mask())
    assert heat_map.in_lungs.values.min() == -2
    assert heat_map.share_in_lungs == 1, "of what speaks for it"


def test_stripes_cut_out_half_of_a_map_in_every_plane_and_leave_the_rest_as_it_is() -> None:
    values = np.zeros((4, 12, 18), dtype=np.float32)
    values[1:3, 2:9, 3:12] = np.linspace(0.3, 1, 9)
    original = Attention(values, CELLS, 0.5, "layer")
    striped = hatched(original)
    whole, seen = heat_at(original, striped.geometry, striped.values.shape), striped.values > 0
    np.testing.assert_allclose(striped.values[seen], whole[seen], atol=1e-5)
    assert 0.4 < seen.sum() / (whole > 0).sum() < 0.6
    for axis, size in enumerate(seen.shape):
        plane = seen.take(size // 2, axis)
        edges = [np.abs(np.diff(plane.astype(int), axis=along)).sum(axis=along).max() for along in (0, 1)]
        assert min(edges) >= 3, "stripes cross both directions of the plane"
    against = hatched(replace(original, values=-values))
    np.testing.assert_array_equal(against.values, -striped.values)


def test_a_map_without_heat_has_no_stripes() -> None:
    assert not hatched(attention()).values.any()

"""Densities in each lung, counted by the definition and shown as they were counted."""

from dataclasses import replace

import numpy as np
import pytest
from COVIDDetectLib.analysis.opacity import OpacityBounds, has_lobes, measure_lobes, measure_opacity, opacity_labels
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError, MaskError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom

from Testing.lungs.drawn_lobes import lobes_in

GEOMETRY = Geometry.axial(spacing=(2.0, 2.0, 5.0))


def of_densities(right: list[int], left: list[int]) -> tuple[CTVolume, LungMask]:
    """One voxel a density, in a row, with bone around that belongs to no lung."""
    hu = np.full((3, 3, len(right) + len(left)), 500, dtype=np.int16)
    labels = np.zeros(hu.shape, dtype=np.uint8)
    hu[1, 1] = [*right, *left]
    labels[1, 1] = [1] * len(right) + [2] * len(left)
    return CTVolume(hu, GEOMETRY), LungMask(labels, GEOMETRY)


def test_each_class_holds_its_bounds_as_named() -> None:
    ct, lung_mask = of_densities([-951, -950, -751, -750, -301, -300, 50, 51], [-800, -800, -400, 0])
    right, left = measure_opacity(ct, lung_mask)
    voxel_ml = 0.02
    assert right.side == "right" and left.side == "left"
    assert right.volume_ml == pytest.approx(8 * voxel_ml)
    assert right.emphysema_ml == pytest.approx(1 * voxel_ml)
    assert right.ground_glass_ml == pytest.approx(2 * voxel_ml)
    assert right.consolidation_ml == pytest.approx(2 * voxel_ml)
    assert right.ground_glass_percent == pytest.approx(25.0)
    assert left.mean_hu == pytest.approx(-500.0)
    assert (left.emphysema_percent, left.ground_glass_percent, left.consolidation_percent) == (0.0, 25.0, 25.0)
    np.testing.assert_array_equal(opacity_labels(ct, lung_mask)[1, 1], [3, 0, 0, 1, 1, 2, 2, 0, 0, 0, 1, 2])
    assert not opacity_labels(ct, lung_mask)[[0, 2]].any()


def test_other_bounds_count_otherwise_and_overlapping_ones_are_refused() -> None:
    ct, lung_mask = of_densities([-920, -800, -600, -200], [-800])
    right, _ = measure_opacity(ct, lung_mask, OpacityBounds((-700, -500), (-500, 100), -910))
    assert (right.emphysema_percent, right.ground_glass_percent, right.consolidation_percent) == (25.0, 25.0, 25.0)
    with pytest.raises(InputError, match="overlap"):
        OpacityBounds(ground_glass=(-750, -200), consolidation=(-300, 50))


def test_a_lung_that_is_not_in_the_mask_is_left_out() -> None:
    (only,) = measure_opacity(*of_densities([], [-800, -700]))
    assert only.side == "left"


def test_labels_show_what_was_measured(small_phantom: Phantom) -> None:
    ct = small_phantom.ct
    lung_mask = LungMask.from_labels(small_phantom.lung_mask, ct.geometry)
    shown = opacity_labels(ct, lung_mask)
    for side, lung in enumerate(measure_opacity(ct, lung_mask), start=1):
        counts = np.bincount(shown[small_phantom.lung_mask == side], minlength=4) * ct.geometry.voxel_ml
        assert counts[1:] == pytest.approx([lung.ground_glass_ml, lung.consolidation_ml, lung.emphysema_ml])
        assert lung.volume_ml == pytest.approx(counts.sum())


def test_disease_is_opacity(small_phantom: Phantom) -> None:
    lung_mask = LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)
    shown = opacity_labels(small_phantom.ct, lung_mask)
    inside = (small_phantom.lung_mask > 0) & small_phantom.lesions
    healthy = (small_phantom.lung_mask > 0) & ~small_phantom.lesions
    assert np.isin(shown[inside], (1, 2)).mean() > 2 * np.isin(shown[healthy], (1, 2)).mean()


def test_a_mask_of_another_shape_is_refused() -> None:
    ct, lung_mask = of_densities([-800], [-800])
    with pytest.raises(MaskError, match="different numbers of voxels"):
        measure_opacity(ct, replace(lung_mask, labels=lung_mask.labels[:2]))


def test_lobes_are_measured_as_lungs_are_and_add_up_to_them(small_phantom: Phantom) -> None:
    ct, labels = small_phantom.ct, small_phantom.lung_mask
    lung_mask = LungMask(labels, ct.geometry, lobes_in(labels))
    lobes = measure_lobes(ct, lung_mask)
    assert [(one.side, one.lobe) for one in lobes] == [
        ("right", "upper"), ("right", "middle"), ("right", "lower"), ("left", "upper"), ("left", "lower"),
    ]  # fmt: skip
    for lung in measure_opacity(ct, lung_mask):
        of_it = [one for one in lobes if one.side == lung.side]
        for kind in ("volume", "ground_glass", "consolidation", "emphysema"):
            assert sum(getattr(one, f"{kind}_ml") for one in of_it) == pytest.approx(getattr(lung, f"{kind}_ml"))
    (only,) = measure_opacity(ct, LungMask((lobes_in(labels) == 5).astype(np.uint8), ct.geometry))
    assert lobes[2].ground_glass_percent == only.ground_glass_percent and lobes[2].mean_hu == only.mean_hu
    assert measure_lobes(ct, LungMask(labels, ct.geometry)) == ()


def test_a_border_between_lobes_that_moved_is_noticed(small_phantom: Phantom) -> None:
    ct, labels = small_phantom.ct, small_phantom.lung_mask
    lobes = lobes_in(labels)
    without, own = LungMask(labels, ct.geometry), LungMask(labels, ct.geometry, lobes)
    record = {"lobes": [{"volume_ml": round(one.volume_ml, 1)} for one in measure_lobes(ct, own)]}
    moved = lobes.copy()
    moved[tuple(np.argwhere(lobes == 4)[:1].T)] = 5
    assert has_lobes(own, record) and has_lobes(without, {"lobes": []}) and has_lobes(without, {})
    assert not has_lobes(LungMask(labels, ct.geometry, moved), record)
    assert not has_lobes(without, record) and not has_lobes(own, {})

"""Two CTs of one chest lie over each other afterwards, however they were scanned; two chests are told apart."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.analysis.opacity import measure_opacity
from COVIDDetectLib.analysis.registration import (
    GROWN,
    LEAST_OVERLAP,
    RESOLVED,
    Registration,
    Scan,
    opacity_change,
    register,
)
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, InputError
from COVIDDetectLib.lungs import LungMask, segment_lungs
from COVIDDetectLib.phantom import Phantom, add_disease, thorax
from scipy.spatial.transform import Rotation


@cache
def before(seed: int = 5) -> Phantom:
    return thorax(seed=seed, shape=(50, 128, 128), spacing=(2.8, 2.8, 5.5), disease="covid", extent="mild")


def scan_of(phantom: Phantom) -> Scan:
    return phantom.ct, LungMask.from_labels(phantom.lung_mask, phantom.ct.geometry)


def moved(
    scan: Scan, degrees: tuple[float, float, float], shift_mm: tuple[float, float, float]
) -> tuple[Scan, np.ndarray]:
    """The same voxels elsewhere in space, and the 4×4 LPS matrix that took them there."""
    ct, lung_mask = scan
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    geometry = Geometry.from_ijk_to_lps(matrix @ ct.geometry.ijk_to_lps)
    return (replace(ct, geometry=geometry), replace(lung_mask, geometry=geometry)), matrix


def resampled(scan: Scan, spacing: tuple[float, float, float]) -> Scan:
    """As another protocol of the scanner would have given it, over the same part of the body."""
    ct, lung_mask = scan
    size = [round(n * old / new) for n, old, new in zip(ct.shape[::-1], ct.geometry.spacing, spacing, strict=True)]

    def on_grid(array: np.ndarray, interpolator: int) -> np.ndarray:
        image = sitk.GetImageFromArray(array)
        ct.geometry.apply_to(image)
        there = sitk.Resample(
            image, size, sitk.Transform(), interpolator, image.GetOrigin(), spacing, image.GetDirection(), 0
        )
        return sitk.GetArrayFromImage(there)

    geometry = replace(ct.geometry, spacing=spacing)
    hu, labels = on_grid(ct.hu, sitk.sitkLinear), on_grid(lung_mask.labels, sitk.sitkNearestNeighbor)
    return CTVolume(hu, geometry, ct.name), LungMask.from_labels(labels, geometry)


def part_of(scan: Scan, slices: slice) -> Scan:
    ct, lung_mask = scan
    corner = np.eye(4)
    corner[2, 3] = slices.start or 0
    geometry = Geometry.from_ijk_to_lps(ct.geometry.ijk_to_lps @ corner)
    return CTVolume(ct.hu[slices], geometry, ct.name), LungMask.from_labels(lung_mask.labels[slices], geometry)


def error_mm(found: Registration, truth: np.ndarray, earlier: Scan) -> float:
    """The largest distance, over the lungs, between where a point of the earlier CT is put and where it belongs."""
    indices = np.argwhere(earlier[1].labels > 0)[::500, ::-1]
    points = earlier[0].geometry.ijk_to_lps @ np.c_[indices, np.ones(len(indices))].T
    return float(np.linalg.norm(((found.matrix - truth) @ points)[:3], axis=0).max())


@pytest.mark.parametrize("what", ["same grid", "other spacing", "other orientation", "lower part only"])
def test_a_chest_is_found_again_however_it_was_scanned(what: str) -> None:
    earlier = scan_of(before())
    later, truth = moved(earlier, (6.0, -5.0, 9.0), (25.0, -40.0, 60.0))
    if what == "other spacing":
        later = resampled(later, (1.9, 1.9, 8.0))
    elif what == "other orientation":
        turned = thorax(
            seed=5, shape=(50, 128, 128), spacing=(2.8, 2.8, 5.5), disease="covid", extent="mild", orientation="RIP"
        )
        later, truth = moved(scan_of(turned), (6.0, -5.0, 9.0), (25.0, -40.0, 60.0))
    elif what == "lower part only":
        later = part_of(later, slice(0, 28))
    found = register(later, earlier)
    assert error_mm(found, truth, earlier) < 3.0
    assert found.overlap > 0.95
    assert (found.seen_in_both < 0.9) == (what == "lower part only")


def test_the_same_inputs_give_the_same_result() -> None:
    earlier = scan_of(before())
    later, _ = moved(earlier, (3.0, 0.0, 4.0), (5.0, 6.0, 7.0))
    assert register(later, earlier) == register(later, earlier)


def test_two_people_overlap_less_than_one() -> None:
    overlap = register(scan_of(before(7)), scan_of(before(6))).overlap
    assert overlap < 0.95
    same, _ = moved(scan_of(before(6)), (4.0, 4.0, 4.0), (30.0, 0.0, 0.0))
    assert register(same, scan_of(before(6))).overlap > max(overlap, LEAST_OVERLAP)


def test_parts_of_the_lungs_that_have_nothing_in_common_are_refused() -> None:
    earlier = scan_of(before())
    with pytest.raises(InputError, match="no common part"):
        register(part_of(earlier, slice(36, 40)), part_of(earlier, slice(12, 15)))


def test_it_ends_where_the_user_cancels() -> None:
    steps: list[int] = []

    def go_on() -> None:
        steps.append(1)
        if len(steps) == 5:
            raise Cancelled("The analysis was cancelled.")

    earlier = scan_of(before())
    with pytest.raises(Cancelled):
        register(moved(earlier, (6.0, -5.0, 9.0), (25.0, -40.0, 60.0))[0], earlier, go_on)
    assert len(steps) == 5


@pytest.mark.parametrize(("seed", "kind"), [(1, "ground-glass"), (5, "covid")])
def test_disease_that_has_grown_by_a_known_volume_is_measured_and_shown(seed: int, kind: str) -> None:
    phantom = before(seed)
    ct, lesions = add_disease(phantom.ct, phantom.lung_mask, seed + 100, kind)
    added_ml = np.count_nonzero(lesions & ~phantom.lesions) * ct.geometry.voxel_ml
    earlier = scan_of(phantom)
    later, _ = moved((ct, earlier[1]), (5.0, -4.0, 8.0), (20.0, -30.0, 40.0))

    then, now = (
        sum(lung.ground_glass_ml + lung.consolidation_ml for lung in measure_opacity(*scan))
        for scan in (earlier, later)
    )
    assert now - then == pytest.approx(added_ml, rel=0.15)

    change = opacity_change(later, earlier, register(later, earlier))
    assert change.volume_ml(GROWN) == pytest.approx(added_ml, rel=0.2)
    assert change.volume_ml(RESOLVED) < 0.02 * added_ml
    back = opacity_change(earlier, later, register(earlier, later))
    assert back.volume_ml(RESOLVED) == pytest.approx(added_ml, rel=0.2)


@pytest.mark.real_ct
def test_a_real_ct_is_found_again_and_nothing_has_changed_in_it(real_ct_folder: Path) -> None:
    ct = read_ct(real_ct_folder).axial()[0]
    earlier = ct, segment_lungs(ct, "threshold")
    later, truth = moved(earlier, (-7.0, 4.0, 6.0), (-30.0, 20.0, 50.0))
    later = resampled(later, (1.2, 1.2, 4.0))
    found = register(later, earlier)
    assert error_mm(found, truth, earlier) < 3.0
    assert found.overlap > 0.95
    change = opacity_change(later, earlier, found)
    assert change.volume_ml(GROWN) + change.volume_ml(RESOLVED) < 5.0


def test_an_empty_mask_is_refused() -> None:
    ct, lung_mask = scan_of(before())
    empty = LungMask(np.zeros_like(lung_mask.labels), lung_mask.geometry)
    with pytest.raises(InputError, match="lung masks is empty"):
        register((ct, lung_mask), (ct, empty))

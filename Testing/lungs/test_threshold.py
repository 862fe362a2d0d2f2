"""Unsupervised lung masks on a drawn chest with the traps of real scanners."""

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, MaskError
from COVIDDetectLib.lungs import LEFT, RIGHT, segment_lungs

from Testing.lungs.drawn_chest import Chest


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def labels_of(chest: Chest) -> np.ndarray:
    return segment_lungs(chest.ct(), "threshold").labels


@pytest.mark.parametrize("spacing", [(0.8, 0.8, 5.0), (1.5, 1.5, 1.5), (2.5, 2.5, 10.0), (1.2, 0.9, 3.0)])
def test_both_lungs_are_found_on_every_grid(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing)
    labels = labels_of(chest)
    assert dice(labels == RIGHT, chest.right) > 0.97
    assert dice(labels == LEFT, chest.left) > 0.97


def test_a_small_chest_is_found() -> None:
    chest = Chest((1.2, 1.2, 5.0))
    chest.geometry = Geometry.axial((0.5, 0.5, 2.0))
    assert dice(labels_of(chest) > 0, chest.lungs) > 0.95


def test_trachea_is_no_lung() -> None:
    chest = Chest((1.5, 1.5, 3.0))
    tube = chest.ball((0, 10, None), (9, 9, 1)) & (chest.z > -10)
    assert not (labels_of(chest)[tube] > 0).any()


def test_table_and_padding_are_no_lung() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    expected = labels_of(chest) > 0
    chest.paint((np.abs(chest.y - 125) < 2) & (np.abs(chest.x) < 180) & (chest.z < 999), 100)
    chest.paint((np.abs(chest.y - 145) < 2) & (np.abs(chest.x) < 180) & (chest.z < 999), 100)
    chest.paint((chest.y > 128) & (chest.y < 142) & (np.abs(chest.x) < 180) & (chest.z < 999), -900)
    chest.paint((np.hypot(chest.x, chest.y) > 190) & (chest.z < 999), -3024)
    assert dice(labels_of(chest) > 0, expected) > 0.995


@pytest.mark.parametrize("thickness_mm", [1.5, 5.0])
def test_gas_in_the_stomach_under_the_diaphragm_is_no_lung(thickness_mm: float) -> None:
    chest = Chest((1.5, 1.5, thickness_mm))
    wall, gas = chest.ball((75, 0, -105), (50, 65, 50)), chest.ball((75, 0, -105), (46, 61, 46))
    chest.left &= ~wall
    chest.paint(wall, 40)
    chest.paint(gas, -995)
    labels = labels_of(chest)
    assert np.mean(labels[gas] > 0) < 0.02
    assert dice(labels == LEFT, chest.left) > 0.95


@pytest.mark.parametrize("spacing", [(1.5, 1.5, 5.0), (3.0, 3.0, 3.0)])
def test_loops_of_colon_that_touch_the_lung_through_a_thin_wall_are_no_lung(
    spacing: tuple[float, float, float],
) -> None:
    chest = Chest(spacing)
    colon = np.zeros_like(chest.left)
    for x, z in ((55, -75), (85, -80), (110, -100), (70, -110)):
        wall, gas = chest.ball((x, -30, z), (18, 20, 18)), chest.ball((x, -30, z), (16, 18, 16))
        chest.paint(wall & ~colon, 20)
        chest.paint(gas, -990)
        colon |= wall
    chest.left &= ~colon & (chest.z > -95)
    chest.paint((chest.left == 0) & (chest.x > 0) & (chest.z <= -95) & (chest.hu > -900) & (chest.hu < -700), 40)
    labels = labels_of(chest)
    assert np.mean(labels[colon] > 0) < 0.06
    assert dice(labels == LEFT, chest.left) > 0.95


def test_gas_in_the_head_is_no_lung() -> None:
    chest = Chest((1.5, 1.5, 5.0), size_mm=(400, 320, 520))
    expected = labels_of(chest) > 0
    for x in (-20, 20):
        sinus = chest.ball((x, -60, 215), (17, 17, 20))
        chest.paint(chest.ball((x, -60, 215), (20, 20, 23)), 600)
        chest.paint(sinus, -980)
    np.testing.assert_array_equal(labels_of(chest) > 0, expected)


def test_spleen_between_two_parts_of_a_lung_is_not_filled() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    spleen = chest.ball((105, 20, -85), (42, 42, 45))
    chest.left &= ~spleen
    chest.paint(spleen, 60)
    labels = labels_of(chest)
    assert np.mean(labels[spleen] > 0) < 0.08
    assert dice(labels == LEFT, chest.left) > 0.96


def test_two_lungs_of_which_one_is_emphysematous_are_both_found() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    chest.paint(chest.left & (chest.hu < -700), -955)
    assert dice(labels_of(chest) == LEFT, chest.left) > 0.97


def test_lungs_cut_by_a_narrow_field_of_view_are_kept() -> None:
    chest = Chest((1.5, 1.5, 5.0), size_mm=(240, 320, 260))
    assert dice(labels_of(chest) > 0, chest.lungs) > 0.96


def test_lungs_cut_at_the_first_and_last_slice_are_kept() -> None:
    chest = Chest((1.5, 1.5, 3.0), size_mm=(400, 320, 90))
    assert dice(labels_of(chest) > 0, chest.lungs) > 0.97


def test_arms_beside_the_body_change_nothing() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    expected = labels_of(chest) > 0
    for side in (-1, 1):
        chest.paint(chest.ball((side * 185, 20, None), (22, 30, 1)), 40)
    assert dice(labels_of(chest) > 0, expected) > 0.995


def test_emphysema_is_lung() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    chest.paint(chest.ball((70, -20, 40), (25, 25, 25)), -985)
    chest.paint(chest.ball((-70, 20, 40), (30, 40, 30)), -955)
    assert dice(labels_of(chest) > 0, chest.lungs) > 0.97


def test_consolidation_at_the_pleura_is_lung_and_the_chest_wall_is_not() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    lesion = chest.ball((-115, 30, 0), (30, 35, 25)) & chest.right
    chest.paint(lesion, 30)
    labels = labels_of(chest)
    assert np.mean(labels[lesion] == RIGHT) > 0.8
    assert np.mean(labels[~chest.lungs] > 0) < 0.01


def test_liver_and_heart_are_no_lung() -> None:
    chest = Chest((1.5, 1.5, 3.0))
    labels = labels_of(chest)
    assert np.mean(labels[chest.liver] > 0) < 0.02
    assert np.mean(labels[chest.heart] > 0) < 0.03


def test_the_mask_does_not_depend_on_the_order_of_storage() -> None:
    chest = Chest((2.0, 2.0, 5.0))
    ct = chest.ct()
    axial = segment_lungs(ct, "threshold")
    stored = CTVolume(
        np.ascontiguousarray(ct.hu[::-1, :, ::-1].transpose(1, 2, 0)),
        Geometry((0.0, 0.0, 0.0), (5.0, 2.0, 2.0), ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0))),
    )
    labels = segment_lungs(stored, "threshold").labels
    np.testing.assert_array_equal(labels, axial.labels[::-1, :, ::-1].transpose(1, 2, 0))


@pytest.mark.parametrize("fill", [40, -1000])
def test_a_ct_without_lungs_is_refused_with_a_sentence(fill: int) -> None:
    chest = Chest((2.0, 2.0, 5.0))
    chest.paint(chest.ball((0, -5, None), (165, 115, 1)), 40)
    chest.paint(chest.ball((60, -40, 0), (30, 20, 20)), fill)
    with pytest.raises(MaskError, match="choose a CT of the chest"):
        labels_of(chest)


def test_progress_counts_slices_and_may_cancel() -> None:
    ct = Chest((2.0, 2.0, 10.0)).ct()
    steps: list[tuple[int, int]] = []
    segment_lungs(ct, "threshold", progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, ct.shape[0]) for done in range(1, ct.shape[0] + 1)]

    def cancel(done: int, total: int) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        segment_lungs(ct, "threshold", progress=cancel)

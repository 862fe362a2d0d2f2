"""What a mask contradicts is said about the mask, and the mask itself is never changed."""

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LEFT, RIGHT, LungMask
from COVIDDetectLib.lungs.mask_checks import check_lung_mask, parts_outside, without_parts_outside
from COVIDDetectLib.phantom import thorax

from Testing.lungs.drawn_chest import Chest

GRIDS = [(0.9, 0.9, 2.0), (1.4, 1.4, 5.0), (3.0, 3.0, 3.0), (2.0, 2.0, 10.0)]


def codes(ct: CTVolume, labels: np.ndarray) -> list[str]:
    return [finding.code for finding in check_lung_mask(ct, LungMask(labels, ct.geometry))]


def labels_of(chest: Chest) -> np.ndarray:
    return (chest.right * RIGHT + chest.left * LEFT).astype(np.uint8)


def without_back(labels: np.ndarray, share: float) -> np.ndarray:
    """The rearmost ``share`` of each lung in each slice taken away."""
    cut = labels.copy()
    for kept, whole in zip(cut, labels, strict=True):
        for side in (RIGHT, LEFT):
            rows = np.cumsum((whole == side).sum(axis=1))
            if rows[-1]:
                first = np.searchsorted(rows, (1 - share) * rows[-1])
                kept[first:][whole[first:] == side] = 0
    return cut


@pytest.mark.parametrize("spacing", GRIDS)
def test_whole_lungs_are_left_in_peace(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, has_ribs=True)
    assert codes(chest.ct(), labels_of(chest)) == []


@pytest.mark.parametrize("spacing", GRIDS)
def test_parts_on_the_table_are_counted_and_taken_away_in_another_mask(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, size_mm=(400, 350, 230), has_ribs=True)
    foam = chest.paint_table(top_mm=125)
    labels = labels_of(chest)
    truth = labels.copy()
    labels[foam & (np.abs(chest.x + 80) < 50)] = RIGHT
    labels[foam & (np.abs(chest.x - 80) < 50)] = LEFT
    given = labels.copy()
    ct, mask = chest.ct(), LungMask(labels, chest.geometry)
    outside = parts_outside(ct, mask)
    assert outside.count == 2
    assert outside.ml == pytest.approx(np.count_nonzero(labels != truth) * chest.geometry.voxel_ml, rel=0.02)
    (finding,) = check_lung_mask(ct, mask)
    assert finding.code == "mask-outside-body" and finding.computable
    assert finding.sentence.startswith(f"2 parts of the lung mask lie outside the body ({outside.ml:.0f} mL); remove")
    cleaned = without_parts_outside(ct, mask)
    assert np.count_nonzero(cleaned.labels != truth) < 0.02 * np.count_nonzero(labels != truth)
    np.testing.assert_array_equal(mask.labels, given)


@pytest.mark.parametrize("spacing", [(1.4, 1.4, 5.0), (3.0, 3.0, 3.0)])
def test_a_sliver_of_the_other_lung_at_the_edge_of_a_picture_is_in_the_body(
    spacing: tuple[float, float, float],
) -> None:
    chest = Chest(spacing, has_ribs=True)
    part = slice(round((200 - 25) / spacing[0]), None)
    labels = np.ascontiguousarray(labels_of(chest)[:, :, part])
    sliver_mm2 = np.count_nonzero(labels == RIGHT, axis=(1, 2)).max() * spacing[0] * spacing[1]
    assert 300.0 < sliver_mm2 < 1000.0
    assert codes(CTVolume(np.ascontiguousarray(chest.ct().hu[:, :, part]), chest.geometry), labels) == []


def test_a_single_part_is_named_in_the_singular() -> None:
    chest = Chest((2.0, 2.0, 5.0), has_ribs=True)
    labels = labels_of(chest)
    labels[chest.ball((0, -150, 0), (30, 8, 30))] = LEFT
    (finding,) = check_lung_mask(chest.ct(), LungMask(labels, chest.geometry))
    assert "1 part of the lung mask lies outside the body" in finding.sentence and "remove it" in finding.sentence


def test_the_order_of_storage_changes_nothing() -> None:
    chest = Chest((2.0, 2.0, 5.0), has_ribs=True)
    labels = labels_of(chest)
    labels[chest.ball((100, -150, 0), (30, 8, 30))] = LEFT
    ct = chest.ct()
    order = Reorientation((2, 0, 1), (True, False, True))
    geometry = ct.geometry.reoriented(order, ct.shape)
    stored = CTVolume(np.ascontiguousarray(order.apply(ct.hu)), geometry)
    mask = LungMask(np.ascontiguousarray(order.apply(labels)), geometry)
    outside = parts_outside(stored, mask)
    np.testing.assert_array_equal(outside.voxels, order.apply(parts_outside(ct, LungMask(labels, ct.geometry)).voxels))
    assert check_lung_mask(stored, mask) == check_lung_mask(ct, LungMask(labels, ct.geometry))


@pytest.mark.parametrize("spacing", GRIDS)
def test_dense_lung_that_is_left_out_at_the_back_is_missed(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, has_ribs=True)
    labels = labels_of(chest)
    cut = without_back(labels, 0.2)
    chest.paint((labels > 0) & (cut == 0), 30)
    (finding,) = check_lung_mask(chest.ct(), LungMask(cut, chest.geometry))
    assert finding.code == "lung-missing"
    assert "mm of dense lung or fluid" in finding.sentence and "right and the left lungs" in finding.sentence
    assert codes(chest.ct(), labels) == []


def test_dense_lung_that_is_left_out_on_one_side_names_the_side() -> None:
    chest = Chest((1.5, 1.5, 5.0), has_ribs=True)
    cut = labels_of(chest)
    dense = (cut == LEFT) & (chest.y > 20)
    chest.paint(dense, 30)
    cut[dense] = 0
    (finding,) = check_lung_mask(chest.ct(), LungMask(cut, chest.geometry))
    assert "the mask of the left lung and the ribs" in finding.sentence


def test_air_filled_lung_that_is_left_out_is_missed() -> None:
    chest = Chest((1.5, 1.5, 5.0), has_ribs=True)
    labels = labels_of(chest)
    labels[chest.right & (chest.z > 20)] = 0
    (finding,) = check_lung_mask(chest.ct(), LungMask(labels, chest.geometry))
    missing_ml = np.count_nonzero(chest.right & (chest.z > 20)) * chest.geometry.voxel_ml
    said_ml = float(finding.sentence.split(" mL")[0].split()[-1])
    assert said_ml == pytest.approx(missing_ml, rel=0.15)
    assert finding.sentence.endswith("correct the mask.")


@pytest.mark.parametrize("disease", [None, "covid"])
def test_a_mask_that_does_not_follow_the_lungs_is_named(disease: str | None) -> None:
    phantom = thorax(seed=1, shape=(28, 96, 96), spacing=(3.6, 3.6, 10.0), disease=disease, extent="severe")
    labels = phantom.lung_mask.astype(np.uint8)
    assert codes(phantom.ct, labels) == []
    mirrored = np.array([0, LEFT, RIGHT], np.uint8)[labels[:, :, ::-1]]
    for wrong in (mirrored, np.roll(labels, 4, axis=2), np.roll(labels, 2, axis=0)):
        assert set(codes(phantom.ct, wrong)) & {"mask-misplaced", "lung-missing"}
    (finding,) = check_lung_mask(phantom.ct, LungMask(mirrored, phantom.ct.geometry))
    assert finding.sentence.startswith("The lung mask does not follow the lungs of this CT (")

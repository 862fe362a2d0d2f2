"""What a network marks outside the lungs goes, on every grid; the lungs stay as they are, disease and all."""

import numpy as np
import pytest
from COVIDDetectLib.lungs.tidy import tidy_lungs

from Testing.lungs.drawn_chest import Chest

GRIDS = [(0.9, 0.9, 1.0), (1.4, 1.4, 5.0), (2.5, 2.5, 10.0), (3.0, 3.0, 3.0)]
SOME_GRIDS = [(1.4, 1.4, 5.0), (3.0, 3.0, 3.0)]


def kept_share(tidied: np.ndarray, part: np.ndarray) -> float:
    return float(np.count_nonzero(tidied & part) / np.count_nonzero(part))


@pytest.mark.parametrize("spacing", GRIDS)
def test_clean_lungs_stay_as_they_are(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, size_mm=(400, 320, 230))
    tidied = tidy_lungs(chest.ct(), chest.lungs)
    assert kept_share(tidied, chest.lungs) > 0.995
    assert np.count_nonzero(tidied & ~chest.lungs) < 1e-4 * np.count_nonzero(chest.lungs)


@pytest.mark.parametrize("spacing", GRIDS)
@pytest.mark.parametrize("lies_on_it", [True, False])
def test_a_mattress_in_a_table_goes(spacing: tuple[float, float, float], lies_on_it: bool) -> None:
    chest = Chest(spacing, size_mm=(400, 330, 230))
    foam = chest.paint_table(top_mm=111 if lies_on_it else 122)
    tidied = tidy_lungs(chest.ct(), chest.lungs | foam)
    assert not (tidied & foam).any()
    assert kept_share(tidied, chest.lungs) > 0.995


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_air_between_arm_and_chest_goes(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, size_mm=(480, 320, 230))
    for side in (-1, 1):
        chest.paint(chest.ball((side * 200, 40, None), (30, 35, 1)), 40)
    air = (chest.hu < -900) & (np.abs(chest.x) > 150) & (np.abs(chest.y - 10) < 60) & (chest.z > -999)
    tidied = tidy_lungs(chest.ct(), chest.lungs | air)
    assert kept_share(tidied, air & ~chest.lungs) < 0.01
    assert kept_share(tidied, chest.lungs) > 0.995


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_the_stomach_below_the_left_lung_goes_though_its_mask_touches_the_lung(
    spacing: tuple[float, float, float],
) -> None:
    chest = Chest(spacing)
    wall, gas = chest.ball((75, 0, -105), (50, 65, 50)), chest.ball((75, 0, -105), (46, 61, 46))
    chest.left &= ~wall
    chest.paint(wall, 40)
    chest.paint(gas, -990)
    tidied = tidy_lungs(chest.ct(), chest.lungs | gas)
    assert kept_share(tidied, gas) < 0.02
    assert kept_share(tidied, chest.lungs) > 0.99


def test_sinuses_and_throat_go() -> None:
    chest = Chest((1.5, 1.5, 5.0), size_mm=(400, 320, 520))
    sinuses = np.zeros_like(chest.lungs)
    for x in (-20, 20):
        chest.paint(chest.ball((x, -60, 215), (20, 20, 23)), 600)
        sinus = chest.ball((x, -60, 215), (17, 17, 20))
        chest.paint(sinus, -980)
        sinuses |= sinus
    tidied = tidy_lungs(chest.ct(), chest.lungs | sinuses)
    assert not (tidied & sinuses).any()
    assert kept_share(tidied, chest.lungs) > 0.995


def test_trachea_and_threads_go() -> None:
    chest = Chest((1.5, 1.5, 3.0))
    trachea = chest.ball((0, 10, None), (8, 8, 1)) & (chest.z > -5)
    thread = (np.abs(chest.y - 40) < 1.6) & (np.abs(chest.x) < 30) & (np.abs(chest.z) < 20)
    tidied = tidy_lungs(chest.ct(), chest.lungs | trachea | thread)
    assert not (tidied & trachea).any()
    assert kept_share(tidied, thread & ~chest.lungs) < 0.5
    assert kept_share(tidied, chest.lungs) > 0.995


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_consolidation_with_a_cavity_low_in_the_lung_and_at_its_wall_stays(
    spacing: tuple[float, float, float],
) -> None:
    chest = Chest(spacing)
    consolidation = chest.left & (chest.y > 20) & (chest.z < 0)
    chest.paint(consolidation, 40)
    cavity = chest.ball((80, 45, -50), (13, 13, 15))
    chest.paint(cavity, -990)
    tidied = tidy_lungs(chest.ct(), chest.lungs)
    assert kept_share(tidied, consolidation) > 0.995
    assert kept_share(tidied, cavity) > 0.995


def test_the_aerated_rest_of_a_lung_that_consolidation_divides_stays() -> None:
    chest = Chest((1.5, 1.5, 3.0))
    chest.paint(chest.right & (np.abs(chest.z) < 35), 40)
    found = chest.lungs & ~(chest.right & (np.abs(chest.z) < 35))
    assert kept_share(tidy_lungs(chest.ct(), found), found) > 0.99


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_lungs_cut_by_a_narrow_field_of_view_keep_their_border(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, size_mm=(200, 320, 230))
    assert kept_share(tidy_lungs(chest.ct(), chest.lungs), chest.lungs) > 0.99


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_a_chest_wall_of_five_millimetres_encloses_its_lungs(spacing: tuple[float, float, float]) -> None:
    chest = Chest(spacing, body_mm=(155, 114))
    foam = chest.paint_table(top_mm=110)
    tidied = tidy_lungs(chest.ct(), chest.lungs | foam)
    assert kept_share(tidied, chest.lungs) > 0.99
    assert not (tidied & foam).any()


@pytest.mark.parametrize("side", ["right", "left"])
def test_one_lung_alone_stays(side: str) -> None:
    chest = Chest((1.5, 1.5, 5.0))
    gone = chest.left if side == "right" else chest.right
    chest.paint(gone, 40)
    lung = chest.right if side == "right" else chest.left
    assert kept_share(tidy_lungs(chest.ct(), lung), lung) > 0.995


def test_emphysema_and_bullae_stay() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    chest.paint(chest.lungs & (chest.hu < -700), -960)
    chest.paint(chest.ball((80, -30, 30), (45, 45, 45)) & chest.left, -1000)
    assert kept_share(tidy_lungs(chest.ct(), chest.lungs), chest.lungs) > 0.995


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 2.5), (1.4, 1.4, 5.0)])
def test_an_empty_part_of_a_thin_edge_of_lung_stays(spacing: tuple[float, float, float]) -> None:
    """The lingula between heart and ribs has a wall before and behind it, as gas has, and goes on at both ends."""
    chest = Chest(spacing)
    around = (np.abs(chest.z + 35) < 30) & (chest.z > -999)
    heart = chest.left & around & (((chest.x - 75) / 42) ** 2 + (chest.y / 62) ** 2 < 1)
    chest.paint(heart, 40)
    lungs = chest.lungs & ~heart
    sheet = lungs & around & (np.abs(chest.z + 35) < 10) & (np.abs(chest.y + 20) < 20) & (chest.x > 90)
    chest.paint(sheet, -965)
    assert np.count_nonzero(sheet) * np.prod(spacing) > 2000.0
    assert kept_share(tidy_lungs(chest.ct(), lungs), sheet) > 0.99


@pytest.mark.parametrize("spacing", SOME_GRIDS)
def test_dark_lung_that_was_left_out_amid_the_mask_is_filled_and_a_dense_island_is_not(
    spacing: tuple[float, float, float],
) -> None:
    chest = Chest(spacing)
    dark, dense = chest.ball((75, 20, 20), (15, 15, 15)), chest.ball((-75, 20, 20), (15, 15, 15))
    chest.paint(dense, 40)
    tidied = tidy_lungs(chest.ct(), chest.lungs & ~dark & ~dense)
    assert kept_share(tidied, dark) == 1.0
    assert not (tidied & dense).any()


def test_a_consolidated_lobe_that_is_skipped_on_some_slices_is_filled_and_the_spleen_is_not() -> None:
    chest = Chest((2.5, 2.5, 5.0))
    lobe = chest.right & (chest.y > 25) & (chest.z < 40)
    chest.paint(lobe, 40)
    skipped = lobe & (np.abs(chest.z + 15) < 20)
    spleen = chest.ball((75, 50, -100), (50, 40, 60)) & chest.left
    chest.paint(spleen, 50)
    tidied = tidy_lungs(chest.ct(), chest.lungs & ~skipped & ~spleen)
    assert kept_share(tidied, skipped) > 0.85
    assert not (tidied & ~chest.lungs).any() and not (tidied & spleen).any()


def test_a_mirrored_patient_has_a_mirrored_mask() -> None:
    chest = Chest((1.5, 1.5, 5.0))
    found = chest.lungs | chest.paint_table(top_mm=111)
    ct = chest.ct()
    tidied = tidy_lungs(ct, found)
    mirrored = tidy_lungs(type(ct)(np.ascontiguousarray(ct.hu[:, :, ::-1]), ct.geometry), found[:, :, ::-1])
    assert np.mean(mirrored[:, :, ::-1] != tidied) < 1e-4


def test_nothing_found_stays_nothing() -> None:
    chest = Chest((3.0, 3.0, 10.0))
    assert not tidy_lungs(chest.ct(), np.zeros_like(chest.lungs)).any()

"""Two strokes bring back consolidation that a mask leaves out, near them and in their own lung only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LEFT, RIGHT, segment_lungs
from COVIDDetectLib.lungs.repair import REACH_MM, repair_lungs
from COVIDDetectLib.lungs.strokes import Strokes
from COVIDDetectLib.phantom import paint_lobar, thorax
from COVIDDetectLib.weights.cards import default_card

from Testing.lungs.simulated_strokes import clicks, stroke, within

MM = np.array([5.0, 1.8, 1.8])


@cache
def patient(seed: int) -> tuple[CTVolume, np.ndarray, np.ndarray]:
    """A phantom with consolidation of what lies lowest: CT, lungs, and what the UNet marks on slices of 256×256."""
    made = thorax(seed=seed, shape=(60, 200, 200), spacing=(1.8, 1.8, 5.0))
    random = np.random.default_rng([seed, 5])
    hu, lungs, _ = paint_lobar(random, made.ct.hu.astype(np.float32), made.lung_mask, (5.0, 1.8, 1.8))
    ct = CTVolume(np.rint(hu).astype(np.int16), made.ct.geometry)
    return ct, lungs, segment_lungs(ct, replace(default_card("unet"), input_size=(256, 256)), device="cpu").labels


def of_one_lung(truth: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, int]:
    """What is missing in the lung in which more is."""
    missing = (truth > 0) & (mask == 0)
    side = RIGHT if np.count_nonzero(missing & (truth == RIGHT)) > np.count_nonzero(missing) / 2 else LEFT
    return missing & (truth == side), side


def drawn(where: np.ndarray, side: int) -> np.ndarray:
    return np.where(where, side, 0).astype(np.uint8)


@pytest.mark.parametrize("seed", [3, 9])
def test_a_stroke_brings_back_what_is_missing_near_it(seed: int) -> None:
    ct, lungs, mask = patient(seed)
    missing, side = of_one_lung(lungs, mask)
    line = stroke(missing, MM)
    repaired = repair_lungs(ct, mask, drawn(line, side), np.zeros_like(mask))
    near = missing & within(line, MM, REACH_MM)
    assert np.count_nonzero(near) > 5 * np.count_nonzero(line)
    assert np.mean(repaired[near] == side) > 0.75
    assert np.count_nonzero((repaired > 0) & (lungs == 0) & (mask == 0)) < 0.3 * np.count_nonzero(near)


def test_nothing_changes_far_from_the_stroke_nor_in_the_other_lung() -> None:
    ct, lungs, mask = patient(3)
    missing, side = of_one_lung(lungs, mask)
    line = stroke(missing, MM)
    other = RIGHT + LEFT - side
    before = mask.copy()
    repaired = repair_lungs(ct, mask, drawn(line, side), np.zeros_like(mask))
    changed = repaired != mask
    assert changed.any()
    assert not (changed & ~within(line, MM, REACH_MM)).any()
    assert not (changed & ((mask == other) | (repaired == other))).any()
    assert not (changed & (mask > 0)).any()  # "this is lung" takes nothing away
    np.testing.assert_array_equal(mask, before)


def test_a_click_means_the_same_in_every_plane() -> None:
    ct, lungs, mask = patient(9)
    missing, side = of_one_lung(lungs, mask)
    first, *others = (repair_lungs(ct, mask, drawn(c, side), np.zeros_like(mask)) for c in clicks(missing, MM))
    for other in others:
        assert np.count_nonzero(first != other) <= 0.005 * np.count_nonzero(lungs)


def test_a_stroke_in_what_is_too_much_takes_it_away_and_adds_nothing() -> None:
    ct, lungs, _ = patient(3)
    numbers = np.flatnonzero((lungs == RIGHT).any(axis=(1, 2)))
    muscle = within(lungs == RIGHT, MM, 9.0) & (lungs == 0) & (ct.hu > 0) & (ct.hu < 150)
    muscle[: numbers[0] + 20] = muscle[numbers[0] + 24 :] = False
    muscle[:, :, 100:] = False
    mask = np.where(muscle, RIGHT, lungs).astype(np.uint8)
    line = stroke(muscle, MM)
    repaired = repair_lungs(ct, mask, np.zeros_like(mask), drawn(line, RIGHT))
    near = muscle & within(line, MM, 20.0)
    assert np.mean(repaired[near] == 0) > 0.6
    assert not ((repaired > 0) & (mask == 0)).any()
    assert np.count_nonzero((repaired == 0) & (lungs > 0)) < 0.3 * np.count_nonzero(near)


def test_strokes_count_from_the_state_that_they_were_drawn_upon() -> None:
    opened = np.zeros((2, 8, 8), dtype=np.uint8)
    opened[:, 1:4] = RIGHT
    strokes = Strokes(opened)
    painted = opened.copy()
    painted[0, 5, 2:4] = RIGHT
    repaired = painted.copy()
    repaired[:, 4:7] = RIGHT
    strokes.note(repaired)
    added, taken = strokes.drawn(repaired)
    assert not added.any() and not taken.any()
    erased = repaired.copy()
    erased[1, 2, 3] = 0
    added, taken = strokes.drawn(erased)
    assert not added.any() and np.argwhere(taken).tolist() == [[1, 2, 3]] and taken.max() == RIGHT
    added, taken = strokes.drawn(painted)  # the repair was undone
    assert np.count_nonzero(added) == 2 and not taken.any()

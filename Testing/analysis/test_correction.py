"""What a correction did: pieces that are what changed, and shares that sum to the change and turn round with it."""

from itertools import pairwise
from math import exp

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Progress, analyze
from COVIDDetectLib.analysis.correction import (
    MOST_PIECES,
    Correction,
    Share,
    combinations_of,
    explain_correction,
    pieces_of,
    shapley_values,
)
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.errors import Cancelled, MaskError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard

GRID = Geometry.axial((2.0, 2.0, 2.5))
"""A voxel has 0.01 mL."""


def mask_of(*boxes: tuple[slice, slice, slice]) -> LungMask:
    labels = np.zeros((20, 40, 60), dtype=np.uint8)
    labels[2:18, 4:36, 4:24] = 1
    for box in boxes:
        labels[box] = 1 - labels[box].max()
    return LungMask(labels, GRID)


ADDED = (slice(4, 9), slice(10, 20), slice(30, 35))  # 2.5 mL
REMOVED = (slice(10, 15), slice(4, 14), slice(4, 10))  # 3 mL
DUST = (slice(4, 6), slice(30, 34), slice(50, 55))  # 0.4 mL


def test_pieces_are_what_came_and_what_went_the_largest_first() -> None:
    before, after = mask_of(), mask_of(ADDED, REMOVED, DUST)
    removed, added, rest = pieces_of(before, after)
    assert (removed.ml, added.ml, rest.ml) == pytest.approx((-3.0, 2.5, 0.4))
    assert rest.position_lps_mm is None and rest.where == ""
    assert (added.where, removed.where) == ("right lower", "right middle")
    assert added.position_lps_mm == pytest.approx((64.0, 30.0, 15.0), abs=2.5)
    together = np.sum([piece.voxels for piece in (removed, added, rest)], axis=0)
    assert (together == (before.labels != after.labels)).all(), "each voxel in one piece"
    assert [-piece.ml for piece in pieces_of(after, before)] == [removed.ml, added.ml, rest.ml]


def test_there_are_four_pieces_at_most_and_a_rest() -> None:
    boxes = [(slice(2, 7), slice(5 * row, 5 * row + 4), slice(30, 40 + row)) for row in range(6)]
    pieces = pieces_of(mask_of(), mask_of(*boxes))
    assert len(pieces) == MOST_PIECES + 1
    assert pieces[-1].ml == pytest.approx(2.0 + 2.2) and pieces[-1].position_lps_mm is None
    assert [piece.ml for piece in pieces[:-1]] == pytest.approx([3.0, 2.8, 2.6, 2.4])


def test_masks_that_differ_in_their_sides_only_have_no_pieces() -> None:
    before = mask_of()
    assert pieces_of(before, LungMask(before.labels * 2, GRID)) == ()
    with pytest.raises(MaskError, match="different voxel grids"):
        pieces_of(before, LungMask(before.labels[1:], GRID))


def test_combinations_are_all_there_are_and_each_differs_from_the_last_in_one_piece() -> None:
    sets = combinations_of(4)
    assert len(set(sets)) == len(sets) == 16 and sets[0] == frozenset()
    assert all(len(one ^ other) == 1 for one, other in pairwise(sets))


def test_shapley_values_share_out_what_only_two_reach_together() -> None:
    alone = (1.0, -2.0, 0.5)
    reached = {some: sum(alone[one] for one in some) + 0.6 * ({0, 2} <= some) for some in combinations_of(3)}
    assert shapley_values(reached, 3) == pytest.approx([1.3, -2.0, 0.8])
    assert shapley_values({frozenset(): 2.0}, 0) == []


def test_changes_of_the_probability_sum_to_its_change_also_when_the_shares_cancel() -> None:
    for before, shares in ((-0.5, (1.0, 0.4)), (0.3, (0.8, -0.8))):
        after = before + sum(shares)
        correction = Correction(before, after, tuple(Share(1.0, None, "", share) for share in shares))
        change = 1 / (1 + exp(-after)) - 1 / (1 + exp(-before))
        assert sum(correction.probabilities) == pytest.approx(change)
        assert np.sign(correction.probabilities).tolist() == np.sign(shares).tolist()


@pytest.fixture
def masks(small_phantom: Phantom) -> tuple[LungMask, LungMask]:
    """As they are, and with three pieces less: the base of one lung, and two at the outer wall of the other."""
    before = LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)
    labels = before.labels.copy()
    slices, _rows, columns = np.nonzero(labels)
    labels[: slices.min() + 3, :, : labels.shape[2] // 2] = 0
    labels[10:16, :, columns.max() - 3 :] = 0
    return before, LungMask(labels, before.geometry)


def test_shares_sum_to_the_change_of_the_score_and_turn_round_when_it_is_undone(
    small_phantom: Phantom, masks: tuple[LungMask, LungMask], fresh_card: ModelCard
) -> None:
    seen: list[Progress] = []
    ct, (before, after) = small_phantom.ct, masks
    done = explain_correction(ct, before, after, device="cpu", weights=fresh_card, progress=seen.append)
    assert len(done.shares) == 3 and all(abs(share.logit) > 1e-6 for share in done.shares)
    assert [step.done for step in seen] == list(range(2**3 + 1))
    for mask, margin in zip(masks, (done.before, done.after), strict=True):
        negative, positive = analyze(ct, lungs=mask, device="cpu", weights=fresh_card).score.logits
        assert margin == pytest.approx(positive - negative, abs=1e-6)
    assert sum(share.logit for share in done.shares) == pytest.approx(done.after - done.before, abs=1e-9)
    undone = explain_correction(ct, after, before, device="cpu", weights=fresh_card)
    assert [share.logit for share in undone.shares] == pytest.approx([-share.logit for share in done.shares], abs=1e-9)


def test_it_can_be_cancelled_between_two_scores(
    small_phantom: Phantom, masks: tuple[LungMask, LungMask], fresh_card: ModelCard
) -> None:
    def cancel(step: Progress) -> None:
        if step.done == 1:
            raise Cancelled("The analysis was cancelled.")

    with pytest.raises(Cancelled):
        explain_correction(small_phantom.ct, *masks, device="cpu", weights=fresh_card, progress=cancel)

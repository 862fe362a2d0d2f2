"""The estimate of the time left is right when work goes on as it began, and silent before it can know."""

import pytest
from COVIDDetectLib.analysis.analyze import Progress
from COVIDDetectLib.worker.time_left import TimeLeft


def test_it_is_silent_until_something_is_done() -> None:
    left = TimeLeft()
    assert left.estimate(Progress("lungs", 0, 64), 10.0) is None
    assert left.estimate(Progress("lungs", 4, 64), 10.5) is None
    assert left.estimate(Progress("lungs", 8, 64), 11.5) is not None


def test_at_an_even_pace_it_counts_down_to_zero() -> None:
    left, slice_s = TimeLeft(), 0.2
    end_s = 64 * slice_s * (1 + 0.15 + 0.005)
    left.estimate(Progress("lungs", 0, 64), 0.0)
    for done in (16, 32, 64):
        seconds = left.estimate(Progress("lungs", done, 64), done * slice_s)
        assert seconds == pytest.approx(end_s - done * slice_s, rel=1e-6)
    assert left.estimate(Progress("score", 64, 64), 64 * slice_s * 1.15) == pytest.approx(64 * slice_s * 0.005)
    assert left.estimate(Progress("attention", 1, 1), end_s) == pytest.approx(0.0, abs=1e-9)


def test_a_given_mask_leaves_only_the_score() -> None:
    left = TimeLeft()
    left.estimate(Progress("score", 0, 600), 0.0)
    assert left.estimate(Progress("score", 300, 600), 6.0) == pytest.approx(6.0, rel=0.1)


def test_a_stage_of_many_steps_alone_is_estimated_too() -> None:
    left = TimeLeft()
    left.estimate(Progress("attention", 0, 16), 0.0)
    assert left.estimate(Progress("attention", 4, 16), 20.0) == pytest.approx(60.0)


def test_slower_work_takes_longer() -> None:
    left = TimeLeft()
    left.estimate(Progress("lungs", 0, 10), 0.0)
    quick = left.estimate(Progress("lungs", 4, 10), 4.0)
    slow = left.estimate(Progress("lungs", 5, 10), 10.0)
    assert quick is not None and slow is not None and slow > quick

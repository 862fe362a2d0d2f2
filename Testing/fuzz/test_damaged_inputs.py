"""Damaged inputs: refused in a sentence, read as if sound, or read with words about the damage; nothing else."""

import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each input is read in a forked process")


def test_no_damage_gives_a_wrong_result_without_a_word_a_traceback_or_a_crash() -> None:
    from Testing.fuzz.run import RIGHT, run

    outcomes = run(260)
    assert [str(one) for one in outcomes if one.outcome not in RIGHT] == []
    assert {"refused", "equal"} <= {one.outcome for one in outcomes}

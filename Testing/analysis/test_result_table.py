"""A record as rows that people read, and as one entry in the history of a CT."""

from __future__ import annotations

import copy

import pytest
from COVIDDetectLib.analysis.result_table import score_of, table_rows
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.phantom.ideal import ideal_analysis


@pytest.fixture(scope="module")
def record() -> dict:
    return ideal_analysis(thorax(shape=(32, 64, 64), spacing=(5.0, 5.0, 9.0), disease="covid")).to_record()


def test_the_status_comes_first_and_the_use_last(record: dict) -> None:
    assert table_rows(record, "")[0] == ("Status", "Current")
    assert table_rows(record, "The lung mask was edited.")[0] == ("Status", "Out of date: The lung mask was edited.")
    assert table_rows(record, "")[-1] == ("Use", "Research use only, not a medical device")


def test_all_that_was_measured_has_a_row(record: dict) -> None:
    rows = dict(table_rows(record, ""))
    assert rows["Probability of COVID-19"] == f"{record['probability']:.3f}"
    assert rows["Right lung, volume"].endswith(" mL")
    assert {f"{side} lung, ground-glass" for side in ("Right", "Left")} <= set(rows)
    assert [title for title in rows if title.startswith("Region ")] == [
        f"Region {region['rank']}" for region in record["regions"]
    ]


@pytest.mark.parametrize(
    ("part", "change"),
    [("input", "CT changed"), ("lungs", "lung mask changed"), ("weights", "other weights")],
)
def test_a_score_says_what_is_different_from_the_one_before(record: dict, part: str, change: str) -> None:
    earlier = copy.deepcopy(record)
    assert score_of(record).change == score_of(record, earlier).change == ""
    earlier[part]["sha256"] = "of another"
    assert score_of(record, earlier).change == change

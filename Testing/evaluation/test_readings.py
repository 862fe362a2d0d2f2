"""A reader's table is written row by row, and says how the result has changed the reading."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import COVIDDetectError, DiskError, InputError
from COVIDDetectLib.evaluation.metrics import auc_difference, exact
from COVIDDetectLib.evaluation.predictions import Predictions
from COVIDDetectLib.evaluation.reader import measure_reader
from COVIDDetectLib.evaluation.readings import read_labels, read_readings
from COVIDDetectLib.report.reading import Reading, append_reading
from typer.testing import CliRunner

GRADES = {"with": [(2, 4), (4, 4), (5, 5), (3, 2)], "without": [(1, 1), (2, 5), (4, 3), (4, 4)]}
"""Before and after, of four cases with COVID-19 and four without."""


def reading(case: str, before: int, after: int | None) -> Reading:
    return Reading(
        case=case,
        analyzed="2026-11-30T10:00:00+00:00",
        read="2026-11-30T10:01:00+00:00",
        opened="2026-11-30T10:01:01+00:00",
        before=f"CO-RADS {before}",
        sure_before="low",
        probability=0.25,
        decision_threshold=0.5,
        weights_sha256="ab" * 32,
        read_again="2026-11-30T10:02:00+00:00" if after else "",
        after=f"CO-RADS {after}" if after else "",
        sure_after="high" if after else "",
        regions="1 yes; 2 no",
    )


def readings() -> list[Reading]:
    return [
        reading(f"{number:x}" * 12, before, after)
        for number, (before, after) in enumerate([*GRADES["with"], *GRADES["without"]])
    ]


def labels() -> dict[str, bool]:
    return {f"{number:x}" * 12: number < 4 for number in range(8)}


def write_labels(path: Path, header: str = "case,label") -> Path:
    path.write_text("\n".join([header, *(f"{case},{int(label)}" for case, label in labels().items())]))
    return path


def test_what_was_appended_is_read_again_and_the_last_row_of_a_reading_counts(tmp_path: Path) -> None:
    table = tmp_path / "new" / "readings.csv"
    first = reading("0" * 12, 2, None)
    append_reading(table, first)
    append_reading(table, reading("1" * 12, 5, None))
    append_reading(table, replace(first, after="CO-RADS 3", sure_after="low"))
    assert [one.after for one in read_readings(table)] == ["CO-RADS 3", ""]
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3, "one header"


def test_on_a_full_disk_no_part_of_a_row_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    import signal

    table = tmp_path / "readings.csv"
    append_reading(table, reading("0" * 12, 2, None))
    before = table.read_bytes()
    limits, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(DiskError, match="cannot be written"):
            append_reading(table, reading("1" * 12, 2, None))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert table.read_bytes() == before


def test_a_last_row_without_its_line_break_takes_no_other_row_along(tmp_path: Path) -> None:
    table = tmp_path / "readings.csv"
    append_reading(table, reading("0" * 12, 2, 3))
    table.write_bytes(table.read_bytes().rstrip())  # as an editor or a power cut leaves it
    append_reading(table, reading("1" * 12, 5, 5))
    assert [one.case for one in read_readings(table)] == ["0" * 12, "1" * 12]


def test_nothing_is_added_to_a_table_with_other_columns(tmp_path: Path) -> None:
    table = tmp_path / "readings.csv"
    append_reading(table, reading("0" * 12, 2, 3))
    table.write_bytes(table.read_bytes().replace(b",", b";"))  # as a German spreadsheet saves it
    before = table.read_bytes()
    with pytest.raises(InputError, match="is not as the panel has written it"):
        append_reading(table, reading("1" * 12, 5, 5))
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"read": "30.11.2026 10:01"}, "is not a time"), ({"probability": float("nan")}, "not a number from 0 to 1")],
)
def test_a_row_that_a_spreadsheet_has_changed_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    append_reading(tmp_path / "readings.csv", replace(reading("0" * 12, 2, 3), **change))
    with pytest.raises(InputError, match=f"line 2: .*{sentence}"):
        read_readings(tmp_path / "readings.csv")


def test_figures_are_those_that_are_counted_by_hand() -> None:
    reader = measure_reader(readings(), labels())
    assert (reader.positives, reader.negatives, reader.scale) == (4, 4, "CO-RADS")
    # With 2, 4, 5, 3 against 1, 2, 4, 4: 1.5 + 3 + 4 + 2 of 16 pairs; after 4, 4, 5, 2 against 1, 5, 3, 4.
    assert reader.before.value == pytest.approx(10.5 / 16)
    assert reader.after.value == pytest.approx((2.5 + 2.5 + 3.5 + 1) / 16)
    assert reader.difference.value == pytest.approx(-1 / 16)
    assert reader.difference.low < -1 / 16 < reader.difference.high
    # At CO-RADS 4 right before: 4, 5 with; 1, 2 without. Then the 2 becomes 5; of the wrong, 2 → 4 and 4 → 3.
    assert reader.right_to_wrong[:2] == (1, 4) and reader.wrong_to_right[:2] == (2, 4)
    assert (reader.right_to_wrong[2].low, reader.right_to_wrong[2].high) == pytest.approx((0.00631, 0.80588), abs=1e-4)


def test_the_interval_of_the_difference_holds_what_it_promises() -> None:
    random = np.random.default_rng(3)
    truth = np.arange(80) < 40
    covered = []
    for _ in range(400):
        suspicion = truth + random.normal(0, 1, 80)
        rated = [
            Predictions(tuple(map(str, range(80))), np.digitize(suspicion + random.normal(0, 0.5, 80), cuts) / 4, truth)
            for cuts in ([-0.5, 0.2, 0.8, 1.5], [-0.4, 0.3, 0.7, 1.4])
        ]
        difference = auc_difference(*rated)
        covered.append(difference.low <= 0 <= difference.high)  # nearly the same cuts: hardly any true difference
    assert 0.91 <= np.mean(covered) <= 0.99


def test_no_change_at_all_has_no_interval_and_exact_limits_are_those_of_the_books() -> None:
    same = measure_reader([reading(one.case, 3, 3) for one in readings()], labels())
    assert same.difference.value == 0 and np.isnan(same.difference.low)
    assert exact(0, 30).high == pytest.approx(1 - 0.025 ** (1 / 30)) and exact(0, 30).low == 0
    assert np.isnan(exact(0, 0).value)


def test_what_is_incomplete_unlabelled_or_read_twice_is_left_out_and_counted() -> None:
    again = replace(reading("0" * 12, 5, 5), read="2026-12-01T10:00:00+00:00")
    more = [*readings(), reading("c" * 12, 3, None), reading("d" * 12, 3, 3), again]
    reader = measure_reader(more, labels())
    assert (reader.incomplete, reader.unlabelled, reader.repeated) == (1, 1, 1)
    assert reader.before == measure_reader(readings(), labels()).before, "the first time counts"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"0" * 12: {"before": "RSNA typical"}}, "mix CO-RADS and RSNA"),
        ({f"{number:x}" * 12: {"after": ""} for number in range(8)}, "No case with both readings has a label"),
        ({f"{number:x}" * 12: {"case": "f" * 12} for number in range(1, 8)}, "only one kind"),
    ],
)
def test_what_says_nothing_is_refused_in_a_sentence(change: dict[str, dict[str, str]], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        measure_reader([replace(one, **change.get(one.case, {})) for one in readings()], labels())


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("readings.csv", "case,read\n", "has no column analyzed, opened"),
        ("labels.csv", "case,truth\na,1\n", "has no column label"),
        ("labels.csv", "patient,label\na,1\n", "line 2: no column case, id or ct_sha256"),
        ("labels.csv", "case,label\na,maybe\n", "line 2: the label is 'maybe'"),
        ("labels.csv", "case,label\na,1\na,0\n", "'a' is there with both labels"),
        ("labels.csv", None, "does not exist|cannot be read"),
    ],
)
def test_the_command_ends_with_one_sentence_for_bad_tables(
    tmp_path: Path, name: str, text: str | None, sentence: str
) -> None:
    for one in readings():
        append_reading(tmp_path / "readings.csv", one)
    write_labels(tmp_path / "labels.csv")
    (tmp_path / name).unlink()
    if text is not None:
        (tmp_path / name).write_text(text)
    result = CliRunner().invoke(
        app, ["evaluate-readings", *(str(tmp_path / f"{one}.csv") for one in ("readings", "labels"))]
    )
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    with pytest.raises(COVIDDetectError, match=sentence):
        raise COVIDDetectError(result.stderr)


@pytest.mark.parametrize("value", ["CO-RADS 6", "4", ""])
def test_a_row_with_another_class_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    append_reading(tmp_path / "readings.csv", reading("0" * 12, 2, 3))
    append_reading(tmp_path / "readings.csv", replace(reading("1" * 12, 2, 3), before=value))
    with pytest.raises(InputError, match="line 3: .* is no class; give CO-RADS 1 to 5"):
        read_readings(tmp_path / "readings.csv")


@pytest.mark.parametrize("header", ["case,label", "id,label", "ct_sha256,label"])
def test_the_command_tells_both_areas_and_whom_the_result_led_astray(tmp_path: Path, header: str) -> None:
    for one in readings():
        append_reading(tmp_path / "readings.csv", one)
    table = write_labels(tmp_path / "labels.csv", header)
    if header.startswith("ct"):  # as coviddetect batch writes it
        table.write_text(table.read_text().replace(",1", f"{'0' * 52},1").replace(",0", f"{'0' * 52},0"))
    assert len(read_labels(table)) == 8
    result = CliRunner().invoke(app, ["evaluate-readings", str(tmp_path / "readings.csv"), str(table)])
    assert result.exit_code == 0, result.output
    assert "4 cases with COVID-19, 4 without" in result.stdout and "Left out" not in result.stdout
    assert "ROC AUC before 0.656 (95 % interval" in result.stdout and "Difference -0.062" in result.stdout
    assert "Positive from CO-RADS 4 on:" in result.stdout
    assert "Right to wrong 1 of 4: 0.250 (95 % interval 0.006 to 0.806)" in result.stdout
    assert "Wrong to right 2 of 4: 0.500" in result.stdout

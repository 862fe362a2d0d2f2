"""A scored cohort as a list to read, and what two readers say of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from COVIDDetectLib.cohort.cases import Case, read_cases
from COVIDDetectLib.cohort.records import keep, plan_tasks, write_tables
from COVIDDetectLib.cohort.score import Outcome, Scoring
from COVIDDetectLib.cohort.worklist import COVID, OTHER, UNSURE, Reading, ct_path, read_worklist, reader_name
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.weights.site import Promise, Site

OUTCOMES = {
    "low": Outcome("low", 0.1, 0.5),
    "high": Outcome("high", 0.9, 0.5),
    "doubtful": Outcome("doubtful", 0.6, 0.5, notes=("Slices are missing.",)),
    "outside": Outcome("outside", 0.7, 0.5, is_in_domain=False),
    "broken": Outcome("broken", kind="input", sentence="It is damaged."),
}


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """What a batch leaves of five cases; the files of their analyses are not needed here."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in OUTCOMES:
        (scans / f"{name}.nrrd").touch()
    cases = [Case(name, scans / f"{name}.nrrd", patient=f"patient {name}") for name in OUTCOMES]
    output, scoring = tmp_path / "scored", Scoring()
    tasks = plan_tasks(cases, output, scoring)
    for task in tasks:
        task.folder.mkdir(parents=True)
        keep(task, OUTCOMES[task.case.name], scoring)
    site = Site(Promise(0.2, 0.97, 100, 0), Promise(0.8, 0.9, 40, 1), 0.9, 50, 150, "", "")
    write_tables(tasks, output, scoring, site=site)
    return output


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_likeliest_cases_come_first_and_those_without_a_number_last(scored: Path) -> None:
    rows = read_worklist(scored / "results.csv").rows
    assert [row.case for row in rows] == ["high", "outside", "doubtful", "low", "broken"]
    assert [row.probability for row in rows] == [0.9, 0.7, 0.6, 0.1, None]


def test_notes_a_zone_outside_and_a_failure_are_doubts(scored: Path) -> None:
    doubts = {row.case: row.doubt for row in read_worklist(scored / "results.csv").rows}
    assert doubts["doubtful"] == "Slices are missing."
    assert "trained on" in doubts["outside"]
    assert doubts["broken"] == "It is damaged."
    assert doubts["high"] == doubts["low"] == ""


def test_batch_keeps_where_each_ct_lies_and_the_worklist_finds_it_there(scored: Path) -> None:
    high, *_others, broken = read_worklist(scored / "results.csv").rows
    assert ct_path(high) == (scored.parent / "scans" / "high.nrrd").absolute()
    with pytest.raises(InputError, match="broken could not be scored: It is damaged"):
        ct_path(broken)
    (scored.parent / "scans" / "high.nrrd").unlink()
    with pytest.raises(InputError, match=r"high\.nrrd does not exist any more"):
        ct_path(high)


def test_a_case_that_was_scored_before_places_were_kept_says_so(scored: Path) -> None:
    record = scored / "high" / "case.json"
    record.write_text(record.read_text().replace('"source"', '"sources"'))
    with pytest.raises(InputError, match="does not say where the CT lies"):
        ct_path(read_worklist(scored / "results.csv").rows[0])


def test_two_readers_keep_two_columns_and_lose_nothing_of_each_other(scored: Path) -> None:
    anna, ben = (read_worklist(scored / "results.csv") for _ in range(2))
    anna.keep("anna", "high", Reading(COVID, "crazy paving, “typical”"))
    ben.keep("ben", "high", Reading(COVID))
    ben.keep("ben", "low", Reading(COVID, "early?"))
    anna.keep("anna", "low", Reading(OTHER))
    anna.keep("anna", "doubtful", Reading(UNSURE))
    assert ben.readings("ben") == {"high": Reading(COVID), "low": Reading(COVID, "early?")}
    both = {row["case"]: row for row in table(scored / "labels.csv")}
    assert list(both["high"]) == ["case", "path", "label_anna", "comment_anna", "label_ben", "comment_ben"]
    assert list(both["high"].values())[2:] == [COVID, "crazy paving, “typical”", COVID, ""]
    assert list(both["low"].values())[2:] == [OTHER, "", COVID, "early?"]
    assert list(both["doubtful"].values())[2:] == [UNSURE, "", "", ""]


def test_train_reads_the_cases_on_which_the_readers_agree(scored: Path) -> None:
    worklist = read_worklist(scored / "results.csv")
    worklist.keep("anna", "high", Reading(COVID))
    worklist.keep("ben", "high", Reading(COVID))
    worklist.keep("anna", "low", Reading(OTHER))
    worklist.keep("anna", "outside", Reading(OTHER))
    worklist.keep("ben", "outside", Reading(UNSURE))
    worklist.keep("anna", "doubtful", Reading("", "ask Ben"))
    cases = read_cases(scored / "train.csv")
    assert [(case.name, case.label, case.patient) for case in cases] == [
        ("high", 1, "patient high"),
        ("low", 0, "patient low"),
    ]
    assert all(case.path.exists() for case in cases)


def test_a_label_that_is_taken_back_is_in_no_table(scored: Path) -> None:
    worklist = read_worklist(scored / "results.csv")
    worklist.keep("anna", "high", Reading(COVID, "sure"))
    worklist.keep("anna", "high", Reading())
    assert worklist.readings("anna") == {}
    assert table(scored / "labels.csv") == table(scored / "train.csv") == []


def test_a_table_that_a_reader_has_damaged_is_left_alone(scored: Path) -> None:
    worklist = read_worklist(scored / "results.csv")
    mine = scored / "labels-anna.csv"
    mine.write_bytes("case,label,comment\nhigh,1,für später\n".encode("latin-1"))
    before = mine.read_bytes()
    with pytest.raises(InputError, match=r"labels-anna\.csv is not a text file in UTF-8"):
        worklist.keep("anna", "low", Reading(OTHER))
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name,value\na,1\n", "no column case"),
        ("case,probability,threshold,notes,folder\n", "has no cases"),
        ("case,probability,threshold,notes,folder\na,likely,0.5,,a\n", "no number"),
    ],
)
def test_another_table_is_refused_in_a_sentence(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "results.csv").write_text(content)
    with pytest.raises(InputError, match=words):
        read_worklist(tmp_path / "results.csv")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,87,0.5,,a\n", "numbers from 0 to 1"),
        ("a,nan,0.5,,a\n", "numbers from 0 to 1"),
        ("a,0.8,0.5,,..\n", "a case, its folder"),
        ("a,0.8,0.5,,a\nb,0.9,0.5\n", "line 3: .* its folder"),
        ("a,0.8,0.5,,a\na,0.8,0.5,,b\n", "'a' more than once"),
        ("a,0,87,0,5,,a\n", "more values than columns"),
    ],
)
def test_a_table_that_another_program_has_changed_is_refused(tmp_path: Path, rows: str, words: str) -> None:
    (tmp_path / "results.csv").write_text(f"case,probability,threshold,notes,folder\n{rows}")
    with pytest.raises(InputError, match=words):
        read_worklist(tmp_path / "results.csv")


@pytest.mark.parametrize("column", ["case", "probability"])
def test_a_table_sorted_by_one_column_alone_labels_no_other_ct(scored: Path, column: str) -> None:
    rows = table(scored / "results.csv")
    for row, value in zip(rows, [row[column] for row in rows][::-1], strict=True):
        row[column] = value
    with (scored / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    worklist = read_worklist(scored / "results.csv")
    with pytest.raises(InputError, match="do not say the same of"):
        ct_path(worklist.rows[0])
    worklist.keep("anna", worklist.rows[0].case, Reading(COVID))
    assert table(scored / "train.csv") == []


def test_a_label_that_no_reader_gave_and_a_copy_of_a_readers_file_do_not_count(scored: Path) -> None:
    worklist = read_worklist(scored / "results.csv")
    worklist.keep("anna", "high", Reading(COVID))
    (scored / "labels-anna - Kopie.csv").write_text("case,label,comment\nhigh,0,\n")
    worklist.keep("anna", "low", Reading(OTHER))
    assert [row["label"] for row in table(scored / "train.csv")] == ["1", "0"]
    (scored / "labels-ben.csv").write_text("case,label,comment\nhigh,yes,\n")
    with pytest.raises(InputError, match="line 2: the label is none of"):
        worklist.keep("anna", "low", Reading(UNSURE))


def test_a_folder_in_the_table_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("case,probability,threshold,notes,folder\na,0.5,0.5,,../../secret\n")
    assert read_worklist(tmp_path / "results.csv").rows[0].folder == tmp_path / "secret"


def test_the_name_of_a_reader_can_stand_in_the_name_of_a_file() -> None:
    assert reader_name("Dr. Anna Maier") == "Dr.-Anna-Maier"
    assert reader_name("../../etc/passwd,x") == "etc-passwd-x"
    assert reader_name(" ") == reader_name("") != ""

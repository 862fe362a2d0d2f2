"""Tables that cannot be true are refused with a sentence that says where and what to do."""

import csv
from datetime import date
from pathlib import Path

import pytest
from COVIDDetectLib.cohort.cases import read_cases

from .conftest import Cohort, run, write_table


def test_a_table_is_read_with_paths_beside_it_and_patients_of_their_own(cohort: Cohort) -> None:
    cases = read_cases(cohort.table)
    assert [case.label for case in cases] == [0, 1] * 4
    assert cases[1].path == cohort.folder / "ct1.nrrd"
    assert cases[1].mask == cohort.folder / "lungs1.nrrd"
    assert cases[1].date == date(2020, 1, 2)
    assert [case.patient for case in cases] == [case.name for case in cases]


BAD = {
    "no file": (None, (), "cannot be read"),
    "column": ("case,path", ("a,ct0.nrrd",), "has no column label"),
    "no cases": ("case,path,label", (), "has no cases"),
    "no name": ("case,path,label", (",ct0.nrrd,1",), "line 2: the case has no name"),
    "no path": ("case,path,label", ("a,,1",), "line 2: the case has no path"),
    "label": ("case,path,label", ("a,ct0.nrrd,yes",), "line 2: the label is 'yes'; give 1 for COVID-19 or 0 for none"),
    "date": (
        "case,path,label,date",
        ("a,ct0.nrrd,0,23.1.2020",),
        "line 2: '23.1.2020' is not a date; write YYYY-MM-DD",
    ),
    "duplicate case": ("case,path,label", ("a,ct0.nrrd,0", "a,ct1.nrrd,1"), "case 'a' more than once"),
    "duplicate path": ("case,path,label", ("a,ct0.nrrd,0", "b,./ct0.nrrd,1"), "'a' and 'b' the same CT"),
    "one class": ("case,path,label", ("a,ct0.nrrd,1", "b,ct1.nrrd,1"), "only one kind"),
    "too few": ("case,path,label", ("a,ct0.nrrd,0", "b,ct1.nrrd,1"), "two patients of each kind"),
}


@pytest.mark.parametrize(("columns", "rows", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_table_ends_with_2_one_sentence_and_no_files(
    columns: str | None, rows: tuple[str, ...], words: str, cohort: Cohort, tmp_path: Path
) -> None:
    table = cohort.folder / "bad.csv"
    table.unlink(missing_ok=True)
    if columns:
        write_table(table, *rows, columns=columns)
    result = run("train", "classifier", table, "--output", tmp_path / "out")
    assert result.exit_code == 2
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("coviddetect: ") and words in sentence and sentence.endswith(".")
    assert "Traceback" not in result.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--test-after", "2020-02-01"), "No CT was taken after 2020-02-01"),
        (("--test-after", "2020-01-01"), "too few cases with label 0 to tune on"),
        (("--test-after", "2020-01-04", "--test-share", "0.2"), "give one of the two"),
        (("--test-share", "1.5"), "1.5 is not a valid share"),
        (("--rate", "0"), "not a valid learning rate"),
        (("--lungs", "magic"), "'magic' is not a way to find lungs"),
        (("--size", "8", "8"), "not a valid input size"),
        (("--size", "2064", "48"), "rows and columns from 16 to 2048"),
        (("--start", "nothing.json"), "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_settings_end_with_2_and_one_sentence(
    arguments: tuple[str, ...], words: str, cohort: Cohort, tmp_path: Path
) -> None:
    result = run(
        "train", "classifier", cohort.table, "--output", tmp_path / "out", "--cache", cohort.cache, "--device", "cpu",
        "--size", "32", "48", *arguments,
    )  # fmt: skip
    assert result.exit_code == 2
    assert words in result.stderr.splitlines()[-1] and "Traceback" not in result.stderr


def test_a_file_is_no_place_for_prepared_cts(cohort: Cohort, tmp_path: Path) -> None:
    result = run(
        "train", "classifier", cohort.table, "--output", tmp_path / "out", "--cache", cohort.table, "--device", "cpu",
        "--size", "32", "48",
    )  # fmt: skip
    assert result.exit_code == 2 and "cohort.csv is a file; give a folder" in result.stderr


def test_the_unet_wants_sizes_that_it_can_halve(cohort: Cohort, tmp_path: Path) -> None:
    result = run("train", "lungs", cohort.table, "--output", tmp_path, "--size", "50", "48")
    assert result.exit_code == 2 and "multiples of 16" in result.stderr


def test_a_split_by_date_needs_dates(cohort: Cohort, tmp_path: Path) -> None:
    table = write_table(cohort.folder / "undated.csv", *(f"{n},ct{n}.nrrd,{n % 2}" for n in range(8)))
    result = run("train", "classifier", table, "--output", tmp_path, "--test-after", "2020-01-01")
    assert result.exit_code == 2 and "Case '0' has no date" in result.stderr


def test_the_same_ct_in_two_files_is_found(cohort: Cohort, tmp_path: Path) -> None:
    (cohort.folder / "copy.nrrd").write_bytes((cohort.folder / "ct0.nrrd").read_bytes())
    rows = [f"{n},ct{n}.nrrd,{n % 2},lungs{n}.nrrd" for n in range(8)]
    table = write_table(
        cohort.folder / "copies.csv", *rows, "again,copy.nrrd,0,lungs0.nrrd", columns="case,path,label,mask"
    )
    result = run(
        "train", "classifier", table, "--output", tmp_path, "--cache", cohort.cache, "--size", 32, 48, "--device", "cpu"
    )
    assert result.exit_code == 2 and "'0' and 'again' are the same CT" in result.stderr


def test_all_cts_that_cannot_be_used_are_named_at_once_and_can_be_left_out(cohort: Cohort, tmp_path: Path) -> None:
    (cohort.folder / "broken.nrrd").write_text("no volume")
    rows = [f"{n},ct{n}.nrrd,{n % 2},lungs{n}.nrrd" for n in range(4)]
    bad = ["bad,broken.nrrd,0,", "gone,none.nrrd,1,", "unmasked,ct5.nrrd,1,none.nrrd"]
    table = write_table(cohort.folder / "broken.csv", *bad, *rows, columns="case,path,label,mask")
    small = ("--output", tmp_path, "--cache", cohort.cache, "--device", "cpu", "--size", 32, 48, "--epochs", 1)

    refused = run("train", "classifier", table, *small)
    assert refused.exit_code == 2 and "3 of 7 CTs cannot be used" in refused.stderr
    with (tmp_path / "unusable.csv").open(newline="") as file:
        listed = {row["case"]: row["sentence"] for row in csv.DictReader(file)}
    assert list(listed) == ["bad", "gone", "unmasked"]
    assert all(f"Case '{case}': " in refused.stderr and sentence in refused.stderr for case, sentence in listed.items())
    assert "does not exist" in listed["gone"] and "mask" in listed["unmasked"]
    assert not (tmp_path / "split.csv").exists()

    trained = run("train", "classifier", table, *small, "--skip-unusable")
    assert trained.exit_code == 0, trained.output
    assert "3 of 7 CTs cannot be used and are left out" in trained.stdout
    assert "2 cases for training, 2 for tuning" in trained.stdout

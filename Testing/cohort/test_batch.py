"""A cohort ends with the same tables whatever happens on the way."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from COVIDDetectLib.cohort.batch import score_cohort
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.cohort.score import Outcome, Scoring
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.evaluation.predictions import read_predictions
from COVIDDetectLib.weights.cards import ModelCard
from typer.testing import CliRunner, Result

from .conftest import Cohort

PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "COVIDDetect"
FILES = {"analysis.json", "lungs.nrrd", "case.json"}


def arguments(cohort: Cohort, card: ModelCard, output: Path, *more: object) -> list[str]:
    given = ["batch", cohort.table, "--output", output, "--weights", card.path, "--lungs", "threshold"]
    return [str(one) for one in (*given, "--device", "cpu", "--threads", 1, "--skip", "overview,attention", *more)]


def rows(file: Path) -> list[dict[str, str]]:
    """All of a table but how long it took."""
    with file.open(newline="") as lines:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def undisturbed(
    mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, Path]:
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    return CliRunner().invoke(app, arguments(mixed_cohort, fresh_card, output)), output


def test_bad_cases_are_named_and_do_not_stop_the_rest(undisturbed: tuple[Result, Path]) -> None:
    result, output = undisturbed
    assert result.exit_code == 3, result.output
    assert "6 scored, 2 failed, 0 done before" in result.stdout and result.stderr == ""
    assert [(row["case"], row["kind"]) for row in rows(output / "failed.csv")] == [
        ("patient broken.nrrd", "input"),
        ("patient gone.nrrd", "input"),
    ]
    assert all(row["sentence"].endswith(".") for row in rows(output / "failed.csv"))
    scored = rows(output / "results.csv")
    assert [row["case"] for row in scored] == [
        f"patient {name}" for name in ["a.nrrd", "b.nii.gz", "c.mha", "d", "e.nii", "f/g.nrrd"]
    ]
    for row in scored:
        folder = output / row["folder"]
        assert {file.name for file in folder.iterdir()} == FILES
        record = json.loads((folder / "analysis.json").read_text())
        assert float(row["probability"]) == record["probability"]
        assert row["ct_sha256"] == record["input"]["sha256"]
        assert row["notes"] == " ".join(record["notes"])
    methods = [json.loads((output / row["folder"] / "analysis.json").read_text())["lungs"]["method"] for row in scored]
    assert methods == ["threshold", "threshold", "given", "threshold", "threshold", "threshold"]


def test_evaluate_reads_the_predictions_of_cases_with_a_label(undisturbed: tuple[Result, Path]) -> None:
    read = read_predictions(undisturbed[1] / "predictions.csv")
    assert read.cases == tuple(f"patient {name}" for name in ("a.nrrd", "b.nii.gz", "c.mha", "d", "f/g.nrrd"))
    assert read.labels.tolist() == [False, True, False, True, True]


def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_tables(
    undisturbed: tuple[Result, Path], mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    running = subprocess.Popen(
        [sys.executable, "-m", "COVIDDetectLib.commands", *arguments(mixed_cohort, fresh_card, output, "--json")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
    )  # fmt: skip
    assert running.stdout
    told = [json.loads(running.stdout.readline())["case"] for _ in range(2)]
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=60)
    assert {row["case"] for row in rows(output / "results.csv")} <= {
        row["case"] for row in rows(undisturbed[1] / "results.csv")
    }

    result = CliRunner().invoke(app, arguments(mixed_cohort, fresh_card, output))

    assert result.exit_code == 3, result.output
    done_before = int(result.stdout.split(" done before")[0].split()[-1])
    assert len(told) <= done_before < 6
    for name in ("results.csv", "predictions.csv", "failed.csv"):
        assert rows(output / name) == rows(undisturbed[1] / name)
    assert not list(output.rglob(".unfinished-*"))


def test_a_case_is_scored_again_only_when_its_files_or_the_weights_change(
    undisturbed: tuple[Result, Path], mixed_cohort: Cohort, fresh_card: ModelCard
) -> None:
    from COVIDDetectLib.cohort.records import is_done, plan_tasks

    cases = read_cases(mixed_cohort.table, labels="optional")
    scoring = Scoring(fresh_card, "threshold", "cpu", ("overview.png", "attention.nrrd"))

    def done(scoring: Scoring) -> list[str]:
        return [task.case.name[8:] for task in plan_tasks(cases, undisturbed[1], scoring) if is_done(task, scoring)]

    assert done(scoring) == ["a.nrrd", "b.nii.gz", "c.mha", "d", "e.nii", "f/g.nrrd"]
    for changed in ("a.nrrd", "lungs of c.nrrd"):
        os.utime(mixed_cohort.folder / changed)
    image = next((mixed_cohort.folder / "d").iterdir())
    os.utime(image)
    assert done(scoring) == ["b.nii.gz", "e.nii", "f/g.nrrd"]
    assert done(Scoring(fresh_card, "unet", "cpu", scoring.skip)) == []
    assert done(Scoring(fresh_card, "threshold", "cpu")) == []  # the pictures are wanted now
    mine, other = (undisturbed[1] / task / "analysis.json" for task in ("patient e.nii", "patient b.nii.gz"))
    kept = mine.read_text()
    mine.write_text(other.read_text())  # as of another batch that writes into the same folder
    assert done(scoring) == ["b.nii.gz", "f/g.nrrd"]
    mine.write_text(kept)


def test_cases_of_a_process_that_was_killed_are_scored_by_another(
    undisturbed: tuple[Result, Path], mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path: Path
) -> None:
    cases = [
        case
        for case in read_cases(mixed_cohort.table, labels="optional")
        if case.name.endswith("a.nrrd") or "b.nii" in case.name
    ]
    killed: list[int] = []

    def kill_once(_: Outcome) -> None:
        if not killed:
            [child] = [one.pid for one in multiprocessing.active_children() if one.pid]
            os.kill(child, signal.SIGKILL)
            killed.append(child)

    scoring = Scoring(fresh_card, "threshold", "cpu", ("overview.png", "attention.nrrd"))
    summary = score_cohort(cases, tmp_path, scoring, threads=1, on_outcome=kill_once)
    assert killed and summary.failed == 0
    assert rows(tmp_path / "results.csv") == rows(undisturbed[1] / "results.csv")[:2]

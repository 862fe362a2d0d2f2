"""Which CTs a cohort has, and where the results of each go."""

from __future__ import annotations

import threading
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path

import pytest
from COVIDDetectLib.cohort import pipeline
from COVIDDetectLib.cohort.cases import Case
from COVIDDetectLib.cohort.found import find_cases
from COVIDDetectLib.cohort.pipeline import score_in_turn
from COVIDDetectLib.cohort.records import folder_names, outcome_of, plan_tasks, write_tables
from COVIDDetectLib.cohort.score import Outcome, Scoring, score_case
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.weights.cards import ModelCard
from COVIDDetectLib.weights.site import Promise, Site
from typer.testing import CliRunner

from .conftest import tiny_phantom, write_volume


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for name in ("b/1.dcm", "a.nii.gz", "c/a.nrrd", "notes.txt", ".hidden/1.dcm", "results/results.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_folders_and_volume_files_of_a_folder_are_cts_and_the_results_in_it_are_none(scans: Path) -> None:
    assert names(find_cases([str(scans)], scans / "results")) == ["a", "b", "c"]


def test_a_pattern_finds_files_of_several_folders_and_keeps_their_names_apart(scans: Path) -> None:
    assert names(find_cases([f"{scans}/*.nii.gz"], scans)) == ["a"]
    found = find_cases([f"{scans}/**/a.n*"], scans)
    assert names(found) == [f"{scans}/a.nii.gz", f"{scans}/c/a.nrrd"]
    assert names(find_cases([str(scans / "b"), str(scans / "a.nii.gz")], scans)) == ["b", "a"]


@pytest.mark.parametrize(
    ("given", "words"),
    [("nothing", "no table"), ("scans/*.mha", "Nothing matches"), ("scans/c/empty", "no folders or volume files")],
)
def test_what_names_no_ct_is_refused(
    scans: Path, given: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (scans / "c" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        find_cases([given], tmp_path / "out")


def test_each_case_has_a_folder_of_its_own_whatever_it_is_called() -> None:
    cases = ["A-17", "a-17", "../up", "x/y", "x_y", "CON", "results.csv", "é" * 300, "胸部", ".", "Ä", "A\u0308"]
    folders = folder_names(cases)
    assert folders["胸部"] == "胸部" and folders["x_y"] == "x_y"
    assert len({folder.casefold() for folder in folders.values()}) == len(cases)
    for case, folder in folders.items():
        assert "/" not in folder and not folder.startswith(".") and len(folder.encode()) < 200
        assert (folder == case) == (case in ("x_y", "胸部"))


@pytest.mark.parametrize("output", ["ct", "", "ct/results"])
def test_results_never_lie_among_the_files_of_a_ct(tmp_path: Path, output: str) -> None:
    (tmp_path / "ct").mkdir()
    with pytest.raises(InputError, match="choose another output folder"):
        plan_tasks([Case("ct", tmp_path / "ct")], tmp_path / output, Scoring())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--part", "3/2"), "not a part"),
        (("--skip", "lungs"), "cannot be skipped"),
        (("--lungs", "magic"), "not a way to find lungs"),
        (("--weights", "none.json"), "cannot be read"),
    ],
)
def test_wrong_options_end_with_2_and_a_sentence(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["batch", str(tmp_path), "--output", str(tmp_path / "out"), *options])
    assert result.exit_code == 2 and words in result.stderr


def test_not_more_than_two_cts_are_read_ahead(
    tmp_path: Path, fresh_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_volume(tiny_phantom(seed), tmp_path / f"{seed}.nrrd") for seed in range(6)]
    scoring = Scoring(fresh_card, "threshold", "cpu", ("overview.png",))
    tasks = plan_tasks([Case(path.stem, path) for path in paths], tmp_path / "out", scoring)
    read, told, ahead = [], list[Outcome](), list[int]()
    load, analyze = pipeline.load_case, pipeline.analyze_case
    everything_read = threading.Event()

    def counted_load(case: Case, scoring: Scoring) -> pipeline.Loaded:
        read.append(case.name)
        if len(read) == 3:
            everything_read.set()
        return load(case, scoring)

    def counted_analyze(loaded: pipeline.Loaded, scoring: Scoring) -> pipeline.Analysis:
        everything_read.wait(timeout=30)
        analysis = analyze(loaded, scoring)
        ahead.append(len(read) - len(ahead) - 1)
        return analysis

    monkeypatch.setattr(pipeline, "load_case", counted_load)
    monkeypatch.setattr(pipeline, "analyze_case", counted_analyze)
    here, there = Pipe()
    for task in tasks:
        there.send(task)
    there.close()
    score_in_turn(here, scoring, told.append)
    assert [outcome.case for outcome in told] == [str(seed) for seed in range(6)]
    assert max(ahead) == 2
    alone = score_case(tasks[1].case, scoring)
    assert (alone.probability, alone.ct_sha256) == (told[1].probability, told[1].ct_sha256)


def test_a_failure_hides_a_result_until_there_is_a_new_one(tmp_path: Path, fresh_card: ModelCard) -> None:
    from COVIDDetectLib.cohort.records import keep

    path = write_volume(tiny_phantom(1), tmp_path / "ct.nrrd")
    scoring = Scoring(fresh_card, "threshold", "cpu")
    [task] = plan_tasks([Case("A", path, 1)], tmp_path / "out", scoring)
    scored, failed = Outcome("A", 0.7, 0.5, 1.0, 2.0, ("Look.",)), Outcome("A", kind="input", sentence="It is gone.")
    for outcome in (scored, failed, scored):
        keep(task, outcome, scoring)
        assert outcome_of(task, scoring) == outcome
        assert write_tables([task], tmp_path / "out", scoring).failed == outcome.failed
    site = Site(Promise(0.2, 0.97, 100, 0), Promise(0.6, 0.9, 40, 1), 0.9, 50, 150, fresh_card.title, fresh_card.sha256)
    for probability, inside, zone in (
        (0.1, True, "unlikely"),
        (0.4, None, "open"),
        (0.7, True, "likely"),
        (0.7, False, "outside"),
    ):
        keep(task, replace(scored, probability=probability, is_in_domain=inside), scoring)
        write_tables([task], tmp_path / "out", scoring, site=site)
        header, row = (tmp_path / "out" / "results.csv").read_text().splitlines()
        assert header.endswith(",folder,zone") and row.endswith(f",A,{zone}")
    assert outcome_of(task, Scoring(fresh_card, "unet", "cpu")) is None
    (task.folder / "case.json").write_text("{")
    assert outcome_of(task, scoring) is None

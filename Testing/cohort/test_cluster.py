"""A cohort on a real Dask cluster of two processes ends with the tables of one computer, also when a worker dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from COVIDDetectLib.cohort import cluster as cluster_of
from COVIDDetectLib.cohort.batch import score_cohort
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.cohort.records import plan_tasks
from COVIDDetectLib.cohort.score import Outcome, Scoring
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import InputError, InstallationError
from COVIDDetectLib.weights.cards import ModelCard
from typer.testing import CliRunner

from .conftest import Cohort
from .test_batch import arguments, rows

distributed = pytest.importorskip("distributed")

TABLES = ("results.csv", "predictions.csv", "failed.csv")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as running:
        yield running


def test_a_cluster_whose_worker_is_killed_ends_with_the_same_tables_as_this_computer(
    cluster: Any, mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path: Path
) -> None:
    cases = read_cases(mixed_cohort.table, labels="optional")
    scoring = Scoring(fresh_card, "threshold", "cpu", ("overview.png", "attention.nrrd"))
    score_cohort(cases, tmp_path / "here", scoring, threads=1)
    killed: list[int] = []

    def kill_one(_: Outcome) -> None:
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    summary = score_cohort(
        cases, tmp_path / "there", scoring, threads=1, scheduler=cluster.scheduler_address, on_outcome=kill_one
    )
    assert killed and len(summary.outcomes) == len(cases)
    for name in TABLES:
        assert rows(tmp_path / "there" / name) == rows(tmp_path / "here" / name)


def test_the_command_says_that_no_scheduler_answers(
    mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("COVIDDetectLib.cohort.cluster._TIMEOUT_S", 1)
    given = arguments(mixed_cohort, fresh_card, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    ended = CliRunner().invoke(app, given)
    assert ended.exit_code == 3
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in ended.stderr


def test_a_worker_of_another_version_and_results_that_are_nowhere_are_named(
    mixed_cohort: Cohort, fresh_card: ModelCard, tmp_path: Path
) -> None:
    scoring = Scoring(fresh_card, "threshold", "cpu")
    tasks = plan_tasks(read_cases(mixed_cohort.table, labels="optional"), tmp_path, scoring)
    with pytest.raises(InstallationError, match=r"0\.0\.9; install the same on all"):
        cluster_of._score(tasks[0], scoring, 1, "0.0.9")
    with pytest.raises(InputError, match="results of 8 cases, patient a.nrrd first, where this computer"):
        cluster_of.refuse_unseen(tasks, scoring)


def test_weights_beside_the_command_are_found_by_workers_in_other_folders(
    fresh_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fresh_card.path.parent)
    card = replace(fresh_card, path=Path(fresh_card.path.name))
    anywhere = cluster_of._with_absolute_cards(Scoring(card, card))
    assert anywhere.weights == anywhere.lungs == fresh_card

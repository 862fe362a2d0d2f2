"""Docs/use/training.md names only commands, options, columns and files that exist."""

import re
import shlex
from pathlib import Path

import pytest
from COVIDDetectLib.cohort.cases import COLUMNS, OPTIONAL_COLUMNS, read_cases
from COVIDDetectLib.training import results

from .conftest import run

DOCUMENT = (Path(__file__).resolve().parents[2] / "Docs" / "use" / "training.md").read_text()
COMMANDS = re.findall(
    r"^    .*?(?:coviddetect|coviddetect\.cli) ((?:train|evaluate|analyze) .*)$", DOCUMENT, re.MULTILINE
)


def test_there_are_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"train", "evaluate", "analyze"}
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_its_options_exist(command: str) -> None:
    words = shlex.split(command)
    name = words[: 2 if words[0] == "train" else 1]
    result = run(*name, "--help")
    assert result.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in result.stdout


def test_options_in_the_text_exist() -> None:
    shown = run("train", "classifier", "--help").stdout + run("train", "lungs", "--help").stdout
    named = set(re.findall(r"`(--[a-z-]+)", DOCUMENT)) - {"--nnodes", "--rdzv-endpoint"}
    assert {option for option in named if option not in shown} == set()


def test_the_table_of_the_document_can_be_read(tmp_path: Path) -> None:
    rows = re.search(r"^    (case,.*\n)((?:    .+\n)+)", DOCUMENT, re.MULTILINE)
    assert rows and set(rows[1].strip().split(",")) == {*COLUMNS, *OPTIONAL_COLUMNS}
    (tmp_path / "cohort.csv").write_text(rows[1] + rows[2].replace("    ", ""))
    for file in ("scans/A-17/x", "scans/A-18.nii.gz", "masks/A-18.nrrd"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert [case.label for case in read_cases(tmp_path / "cohort.csv")] == [1, 0]


def test_the_files_that_it_names_are_written(trained: dict[str, Path]) -> None:
    for network, folder in trained.items():
        section = DOCUMENT.split("## ")[2 if network == "classifier" else 4]
        named = set(re.findall(r"`(?:lungs/)?([a-z-]+\.(?:json|safetensors|csv|pt|png))`", section))
        absent = {results.DROPPED, results.UNUSABLE, "predictions-test.csv"}  # nothing was dropped; there was no test
        assert {name for name in named - absent if not (folder / name).exists()} == set()
        assert len(named) >= 5

"""What the documents tell a reader to type works, on the smallest input."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
import torch
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.phantom import Phantom, add_disease, thorax
from COVIDDetectLib.phantom.ideal import ideal_analysis
from COVIDDetectLib.report.files import write_analysis_files
from COVIDDetectLib.weights.cards import default_card, save_weights
from typer.testing import CliRunner

from Testing.dicom_series import write_ct
from Testing.docs.commands import COMMANDS, DOCUMENTS, ROOT, Exists, Run, block_commands, inline_commands, python_blocks
from Testing.weights.own_weights import released

BIN = Path(sys.executable).parent
WITH_COMMANDS = [path for path in DOCUMENTS if block_commands(path.read_text())]
WITH_EXAMPLES = [path for path in DOCUMENTS if python_blocks(path.read_text())]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "COVIDDETECT_OFFSCREEN": "1",
    "OMP_NUM_THREADS": "1",
}
LONGEST_S = 120


def small_phantom(seed: int) -> Phantom:
    return thorax(seed=seed, shape=(12, 64, 64), spacing=(5.4, 5.4, 22.0), disease="covid" if seed % 2 else None)


def write(array: object, phantom: Phantom, path: Path) -> None:
    image = sitk.GetImageFromArray(array)
    phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(path))


def write_two_visits(folder: Path) -> None:
    """Results of an earlier and of a later CT of one chest, with both."""
    before = small_phantom(17)
    ct, lesions = add_disease(before.ct, before.lung_mask, 3)
    for name, phantom in (("earlier", before), ("later", Phantom(ct, before.lung_mask, before.lesions | lesions))):
        write_ct(folder / name / "CT", phantom.ct)
        known = ideal_analysis(replace(phantom, ct=read_ct(folder / name / "CT")))
        write_analysis_files(phantom.ct, known, folder / name / "results")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every input that the documents name, under its name there."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "scans").mkdir()
    (folder / "masks").mkdir()
    rows = ["case,path,label,date,mask,patient"]
    for number in range(11, 19):
        phantom, scan = small_phantom(number), f"scans/A-{number}"
        if number == 17:
            write_ct(folder / scan, phantom.ct)
        else:
            scan += ".nii.gz"
            write(phantom.ct.hu, phantom, folder / scan)
        write(phantom.lung_mask, phantom, folder / f"masks/A-{number}.nrrd")
        rows.append(f"A-{number},{scan},{number % 2},2020-01-{number + 8},masks/A-{number}.nrrd,{number}")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    shutil.copy(folder / "cohort.csv", folder / "CASES.csv")
    (folder / "CT").symlink_to(folder / "scans" / "A-17")
    write_two_visits(folder)
    (folder / "PREDICTIONS.csv").write_text(
        "case,probability,label\n"
        + "".join(f"{case},{0.05 + 0.4 * (case % 2) + 0.005 * (case % 97):.3f},{case % 2}\n" for case in range(200))
    )
    for name in ("FILE.pth", "covid.pth"):
        torch.save(released("decovnet"), folder / name)
    mine = replace(default_card("decovnet"), id="mine", title="Mine", path=folder / "mine" / "decovnet.json")
    save_weights(DeCoVNet("paper").state_dict(), mine)
    return folder


@pytest.fixture(autouse=True)
def a_user_without_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder / "data"))


def started(command: str, at: Path) -> None:
    """Run a command as a shell does, and expect the exit code 0."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=at, env=ENVIRONMENT | {"XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]},
        capture_output=True, text=True, timeout=LONGEST_S,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def execute(command: str, how: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command of a document; what it says it writes must be there then."""
    words = [dict(how.instead).get(word, word) for word in shlex.split(command)] + list(how.more)
    if words[0] == "coviddetect":
        monkeypatch.chdir(folder)  # in this process: importing PyTorch takes longer than most of the commands
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
    else:
        started(shlex.join(words), ROOT if how.at_root else folder)
    if "--logdir" in words:
        assert any((folder / words[words.index("--logdir") + 1]).iterdir()), command
    if "--output" in words:
        assert (folder / words[words.index("--output") + 1]).exists(), command


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.name)
def test_the_commands_of_a_document_work_one_after_the_other(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in block_commands(path.read_text()):
        assert command in COMMANDS, f"{path.name} has a command that Testing/docs/commands.py does not know: {command}"
        how = COMMANDS[command]
        if isinstance(how, Exists):
            started(how.check, ROOT)
        else:
            execute(command, how, folder, monkeypatch)


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.name)
def test_the_python_examples_of_a_document_run(path: Path, folder: Path) -> None:
    for example in python_blocks(path.read_text()):
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
            timeout=LONGEST_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{example}\n{done.stdout}{done.stderr}"
        assert done.stdout or "print(" not in example


def test_no_entry_is_left_of_a_command_that_is_gone() -> None:
    written = {command for path in DOCUMENTS for command in block_commands(path.read_text())}
    assert set(COMMANDS) - written == set()
    assert ROOT / "README.md" in WITH_EXAMPLES
    assert len(written) > 20


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_within_the_text_exist_with_their_options(path: Path) -> None:
    for command in inline_commands(path.read_text()):
        words = list(itertools.dropwhile(lambda word: re.match("[A-Z_]+=", word), shlex.split(command)))
        if words[0] == "coviddetect":
            names = [
                word for word in words[1 : 3 if words[1] in ("train", "weights", "cohort") else 2] if word[0] != "-"
            ]
            shown = CliRunner().invoke(app, [*names, "--help"])
            assert shown.exit_code == 0, command
            for option in (word for word in words if word.startswith("--")):
                assert option in shown.stdout, command
        elif words[0] == "make":
            started(f"make -n {shlex.join(words[1:])}", ROOT)
        else:
            files = [word for word in words if re.fullmatch(r"(?:\.venv|tools|Testing)/\S+", word)]
            assert [file for file in files if not (ROOT / file).exists()] == [], command


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_of_the_repository_that_documents_name_exist(path: Path) -> None:
    named = re.findall(r"`((?:tools|Testing|Docs|Viewer|COVIDDetect|Resources)/[\w./-]+)`", path.read_text())
    assert [name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "COVIDDetect"))] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_pictures_are_small_enough_to_read_on_a_slow_line() -> None:
    pictures = list((ROOT / "Resources" / "Screenshots" / "tutorial").glob("*.png"))
    assert len(pictures) >= 8
    assert [path.name for path in pictures if path.stat().st_size >= 200_000] == []


def test_every_picture_of_the_tutorial_is_shown_somewhere() -> None:
    text = "".join(path.read_text() for path in DOCUMENTS)
    pictures = (ROOT / "Resources" / "Screenshots" / "tutorial").glob("*.png")
    assert [path.name for path in pictures if f"tutorial/{path.name}" not in text] == []


def test_the_sentences_that_troubleshooting_explains_are_said() -> None:
    rows = re.findall(r"^\| (\*[^|]*) \|", (ROOT / "Docs" / "use" / "troubleshooting.md").read_text(), re.MULTILINE)
    quoted = [one.strip(" .") for row in rows for said in re.findall(r"\*([^*]+)\*", row)
              for one in re.split(r"\(…\)|…|cuda", said) if one.strip(" .")]  # fmt: skip
    library = "\n".join(path.read_text() for path in (ROOT / "COVIDDetect" / "COVIDDetectLib").rglob("*.py"))
    said = re.sub(r'"\s*f?"', "", library)  # strings that are written on two lines
    assert len(quoted) > 20 and [one for one in quoted if one not in said] == []

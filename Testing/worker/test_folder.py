"""The folder that panel and worker share: a patient's CT does not stay there, however both of them end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import COVIDDetectError
from COVIDDetectLib.worker.exchange import at_once
from COVIDDetectLib.worker.folder import SharedFolder, sweep

LIBRARY = Path(__file__).parents[2] / "COVIDDetect"
OWNER = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from COVIDDetectLib.worker.folder import SharedFolder
folder = SharedFolder()
folder.part(1).mkdir()
(folder.part(1) / "ct.npy").write_text("the patient")
print(folder.path, flush=True)
input()
"""


@pytest.fixture
def owner(temporary_folder: Path) -> subprocess.Popen[str]:
    """Another process that has a folder with a CT in it; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(temporary_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(LIBRARY)},
    )
    yield process
    process.kill()
    process.wait()


def test_what_was_left_by_a_kill_is_removed_at_the_next_start_and_nothing_before(
    owner: subprocess.Popen[str], temporary_folder: Path
) -> None:
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    ours = SharedFolder()
    sweep()
    assert (folder / "1" / "ct.npy").is_file(), "its owner lives"
    owner.kill()
    owner.wait()
    assert folder.is_dir()
    sweep()
    assert list(temporary_folder.iterdir()) == [ours.path]
    ours.remove()
    assert list(temporary_folder.iterdir()) == []


def test_what_only_has_a_name_like_ours_is_left_alone(temporary_folder: Path, tmp_path: Path) -> None:
    theirs, elsewhere = temporary_folder / "coviddetect-results", tmp_path / "home"
    theirs.mkdir()
    (theirs / "analysis.json").write_text("{}")
    elsewhere.mkdir()
    (elsewhere / "owner").write_text("a file of the user's")
    (temporary_folder / "coviddetect-link").symlink_to(elsewhere)
    os.mkfifo(temporary_folder / "coviddetect-fifo")
    sweep()
    assert (theirs / "analysis.json").is_file()
    assert (elsewhere / "owner").is_file()
    assert len(list(temporary_folder.iterdir())) == 3


def test_one_ct_is_kept_and_what_belongs_to_requests_goes(temporary_folder: Path, phantom_ct: CTVolume) -> None:
    folder = SharedFolder()
    for number in (1, 2):
        folder.part(number).mkdir()
        entry = at_once(folder.store(phantom_ct, number))
    assert Path(entry["array"]).parent.name == "ct-1", "the same CT is not written again"
    folder.tidy()
    assert sorted(path.name for path in folder.path.iterdir()) == ["ct-1", "owner"]
    assert folder.forget_ct() and not folder.forget_ct()
    assert [path.name for path in folder.path.iterdir()] == ["owner"]
    folder.remove()


def test_without_room_for_a_folder_a_sentence_is_said(temporary_folder: Path) -> None:
    temporary_folder.rmdir()
    with pytest.raises(COVIDDetectError, match="The folder for temporary files cannot be used"):
        SharedFolder()
    temporary_folder.mkdir()

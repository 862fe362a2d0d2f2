"""A checkpoint is whole at any moment, and goes on only where it belongs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.atomic import forget_unfinished, whole_file
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.training.checkpoints import State, read_checkpoint, write_checkpoint

LIBRARY = Path(__file__).resolve().parents[2] / "COVIDDetect"
PLAN = {"variant": "paper", "rate": 1e-5, "cases": "abc", "size": [192, 288]}


def state(value: float) -> State:
    return State({"weight": torch.full((1000,), value)}, {"state": {}}, {}, epoch=3, step=2, history=[{"loss": 0.5}])


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "last.pt", PLAN) is None
    write_checkpoint(tmp_path / "last.pt", state(1.5), PLAN)
    back = read_checkpoint(tmp_path / "last.pt", PLAN)
    assert back is not None and torch.equal(back.network["weight"], torch.full((1000,), 1.5))
    assert (back.epoch, back.step, back.history) == (3, 2, [{"loss": 0.5}])


def test_a_process_killed_while_it_writes_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "last.pt", state(1.0), PLAN)
    program = (
        "import os, pathlib, signal\n"
        "from COVIDDetectLib.atomic import whole_file\n"
        "with whole_file(pathlib.Path('last.pt')) as file:\n"
        "    file.write(b'half of it'); file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(LIBRARY)}, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2  # it was in the midst of writing
    back = read_checkpoint(tmp_path / "last.pt", PLAN)
    assert back is not None and torch.equal(back.network["weight"], torch.ones(1000))


def test_an_error_while_writing_leaves_the_file_before_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "last.pt") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("last.pt", "before")]


def test_a_place_that_is_no_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), whole_file(tmp_path / "file" / "last.pt"):
        pass


def test_what_others_may_be_writing_stays(tmp_path: Path) -> None:
    for name in (".unfinished-1-old.npy", ".unfinished-2-new.npy", "kept.npy"):
        (tmp_path / name).touch()
    os.utime(tmp_path / ".unfinished-1-old.npy", (0, 0))
    forget_unfinished(tmp_path, older_than_s=3600)
    assert {file.name for file in tmp_path.iterdir()} == {".unfinished-2-new.npy", "kept.npy"}
    forget_unfinished(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"kept.npy"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"variant": "released"}, "variant paper, not released"),
        ({"rate": 1e-3}, "rate 1e-05, not 0.001"),
        ({"cases": "xyz"}, "other cases"),
        ({"size": [224, 336]}, r"size \[192, 288\]"),
    ],
)
def test_another_training_does_not_go_on(change: dict[str, object], words: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "last.pt", state(1.0), PLAN)
    with pytest.raises(InputError, match=words):
        read_checkpoint(tmp_path / "last.pt", PLAN | change)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 no archive"])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(InputError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "last.pt", PLAN)


def test_a_foreign_file_executes_nothing(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    torch.save({"plan": PLAN, "state": Trap()}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "last.pt", PLAN)
    assert not (tmp_path / "trapped").exists()

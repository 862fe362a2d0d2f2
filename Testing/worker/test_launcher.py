"""Behind Slicer's own PythonSlicer: a launcher that starts Python as its child and hands its standard input on.

Who kills the launcher leaves the child alone; only the end of its standard input tells it that nobody waits.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from COVIDDetectLib.analysis.analyze import Analysis
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, COVIDDetectError
from COVIDDetectLib.phantom import Phantom

from Testing.panel import host
from Testing.panel.test_weights import copied, own_weights
from Testing.worker.conftest import Recorder, contents, is_running


@pytest.fixture(autouse=True)
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PythonSlicer that is found first."""
    host.start()
    from COVIDDetectLib.worker.launch import python_executable

    program = tmp_path / "bin" / "PythonSlicer"
    program.parent.mkdir()
    # Two commands: a shell replaces itself by its last one.
    program.write_text(f'#!/bin/sh\n"{python_executable()}" "$@"\nexit $?\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    assert shutil.which("PythonSlicer") == str(program)


@pytest.fixture
def launched(temporary_folder: Path, launcher: None) -> Iterator[Recorder]:
    """A client whose worker is behind the launcher."""
    from COVIDDetectLib.worker.client import WorkerClient

    recorder = Recorder(WorkerClient())
    yield recorder
    recorder.client.stop()
    recorder._timer.stop()


def child_of(process_id: int) -> int:
    """The Python that a launcher started, or 0."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    found = children.read_text().split() if process_id and children.is_file() else []
    return int(found[0]) if found else 0


def wait_for_child(recorder: Recorder) -> int:
    recorder.wait(lambda: child_of(recorder.client.process_id), 10)
    return child_of(recorder.client.process_id)


def test_a_worker_that_hangs_and_is_killed_does_not_take_its_successors_files(
    launched: Recorder, phantom_ct: CTVolume, temporary_folder: Path
) -> None:
    client = launched.client
    client.analyze(phantom_ct, "unet", "cpu")
    orphan = wait_for_child(launched)
    launched.wait(lambda: launched.progress)
    os.kill(orphan, signal.SIGSTOP)  # as one that waits for a driver
    client.cancel()
    assert isinstance(launched.end(5), Cancelled)
    os.kill(orphan, signal.SIGCONT)
    launched.wait(lambda: not is_running(orphan), 60)

    for _ in range(2):
        launched.begin()
        client.analyze(phantom_ct, "threshold", "cpu")
        assert isinstance(launched.end(), Analysis)
    assert len(list(temporary_folder.iterdir())) == 1
    assert [name[:3] for name in contents(temporary_folder)] == ["ct-"], "only the CT stays, for the next request"


@pytest.mark.parametrize("busy", [False, True])
def test_a_worker_that_ends_unexpectedly_is_replaced_and_nothing_of_it_is_left(
    launched: Recorder, phantom_ct: CTVolume, temporary_folder: Path, busy: bool
) -> None:
    client = launched.client
    client.analyze(phantom_ct, "threshold", "cpu")
    launched.end()
    launcher, orphan = client.process_id, wait_for_child(launched)
    launched.begin()
    if busy:
        client.analyze(phantom_ct, "unet", "cpu")
        launched.wait(lambda: launched.progress)
    os.kill(launcher, 9)
    if busy:
        assert "ended unexpectedly" in str(launched.end(5))
        launched.begin()
    else:
        launched.wait(lambda: not client.process_id, 5)
        assert list(temporary_folder.iterdir()) == [], "a patient's CT does not wait for the next request"
    launched.wait(lambda: not is_running(orphan), 10)
    client.analyze(phantom_ct, "threshold", "cpu")
    assert isinstance(launched.end(), Analysis)

    successor = wait_for_child(launched)
    client.stop()
    launched.wait(lambda: not is_running(successor), 10)
    assert list(temporary_folder.iterdir()) == []


def test_a_worker_that_ends_while_the_ct_is_stored_for_it_is_said_and_the_next_request_works(
    launched: Recorder, small_phantom: Phantom
) -> None:
    client = launched.client
    client.warm_up("cpu")
    orphan = wait_for_child(launched)
    client.analyze(small_phantom.ct, "threshold", "cpu")
    assert client._request is not None and client._request.has_task
    os.kill(client.process_id, 9)
    # Qt takes note before the task's next turn, or after its last.
    assert isinstance(launched.end(30), COVIDDetectError)
    launched.wait(lambda: not is_running(orphan), 60)
    launched.begin()
    client.analyze(small_phantom.ct, "threshold", "cpu")
    assert isinstance(launched.end(), Analysis)


@pytest.mark.parametrize("wait_s", [0.0, 0.3])
def test_weights_are_not_added_after_a_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_s: float) -> None:
    from COVIDDetectLib.worker.one_off import OneOffProcess

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    card = copied("decovnet", tmp_path / "mine")
    ends: list[object] = []
    process = OneOffProcess("weights_service", {"type": "add", "values": [str(card)]}, ends.append, ends.append)
    process_id = process.process_id
    host.wait_until(lambda: child_of(process_id), 10)
    child = child_of(process_id)
    end = time.monotonic() + wait_s
    host.wait_until(lambda: time.monotonic() > end, 10)
    process.cancel()
    host.wait_until(lambda: ends, 10)
    assert isinstance(ends[0], Cancelled)
    assert own_weights() == []
    host.wait_until(lambda: not is_running(child), 30)
    assert own_weights() == []
    assert len(ends) == 1


def test_weights_are_added_behind_the_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from COVIDDetectLib.worker.one_off import OneOffProcess

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    card = copied("decovnet", tmp_path / "mine")
    ends: list[object] = []
    process = OneOffProcess("weights_service", {"type": "add", "values": [str(card)]}, ends.append, ends.append)
    host.wait_until(lambda: ends, 60)
    assert ends == ["mine-decovnet"] == own_weights()
    del process

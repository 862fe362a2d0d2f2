"""Clients need ``qt``, as PythonQt shows it: from the real 3D Slicer, or from the embedded viewer."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from COVIDDetectLib.analysis.analyze import Progress
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom

from Testing.panel import host


class Recorder:
    """A client, all that it says, and how late a timer of the event loop was.

    Parameters
    ----------
    client
        Its signals are connected to this.
    """

    def __init__(self, client: Any) -> None:
        import qt

        self.client = client
        self.progress: list[Progress] = []
        self.ends: list[Any] = []
        client.progressed.connect(self.progress.append)
        client.finished.connect(self.ends.append)
        client.failed.connect(self.ends.append)
        self.late_s = 0.0
        self._last = time.perf_counter()
        self._timer = qt.QTimer()
        self._timer.setInterval(20)
        self._timer.connect("timeout()", self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_s, self._last = max(self.late_s, now - self._last - 0.02), now

    def begin(self) -> None:
        """Forget what was said, and measure from now on."""
        self.progress.clear()
        self.ends.clear()
        self.late_s, self._last = 0.0, time.perf_counter()

    def wait(self, condition: Callable[[], object], seconds: float = 120.0) -> None:
        """Let the event loop turn."""
        host.wait_until(condition, seconds)

    def end(self, seconds: float = 120.0) -> Any:
        """How the request under way ended."""
        self.wait(lambda: self.ends, seconds)
        (end,) = self.ends
        return end


def is_running(process_id: int) -> bool:
    """Whether a process still does something; a zombie only waits for its parent to take note."""
    try:
        os.kill(process_id, 0)
        return " Z " not in f" {Path(f'/proc/{process_id}/stat').read_text().rpartition(')')[2]} "
    except (ProcessLookupError, FileNotFoundError):
        return False


def contents(temporary_folder: Path) -> list[str]:
    """The names of what clients have in their folders."""
    return sorted(path.name for path in temporary_folder.glob("coviddetect-*/*") if path.name != "owner")


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where clients put their folders."""
    host.start()  # first: what the host itself keeps there is not a client's
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder


@pytest.fixture(scope="session")
def small_phantom() -> Phantom:
    """With as few slices as are analyzed without a word: what is sent and answered matters here, again and again."""
    from COVIDDetectLib.phantom import thorax

    return thorax(seed=5, shape=(16, 96, 96), spacing=(3.7, 3.7, 17.0), disease="covid")


@pytest.fixture
def phantom_ct(small_phantom: Phantom) -> CTVolume:
    return small_phantom.ct


@pytest.fixture
def lung_mask(small_phantom: Phantom) -> LungMask:
    return LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)


@pytest.fixture(scope="module")
def warm_client() -> Iterator[Any]:
    """A client whose process and folder stay, for tests that ask for nothing but answers."""
    host.start()
    from COVIDDetectLib.worker.client import WorkerClient

    client = WorkerClient()
    yield client
    client.stop()


@pytest.fixture
def warm(warm_client: Any) -> Iterator[Recorder]:
    recorder = Recorder(warm_client)
    yield recorder
    recorder._timer.stop()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A client of its own process; afterwards neither process nor folder may be left."""
    host.start()
    from COVIDDetectLib.worker.client import WorkerClient

    recorder = Recorder(WorkerClient())
    yield recorder
    recorder.client.stop()
    recorder._timer.stop()

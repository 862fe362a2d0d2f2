"""The window never freezes: how late a timer of its event loop is while an analysis runs, and what repeating costs."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from COVIDDetectLib.phantom import thorax

from Testing.panel.host import is_slicer
from Testing.panel.steps import begin, finish

PERIOD_MS = 20
LATEST_MS = 100
ANALYSES = 60


@cache
def clinical_ct() -> Any:
    """As large as what comes from a scanner: 64 slices of 512×512."""
    return thorax(seed=15, shape=(64, 512, 512), spacing=(0.7, 0.7, 5.0), disease="covid").ct


@cache
def small_ct() -> Any:
    """As few slices as are analyzed without a question."""
    return thorax(seed=15, shape=(20, 96, 96), spacing=(3.6, 3.6, 14.0), disease="covid").ct


def load(ct: Any) -> Any:
    """A CT comes into the scene as a reader would bring it."""
    import slicer
    from COVIDDetectLib.mrml.nodes.ct import place

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    place(node, ct.geometry)
    slicer.util.updateVolumeFromArray(node, ct.hu)
    node.CreateDefaultDisplayNodes()
    slicer.app.processEvents()
    return node


class Lateness:
    """How late a timer is, in ms: while something is computed, and in the turn that shows what came of it."""

    def __init__(self, panel: Any) -> None:
        import qt

        self._panel = panel
        self._timer = qt.QTimer()
        self._timer.setTimerType(qt.Qt.PreciseTimer)
        self._timer.setInterval(PERIOD_MS)
        self._timer.connect("timeout()", self._tick)

    def measure(self, run: Callable[[], object]) -> None:
        """Run something until nothing is computed any more."""
        self.computing_ms, self.stage, self.showing_ms = 0.0, "", 0.0
        self._last = time.perf_counter()
        self._timer.start()
        run()
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        late_ms = 1000 * (now - self._last) - PERIOD_MS
        self._last = now
        if not self._panel.logic.busy:
            self.showing_ms = max(self.showing_ms, late_ms)
        elif late_ms > self.computing_ms:
            self.computing_ms, self.stage = late_ms, self._panel.ui.progressLabel.text


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("lungs", ["unet", "threshold"])
def test_a_timer_is_never_late_while_an_analysis_runs(
    panel: Any, real_worker: Any, lungs: str, record_property: Any
) -> None:
    """Of three runs the best counts: other programs can keep this one from the processor, but not each time."""
    load(clinical_ct())
    lateness = Lateness(panel)
    latest_ms = []
    for _ in range(3):
        begin(panel, lungs)
        lateness.measure(lambda: finish(panel))
        latest_ms.append(lateness.computing_ms)
        print(
            f"{lungs}: a timer of {PERIOD_MS} ms was {lateness.computing_ms:.0f} ms late at most ({lateness.stage}), "
            f"{lateness.showing_ms:.0f} ms when the result was shown"
        )
        if latest_ms[-1] < LATEST_MS:
            break
    record_property("latest_ms", min(latest_ms))
    assert min(latest_ms) < LATEST_MS


@pytest.mark.slow
@pytest.mark.skipif(is_slicer(), reason="Slicer's log and undo history grow by themselves; the worker is the same")
def test_sixty_analyses_in_a_row_leave_the_memory_flat(panel: Any, real_worker: Any, record_property: Any) -> None:
    load(small_ct())

    def memory_mb() -> dict[str, float]:
        gc.collect()
        processes = {"interface": os.getpid(), "worker": real_worker.process_id}
        return {name: resident_mb(process) for name, process in processes.items()}

    measured = []
    for number in range(ANALYSES):
        begin(panel, "threshold")
        finish(panel)
        if number + 1 in (ANALYSES // 6, ANALYSES):
            measured.append(memory_mb())
    before, after = measured
    for name in before:
        print(f"{name}: {before[name]:.0f} MB after {ANALYSES // 6} analyses, {after[name]:.0f} MB after {ANALYSES}")
        record_property(name, after[name] / before[name])
        assert after[name] < 1.05 * before[name]


def resident_mb(process: int) -> float:
    """What a process holds in memory, on Linux."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory of another process can only be read in Linux")
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

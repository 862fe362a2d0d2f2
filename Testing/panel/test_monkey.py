"""Whatever a user does, in whatever order: seeded steps at random, and what must hold after each (``invariants``).

``MONKEY_COUNT`` steps more, from ``MONKEY_SEED`` on: ``make monkey`` sets both.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from COVIDDetectLib.allocator import give_back_memory

from Testing.panel.host import close_scene, wait_until
from Testing.panel.monkey import LONGEST_ANSWER_S, Monkey

SEED = int(os.environ.get("MONKEY_SEED", "1"))
COUNT = int(os.environ.get("MONKEY_COUNT", "0"))
STEPS_OF_A_VISIT, FEW_STEPS = 40, 8
WITH_A_REAL_PROCESS = 10
"""Of a long run each tenth visit."""
MOST_GROWTH_MB, MB_A_VISIT = 100, 0.5
"""What the graphics library keeps differs from run to run, and 3D Slicer by itself keeps 0.1 MB of each volume that
comes and goes, and of each change of the layout. A CT of the phantom has 1 MB, and a visit several."""


@pytest.fixture
def visit(panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Goes from an empty scene to an empty scene; returns the number of steps, and what went wrong."""
    from COVIDDetectLib.panel import questions

    def go(client: Any, seed: int, count: int) -> tuple[int, str]:
        close_scene()
        monkey = Monkey(panel, client, seed, tmp_path)
        monkeypatch.setattr(questions, "answer_to", monkey.answer)
        try:
            monkey.run(count)
        except AssertionError as error:
            return len(monkey.done), str(error)
        return len(monkey.done), ""

    return go


def test_whatever_is_done_the_invariants_hold(visit: Any, client: Any) -> None:
    assert visit(client, SEED, STEPS_OF_A_VISIT)[1] == ""


def test_whatever_is_done_while_a_process_computes_and_dies_the_invariants_hold(visit: Any, real_worker: Any) -> None:
    assert visit(real_worker, SEED, FEW_STEPS)[1] == ""


@pytest.mark.skipif(not COUNT, reason="a long run: make monkey COUNT=10000")
def test_through_thousands_of_steps_the_invariants_hold_and_memory_stays_flat(
    panel: Any, visit: Any, client: Any, worker_client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    steps, failed, memory = 0, 0, []
    for number in range(-(-COUNT // STEPS_OF_A_VISIT)):
        who = worker_client if number % WITH_A_REAL_PROCESS == WITH_A_REAL_PROCESS - 1 else client
        panel.logic.useClient(who)
        done, error = visit(who, SEED + number, min(STEPS_OF_A_VISIT, COUNT - number * STEPS_OF_A_VISIT))
        wait_until(lambda: not panel.logic.busy, LONGEST_ANSWER_S, "the last answer comes")
        give_back_memory()  # what is freed and kept for later is nobody's
        steps, failed, memory = steps + done, failed + bool(error), [*memory, resident_mb()]
        with capsys.disabled():
            print(f"{number + 1} visits, {steps} steps, {failed} failed, {memory[-1]} MB {error}", flush=True)
    assert failed == 0, "they are printed above, each with what does the same again"
    early, late = memory[: len(memory) // 2], memory[len(memory) // 2 :]
    if early:
        assert median(late) - median(early) < MOST_GROWTH_MB + MB_A_VISIT * len(early), memory


def resident_mb() -> int:
    """Memory of this process; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() >> 20 if statm.exists() else 0

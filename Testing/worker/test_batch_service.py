"""The process that scores a cohort."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from COVIDDetectLib.weights.cards import default_card
from COVIDDetectLib.worker.launch import arguments

from Testing.cohort.conftest import tiny_phantom, write_volume
from Testing.worker.conftest import is_running


def test_it_ends_with_all_that_it_started_when_the_panel_is_gone(tmp_path: Path) -> None:
    (tmp_path / "cts").mkdir()
    write_volume(tiny_phantom(1), tmp_path / "cts" / "ct.nrrd")
    request = {
        "cts": str(tmp_path / "cts"),
        "output": str(tmp_path / "out"),
        "weights": str(default_card("decovnet").path),
    }
    asked = json.dumps({**request, "lungs": "threshold", "device": "cpu"})
    command = [sys.executable, *arguments("batch_service", asked)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        first = json.loads(process.stdout.readline())
        assert first == {"type": "scored", "done": 0, "failed": 0, "total": 1, "seconds_left": None}
        children: list[int] = []
        while not children:
            children = [
                int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            ]
        process.stdin.close()  # as by a crash of Slicer
        assert process.wait(60) == 0
    end = time.monotonic() + 60  # it is as nice as can be
    while any(map(is_running, children)):
        assert time.monotonic() < end, "what it started still runs"
        time.sleep(0.02)

"""Large blocks stay with the process while it computes and go back to the system when it waits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from COVIDDetectLib import allocator
from COVIDDetectLib.allocator import give_back_memory, keep_large_blocks

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc maps large blocks each time")

_MEASURED = """
import resource, sys
from pathlib import Path
import numpy as np
from COVIDDetectLib.allocator import give_back_memory, keep_large_blocks

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

if sys.argv[1] == "kept":
    assert keep_large_blocks()
np.ones(12_000_000)  # 96 MB
before = faults()
for _ in range(5):
    np.ones(12_000_000)
again, held = faults() - before, resident_mb()
give_back_memory()
print(again, held - resident_mb())
"""


def measured(how: str) -> tuple[float, float]:
    """Page faults of five large arrays after a first one, and the MB that were given back."""
    library = {**os.environ, "PYTHONPATH": str(Path(allocator.__file__).parents[1])}
    command = [sys.executable, "-c", _MEASURED, how]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=library)
    faults, given_back_mb = run.stdout.split()
    return float(faults), float(given_back_mb)


@ON_LINUX
def test_a_large_array_made_again_needs_no_new_pages_and_is_given_back() -> None:
    plain, _ = measured("plain")
    kept, given_back_mb = measured("kept")
    assert plain > 100
    assert kept < 20
    assert given_back_mb > 80


def test_elsewhere_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_large_blocks()
    give_back_memory()

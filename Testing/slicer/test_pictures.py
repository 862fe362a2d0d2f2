"""The pictures of catalog, README and tutorial: the program as it is today can be brought to each of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ROOT / "Resources" / "Screenshots"


BY_COMMAND_LINE = "overview.png"


@pytest.mark.slow
@pytest.mark.skipif("SLICER" not in os.environ, reason="starts a real 3D Slicer: make test-slicer")
def test_every_picture_of_the_program_is_taken_by_the_script(tmp_path: Path) -> None:
    taken = subprocess.run([ROOT / "tools" / "take_pictures", tmp_path], capture_output=True, text=True, timeout=500)
    assert taken.returncode == 0, taken.stdout + taken.stderr

    def names(folder: Path) -> set[str]:
        return {str(file.relative_to(folder)) for file in folder.rglob("*.png")}

    assert names(tmp_path) == names(SHOWN) - {BY_COMMAND_LINE}

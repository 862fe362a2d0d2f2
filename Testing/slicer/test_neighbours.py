"""Other segmentation modules beside ours in one Slicer.

``COVIDDETECT_NEIGHBOURS`` names the folder into which ``tools/fetch_neighbours`` checked them out; without it the test
is skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from Testing.slicer.conftest import RunSlicer

ROOT = Path(__file__).resolve().parents[2]
CHECKOUTS = (
    "SlicerTotalSegmentator/TotalSegmentator",
    "SlicerMONAIAuto3DSeg/MONAIAuto3DSeg",
    "SlicerNNUnet/SlicerNNUnet",
)


@pytest.fixture
def neighbours() -> list[Path]:
    """Folders of the other modules."""
    folder = os.environ.get("COVIDDETECT_NEIGHBOURS")
    if not folder:
        pytest.skip("COVIDDETECT_NEIGHBOURS names no folder with the other extensions' sources")
    paths = [Path(folder) / checkout for checkout in CHECKOUTS]
    assert [path for path in paths if not path.is_dir()] == []
    return paths


@pytest.mark.parametrize("ours_first", [True, False])
def test_all_open_and_the_lungs_of_each_are_scored(
    neighbours: list[Path], ours_first: bool, run_slicer: RunSlicer, tmp_path: Path
) -> None:
    code = f"""
import types
from pathlib import Path
# SlicerNNUnet brings a package of the same name along.
sys.modules["Testing"] = types.ModuleType("Testing")
sys.modules["Testing"].__path__ = [{str(ROOT / "Testing")!r}]
from Testing.slicer.neighbours import check
check(Path({str(tmp_path / "work")!r}))
"""
    ours = [ROOT / "COVIDDetect"]
    paths = ours + neighbours if ours_first else neighbours + ours
    printed = run_slicer(code, paths, seconds=300, whose="COVIDDetect")  # others warn of observers of their own
    assert "good neighbours" in printed
    assert "Traceback" not in printed

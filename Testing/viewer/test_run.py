"""`python -m Viewer` as `make run` starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.phantom import Phantom

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COVIDDETECT_OFFSCREEN": "1"}
    return subprocess.run(
        [sys.executable, "-m", "Viewer", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_missing_ct_ends_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    done = run("--analyze", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "nothing does not exist" in done.stderr


def test_pictures_of_the_window_and_of_every_view_are_saved(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.full((10, 64, 64), -800, np.int16)), str(tmp_path / "lung.nrrd"))
    done = run(str(tmp_path / "lung.nrrd"))
    assert done.returncode == 0, done.stderr
    for name in ("window", "red", "yellow", "green", "3d"):
        assert f"{name}.png" in done.stdout
        assert sitk.ReadImage(str(ROOT / "build" / "run" / f"{name}.png")).GetSize()[0] > 100


def test_off_screen_what_would_be_asked_stands_beside_the_result(small_phantom: Phantom, tmp_path: Path) -> None:
    few = sitk.GetImageFromArray(small_phantom.ct.hu[8:20])
    few.SetSpacing(small_phantom.ct.geometry.spacing)
    sitk.WriteImage(few, str(tmp_path / "few.nrrd"))
    done = run("--analyze", str(tmp_path / "few.nrrd"))
    assert done.returncode == 0, done.stderr
    assert "only 12 axial slices" in done.stdout
    assert "Probability" in done.stdout


@pytest.mark.slow
def test_analyze_prints_the_result_of_the_synthetic_ct() -> None:
    done = run("--analyze")
    assert done.returncode == 0, done.stderr
    for word in ("Probability", "Lungs", "Time", "Research use only"):
        assert word in done.stdout

"""The archive that users install: the panel runs from it in the real Slicer."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from Testing.slicer.conftest import RunSlicer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed_extension(tmp_path: Path) -> Path:
    """The newest archive, extracted as the Extensions Manager would; the Slicer at hand has none."""
    packaged = subprocess.run([ROOT / "tools" / "package", tmp_path], capture_output=True, text=True, timeout=300)
    assert packaged.returncode == 0, packaged.stderr
    [archive] = tmp_path.glob("COVIDDetect-*-Slicer-5.13.tar.gz")
    with tarfile.open(archive) as content:
        content.extractall(tmp_path)
    return tmp_path / archive.name.removesuffix(".tar.gz") / "lib" / "Slicer-5.13" / "qt-scripted-modules"


def test_the_panel_runs_from_the_installed_archive(installed_extension: Path, run_slicer: RunSlicer) -> None:
    code = """
slicer.util.selectModule("COVIDDetect")
import COVIDDetectLib.weights
print("library", COVIDDetectLib.__file__)
print("module", slicer.modules.coviddetect.path)
print("cards", [card.id for card in COVIDDetectLib.weights.cards.bundled_cards()])
panel = slicer.modules.COVIDDetectWidget
print("widget", panel.ui.analyzeButton.text)
assert not slicer.modules.coviddetect.icon.isNull()
import time
panel.ui.sampleDataButton.click()
panel.ui.analyzeButton.click()
end = time.monotonic() + 100
while panel.logic.busy and time.monotonic() < end:
    slicer.app.processEvents()
from pathlib import Path
print("worker", Path("/proc/%d/cmdline" % panel.logic._client.process_id).read_text().replace(chr(0), " "))
print("probability", panel.ui.probabilityLabel.text)
"""
    printed = run_slicer(code, [installed_extension])
    assert float(printed.split("probability ")[1].split()[0]) > 0.5
    assert str(installed_extension) in printed.split("worker ")[1].splitlines()[0]
    assert str(ROOT / "COVIDDetect") not in printed.split("worker ")[1].splitlines()[0]
    assert f"library {installed_extension}" in printed
    assert f"module {installed_extension}" in printed
    assert "decovnet" in printed.split("cards ")[1].splitlines()[0]
    assert "widget Analyze" in printed


def test_the_module_opens_without_torch_and_scikit_image_and_loads_nothing_slow(run_slicer: RunSlicer) -> None:
    code = """
slicer.util.selectModule("COVIDDetect")
print("widget", slicer.modules.COVIDDetectWidget.ui.analyzeButton.text)
from COVIDDetectLib.installation import missing_packages
print("missing", missing_packages().names)
slow = {"torch", "skimage", "safetensors", "matplotlib", "scipy.ndimage", "scipy.spatial", "scipy.special"}
print("loaded", sorted(slow & set(sys.modules)))
"""
    printed = run_slicer(code, [ROOT / "COVIDDetect"], {"SLICER_PYTHONPATH": ""})
    assert "widget Analyze" in printed
    assert "missing ('torch', 'scikit-image', 'safetensors', 'pooch')" in printed
    assert "loaded []" in printed


def test_the_module_test_checks_results_also_where_packages_are_missing(run_slicer: RunSlicer) -> None:
    code = """
import slicer.testing
slicer.testing.runUnitTest([], "COVIDDetect")
import COVIDDetect
COVIDDetect.COVIDDetectTest().runTest()
print("ran")
"""
    environment = {"SLICER_PYTHONPATH": ""}
    printed = run_slicer(code, [ROOT / "COVIDDetect"], environment, options=("--testing",), seconds=300)
    assert all(f"{test} (COVIDDetect" in printed for test in ("test_ResultInScene", "test_AnalyzeAndRescore"))
    assert "\nOK\n" in printed
    assert "ran\n" in printed


def test_slicers_own_module_test_passes(run_slicer: RunSlicer) -> None:
    code = """
import slicer.testing
import unittest, COVIDDetect
slicer.util.selectModule("COVIDDetect")
cases = unittest.TestLoader().loadTestsFromTestCase(COVIDDetect.COVIDDetectTest)
result = unittest.TextTestRunner(verbosity=2).run(cases)
assert result.wasSuccessful()
print("ran", result.testsRun)
"""
    run_slicer(code, [ROOT / "COVIDDetect"], options=("--testing",), seconds=300)

"""The module opens, and makes its sample, where nothing is installed that Slicer does not bring along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_SLICER = ("torch", "torchvision", "skimage", "safetensors", "pooch", "typer")

OPEN = f"""
import sys
for name in {NOT_IN_SLICER}:
    sys.modules[name] = None  # to import it fails
from Viewer.host import MODULE_FOLDER, start_host
start_host(module_folders=[MODULE_FOLDER])
import slicer
slicer.util.selectModule("COVIDDetect")
panel = slicer.modules.COVIDDetectWidget
panel.ui.sampleDataButton.click()
slicer.app.processEvents()
print("opened", panel.ui.ctSelector.currentNode().GetName(), panel.ui.analyzeButton.enabled)
print("loaded", [name for name in {NOT_IN_SLICER} if sys.modules[name]])
"""


def test_the_panel_opens_without_them_and_imports_none() -> None:
    opened = subprocess.run([sys.executable, "-c", OPEN], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert opened.returncode == 0, opened.stderr
    assert "opened Synthetic chest CT with disease True" in opened.stdout
    assert "loaded []" in opened.stdout
    assert "Traceback" not in opened.stderr, opened.stderr

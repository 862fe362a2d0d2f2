"""Analyzes the sample CT in the real 3D Slicer and saves the main window for catalog and README.

Testing/slicer/start --python-script Testing/slicer/screenshot.py
"""

import sys
import time
import traceback
from pathlib import Path

import qt
import slicer

PICTURE = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots" / "COVIDDetect.png"
SECONDS = 300


def wait(condition) -> None:
    """Let the event loop turn until ``condition()`` holds."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {SECONDS} s")
        slicer.app.processEvents()
        time.sleep(0.005)


def take() -> None:
    """Open the module, analyze, let the views settle, save."""
    slicer.util.mainWindow().resize(1600, 1000)
    slicer.util.selectModule("COVIDDetect")
    panel = slicer.modules.COVIDDetectWidget
    panel.ui.sampleDataButton.click()
    panel.ui.analyzeButton.click()
    wait(lambda: not panel.logic.busy)
    if panel.ui.regionsTable.rowCount:
        panel.ui.regionsTable.setCurrentCell(0, 0)
    settled = time.monotonic() + 2
    wait(lambda: time.monotonic() > settled)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    if not slicer.util.mainWindow().grab().save(str(PICTURE)):
        raise OSError(f"{PICTURE} cannot be written")


def main() -> None:
    """End Slicer with 0 when the picture was taken, else with 1."""
    try:
        take()
    except Exception:  # noqa: BLE001 - the exit code must tell, whatever happened
        traceback.print_exc(file=sys.__stderr__)
        slicer.util.exit(1)
    else:
        slicer.util.exit(0)


qt.QTimer.singleShot(0, main)

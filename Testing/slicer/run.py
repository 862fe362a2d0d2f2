"""Runs pytest inside 3D Slicer once its event loop turns; ``Testing/slicer/run`` starts it, ``TESTS`` says what."""

import faulthandler
import os
import shlex
import sys
from pathlib import Path

import qt
import slicer

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the tests and end Slicer with pytest's exit code."""
    # Slicer's own standard output is a log, without the little that pytest asks of a stream.
    sys.stdout = sys.__stdout__ = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stderr = sys.__stderr__ = os.fdopen(os.dup(2), "w", buffering=1)
    faulthandler.enable(sys.stderr)
    try:
        import pytest
    except ImportError:
        print("test-slicer: this Slicer's Python has no pytest; install it there: PythonSlicer -m pip install pytest")
        slicer.util.exit(2)
        return
    slicer.util.mainWindow().resize(1600, 1000)
    os.chdir(ROOT)
    report = ROOT / "build" / "slicer" / f"{os.environ.get('LANE', 'junit')}.xml"
    code = pytest.main(
        ["--capture=sys", "-p", "no:cacheprovider", f"--junitxml={report}", *shlex.split(os.environ.get("TESTS", ""))]
    )
    sys.stdout.flush()
    slicer.util.exit(int(code))


qt.QTimer.singleShot(0, main)

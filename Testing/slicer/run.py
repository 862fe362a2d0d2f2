"""Runs pytest inside 3D Slicer once its event loop turns; ``Testing/slicer/run`` starts it, ``TESTS`` says what.

Slicers to which ``TURNS`` names one folder share the files of the tests: each takes the next that no other has taken.
"""

import faulthandler
import os
import shlex
import sys
from itertools import chain, groupby, pairwise
from pathlib import Path

import qt
import slicer

ROOT = Path(__file__).resolve().parents[2]


class Turns:
    """A plugin of pytest that runs the files which this Slicer takes.

    Parameters
    ----------
    folder
        Where a file's name stands as soon as it is taken.
    """

    def __init__(self, folder):
        self._folder = folder

    def pytest_runtestloop(self, session):
        """In the place of pytest's own loop."""
        for item, following in pairwise(chain(self._taken(session.items), [None])):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return True

    def _taken(self, items):
        for path, tests in groupby(items, lambda item: item.path):
            try:
                (self._folder / path.name).touch(exist_ok=False)
            except FileExistsError:
                continue
            yield from tests


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
        ["--capture=sys", "-p", "no:cacheprovider", f"--junitxml={report}", *shlex.split(os.environ.get("TESTS", ""))],
        plugins=[Turns(Path(os.environ["TURNS"]))] if "TURNS" in os.environ else [],
    )
    sys.stdout.flush()
    slicer.util.exit(int(code))


qt.QTimer.singleShot(0, main)

"""`python -m Viewer [--analyze] [CT]`: opens the viewer on a chest CT, or on a synthetic one."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

OFFSCREEN = "COVIDDETECT_OFFSCREEN"
"""Environment variable that the Makefile sets to 1 where there is no screen: pictures instead of a window."""

_PATIENCE_SECONDS = 900
"""An analysis that takes longer than this, with nobody to cancel it, has failed."""

_SETTLE_SECONDS = 0.5
"""Lines that wrap get their room one layout after the other, in turns of the event loop."""


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 with one sentence if the CT cannot be read or analyzed."""
    parser = argparse.ArgumentParser(prog="Viewer", description="COVIDDetect's viewer: chest CT, lungs, heat map.")
    parser.add_argument("ct", nargs="?", type=Path, metavar="CT", help="DICOM folder, NIfTI, NRRD, MetaImage or .mrb")
    parser.add_argument("--analyze", action="store_true", help="press Analyze after opening")
    parser.add_argument(
        "--offscreen",
        action="store_true",
        default=os.environ.get(OFFSCREEN) == "1",
        help="save pictures under build/run/ and end, instead of leaving the window open",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")

    from .host import start_host

    host = start_host(keep_settings=not options.offscreen, testing=options.offscreen)
    from COVIDDetectLib.errors import COVIDDetectError

    try:
        _open(host, options.ct)
        if options.analyze:
            host.panel.logic.finished.connect(lambda job, _: host.window.show_3d() if job.kind == "analyze" else None)
            host.panel.ui.analyzeButton.click()
            if options.offscreen and not host.panel.logic.busy:
                host.panel.ui.analyzeButton.click()  # nobody can be asked there, and the result keeps the sentence
        if not options.offscreen:
            return _run_until_closed(host)
        if options.analyze:
            _report(_await_result(host))
            if host.panel.ui.regionsTable.rowCount:
                host.panel.ui.regionsTable.setCurrentCell(0, 0)
        _save(host)
    except COVIDDetectError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        host.close()
    return 0


def _open(host: Any, path: Path | None) -> None:
    if path is None:
        host.panel.ui.sampleDataButton.click()
        return
    from .opening import open_path

    host.window.say(open_path(path))
    host.app.processEvents()


def _run_until_closed(host: Any) -> int:
    """Until the window is closed, or Ctrl+C is pressed in the terminal."""
    from PySide6.QtCore import QTimer

    signal.signal(signal.SIGINT, lambda *_: host.app.quit())
    awake = QTimer()  # Python hears of a signal only when Qt lets it run
    awake.timeout.connect(lambda: None)
    awake.start(200)
    return int(host.app.exec())


def _await_result(host: Any) -> Any:
    """The result that the panel has written into the scene.

    Raises
    ------
    COVIDDetectError
        If the analysis failed, with the panel's sentence.
    """
    from COVIDDetectLib.errors import COVIDDetectError
    from COVIDDetectLib.mrml.nodes.result import Result

    end = time.monotonic() + _PATIENCE_SECONDS
    while host.panel.logic.busy and time.monotonic() < end:
        host.app.processEvents()
        time.sleep(0.01)
    results = Result.all()
    if not results:
        raise COVIDDetectError(host.panel.ui.messageLabel.text or "The analysis did not end; try again.")
    return results[0]


def _report(result: Any) -> None:
    record = result.record
    lungs = record["lungs"]
    seconds = record["seconds"]
    print(f"CT            {result.ct_node.GetName()}")
    print(
        f"Probability   {record['probability']:.3f} of COVID-19 (decision threshold {record['decision_threshold']:.2f})"
    )
    for note in record["notes"]:
        print(f"Note          {note}")
    print(f"Lungs         right {lungs['right_ml']:.0f} mL, left {lungs['left_ml']:.0f} mL")
    total = seconds["total"] if "total" in seconds else sum(seconds.values())
    print(f"Time          {total:.1f} s on {record['device']}")
    print("Research use only, not a medical device.")


def _save(host: Any) -> None:
    from .host import ROOT
    from .pictures import save_pictures

    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end:
        host.app.processEvents()
    for path in save_pictures(host, ROOT / "build" / "run"):
        print(f"Picture       {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    sys.exit(main())

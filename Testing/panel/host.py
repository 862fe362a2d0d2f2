"""What the panel's tests need of whichever program hosts the panel: the real 3D Slicer or the embedded viewer."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "COVIDDetect"


def is_slicer() -> bool:
    """Whether this is the real 3D Slicer: only there Qt is wrapped by PythonQt."""
    return "PythonQt" in sys.modules


def start() -> None:
    """Bring the host to where a user finds it: main window shown, module loaded. In Slicer that is so already."""
    if not is_slicer():
        from Viewer.host import start_host

        start_host(module_folders=[MODULE_FOLDER])


def wait_until(condition: Callable[[], object], seconds: float, what: str = "") -> None:
    """Let the event loop turn until ``condition()`` is true; fail after ``seconds``."""
    import slicer

    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        slicer.app.processEvents()
        time.sleep(0.005)
    slicer.app.processEvents()


def node_counts() -> Counter[str]:
    """How many nodes of each class the scene has."""
    import slicer

    scene = slicer.mrmlScene
    return Counter(scene.GetNthNode(index).GetClassName() for index in range(scene.GetNumberOfNodes()))


def observation_count(panel: object) -> int:
    """How many VTK observations the module's widget and the watches keep."""
    from COVIDDetectLib.mrml.watch import scene_watch

    own = (panel, panel._viewWatch)  # type: ignore[attr-defined]
    return scene_watch().observation_count + sum(len(each.Observations) for each in own)


def close_scene() -> None:
    """Close the scene as File → Close Scene does, and let everybody who observes it react."""
    import slicer

    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()


def log_warnings() -> list[str]:
    """Warnings and errors in Slicer's log, from Python, Qt and VTK; the embedded viewer keeps no log."""
    import slicer

    if not is_slicer():
        return []
    slicer.app.processEvents()  # entries reach the log as queued signals
    log = slicer.app.errorLogModel()
    rows = [[str(log.data(log.index(row, column))) for column in range(5)] for row in range(log.logEntryCount())]
    # What pip writes to the standard error leaves an empty line.
    heard = [row for row in rows if row[2] not in QUIET and row[4] and not any(text in row[4] for text in NOT_OURS)]
    return [f"{level} of {origin}: {text}" for _, _, level, origin, text in heard]


NOT_OURS = (
    "QXcbConnection", "qSlicerSubjectHierarchySegmentationsPlugin::updateAllSegmentsFromMRML",
    "Geometric issues were found", "Irregular volume geometry detected", "ImageSeriesReader",
    "InverseTransformPoint: no convergence", "ctkSliderWidget::setSingleStep",
    "Unable to locate the patient due to missing values for PatientsName", "QSqlQuery::prepare: database not open",
    "Cannot get DICOM slice positions", "no pixel data found in DICOM dataset",
)  # fmt: skip
"""Without a window manager X gives no dialog the focus; and Slicer itself complains when a scene with two segmentations
is closed, whoever made them, and when it loads slices that are out of place and shows them under its transform;
ctkSliderWidget compares a step with bounds that it has not set yet; the DICOM browser misses the names of
public CTs, and a database while none is set up, and wants pixels of reports too; and its reader does not know where
frames lie."""

QUIET = ("Unknown", "Trace", "Debug", "Info", "Status")
"""What ctkErrorLogLevel calls all that needs nobody's attention."""


def open_dicom(folder: Path) -> None:
    """Open a folder of DICOM files as a user does: import and load in Slicer's DICOM module, or File → Open."""
    if not is_slicer():
        from Viewer.opening import open_path

        open_path(folder)
        return
    from DICOMLib import DICOMUtils

    with DICOMUtils.TemporaryDICOMDatabase() as database:
        DICOMUtils.importDicom(str(folder), database)
        for patient in database.patients():
            DICOMUtils.loadPatientByUID(patient)


def key(widget: object, sequence: str) -> None:
    """Press the keys of a shortcut; Qt's own test of keys is not wrapped in Slicer, there the shortcut is activated."""
    import slicer

    if is_slicer():
        shortcuts = widget.panel.shortcuts._shortcuts  # type: ignore[attr-defined]
        shortcut = next(one for one in shortcuts if one.key.toString() == sequence)
        assert shortcut.enabled
        shortcut.activated()
    else:
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest

        window = slicer.util.mainWindow()
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window), "the main window gets no focus"
        combination = QKeySequence(sequence)[0]
        QTest.keyClick(window, combination.key(), combination.keyboardModifiers())
    slicer.app.processEvents()


def picture(file: Path) -> None:
    """Save what the main window shows."""
    import slicer

    slicer.util.forceRenderAllViews()
    slicer.app.processEvents()
    file.parent.mkdir(parents=True, exist_ok=True)
    assert slicer.util.mainWindow().grab().save(str(file)), f"{file} cannot be written"

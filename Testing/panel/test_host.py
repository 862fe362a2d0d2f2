"""The host itself, before anything is asked of the panel."""

import logging
import sys

import pytest

from Testing.panel.host import is_slicer, log_warnings, node_counts, observation_count, wait_until


def test_the_module_is_found_by_its_finder_name(host: None) -> None:
    import slicer

    assert slicer.modules.coviddetect.title == "COVIDDetect"


def test_waiting_turns_the_event_loop(host: None) -> None:
    import qt

    rang: list[bool] = []
    qt.QTimer.singleShot(20, lambda: rang.append(True))
    wait_until(lambda: rang, 2.0)
    with pytest.raises(AssertionError, match="not within"):
        wait_until(lambda: False, 0.05, "never")


def test_an_exception_in_a_slot_is_seen(host: None) -> None:
    import qt
    import slicer

    seen: list[BaseException] = []
    earlier, sys.excepthook = sys.excepthook, lambda kind, error, trace: seen.append(error)
    # A top-level widget that is collected while Slicer lists the top-level widgets, as it does at a change of the
    # layout, crashes PythonQt: none may be left to the garbage collector. In PySide it is a child of the main window
    # that may not: with it go the wrappers of the window's other parts.
    button = qt.QPushButton(slicer.util.mainWindow() if is_slicer() else None)
    button.connect("clicked(bool)", lambda *_: {}["missing"])
    button.click()
    button.deleteLater()
    sys.excepthook = earlier
    assert [type(error) for error in seen] == [KeyError]


def test_slice_views_are_there(host: None) -> None:
    counts = node_counts()
    assert counts["vtkMRMLSliceNode"] >= 3
    assert counts["vtkMRMLSliceCompositeNode"] >= 3


def test_leaving_and_entering_the_module_adds_no_observer_and_no_node(panel) -> None:
    observations, nodes = observation_count(panel), node_counts()
    for _ in range(3):
        panel.exit()
        panel.enter()
    assert observation_count(panel) == observations
    assert node_counts() == nodes


def test_a_warning_is_found_in_slicers_log(host: None) -> None:
    import slicer

    if not is_slicer():
        pytest.skip("the embedded viewer keeps no log")
    before = len(log_warnings())
    logging.warning("a warning from a test")
    slicer.app.processEvents()
    assert "a warning from a test" in log_warnings()[before:][0]

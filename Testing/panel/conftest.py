"""The panel in its host: one suite for the real 3D Slicer and for the embedded viewer.

Tests ask for ``panel`` and from there on see ``slicer``, ``qt`` and ``ctk`` as every Slicer module does.
"""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from types import TracebackType

import pytest

from Testing.panel import host as the_host


@pytest.fixture(scope="session")
def host() -> None:
    """The host is up: main window, slice views, module found."""
    the_host.start()


@pytest.fixture(scope="session")
def worker_client(host: None) -> Iterator[object]:
    """The client with a process of its own, which stays warm for all tests that need it."""
    from COVIDDetectLib.worker.client import WorkerClient

    client = WorkerClient()
    yield client
    client.stop()


@pytest.fixture
def real_worker(worker_client: object) -> object:
    """For tests of what is really computed, or of the process that does: ask for it, and the panel uses it."""
    return worker_client


@pytest.fixture
def client(request: pytest.FixtureRequest, host: None) -> object:
    """What computes for the panel: without networks and at once, unless the test asks for ``real_worker``."""
    if "real_worker" in request.fixturenames:
        return request.getfixturevalue("real_worker")
    from Testing.panel.instant_client import InstantClient

    return InstantClient()


@pytest.fixture(scope="session")
def of_empty_scenes() -> list[Counter[str]]:
    """The nodes that tests have left behind in closed scenes."""
    return []


@pytest.fixture
def panel(host: None, client: object, of_empty_scenes: list[Counter[str]]) -> Iterator[object]:
    """The module's widget, entered, in an empty scene; afterwards nothing of the test may be left."""
    import slicer

    if the_host.node_counts() not in of_empty_scenes[-1:]:  # closing takes a tenth of a second, empty or not
        the_host.close_scene()
    slicer.util.selectModule("COVIDDetect")
    slicer.app.processEvents()
    widget = slicer.modules.COVIDDetectWidget
    widget.logic.useClient(client)
    observations, warnings = the_host.observation_count(widget), len(the_host.log_warnings())
    yield widget
    slicer.util.selectModule("COVIDDetect")
    widget.ui.followUpCollapsibleButton.collapsed = True  # the page is measured as it is at first
    the_host.close_scene()
    # Closing again tells what the panel itself put back into the empty scene from what a test left behind.
    before = the_host.node_counts()
    the_host.close_scene()
    assert the_host.node_counts() == before, "the number of nodes in an empty scene grows from close to close"
    of_empty_scenes.append(before)
    assert the_host.observation_count(widget) <= observations, "the panel still observes what the test left"
    assert the_host.log_warnings()[warnings:] == []


@pytest.fixture(autouse=True)
def no_error_unseen() -> Iterator[None]:
    """An exception in a slot or in an observer reaches nobody who could fail: here it fails the test."""
    unseen: list[str] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        unseen.append("".join(traceback.format_exception(kind, error, trace)))

    earlier, sys.excepthook = sys.excepthook, hook
    yield
    sys.excepthook = earlier
    assert not unseen, "raised where nobody catches:\n" + "\n".join(unseen)


@pytest.fixture(scope="session", autouse=True)
def every_close_leaves_the_same(host: None) -> Iterator[None]:
    """At the end the empty scene has the nodes that it had at the start."""
    the_host.close_scene()
    before = the_host.node_counts()
    yield
    the_host.close_scene()
    assert the_host.node_counts() - before - PANEL_STATE == Counter(), "nodes are left after all tests"


PANEL_STATE = Counter({"vtkMRMLScriptedModuleNode": 1, "vtkMRMLSegmentEditorNode": 1})
"""The parameter node that a module makes as soon as it is entered, and the mask editor's, which keeps the brush."""

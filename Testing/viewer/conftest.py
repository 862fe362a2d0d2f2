"""The embedded viewer, started once for the process, with an empty scene for every test."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import numpy as np
import pytest

Mouse = Callable[..., None]


@pytest.fixture(scope="session")
def started() -> Any:
    """The host, once for the process."""
    from Viewer.host import start_host

    return start_host()


@pytest.fixture
def viewer(started: Any) -> Iterator[Any]:
    """The host with an empty scene and the four views; an error that nobody catches fails the test."""
    import slicer

    unseen: list[str] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        unseen.append("".join(traceback.format_exception(kind, error, trace)))

    earlier, sys.excepthook = sys.excepthook, hook
    slicer.mrmlScene.Clear(0)
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    slicer.app.processEvents()
    yield started
    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()
    sys.excepthook = earlier
    assert not unseen, "\n".join(unseen)


@pytest.fixture
def ct(viewer: Any) -> Any:
    """A CT volume node of 20 slices of 5 mm, 40×40 voxels of 4 mm: air, with a bright block at the patient's left."""
    import slicer.util

    hu = np.full((20, 40, 40), -1000, dtype=np.int16)
    hu[5:15, 10:30, 24:36] = 200
    node = slicer.util.addVolumeFromArray(hu, name="Block")
    node.SetSpacing(4.0, 4.0, 5.0)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    node.SetOrigin(78.0, 78.0, -47.5)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevel(1400.0, -500.0)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    slicer.app.processEvents()
    return node


@pytest.fixture
def mouse(viewer: Any) -> Mouse:
    """Sends one mouse event to a slice view: ``mouse("MouseMove", x, y, button, held, view, modifiers)``."""
    import qt
    import slicer

    def send(
        kind: str,
        x: float,
        y: float,
        button: str = "NoButton",
        held: str = "NoButton",
        view: str = "Red",
        key: str = "",
    ) -> None:
        widget = slicer.app.layoutManager().sliceWidget(view).sliceView().VTKWidget()
        modifier = getattr(qt.Qt, f"{key or 'No'}Modifier")
        event = qt.QMouseEvent(
            getattr(qt.QEvent, kind), qt.QPointF(x, y), getattr(qt.Qt, button), getattr(qt.Qt, held), modifier
        )
        slicer.app.sendEvent(widget, event)
        slicer.app.processEvents()

    return send


@pytest.fixture
def drag(mouse: Mouse) -> Callable[..., None]:
    """Press at the first point, move through the others, release at the last."""

    def go(*points: tuple[float, float], button: str = "LeftButton", view: str = "Red", key: str = "") -> None:
        mouse("MouseMove", *points[0], view=view, key=key)
        mouse("MouseButtonPress", *points[0], button, button, view, key)
        for point in points[1:]:
            mouse("MouseMove", *point, "NoButton", button, view, key)
        mouse("MouseButtonRelease", *points[-1], button, "NoButton", view, key)

    return go


def pixels(view: str = "Red") -> np.ndarray:
    """What a slice view shows, ``[row, column, RGB]`` from the top."""
    import slicer

    image = slicer.app.layoutManager().views()[view].picture()
    flat = np.frombuffer(image.constBits(), dtype=np.uint8)
    return flat.reshape(image.height(), image.width(), 4)[..., :3].copy()


@pytest.fixture
def seen() -> Callable[[str], np.ndarray]:
    """``seen("Red")``: the pixels of a view."""
    return pixels


@pytest.fixture
def middle(viewer: Any) -> tuple[float, float]:
    """The middle of the axial view, in pixels of the widget."""
    import slicer

    widget = slicer.app.layoutManager().sliceWidget("Red").sliceView().VTKWidget()
    return widget.width / 2, widget.height / 2

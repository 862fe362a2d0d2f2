"""What a person does with the panel, as steps for the tests."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import Any

from COVIDDetectLib.analysis.analyze import Analysis
from COVIDDetectLib.phantom import Phantom, thorax

from Testing.panel.host import wait_until

LONGEST_ANALYSIS_S = 120.0


@cache
def phantom(disease: str | None = "covid", orientation: str = "LPS") -> Phantom:
    """A thorax small enough to be analyzed in seconds."""
    return thorax(seed=5, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0), disease=disease, orientation=orientation)


def load_phantom(name: str = "Chest CT", disease: str | None = "covid", orientation: str = "LPS") -> Any:
    """A CT comes into the scene as a reader would bring it."""
    import slicer
    from COVIDDetectLib.mrml.nodes.ct import place

    made = phantom(disease, orientation)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    place(node, made.ct.geometry)
    slicer.util.updateVolumeFromArray(node, made.ct.hu)
    node.CreateDefaultDisplayNodes()
    slicer.app.processEvents()
    return node


def analyze(panel: Any, lungs: str = "threshold") -> Any:
    """Click Analyze, wait, and take the result of the chosen CT."""
    begin(panel, lungs)
    return finish(panel)


def begin(panel: Any, lungs: str = "threshold") -> None:
    """Click Analyze."""
    combo = panel.ui.methodComboBox
    combo.currentIndex = combo.findData(lungs)
    assert panel.ui.analyzeButton.enabled, panel.ui.analyzeButton.toolTip
    panel.ui.analyzeButton.click()
    assert panel.logic.busy, panel.ui.messageLabel.text


def finish(panel: Any) -> Any:
    """Wait for the analysis under way, and take the result of the chosen CT."""
    from COVIDDetectLib.mrml.nodes.result import Result

    wait_until(lambda: not panel.logic.busy, LONGEST_ANALYSIS_S, "the analysis ends")
    assert panel.ui.messageLabel.text == ""
    result = Result.of(panel.ui.ctSelector.currentNode())
    assert result is not None
    return result


@cache
def ideal() -> Analysis:
    """The perfect analysis of the phantom."""
    from COVIDDetectLib.phantom.ideal import ideal_analysis

    return ideal_analysis(phantom())


def write_result(ct: Any, mask: Any = None, **different: Any) -> Any:
    """What an analysis by a script leaves in the scene, without computing anything."""
    from COVIDDetectLib.mrml.scene import write_analysis_nodes
    from COVIDDetectLib.mrml.watch import scene_watch

    with scene_watch().writing():
        return write_analysis_nodes(replace(ideal(), **different), ct, mask)


def show(ct: Any, foreground: Any = None) -> None:
    """Bring a volume into all slice views, as any module can, perhaps with another blended over it."""
    import slicer

    over = {"foreground": foreground, "foregroundOpacity": 0.5} if foreground else {}
    slicer.util.setSliceViewerLayers(background=ct, **over)
    slicer.app.processEvents()


def seen_in(segmentation: Any) -> list[str]:
    """The slice views on screen in which a segmentation is seen, in the order of their names."""
    import slicer

    display = segmentation.GetDisplayNode()
    is_shown = display.GetVisibility() and display.GetVisibility2D()
    is_drawn = display.GetVisibility2DOutline() or display.GetVisibility2DFill()
    views = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode") if node.IsMappedInLayout()]
    is_seen = is_shown and is_drawn
    return sorted(view.GetName() for view in views if is_seen and display.IsDisplayableInView(view.GetID()))


def is_seen_in_3d(segmentation: Any) -> bool:
    """Whether surfaces of a segmentation would be seen in the 3D views."""
    import slicer

    display, view = segmentation.GetDisplayNode(), slicer.util.getNodesByClass("vtkMRMLViewNode")[0]
    return bool(display.GetVisibility() and display.GetVisibility3D() and display.IsDisplayableInView(view.GetID()))


def composite(name: str) -> Any:
    """The node that says what a slice view shows."""
    import slicer

    return slicer.app.layoutManager().sliceWidget(name).mrmlSliceCompositeNode()


def view(name: str = "Red") -> Any:
    """The widget of a slice view that mouse and keys go to."""
    import slicer

    return slicer.app.layoutManager().sliceWidget(name).sliceView().VTKWidget()


def drag(widget: Any, points: list[tuple[float, float]]) -> None:
    """Press the left button at the first point, move along, release at the last."""
    import qt
    import slicer

    def send(kind: Any, x: float, y: float, button: Any, held: Any) -> None:
        slicer.app.sendEvent(widget, qt.QMouseEvent(kind, qt.QPointF(x, y), button, held, qt.Qt.NoModifier))
        slicer.app.processEvents()

    none, left = qt.Qt.NoButton, qt.Qt.LeftButton
    send(qt.QEvent.MouseMove, *points[0], none, none)
    send(qt.QEvent.MouseButtonPress, *points[0], left, left)
    for point in points[1:]:
        send(qt.QEvent.MouseMove, *point, none, left)
    send(qt.QEvent.MouseButtonRelease, *points[-1], left, none)


def edit_with(panel: Any, effect: str, place: Any) -> None:
    """Open the panel's editor with one of its tools for the right lung, all views at a place."""
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_segment_ids
    from COVIDDetectLib.mrml.views.display import jump_to

    panel.ui.editMaskButton.click()
    let_views_settle()
    jump_to(place)
    editor = panel.panel.mask_editor.editor
    editor.setCurrentSegmentID(lung_segment_ids(panel.panel.parameters.lungMask)[0])
    editor.setActiveEffectByName(effect)


def on_screen(position_ras: tuple[float, float, float], name: str = "Red") -> tuple[float, float]:
    """Where a place in the patient is in a slice view, in its widget's pixels."""
    import slicer
    import vtk

    node = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()
    to_view = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(node.GetXYToRAS(), to_view)
    x, y, *_ = to_view.MultiplyPoint((*position_ras, 1.0))
    widget = view(name)
    ratio = widget.devicePixelRatioF()
    return x / ratio, widget.height - 1 - y / ratio


def let_views_settle() -> None:
    """Until the views have the size that the panel leaves them."""
    import slicer

    sizes: list[int] = []
    while len(sizes) < 5 or len(set(sizes[-5:])) > 1:
        slicer.app.processEvents()
        time.sleep(0.02)
        sizes.append(view().width)


def center_of(label: int) -> tuple[float, float, float]:
    """RAS of a voxel in the middle of a lung of the phantom: 1 right, 2 left."""
    import numpy as np

    made = phantom()
    inside = np.argwhere(made.lung_mask == label)
    middle = inside[np.argmin(np.linalg.norm(inside - inside.mean(axis=0), axis=1))]
    left, posterior, superior, _ = made.ct.geometry.ijk_to_lps @ [*middle[::-1], 1.0]
    return -left, -posterior, superior


def pixels(name: str = "Red") -> Any:
    """What a slice view shows, uint8 ``[row, column, RGB]``, rows from the top."""
    import slicer
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    window = slicer.app.layoutManager().sliceWidget(name).sliceView().renderWindow()
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    columns, rows, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1, :, :3].copy()

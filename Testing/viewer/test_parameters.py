"""The parameter node wrapper stores what 3D Slicer stores, and keeps widgets and node alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest


@pytest.fixture
def kind(viewer: Any) -> Any:
    import slicer
    from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

    class Parameters:
        ct: slicer.vtkMRMLScalarVolumeNode
        opacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
        count: int = 3
        visible: bool = True
        colors: Annotated[str, Choice(["Inferno", "Viridis"]), Default("Viridis")]
        title: str

    Parameters.__annotations__ = {
        "ct": slicer.vtkMRMLScalarVolumeNode,
        "opacity": Annotated[float, WithinRange(0.0, 1.0)],
        "count": int,
        "visible": bool,
        "colors": Annotated[str, Choice(["Inferno", "Viridis"]), Default("Viridis")],
        "title": str,
    }
    return parameterNodeWrapper(Parameters)


@pytest.fixture
def parameters(kind: Any) -> Any:
    import slicer

    return kind(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "P"))


def test_defaults_come_from_equals_from_default_and_from_the_type(parameters: Any) -> None:
    assert (parameters.ct, parameters.opacity, parameters.count, parameters.visible) == (None, 0.5, 3, True)
    assert (parameters.colors, parameters.title) == ("Viridis", "")


def test_values_are_stored_under_slicers_names(parameters: Any) -> None:
    import slicer

    ct = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    parameters.ct, parameters.opacity, parameters.visible, parameters.count = ct, 0.25, False, 7
    node = parameters.parameterNode
    assert node.GetNodeReferenceID("ct") == ct.GetID()
    assert node.HasParameter("ct")
    assert [node.GetParameter(name) for name in ("ct", "opacity", "visible", "count")] == ["", "0.25", "False", "7"]


def test_values_outside_their_range_or_type_are_refused(parameters: Any) -> None:
    with pytest.raises(ValueError, match="between"):
        parameters.opacity = 2.0
    with pytest.raises(ValueError, match="none of"):
        parameters.colors = "Jet"
    with pytest.raises(TypeError):
        parameters.count = "many"
    assert (parameters.opacity, parameters.colors, parameters.count) == (0.5, "Viridis", 3)


def test_a_scene_takes_the_parameters_along(kind: Any, parameters: Any, ct: Any, tmp_path: Path) -> None:
    import slicer

    parameters.ct, parameters.opacity, parameters.visible, parameters.title = ct, 0.75, False, "é"
    file = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(file))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(file))
    again = kind(slicer.util.getNode("P"))
    assert again.ct.GetName() == ct.GetName()
    assert (again.opacity, again.visible, again.title) == (0.75, False, "é")


def gui_of(*widgets: tuple[str, Any]) -> Any:
    gui = type("Gui", (), {})()
    for name, widget in widgets:
        widget.setProperty("SlicerParameterName", name)
        setattr(gui, name, widget)
    return gui


def test_widgets_follow_the_node_and_the_node_follows_the_widgets(parameters: Any) -> None:
    import ctk
    import qt

    slider, box, combo = ctk.ctkSliderWidget(), qt.QCheckBox(), qt.QComboBox()
    tag = parameters.connectGui(gui_of(("opacity", slider), ("visible", box), ("colors", combo)))
    assert (slider.value, slider.maximum, box.checked, combo.currentText) == (0.5, 1.0, True, "Viridis")
    slider.value = 0.3
    box.checked = False
    combo.currentIndex = 0
    assert (parameters.opacity, parameters.visible, parameters.colors) == (0.3, False, "Inferno")
    parameters.opacity = 0.9
    assert slider.value == 0.9
    parameters.disconnectGui(tag)
    parameters.opacity = 0.1
    slider.value = 0.8
    assert (slider.value, parameters.opacity) == (0.8, 0.1)


def test_a_selector_and_its_parameter_are_one(parameters: Any) -> None:
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    parameters.connectGui(gui_of(("ct", selector)))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    selector.setCurrentNode(node)
    assert parameters.ct is node
    parameters.ct = None
    assert selector.currentNode() is None


def test_observers_see_one_event_for_a_batch(parameters: Any) -> None:
    import slicer
    import vtk

    heard: list[float] = []
    parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: heard.append(parameters.opacity))
    with slicer.util.NodeModify(parameters):
        parameters.opacity = 0.2
        parameters.opacity = 0.4
    assert heard == [0.4]

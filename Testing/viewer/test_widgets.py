"""The widgets of CTK and Slicer that .ui files name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("viewer")

UI = """<ui version="4.0"><class>Panel</class>
<widget class="qMRMLWidget" name="Panel"><layout class="QVBoxLayout" name="layout">
 <item><widget class="qMRMLNodeComboBox" name="selector">
   <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
   <property name="noneEnabled"><bool>true</bool></property>
   <property name="SlicerParameterName" stdset="0"><string>ct</string></property></widget></item>
 <item><widget class="ctkCollapsibleButton" name="section"><property name="text"><string>More</string></property>
   <property name="collapsed"><bool>true</bool></property>
   <layout class="QFormLayout" name="form"><item row="0" column="1">
     <widget class="ctkSliderWidget" name="slider"><property name="maximum"><double>1.0</double></property>
       <property name="singleStep"><double>0.01</double></property>
       <property name="value"><double>0.25</double></property></widget></item></layout></widget></item>
</layout></widget>
<connections><connection><sender>Panel</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>selector</receiver><slot>{slot}</slot></connection></connections></ui>"""


@pytest.fixture
def ui(tmp_path: Path) -> Any:
    import slicer

    file = tmp_path / "Panel.ui"
    file.write_text(UI.format(slot="setMRMLScene(vtkMRMLScene*)"))
    widget = slicer.util.loadUI(str(file))
    variables = slicer.util.childWidgetVariables(widget)
    variables.root = widget
    return variables


def test_a_ui_file_gives_widgets_with_their_properties(ui: Any) -> None:
    assert ui.selector.nodeTypes == ["vtkMRMLScalarVolumeNode"]
    assert ui.selector.property("SlicerParameterName") == "ct"
    assert (ui.section.text, ui.section.collapsed) == ("More", True)
    assert (ui.slider.value, ui.slider.maximum) == (0.25, 1.0)


def test_a_connection_of_a_ui_file_hands_the_scene_on(ui: Any) -> None:
    import slicer

    assert ui.selector.mrmlScene() is None
    ui.root.setMRMLScene(slicer.mrmlScene)
    assert ui.selector.mrmlScene() is slicer.mrmlScene


def test_a_connection_to_nothing_is_an_error(tmp_path: Path) -> None:
    import slicer

    file = tmp_path / "Panel.ui"
    file.write_text(UI.format(slot="setMrmlScene(vtkMRMLScene*)"))
    with pytest.raises(RuntimeError, match="setMrmlScene"):
        slicer.util.loadUI(str(file))


def test_a_collapsed_section_hides_its_content(ui: Any) -> None:
    import slicer

    ui.root.show()
    slicer.app.processEvents()
    assert not ui.slider.visible
    heard: list[bool] = []
    ui.section.connect("contentsCollapsed(bool)", heard.append)
    low = ui.section.height
    ui.section.collapsed = False
    slicer.app.processEvents()
    assert ui.slider.visible
    assert ui.section.height > low
    ui.section.click()
    assert not ui.slider.visible
    assert heard == [False, True]
    ui.root.hide()


def test_a_slider_tells_of_each_change_once_and_stays_in_its_range(ui: Any) -> None:
    heard: list[float] = []
    ui.slider.connect("valueChanged(double)", heard.append)
    for value in (0.5, 0.5, 7.0):
        ui.slider.value = value
    assert heard == [0.5, 1.0]


def test_a_selector_chooses_the_first_node_only_where_none_is_not_allowed(ui: Any) -> None:
    import slicer

    heard: list[Any] = []
    ui.root.setMRMLScene(slicer.mrmlScene)
    ui.selector.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "A")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "not a volume")
    assert ui.selector.currentNode() is None
    ui.selector.noneEnabled = False
    assert ui.selector.currentNode() is node
    assert heard == [node]
    assert ui.selector.nodeCount() == 1


def test_a_selector_forgets_a_node_that_is_removed_or_hidden(ui: Any) -> None:
    import slicer

    ui.root.setMRMLScene(slicer.mrmlScene)
    first, second = (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in "AB")
    ui.selector.setCurrentNode(first)
    assert ui.selector.currentNodeID == first.GetID()
    ui.selector.sortFilterProxyModel().hiddenNodeIDs = [first.GetID()]
    assert ui.selector.currentNode() is None
    assert ui.selector.nodeFromIndex(0) is second
    ui.selector.setCurrentNode(second)
    slicer.mrmlScene.RemoveNode(second)
    assert ui.selector.currentNode() is None
    assert ui.selector.nodeCount() == 0


def test_a_selector_shows_the_present_names(ui: Any) -> None:
    import slicer

    ui.root.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "before")
    ui.selector.setCurrentNode(node)
    node.SetName("after")
    assert ui.selector.findChildren("QComboBox")[0].currentText == "after"

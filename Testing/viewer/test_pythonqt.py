"""Where PythonQt and PySide6 differ the panel sees PythonQt; each behavior was seen in 3D Slicer first."""

from __future__ import annotations

import functools
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("viewer")


def test_a_property_is_an_attribute() -> None:
    import qt

    button = qt.QPushButton("Analyze")
    assert button.text == "Analyze"
    button.enabled = False
    assert button.enabled is False
    assert button.isEnabled() is False
    button.setText("Cancel")
    assert button.text == "Cancel"


def test_a_value_of_another_type_is_converted() -> None:
    import qt

    label, slider = qt.QLabel(), qt.QSlider()
    label.text = 3
    slider.value = 3.7
    assert (label.text, slider.value) == ("3", 3)


def test_a_virtual_getter_is_an_attribute_too_and_qt_can_still_call_it() -> None:
    import qt

    bar = qt.QProgressBar()
    bar.value = 40
    assert bar.text == "40%"
    assert bar.sizeHint.height() > 0
    assert not bar.grab().isNull()


def test_an_unknown_attribute_is_refused() -> None:
    import qt

    slider = qt.QSlider()
    with pytest.raises(AttributeError, match="maximun"):
        slider.maximun = 3
    with pytest.raises(AttributeError, match="can not be overwritten"):
        slider.setValue = 3
    with pytest.raises(AttributeError, match="maximun"):
        _ = slider.maximun


def test_a_class_of_the_panel_may_have_attributes_of_its_own() -> None:
    import qt

    class Scale(qt.QWidget):  # type: ignore[misc]
        def __init__(self) -> None:
            qt.QWidget.__init__(self)
            self.probability = 0.5

    assert Scale().probability == 0.5


def test_a_dynamic_property_is_an_attribute() -> None:
    import qt

    label = qt.QLabel()
    label.setProperty("SlicerParameterName", "ct")
    assert label.SlicerParameterName == "ct"
    label.SlicerParameterName = "mask"
    assert label.property("SlicerParameterName") == "mask"


def test_name_is_the_name_of_the_object() -> None:
    import qt

    label = qt.QLabel()
    label.name = "ctLabel"
    assert (label.objectName, label.className()) == ("ctLabel", "QLabel")


def test_connect_takes_a_signature_and_answers_whether_it_exists() -> None:
    import qt

    button = qt.QPushButton()
    assert button.connect("clicked(bool)", lambda checked: None) is True
    assert button.connect("clicked( bool )", lambda checked: None) is True
    assert button.connect("clicked(int)", lambda number: None) is False
    assert button.connect("klicked()", lambda: None) is False


def test_a_slot_gets_as_many_values_as_it_takes() -> None:
    import qt

    heard: list[Any] = []

    class Listener:
        def none(self) -> None:
            heard.append("none")

        def one(self, on: bool) -> None:
            heard.append(on)

    box, listener = qt.QCheckBox(), Listener()
    box.connect("toggled(bool)", listener.none)
    box.connect("toggled(bool)", listener.one)
    box.connect("toggled(bool)", lambda on, extra=7: heard.append((on, extra)))
    box.connect("toggled(bool)", functools.partial(lambda extra, on: heard.append((extra, on)), 8))
    box.checked = True
    assert heard == ["none", True, (True, 7), (8, True)]


def test_the_signature_says_how_many_values_there_are() -> None:
    import qt

    heard: list[Any] = []
    button = qt.QPushButton()
    button.connect("clicked()", lambda *values: heard.append(values))
    button.connect("clicked(bool)", lambda *values: heard.append(values))
    button.click()
    assert heard == [(), (False,)]


def test_a_connected_object_is_kept_alive() -> None:
    import gc

    import qt

    heard: list[str] = []

    class Listener:
        def hear(self) -> None:
            heard.append("heard")

    button = qt.QPushButton()
    button.connect("clicked()", Listener().hear)
    button.clicked.connect(Listener().hear)
    gc.collect()
    button.click()
    assert heard == ["heard", "heard"]


def test_disconnect_finds_a_bound_method_again() -> None:
    import qt

    heard: list[str] = []

    class Listener:
        def hear(self) -> None:
            heard.append("heard")

    button, listener = qt.QPushButton(), Listener()
    button.connect("clicked()", listener.hear)
    assert button.disconnect("clicked()", listener.hear) is True
    assert button.disconnect("clicked()", listener.hear) is False
    button.click()
    assert heard == []


def test_a_signal_is_emitted_by_a_call() -> None:
    import qt

    heard: list[bool] = []
    button = qt.QPushButton()
    button.clicked.connect(heard.append)
    button.clicked(True)
    button.clicked.emit(False)
    assert heard == [True, False]


def test_what_qt_has_made_itself_behaves_the_same() -> None:
    import qt

    table = qt.QTableWidget(2, 2)
    table.horizontalHeader().visible = False
    assert table.horizontalHeader().visible is False
    assert table.horizontalHeader().sizeHint.height() > 0
    with pytest.raises(AttributeError):
        table.horizontalHeader().visibel = True


def test_static_functions_keep_their_names() -> None:
    import qt
    import slicer

    rang: list[bool] = []
    qt.QTimer.singleShot(0, lambda: rang.append(True))
    for _ in range(100):
        slicer.app.processEvents()
    assert rang == [True]


def test_children_are_found_by_class_and_by_the_name_of_a_class() -> None:
    import qt

    parent = qt.QWidget()
    layout = qt.QVBoxLayout(parent)
    for text in ("a", "b"):
        layout.addWidget(qt.QLabel(text))
    assert [label.text for label in parent.findChildren(qt.QLabel)] == ["a", "b"]
    assert [label.text for label in parent.findChildren("QLabel")] == ["a", "b"]


def test_delete_deletes_at_once() -> None:
    import qt

    parent = qt.QWidget()
    child = qt.QLabel("x", parent)
    child.delete()
    assert parent.findChildren(qt.QLabel) == []


def test_the_buttons_of_a_message_box_behave_the_same() -> None:
    import qt
    import slicer

    box = qt.QMessageBox()
    keep = box.addButton("Keep", qt.QMessageBox.AcceptRole)
    box.addButton("Throw away", qt.QMessageBox.DestructiveRole)
    box.setDefaultButton(keep)

    def answer() -> None:
        shown = slicer.app.activeModalWidget()
        next(button for button in shown.buttons() if button.text == "Keep").click()

    qt.QTimer.singleShot(0, answer)
    box.exec_()
    assert box.clickedButton() == keep


def test_a_file_dialog_returns_the_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import qt
    from PySide6.QtWidgets import QFileDialog

    from Viewer.compat import qt_module

    assert qt_module._first_of(lambda *values: ("/a.nrrd", "*.nrrd"))() == "/a.nrrd"
    assert issubclass(qt.QFileDialog, QFileDialog)

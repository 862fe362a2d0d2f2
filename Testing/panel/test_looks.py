"""The panel in little room, by keyboard, and what each widget says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import analyze, load_phantom

NARROWEST, SCROLL_BAR = 320, 20
"""Pixels of the narrowest panel that readers make, and of what scrolls it."""

SAME_ROW = 12
"""Pixels by which the upper edges of widgets in one row differ."""

SECTIONS = (
    "displayCollapsibleButton",
    "opacityCollapsibleButton",
    "experimentsCollapsibleButton",
    "settingsCollapsibleButton",
)
INTERACTIVE = (
    "QAbstractButton",
    "QComboBox",
    "QAbstractSpinBox",
    "QTableWidget",
    "qMRMLNodeComboBox",
    "ctkSliderWidget",
)


@pytest.fixture
def opened(panel: Any) -> Any:
    """The panel with a result and all sections open."""
    load_phantom()
    analyze(panel)
    before = {name: getattr(panel.ui, name).collapsed for name in SECTIONS}
    for name in SECTIONS:
        getattr(panel.ui, name).collapsed = False
    wait_until(lambda: panel.ui.weightsComboBox.visible, 5, "the settings are open")
    yield panel
    for name, collapsed in before.items():
        getattr(panel.ui, name).collapsed = collapsed


def content(panel: Any) -> Any:
    """The widget of ``COVIDDetect.ui``."""
    return panel.ui.COVIDDetect


def least_width(widget: Any) -> int:
    return int(value_of(widget.minimumSizeHint).width())


def value_of(attribute: Any) -> Any:
    """What PythonQt has as an attribute is a method in PySide6, where few need it."""
    return attribute() if callable(attribute) else attribute


def least_room(panel: Any, widget: Any) -> int:
    """The width of something as wide as its section, in the narrowest panel."""
    return NARROWEST - SCROLL_BAR - (content(panel).width - widget.width)


def own_widgets(panel: Any) -> list[Any]:
    """The widgets that the panel names, and so not the parts of which they are made."""
    named = [widget for name, widget in vars(panel.ui).items() if not name.startswith(("_", "qt_"))]
    return [*named, panel.panel.settings.weights_menu.button]


def test_it_fits_into_the_narrowest_panel(opened: Any) -> None:
    wide = {widget.objectName: least_width(widget) for widget in own_widgets(opened) if hasattr(widget, "visible")}
    least = least_width(content(opened))
    assert least <= NARROWEST - SCROLL_BAR, {name: width for name, width in wide.items() if width > 200}
    assert value_of(content(opened).minimumWidth) == NARROWEST - SCROLL_BAR, "else it would grow with its first result"


def test_every_label_with_a_sentence_wraps(opened: Any) -> None:
    for widget in own_widgets(opened):
        if widget.inherits("QLabel") and len(widget.text) > 30:
            assert widget.wordWrap, widget.objectName


def test_no_number_of_the_tables_is_cut_off_in_the_narrowest_panel(opened: Any) -> None:
    for table in (opened.ui.regionsTable, opened.ui.opacityTable):
        columns = sum(table.sizeHintForColumn(column) for column in range(table.columnCount))
        titles = table.verticalHeader().width if table.verticalHeader().visible else 0
        assert columns + titles < least_room(opened, table), table.objectName


def test_everything_that_can_be_used_says_what_it_does(opened: Any) -> None:
    used = [widget for widget in own_widgets(opened) if any(widget.inherits(kind) for kind in INTERACTIVE)]
    assert len(used) > 25
    assert [widget.objectName for widget in used if not widget.toolTip] == []


def test_tab_walks_from_top_to_bottom(opened: Any) -> None:
    import qt

    top, by_tab = content(opened), getattr(qt.Qt.TabFocus, "value", qt.Qt.TabFocus)
    reached, widget = [], top
    while True:
        widget = widget.nextInFocusChain()
        if widget is None or widget == top:
            break
        policy = value_of(widget.focusPolicy)
        policy = int(getattr(policy, "value", policy))
        if top.isAncestorOf(widget) and widget.isVisibleTo(top) and widget.isEnabledTo(top) and policy & int(by_tab):
            reached.append(widget)
    rows = [widget.mapTo(top, qt.QPoint(0, 0)).y() for widget in reached]
    assert len(reached) > 25
    for before, after, earlier, later in zip(reached, reached[1:], rows, rows[1:], strict=False):
        assert later > earlier - SAME_ROW, f"{value_of(before.objectName)} is followed by {value_of(after.objectName)}"

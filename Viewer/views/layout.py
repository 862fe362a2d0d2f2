"""The views and their arrangement: Slicer's layout manager, as far as it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ..compat.pythonqt import pythonqt_class
from ..scene import Core
from .slice_bar import SliceBar
from .slice_view import SliceView
from .threed_view import ThreeDView


@dataclass(frozen=True)
class _Slice:
    name: str
    label: str
    orientation: str
    color: tuple[float, float, float]


_SLICES = (
    _Slice("Red", "R", "Axial", (0.953, 0.290, 0.200)),
    _Slice("Yellow", "Y", "Sagittal", (0.929, 0.835, 0.298)),
    _Slice("Green", "G", "Coronal", (0.431, 0.690, 0.294)),
)
"""Names, orientations and colors as in Slicer."""

_THREE_D = "View1"

_Node = slicer.vtkMRMLLayoutNode
_ARRANGEMENTS: dict[int, dict[str, tuple[int, int, int, int]]] = {
    _Node.SlicerLayoutFourUpView: {
        "Red": (0, 0, 1, 1),
        _THREE_D: (0, 1, 1, 1),
        "Green": (1, 0, 1, 1),
        "Yellow": (1, 1, 1, 1),
    },
    _Node.SlicerLayoutConventionalView: {
        _THREE_D: (0, 0, 1, 3),
        "Red": (1, 0, 1, 1),
        "Green": (1, 1, 1, 1),
        "Yellow": (1, 2, 1, 1),
    },
    _Node.SlicerLayoutSideBySideView: {"Red": (0, 0, 1, 1), "Yellow": (0, 1, 1, 1)},
    _Node.SlicerLayoutOneUp3DView: {_THREE_D: (0, 0, 1, 1)},
    _Node.SlicerLayoutOneUpRedSliceView: {"Red": (0, 0, 1, 1)},
    _Node.SlicerLayoutOneUpYellowSliceView: {"Yellow": (0, 0, 1, 1)},
    _Node.SlicerLayoutOneUpGreenSliceView: {"Green": (0, 0, 1, 1)},
}
"""Layout → view → row, column, rows, columns."""

_ALONE = {
    "Red": _Node.SlicerLayoutOneUpRedSliceView,
    "Yellow": _Node.SlicerLayoutOneUpYellowSliceView,
    "Green": _Node.SlicerLayoutOneUpGreenSliceView,
}

PythonQtSliceView = pythonqt_class(SliceView, "slicer")
PythonQtThreeDView = pythonqt_class(ThreeDView, "slicer")


class SliceWidget(QWidget):
    """Bar and view of one slice; methods as in qMRMLSliceWidget."""

    def __init__(self, core: Core, description: _Slice, parent: QWidget) -> None:
        super().__init__(parent)
        self._description = description
        self._view: Any = PythonQtSliceView(core, description.name, self)
        self.describe()
        self.bar = SliceBar(self._view.logic, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self._view, 1)

    def describe(self) -> None:
        """Give the slice node its name, color and orientation; closing the scene takes them away."""
        node = self._view.node
        changing = node.StartModify()
        node.SetLayoutLabel(self._description.label)
        node.SetLayoutColor(*self._description.color)
        node.SetOrientation(self._description.orientation)
        node.EndModify(changing)
        self._view.fit_node_to_window()

    def sliceView(self) -> Any:
        return self._view

    def sliceLogic(self) -> Any:
        return self._view.logic

    def mrmlSliceNode(self) -> Any:
        return self._view.node

    def mrmlSliceCompositeNode(self) -> Any:
        return self._view.logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:
        self._view.logic.FitSliceToBackground()


class ThreeDWidget(QWidget):
    """The 3D view; methods as in qMRMLThreeDWidget."""

    def __init__(self, core: Core, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._view: Any = PythonQtThreeDView(core, name, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def threeDView(self) -> Any:
        return self._view

    def mrmlViewNode(self) -> Any:
        return self._view.node


class LayoutManager(QWidget):
    """All views in one widget; methods as in qSlicerLayoutManager."""

    layoutChanged = Signal(int)
    threeDViewCount = 1
    tableViewCount = 0
    plotViewCount = 0

    def __init__(self, core: Core, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        slice_widget = pythonqt_class(SliceWidget, "slicer")
        self._widgets: dict[str, Any] = {one.name: slice_widget(core, one, self) for one in _SLICES}
        self._widgets[_THREE_D] = pythonqt_class(ThreeDWidget, "slicer")(core, _THREE_D, self)
        self._layout = -1
        self._before = _Node.SlicerLayoutFourUpView
        for name in self.sliceViewNames():
            self._widgets[name].bar.maximize.connect(lambda name=name: self._maximize(name))
        self.setLayout(_Node.SlicerLayoutFourUpView)
        core.application_logic.Modified()  # the managers look up the slice logics of the other views
        core.scene.AddObserver(core.scene.EndCloseEvent, lambda *_: self._restore_nodes())
        core.scene.AddObserver(core.scene.EndImportEvent, lambda *_: self._map_nodes())
        core.application_logic.AddObserver("PauseRenderEvent", lambda *_: self.setRenderPaused(True))
        core.application_logic.AddObserver("ResumeRenderEvent", lambda *_: self.setRenderPaused(False))

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(one.name for one in _SLICES)

    def sliceWidget(self, name: str) -> Any:
        return self._widgets.get(name)

    def threeDWidget(self, index: int) -> Any:
        return self._widgets[_THREE_D] if index == 0 else None

    def mrmlSliceLogics(self) -> Any:
        return self._core.application_logic.GetSliceLogics()

    def setLayout(self, layout: int) -> None:  # type: ignore[override]
        """Arrange the views as in that layout of vtkMRMLLayoutNode.

        Raises
        ------
        ValueError
            For a layout with other views than the four that there are.
        """
        if layout not in _ARRANGEMENTS:
            raise ValueError(f"layout {layout} is not available in this viewer")
        if layout == self._layout:
            return
        self._before, self._layout = self._layout, layout
        for widget in self._widgets.values():
            self._grid.removeWidget(widget)
            widget.hide()
        for row in range(2):
            self._grid.setRowStretch(row, 0)
        for column in range(3):
            self._grid.setColumnStretch(column, 0)
        for name, (row, column, rows, columns) in _ARRANGEMENTS[layout].items():
            self._grid.addWidget(self._widgets[name], row, column, rows, columns)
            self._grid.setRowStretch(row, 1)
            self._grid.setColumnStretch(column, 1)
            self._widgets[name].show()
        self._map_nodes()
        self.layoutChanged.emit(layout)

    @Property(int)
    def layout(self) -> int:  # type: ignore[override]
        return self._layout

    def resetSliceViews(self) -> None:
        for name in self.sliceViewNames():
            self._widgets[name].fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        self._widgets[_THREE_D].threeDView().resetFocalPoint()

    def setRenderPaused(self, paused: bool) -> None:
        for view in self.views().values():
            view.setRenderPaused(paused)

    def views(self) -> dict[str, Any]:
        """Every view by its name."""
        slices = {name: self._widgets[name].sliceView() for name in self.sliceViewNames()}
        return {**slices, "3D": self._widgets[_THREE_D].threeDView()}

    def _restore_nodes(self) -> None:
        for name in self.sliceViewNames():
            self._widgets[name].describe()
        self._map_nodes()

    def _map_nodes(self) -> None:
        """Tell the scene which views are shown: lines of intersection are drawn for these alone."""
        for name, view in self.views().items():
            view.node.SetMappedInLayout((_THREE_D if name == "3D" else name) in _ARRANGEMENTS[self._layout])

    def _maximize(self, name: str) -> None:
        self.setLayout(self._before if self._layout == _ALONE[name] else _ALONE[name])


make_layout_manager: Any = pythonqt_class(LayoutManager, "slicer")
"""Core → the layout manager."""

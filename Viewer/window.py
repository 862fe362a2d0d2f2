"""The main window: the panel at the left, the views at the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from COVIDDetectLib.errors import COVIDDetectError
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QFrame,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QToolBar,
    QWidget,
)

from .compat.pythonqt import pythonqt_class
from .opening import open_path, save_scene
from .surfaces import show_segments_in_3d

_PANEL_WIDTH = 400
_VOLUMES = "CT (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.dcm);;All files (*)"
_SCENE = "Scene (*.mrb)"


class _MainWindow(QMainWindow):
    """Shows one module next to the views; it is found by ``slicer.util.mainWindow()``."""

    def __init__(self, layout_manager: QWidget) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("COVIDDetect – research use only, not a medical device")
        self.setAcceptDrops(True)
        self.setCentralWidget(layout_manager)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumWidth(_PANEL_WIDTH)
        dock = QDockWidget("COVIDDetect", self)
        dock.setObjectName("PanelDockWidget")
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget(dock))
        dock.setWidget(self._scroll)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        self._selector = ModuleSelector(self)
        self._make_menus()
        self._make_tool_bar()
        QMainWindow.statusBar(self).showMessage("Open a chest CT, or drop a folder or file here.")
        self.resize(1440, 940)

    def moduleSelector(self) -> ModuleSelector:
        return self._selector

    def show_3d(self) -> None:
        """As a click on *Show 3D*, for the segments that are there now."""
        self._solid.setChecked(False)
        self._solid.setChecked(True)

    def show_panel(self, panel: QWidget) -> None:
        """Put a module's panel into the window."""
        self._scroll.setWidget(panel)

    # --- Menus and tools -----------------------------------------------------------------------------------------

    def _make_menus(self) -> None:
        bar = QMainWindow.menuBar(self)
        files = bar.addMenu("&File")
        self._add(files, "Open &DICOM folder…", QKeySequence("Ctrl+D"), self._open_folder)
        self._add(files, "&Open CT file…", QKeySequence(QKeySequence.StandardKey.Open), self._open_file)
        files.addSeparator()
        self._add(files, "Open s&cene…", QKeySequence("Ctrl+Shift+O"), self._open_scene)
        self._add(files, "&Save scene…", QKeySequence(QKeySequence.StandardKey.Save), self._save_scene)
        self._add(files, "C&lose scene", QKeySequence("Ctrl+W"), lambda: slicer.mrmlScene.Clear(0))
        files.addSeparator()
        self._add(files, "&Quit", QKeySequence("Ctrl+Q"), self.close)
        view = bar.addMenu("&View")
        layouts = QActionGroup(self)
        node = slicer.vtkMRMLLayoutNode
        for text, layout in (
            ("&Four views", node.SlicerLayoutFourUpView),
            ("&Conventional", node.SlicerLayoutConventionalView),
            ("&Axial only", node.SlicerLayoutOneUpRedSliceView),
            ("&Sagittal only", node.SlicerLayoutOneUpYellowSliceView),
            ("&Coronal only", node.SlicerLayoutOneUpGreenSliceView),
            ("&3D only", node.SlicerLayoutOneUp3DView),
        ):
            action = self._add(view, text, None, lambda layout=layout: slicer.app.layoutManager().setLayout(layout))
            action.setCheckable(True)
            action.setData(layout)
            layouts.addAction(action)
        layouts.actions()[0].setChecked(True)

        def show_layout(layout: int) -> None:
            for action in layouts.actions():
                action.setChecked(action.data() == layout)

        slicer.app.layoutManager().connect("layoutChanged(int)", show_layout)
        view.addSeparator()
        self._add(view, "&Reset views", QKeySequence("R"), self._reset_views)

    def _make_tool_bar(self) -> None:
        bar = QToolBar("Mouse", self)
        bar.setObjectName("MouseModeToolBar")
        bar.setMovable(False)
        self.addToolBar(bar)
        interaction = slicer.app.applicationLogic().GetInteractionNode()
        crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        window_level = bar.addAction("Window/Level")
        window_level.setToolTip("Drag with the left button: width to the right, level upwards")
        window_level.setCheckable(True)
        window_level.toggled.connect(
            lambda on: interaction.SetCurrentInteractionMode(
                interaction.AdjustWindowLevel if on else interaction.ViewTransform
            )
        )
        interaction.AddObserver(
            "ModifiedEvent",
            lambda *_: window_level.setChecked(
                interaction.GetCurrentInteractionMode() == interaction.AdjustWindowLevel
            ),
        )
        window_level.setChecked(True)
        # Closing the scene resets the mode, which is a habit of the reader and not part of the scene.
        slicer.mrmlScene.AddObserver(
            slicer.mrmlScene.EndCloseEvent,
            lambda *_: interaction.SetCurrentInteractionMode(interaction.AdjustWindowLevel),
        )
        cross = bar.addAction("Crosshair")
        cross.setToolTip("Show the crosshair; Shift and mouse movement take all views to the same point")
        cross.setCheckable(True)
        cross.toggled.connect(
            lambda on: crosshair.SetCrosshairMode(crosshair.ShowBasic if on else crosshair.NoCrosshair)
        )
        lines = bar.addAction("Slice lines")
        lines.setToolTip("Show where the other slices cut this one")
        lines.setCheckable(True)
        lines.toggled.connect(
            lambda on: slicer.app.applicationLogic().SetIntersectingSlicesEnabled(
                slicer.vtkMRMLApplicationLogic.IntersectingSlicesVisibility, on
            )
        )
        self._solid = solid = bar.addAction("Show 3D")
        solid.setToolTip("Show the segments as surfaces in the 3D view")
        solid.setCheckable(True)
        solid.toggled.connect(show_segments_in_3d)
        bar.addSeparator()
        reset = bar.addAction("Reset views")
        reset.triggered.connect(self._reset_views)

    def _add(self, menu: Any, text: str, shortcut: QKeySequence | None, slot: Any) -> QAction:
        action: QAction = menu.addAction(text)
        if shortcut is not None:
            action.setShortcut(shortcut)
        action.triggered.connect(lambda *_: slot())
        return action

    def _reset_views(self) -> None:
        slicer.app.layoutManager().resetSliceViews()
        slicer.app.layoutManager().resetThreeDViews()

    # --- Files ---------------------------------------------------------------------------------------------------

    def _open_folder(self) -> None:
        self._open(QFileDialog.getExistingDirectory(self, "Open DICOM folder"))

    def _open_file(self) -> None:
        self._open(QFileDialog.getOpenFileName(self, "Open CT file", "", _VOLUMES)[0])

    def _open_scene(self) -> None:
        self._open(QFileDialog.getOpenFileName(self, "Open scene", "", "Scene (*.mrb *.mrml)")[0])

    def _save_scene(self) -> None:
        chosen = QFileDialog.getSaveFileName(self, "Save scene", "COVIDDetect.mrb", _SCENE)[0]
        if not chosen:
            return
        path = Path(chosen if chosen.lower().endswith(".mrb") else f"{chosen}.mrb")
        try:
            save_scene(path)
            self.say(f"Saved {path}.")
        except COVIDDetectError as error:
            self._complain(str(error))

    def _open(self, path: str) -> None:
        if not path:
            return
        self.say(f"Opening {Path(path).name} …")
        slicer.app.processEvents()
        try:
            self.say(open_path(Path(path)))
        except COVIDDetectError as error:
            self._complain(str(error))

    def say(self, sentence: str) -> None:
        """In the status bar."""
        QMainWindow.statusBar(self).showMessage(sentence)

    def _complain(self, sentence: str) -> None:
        self.say(sentence)
        if not slicer.app.testingEnabled():
            QMessageBox.warning(self, "COVIDDetect", sentence)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        # Several files are the slices of one series: the reader takes the whole series that a file belongs to.
        QTimer.singleShot(0, lambda: self._open(paths[0]))

    def closeEvent(self, event: QCloseEvent) -> None:
        slicer.app.moduleManager().unload_all()
        event.accept()


class ModuleSelector:
    """What ``slicer.util.selectModule`` calls."""

    def __init__(self, window: _MainWindow) -> None:
        self._window = window
        self._selected = ""

    def selectModule(self, name: str) -> None:
        """Open a module's panel, in place of the one that is open."""
        module = slicer.app.moduleManager().module(name)
        if module is None or module.widgetRepresentation() is None or name == self._selected:
            return
        if self._selected:
            slicer.app.moduleManager().module(self._selected).widgetRepresentation().exit()
        self._selected = name
        self._window.show_panel(module.widgetRepresentation())
        module.widgetRepresentation().enter()

    @property
    def selectedModule(self) -> str:
        return self._selected


make_main_window: Any = pythonqt_class(_MainWindow, "slicer")
"""Layout manager → window."""

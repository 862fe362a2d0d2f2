"""``slicer.qMRMLSegmentEditorWidget`` of the embedded host."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..compat.pythonqt import pythonqt_class
from ..compat.ui_files import register_widget
from .brush import Erase, Paint
from .effect import Effect
from .mouse import MouseObserver
from .scissors import Scissors
from .session import Session
from .whole_segment import EFFECTS

_BUTTONS_IN_A_ROW = 3
_SEGMENT = Qt.ItemDataRole.UserRole


class qMRMLSegmentEditorWidget(QWidget):
    """Segments, tools, the settings of the tool, undo and redo; method names are Slicer's."""

    currentSegmentIDChanged = Signal(str)
    segmentationNodeChanged = Signal(object)
    activeEffectChanged = Signal(object)
    cpp_signals = ("segmentationNodeChanged(vtkMRMLSegmentationNode*)",)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = Session(self._update)
        self._effects: dict[str, Effect] = {
            kind.name: kind(self._session) for kind in (Paint, Erase, Scissors, *EFFECTS)
        }
        self._order = list(self._effects)
        self._only_ordered = False
        self._active: Effect | None = None
        self._mouse = MouseObserver(lambda: self._active)
        self._options: QWidget | None = None
        self._shortcuts: list[QShortcut] = []
        self._list = QListWidget()
        self._list.setMaximumHeight(76)
        self._tools = QWidget()
        self._tool_grid = QGridLayout(self._tools)
        self._tool_grid.setContentsMargins(0, 0, 0, 0)
        self._place = QVBoxLayout()
        self._undo = QPushButton("Undo")
        self._redo = QPushButton("Redo")
        self._undo.setObjectName("UndoButton")
        self._redo.setObjectName("RedoButton")
        self._masked = QCheckBox("Only")
        self._masked.setToolTip("Change only voxels of this range of HU")
        self._low, self._high = QDoubleSpinBox(), QDoubleSpinBox()
        self._build()
        self._buttons: dict[str, QToolButton] = {}
        self._make_buttons()
        self._update()

    # --- Nodes -------------------------------------------------------------------------------------------------------

    def setMRMLScene(self, scene: Any) -> None:
        self._session.set_scene(scene)

    def mrmlScene(self) -> Any:
        return self._session.logic.GetMRMLScene()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._session.logic.SetSegmentEditorNode(node)
        self._update()

    def mrmlSegmentEditorNode(self) -> Any:
        return self._session.node

    def setSegmentationNode(self, node: Any) -> None:
        if node is None:
            self.setActiveEffect(None)
        if self._session.node is None:
            return
        self._session.logic.SetSegmentationNode(node)
        if node is not None and not self._session.segment_id:
            self._session.logic.SelectFirstSegment(False)
        self.segmentationNodeChanged.emit(node)
        self._update()

    def segmentationNode(self) -> Any:
        return self._session.segmentation

    def setSourceVolumeNode(self, node: Any) -> None:
        if self._session.node is not None:
            self._session.logic.SetSourceVolumeNode(node)
            self._update()

    def sourceVolumeNode(self) -> Any:
        return self._session.source

    def setCurrentSegmentID(self, identifier: str) -> None:
        if self._session.node is not None and identifier != self._session.segment_id:
            self._session.logic.SetCurrentSegmentID(identifier)
            self.currentSegmentIDChanged.emit(identifier)
        self._update()

    def currentSegmentID(self) -> str:
        return self._session.segment_id

    # --- Effects -----------------------------------------------------------------------------------------------------

    def availableEffectNames(self) -> tuple[str, ...]:
        return tuple(self._shown_effects())

    def effectByName(self, name: str) -> Effect | None:
        return self._effects.get(name)

    def setEffectNameOrder(self, names: list[str]) -> None:
        self._order = list(names)
        self._make_buttons()

    def effectNameOrder(self) -> tuple[str, ...]:
        return tuple(self._order)

    def activeEffect(self) -> Effect | None:
        return self._active

    def setActiveEffectByName(self, name: str) -> None:
        self.setActiveEffect(self._effects.get(name))

    def setActiveEffect(self, effect: Effect | None) -> None:
        if effect is self._active:
            return
        if self._active is not None:
            self._active.deactivate()
        self._active = effect
        if self._session.node is not None:
            self._session.node.SetActiveEffectName(effect.name if effect else "")
        if effect is not None:
            effect.activate()
            if not self._mouse.watching:
                self._mouse.start()
        self._show_options()
        self.activeEffectChanged.emit(effect)
        self._update()

    def _get_only_ordered(self) -> bool:
        return not self._only_ordered

    def setUnorderedEffectsVisible(self, shown: bool) -> None:
        self._only_ordered = not shown
        self._make_buttons()

    unorderedEffectsVisible = Property(bool, _get_only_ordered, setUnorderedEffectsVisible)

    # --- Undo ---------------------------------------------------------------------------------------------------------

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self._session.logic.SetMaximumNumberOfUndoStates(count)

    def maximumNumberOfUndoStates(self) -> int:
        return int(self._session.logic.GetMaximumNumberOfUndoStates())

    def saveStateForUndo(self) -> None:
        self._session.logic.SaveStateForUndo()

    def undo(self) -> None:
        self._session.logic.Undo()

    def redo(self) -> None:
        self._session.logic.Redo()

    # --- Views and keys -----------------------------------------------------------------------------------------------

    def setupViewObservations(self) -> None:
        self._mouse.start()

    def removeViewObservations(self) -> None:
        self._mouse.stop()

    def installKeyboardShortcuts(self, parent: QWidget | None = None) -> None:
        if self._shortcuts:
            return
        window = parent if isinstance(parent, QWidget) else slicer.util.mainWindow()
        for key, slot in (("Ctrl+Z", self.undo), ("Ctrl+Y", self.redo), ("Escape", lambda: self.setActiveEffect(None))):
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.activated.connect(slot)
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self) -> None:
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

    # --- Parts of Slicer's widget that this one does not have in the first place --------------------------------------

    def setSegmentationNodeSelectorVisible(self, visible: bool) -> None:
        """There is no selector."""

    setSourceVolumeNodeSelectorVisible = setSegmentationNodeSelectorVisible
    setSwitchToSegmentationsButtonVisible = setSegmentationNodeSelectorVisible
    setAddRemoveSegmentButtonsVisible = setSegmentationNodeSelectorVisible
    setAutoShowSourceVolumeNode = setSegmentationNodeSelectorVisible
    setShow3DButtonVisible = setSegmentationNodeSelectorVisible

    def setEffectColumnCount(self, count: int) -> None:
        """They stand in rows already."""

    # --- Widgets ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        layout.addWidget(self._tools)
        layout.addLayout(self._place)
        row = QHBoxLayout()
        for box in (self._low, self._high):
            box.setRange(-2048, 4000)
            box.setDecimals(0)
            box.setSuffix(" HU")
            box.valueChanged.connect(lambda *_: self._set_mask())
        row.addWidget(self._masked)
        row.addWidget(self._low)
        row.addWidget(self._high)
        layout.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self._undo)
        row.addWidget(self._redo)
        layout.addLayout(row)
        self._list.currentItemChanged.connect(self._on_segment)
        self._undo.clicked.connect(lambda: self.undo())
        self._redo.clicked.connect(lambda: self.redo())
        self._masked.toggled.connect(lambda *_: self._set_mask())

    def _shown_effects(self) -> list[str]:
        ordered = [name for name in self._order if name in self._effects]
        rest = [] if self._only_ordered else [name for name in self._effects if name not in ordered]
        return ordered + rest

    def _make_buttons(self) -> None:
        for button in self._buttons.values():
            button.setParent(None)
            button.deleteLater()
        self._buttons = {}
        for index, name in enumerate(self._shown_effects()):
            button = QToolButton(self._tools)
            button.setText(name)
            button.setCheckable(True)
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            button.clicked.connect(lambda on, name=name: self.setActiveEffect(self._effects[name] if on else None))
            self._tool_grid.addWidget(button, index // _BUTTONS_IN_A_ROW, index % _BUTTONS_IN_A_ROW)
            self._buttons[name] = button

    def _show_options(self) -> None:
        if self._options is not None:
            self._options.setParent(None)
            self._options.deleteLater()
        self._options = self._active.options() if self._active is not None else None
        if self._options is not None:
            self._place.addWidget(self._options)

    def _set_mask(self) -> None:
        node = self._session.node
        if node is not None:
            node.SetSourceVolumeIntensityMaskRange(self._low.value(), self._high.value())
            node.SetSourceVolumeIntensityMask(self._masked.isChecked())

    def _on_segment(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if item is not None:
            self.setCurrentSegmentID(item.data(_SEGMENT))

    def _update(self) -> None:
        """Show the state of the session; silent."""
        session = self._session
        ready = session.ready
        self._undo.setEnabled(ready and bool(session.logic.CanUndo()))
        self._redo.setEnabled(ready and bool(session.logic.CanRedo()))
        for name, button in self._buttons.items():
            button.setEnabled(ready)
            button.setChecked(self._active is not None and self._active.name == name)
        self._list.blockSignals(True)
        self._list.clear()
        for identifier in session.logic.GetSegmentIDs() if session.segmentation is not None else ():
            segment = session.segmentation.GetSegmentation().GetSegment(identifier)
            swatch = QPixmap(14, 14)
            swatch.fill(QColor.fromRgbF(*segment.GetColor()))
            item = QListWidgetItem(QIcon(swatch), segment.GetName())
            item.setData(_SEGMENT, identifier)
            self._list.addItem(item)
            if identifier == session.segment_id:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        if session.node is not None:
            low, high = session.node.GetSourceVolumeIntensityMaskRange()
            for widget, value in ((self._low, low), (self._high, high)):
                widget.blockSignals(True)
                widget.setValue(value)
                widget.blockSignals(False)
            self._masked.blockSignals(True)
            self._masked.setChecked(bool(session.node.GetSourceVolumeIntensityMask()))
            self._masked.blockSignals(False)


def install_segment_editor() -> None:
    """Publish the widget as ``slicer.qMRMLSegmentEditorWidget``."""
    slicer.qMRMLSegmentEditorWidget = register_widget(pythonqt_class(qMRMLSegmentEditorWidget, "slicer"))

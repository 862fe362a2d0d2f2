"""Edit mask: Slicer's Segment Editor inside the panel, set up for lungs."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import ClassVar

import qt
import slicer
from slicer.i18n import tr as _

from ..events.later import Later
from ..events.signal import weakly

_EFFECTS = ("Paint", "Erase", "Scissors", "Islands", "Fill between slices", "Smoothing", "Threshold", "Grow from seeds")
_EFFECTS_IN_A_ROW = 5
_UNDO_STATES = 20
_TABLE_ROWS_PX = 90
_EDITOR_TAG = "COVIDDetect"


class MaskEditor:
    """The Segment Editor behind the button *Edit mask*.

    Parameters
    ----------
    ui
        The panel's widgets.
    toggled
        Called without arguments when editing begins or ends.
    """

    _all: ClassVar[weakref.WeakSet[MaskEditor]] = weakref.WeakSet()

    def __init__(self, ui: slicer.util.childWidgetVariables, toggled: Callable[[], None]) -> None:
        self._ui, self._toggled = ui, toggled
        self._all.add(self)
        self._editor: slicer.qMRMLSegmentEditorWidget | None = None
        self._mask: slicer.vtkMRMLSegmentationNode | None = None
        self._is_released = False
        self._bring_into_sight = Later(weakly(self._scroll_to_editor))
        ui.segmentEditorPlace.visible = False

    @property
    def is_open(self) -> bool:
        """Whether the mask is being edited."""
        return self._ui.editMaskButton.checked

    @classmethod
    def is_any_open(cls) -> bool:
        """Whether a mask is being edited in any panel."""
        return any(one._mask is not None for one in cls._all)

    @classmethod
    def close_all(cls) -> None:
        """End editing in whichever panel."""
        for one in tuple(cls._all):
            if one._mask is not None:
                one.close()

    @property
    def editor(self) -> slicer.qMRMLSegmentEditorWidget:
        """Slicer's widget, made when it is needed for the first time."""
        if self._editor is None:
            editor = slicer.qMRMLSegmentEditorWidget()
            editor.setMaximumNumberOfUndoStates(_UNDO_STATES)
            editor.setMRMLScene(slicer.mrmlScene)
            editor.setSegmentationNodeSelectorVisible(False)
            editor.setSourceVolumeNodeSelectorVisible(False)
            editor.setSwitchToSegmentationsButtonVisible(False)
            editor.setAddRemoveSegmentButtonsVisible(False)
            editor.setAutoShowSourceVolumeNode(False)
            editor.setEffectNameOrder(list(_EFFECTS))
            editor.setShow3DButtonVisible(False)
            editor.setEffectColumnCount(_EFFECTS_IN_A_ROW)
            editor.unorderedEffectsVisible = False
            _fit_to_panel(editor)
            self._ui.segmentEditorPlace.layout().addWidget(editor)
            self._editor = editor
        return self._editor

    def open(self, mask: slicer.vtkMRMLSegmentationNode, ct: slicer.vtkMRMLScalarVolumeNode, segment_id: str) -> None:
        """Begin to edit ``mask`` over ``ct`` with one of its segments selected."""
        for other in tuple(self._all - {self}):
            other.release()
        editor, self._is_released = self.editor, False
        editor.setMRMLSegmentEditorNode(_editor_node())
        editor.setSegmentationNode(mask)
        editor.setSourceVolumeNode(ct)
        editor.setCurrentSegmentID(segment_id)
        editor.setupViewObservations()
        editor.installKeyboardShortcuts()
        self._mask = mask
        self._show(True)

    def keep_to(self, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        """End editing if it is not this mask that is edited."""
        if self._mask is not None and self._mask is not mask:
            self.close()

    def close(self) -> None:
        """End editing; what was painted stays."""
        self._mask = None
        if self._editor is not None and not self._is_released:
            self._editor.setActiveEffect(None)
            self._editor.uninstallKeyboardShortcuts()
            self._editor.removeViewObservations()
            self._editor.setSourceVolumeNode(None)
            self._editor.setSegmentationNode(None)
        self._show(False)

    def release(self) -> None:
        """Leave the editor's node to another panel: what is chosen there is not to be done here as well."""
        if self._editor is not None and not self._is_released:
            if self.is_open:
                self.close()
            self._editor.setMRMLSegmentEditorNode(None)
            self._is_released = True

    def _show(self, is_open: bool) -> None:
        button = self._ui.editMaskButton
        blocked = button.blockSignals(True)
        button.checked = is_open
        button.blockSignals(blocked)
        button.text = _("Done") if is_open else _("Edit mask")
        self._ui.segmentEditorPlace.visible = is_open
        self._toggled()
        if is_open:
            self._bring_into_sight.start()  # once the panel is laid out with the editor in it

    def _scroll_to_editor(self) -> None:
        """On a small screen its tools would lie below what is seen of the panel."""
        area = self._ui.segmentEditorPlace
        while area is not None and not isinstance(area, qt.QScrollArea):
            area = area.parentWidget()
        if area is not None and self.is_open:
            area.ensureWidgetVisible(self._ui.segmentEditorPlace)
            area.ensureWidgetVisible(self._ui.editMaskButton)


def _fit_to_panel(editor: slicer.qMRMLSegmentEditorWidget) -> None:
    """Put the effects above their options instead of beside them, so that the panel stays as wide as it is.

    Slicer offers no setting for that. Where a later Slicer names its parts otherwise, the panel is wider, and that is
    all.
    """
    editor.layout().setContentsMargins(0, 0, 0, 0)
    for name in ("horizontalLayout", "verticalLayout_3"):
        for layout in slicer.util.findChildren(editor, name=name):
            turned = {"horizontalLayout": qt.QBoxLayout.TopToBottom, "verticalLayout_3": qt.QBoxLayout.LeftToRight}
            layout.setDirection(turned[name])
    for layout in slicer.util.findChildren(editor, className="QHBoxLayout"):
        widgets = [layout.itemAt(index).widget() for index in range(layout.count())]
        if len(widgets) > 1 and all(widget is not None and widget.inherits("QCheckBox") for widget in widgets):
            layout.setDirection(qt.QBoxLayout.TopToBottom)
    for text in slicer.util.findChildren(editor, name="EffectHelpBrowser"):
        text.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    for table in slicer.util.findChildren(editor, name="SegmentsTableResizableFrame"):
        table.setMaximumHeight(_TABLE_ROWS_PX)


def _editor_node() -> slicer.vtkMRMLSegmentEditorNode:
    """The editor's own state in the scene, apart from that of the Segment Editor module."""
    node = slicer.mrmlScene.GetSingletonNode(_EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag(_EDITOR_TAG)
        node = slicer.mrmlScene.AddNode(node)
    return node

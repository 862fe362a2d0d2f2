"""The lung mask: its outlines, its editor with the room that it needs, and masks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ...lungs.mask_checks import parts_outside
from ...lungs.sides import LEFT, RIGHT
from ...mrml.nodes.ct import ct_from_node
from ...mrml.nodes.lung_mask import erase_from_lungs, lung_mask_from_node, lung_segment_ids, segment, side_of
from ...mrml.parameters import COVIDDetectParameterNode
from ...mrml.scene import load_lung_mask_file
from ..mask_editor import MaskEditor
from ..mask_repair import MaskRepair
from ..questions import which_mask_file
from ..state import PanelState


class MaskSection:
    """The row *Lung outlines*, and what changes the mask.

    Parameters
    ----------
    ui
        The panel's widgets.
    editor
        The Segment Editor.
    parameters
        Returns what is chosen.
    request
        Does something that may raise an error, which the user reads.
    say
        Shows a sentence.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        editor: MaskEditor,
        parameters: Callable[[], COVIDDetectParameterNode],
        request: Callable[[Callable[[], object]], None],
        say: Callable[[str], None],
    ) -> None:
        self._ui, self._editor, self._repair = ui, editor, MaskRepair(editor)
        self._parameters, self._request, self._say = parameters, request, say
        self._side = 0
        ui.editMaskButton.connect("clicked(bool)", self.edit)
        ui.maskFileButton.connect("clicked(bool)", lambda checked: self.load())
        ui.repairButton.connect("clicked(bool)", lambda checked: self.repair())
        ui.outsideButton.connect("clicked(bool)", lambda checked: self.remove_parts_outside())

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show what can be done with the mask; while it is edited, nothing but that and the number."""
        ui, is_chosen, is_idle, is_open = self._ui, new.ct is not None, new.job is None, new.editor_open
        self._side = {"right": RIGHT, "left": LEFT}[new.region["side"]] if new.region else 0
        ui.lungMaskWidget.visible = is_chosen
        ui.maskFileButton.enabled = is_chosen and is_idle
        ui.editMaskButton.enabled = new.lung_mask is not None and is_chosen and (is_idle or is_open)
        ui.maskVisibleCheckBox.enabled = new.lung_mask is not None or new.waits
        if new.result is not None:
            ui.maskVisibleCheckBox.checked = new.result.outlines
        ui.rescoreEditedButton.visible = is_open and new.result is not None
        ui.rescoreEditedButton.enabled = is_idle and new.result is not None and bool(new.result.stale)
        if is_open != old.editor_open:  # to show what is shown would keep what was just added to it from being shown
            for section in (ui.displayCollapsibleButton, ui.settingsCollapsibleButton):
                section.visible = not is_open

    def edit(self, checked: bool) -> None:
        """Open or close the Segment Editor, with that lung selected in which the chosen region lies."""
        if not checked:
            self._editor.close()
            return
        mask = self._parameters().lungMask
        lungs = lung_segment_ids(mask)
        if lungs:
            here = next((one for one in lungs if side_of(segment(mask, one)) == self._side), lungs[0])
            self._editor.open(mask, self._parameters().ct, here)
            self._repair.begin(mask, self._parameters().ct)
        else:
            self._ui.editMaskButton.checked = False
            self._say(_("{name} has no lung segment; choose another mask.").format(name=mask.GetName()))

    def remove_parts_outside(self) -> None:
        """Take out of the mask what lies outside the body, in the editor, where that can be undone."""
        ct, mask = self._parameters().ct, self._parameters().lungMask

        def remove() -> None:
            with slicer.util.WaitCursor():
                outside = parts_outside(ct_from_node(ct), lung_mask_from_node(mask, ct)).voxels
                self._editor.open(mask, ct, lung_segment_ids(mask)[0])
                self._editor.editor.saveStateForUndo()
                erase_from_lungs(mask, ct, outside)
                self._repair.begin(mask, ct)

        self._request(remove)

    def repair(self) -> None:
        """Grow what was painted and erased in the editor over what it means."""
        ct, mask = self._parameters().ct, self._parameters().lungMask

        def repair() -> None:
            with slicer.util.WaitCursor():
                self._repair.repair(mask, ct)

        self._request(repair)

    def load(self) -> None:
        """Choose a file with a lung mask and score with that."""
        file, parameters = which_mask_file(), self._parameters()
        if file:

            def load() -> None:
                parameters.lungMask = load_lung_mask_file(Path(file), parameters.ct)

            self._request(load)

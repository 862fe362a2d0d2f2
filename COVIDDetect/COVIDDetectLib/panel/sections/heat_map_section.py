"""The heat map as the user wants to see it, and only over its own CT."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ...analysis.attribution import METHODS
from ...analysis.heat_map import LEAST_IN_LUNGS
from ...mrml.nodes.heat_map import is_empty, layer_of, share_of
from ...mrml.nodes.result import Result
from ...mrml.parameters import COVIDDetectParameterNode
from ...mrml.views.display import Look, Overlay, shows_another
from ...mrml.views.own_views import keep_to_own_views, show_outlines


class HeatMapSection:
    """The section *Heat map*.

    Parameters
    ----------
    ui
        The panel's widgets.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables) -> None:
        self._ui = ui
        self._overlay = Overlay()
        self.is_elsewhere = False
        """Whether the views show other volumes than the CT of the result."""
        for method, title in method_titles().items():
            ui.layerComboBox.addItem(title, METHODS[method])

    def update(self, result: Result | None, busy: bool) -> None:
        """Show by which method the map was made."""
        ui = self._ui
        ui.heatMapCollapsibleButton.visible = result is not None
        share = share_of(result.in_lungs_node) if result else None
        ui.onlyInLungsCheckBox.text = (
            _("Only in the lungs")
            if share is None
            else _("Only in lungs ({percent:.0f} %)").format(percent=100 * share)
        )
        ui.heatMapNoteLabel.text = _note(result.in_lungs_node) if result else ""
        ui.heatMapNoteLabel.visible = bool(ui.heatMapNoteLabel.text)
        if result is not None:
            ui.layerComboBox.enabled = not busy and not result.stale
            ui.layerComboBox.currentIndex = max(0, ui.layerComboBox.findData(layer_of(result.heat_map_node)))

    def show(
        self,
        result: Result | None,
        parameters: COVIDDetectParameterNode,
        *,
        editing: bool = False,
        over_others: bool = False,
    ) -> None:
        """Lay the map, and the outlines of the lungs, over their CT; while the views show others, neither is seen."""
        if slicer.mrmlScene.IsImporting():  # what of it is shown, and how, is not there yet
            return
        look = Look(
            parameters.heatMapVisible,
            parameters.heatMapIn3D,
            parameters.onlyInLungs,
            parameters.heatMapOpacity,
            parameters.heatMapThreshold,
            parameters.heatMapColors,
        )
        self._overlay.show(result, look, over_others)
        self.is_elsewhere = result is not None and parameters.ct is not None and shows_another(parameters.ct)
        keep_to_own_views(parameters.ct, parameters.lungMask, editing)

    def show_outlines(self, result: Result | None) -> None:
        """Show or hide the outlines of the scored lungs, as the check box says."""
        show_outlines(result.lung_mask_node if result else None, self._ui.maskVisibleCheckBox.checked)


def _note(in_lungs: slicer.vtkMRMLScalarVolumeNode | None) -> str:
    """What must be known of a map before it is read; empty when all is well."""
    share = share_of(in_lungs)
    if in_lungs is None or share is None or share >= LEAST_IN_LUNGS:
        return ""
    if is_empty(in_lungs):
        return _("This heat map is empty: nothing in this CT suggested COVID-19.")
    return _(
        "Most of the heat lies outside the lungs, so it says little about what in them suggests COVID-19. Try "
        "another method."
    )


def method_titles() -> dict[str, str]:
    """The label of each of ``attribution.METHODS``."""
    return {
        "grad-cam": _("Grad-CAM (default)"),
        "grad-cam-classifier": _("Grad-CAM, classifier"),
        "grad-cam-plus-plus": _("Grad-CAM++"),
        "integrated-gradients": _("Integrated gradients"),
        "occlusion": _("Occlusion"),
    }

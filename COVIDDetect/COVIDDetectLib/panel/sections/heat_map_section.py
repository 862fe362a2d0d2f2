"""How the heat map was made, and what must be known of it before it is read."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ...analysis.attribution import METHODS
from ...analysis.heat_map import LEAST_IN_LUNGS
from ..state import PanelState, ResultState


class HeatMapSection:
    """The section *Heat map*.

    Parameters
    ----------
    ui
        The panel's widgets.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables) -> None:
        self._ui = ui
        for method, title in method_titles().items():
            ui.layerComboBox.addItem(title, METHODS[method])

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show by which method the map was made, and how much of it lies in the lungs."""
        ui, result = self._ui, new.result
        ui.heatMapCollapsibleButton.visible = result is not None
        if result is None:
            return
        ui.onlyInLungsCheckBox.text = (
            _("Only in the lungs")
            if result.share is None
            else _("Only in lungs ({percent:.0f} %)").format(percent=100 * result.share)
        )
        ui.heatMapNoteLabel.text = _note(result)
        ui.heatMapNoteLabel.visible = bool(ui.heatMapNoteLabel.text)
        ui.layerComboBox.enabled = new.job is None and not result.stale
        ui.layerComboBox.currentIndex = max(0, ui.layerComboBox.findData(result.layer))


def _note(result: ResultState) -> str:
    """What must be known of a map before it is read; empty when all is well."""
    if result.share is None or result.share >= LEAST_IN_LUNGS:
        return ""
    if result.is_map_empty:
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

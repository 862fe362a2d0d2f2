"""How the heat map was made, and what must be known of it before it is read."""

from __future__ import annotations

from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

from ...analysis.attribution import METHODS
from ...analysis.heat_map import LEAST_IN_LUNGS
from ...mrml.nodes.heat_map import COLORS, FOR_AND_AGAINST
from ..map_warning import MapWarning
from ..state import PanelState
from .map_checks_row import show_map_checks
from .scale import LINK


class HeatMapSection:
    """The row *Heat map*, and what must be known of the map.

    Parameters
    ----------
    ui
        The panel's widgets.
    lay_over_others
        Called without arguments when the map is to take the place of what lies over the CT.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, lay_over_others: Callable[[], None]) -> None:
        self._ui, self.warning = ui, MapWarning()
        ui.heatMapNoteLabel.connect("linkActivated(QString)", lambda link: lay_over_others())
        for method, title in method_titles().items():
            ui.layerComboBox.addItem(title, METHODS[method])

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show by which method the map was made, and how much of it lies in the lungs."""
        ui, result = self._ui, new.result
        ui.heatMapWidget.visible = result is not None and not new.editor_open
        for name in ("onlyInLungsCheckBox", "heatMapIn3DCheckBox", "colorsComboBox"):
            getattr(ui, name).enabled = result is not None
        ui.layerComboBox.enabled = result is not None and new.job is None and not result.stale
        show_map_checks(ui, new)
        self.warning.show(new)
        # Slicer fills the list with what is kept in the scene, in English.
        ui.colorsComboBox.setItemText(COLORS.index(FOR_AND_AGAINST), _("For and against"))
        ui.heatMapNoteLabel.text = _note(new)
        ui.heatMapNoteLabel.visible = bool(ui.heatMapNoteLabel.text) and not new.editor_open
        if result is None:
            return
        ui.layerComboBox.currentIndex = max(0, ui.layerComboBox.findData(result.layer))


def _note(state: PanelState) -> str:
    """What must be known of a map before it is read, as HTML; empty when all is well."""
    result, look = state.result, state.look
    if result is None or look is None or not look.visible:
        return ""
    if state.is_covered:
        shown = _("Another volume lies over the CT; the heat map is not shown there.")
        show = _("Show it")
        return f'{shown} <a href="show" style="color:{LINK}">{show}</a>'
    if result.is_map_empty:
        return _("This heat map is empty: nothing in this CT suggested COVID-19.")
    is_dark = result.hottest_anywhere < look.threshold  # then it does not matter where the little heat lies
    if not is_dark and result.share is not None and result.share < LEAST_IN_LUNGS:
        return _(
            "Most of the heat lies outside the lungs, so it says little about what in them suggests COVID-19. Try "
            "another method."
        )
    if look.colors == FOR_AND_AGAINST and not result.tells_against:
        return _("This heat map does not tell what speaks against COVID-19; HiResCAM does.")
    if is_dark or (look.only_in_lungs and result.hottest < look.threshold):
        return _("Hardly anything in the lungs speaks for COVID-19; to see what does, move “Above” to the left.")
    return ""


def method_titles() -> dict[str, str]:
    """The label of each of ``attribution.METHODS``."""
    return {
        "hires-cam": _("HiResCAM (default)"),
        "grad-cam": _("Grad-CAM"),
        "grad-cam-classifier": _("Grad-CAM, classifier"),
        "grad-cam-plus-plus": _("Grad-CAM++"),
        "integrated-gradients": _("Integrated gradients"),
        "occlusion": _("Occlusion"),
    }

"""Shows which CT will be analyzed, and whether that can start."""

from __future__ import annotations

from html import escape

import slicer
from slicer.i18n import tr as _

from ...mrml.nodes.heat_map import heat_maps
from ...mrml.scene import chest_cts, why_no_ct


def show_input(
    ui: slicer.util.childWidgetVariables,
    ct: slicer.vtkMRMLScalarVolumeNode | None,
    *,
    busy: bool,
    other_ct: str,
    asks: bool,
) -> None:
    """Show what is offered as CT, a hint while none is chosen, and what Analyze would do.

    Parameters
    ----------
    other_ct
        Name of the CT that is computed while another one is chosen; else empty.
    asks
        Whether something was found wrong with this CT, and a second click analyzes it all the same.
    """
    # Our heat maps are scalar volumes too, but no CTs to choose.
    ui.ctSelector.sortFilterProxyModel().hiddenNodeIDs = [heat_map.GetID() for heat_map in heat_maps()]
    ui.hintWidget.visible = ct is None
    ui.hintLabel.text = (
        _("Select the chest CT above.")
        if chest_cts()
        else why_no_ct() or _("Load a chest CT, or try the module with a synthetic one.")
    )
    ui.analyzeButton.enabled = ct is not None and not busy
    ui.analyzeButton.text = _("Analyze all the same") if asks else _("Analyze")
    if busy:
        reason = _("{ct} is being analyzed.").format(ct=other_ct) if other_ct else _("An analysis is running.")
    elif ct is not None:
        reason = _("Find the lungs, score the CT, and show where the network looked.")
    else:
        reason = _("Select a chest CT first.")
    ui.analyzeButton.toolTip = f"<span>{escape(reason)}</span>"  # the name is anybody's

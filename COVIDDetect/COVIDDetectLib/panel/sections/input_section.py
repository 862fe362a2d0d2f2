"""Shows which CT will be analyzed, and whether that can start."""

from __future__ import annotations

from html import escape

import qt
import slicer
from slicer.i18n import tr as _

from ..state import PanelState


def show_input(ui: slicer.util.childWidgetVariables, new: PanelState, old: PanelState) -> None:
    """Show what is offered as CT, a hint while none is chosen or seen, and what Analyze would do."""
    if new.no_cts != old.no_cts:  # our heat maps are scalar volumes too
        ui.ctSelector.sortFilterProxyModel().hiddenNodeIDs = list(new.no_cts)
    ui.hintWidget.visible = new.ct is None
    ui.hintLabel.text = new.hint
    ui.inViewsWidget.visible = new.in_views is not None
    if new.in_views is not None:
        ui.inViewsLabel.text = _("The views show {ct}.").format(ct=new.in_views.GetName())
    ui.leftBehindWidget.visible = bool(new.left_behind)
    removed = _("{ct} was removed; its result is still in the scene.")
    ui.leftBehindLabel.text = removed.format(ct=", ".join(new.left_behind))
    ui.analyzeButton.enabled = new.ct is not None and new.job is None
    ui.analyzeButton.text = (
        _("Analyze all the same") if new.asks else _("Analyze again") if new.result else _("Analyze")
    )
    is_small = new.result is not None and not new.asks
    ui.analyzeWidget.layout().setDirection(qt.QBoxLayout.LeftToRight if is_small else qt.QBoxLayout.TopToBottom)
    ui.patientLabel.text = new.patient
    ui.patientLabel.visible = bool(new.patient) or is_small
    ui.analyzeWidget.visible = not new.editor_open
    if new.name_of_other:
        reason = _("{ct} is being analyzed.").format(ct=new.name_of_other)
    elif new.job is not None:
        reason = _("An analysis is running.")
    elif new.ct is not None:
        reason = _("Find the lungs, score the CT, and show where the network looked.")
    else:
        reason = _("Select a chest CT first.")
    ui.analyzeButton.toolTip = f"<span>{escape(reason)}</span>"  # the name is anybody's

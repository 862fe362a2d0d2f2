"""The menu *?*: what the keys of the panel do; a click does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import qt
import slicer
from slicer.i18n import tr as _


class KeysMenu:
    """Lists the keys.

    Parameters
    ----------
    ui
        The panel's widgets.
    keys
        Key sequence to what it does.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, keys: Mapping[str, Callable[[], None]]) -> None:
        titles = {
            "H": _("Show or hide the heat map"),
            "M": _("Show or hide the lung outlines"),
            "N": _("Next region"),
            "Shift+N": _("Previous region"),
            "K": _("Mark the region: ✓, ✗ or ?"),
            "Ctrl+R": _("Re-score"),
            "Alt+PgDown": _("Next case of the worklist"),
            "Alt+PgUp": _("Previous case of the worklist"),
        }
        self.menu = qt.QMenu(ui.keysButton)
        for key, act in keys.items():
            # Behind a tab Qt shows the keys of an entry, and does not listen to them: the shortcuts do.
            action = qt.QAction(f"{titles[key]}\t{key}", self.menu)
            action.connect("triggered(bool)", lambda checked, act=act: act())
            self.menu.addAction(action)
        ui.keysButton.popupMode = qt.QToolButton.InstantPopup
        ui.keysButton.setMenu(self.menu)

"""Keys of the panel, alive only while its module is open; the slice views keep their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import qt
import slicer


class Shortcuts:
    """Keys and what they do.

    Parameters
    ----------
    keys
        Key sequence to slot.
    """

    def __init__(self, keys: Mapping[str, Callable[[], None]]) -> None:
        self._keys = keys
        self._shortcuts: list[qt.QShortcut] = []

    def enable(self) -> None:
        """Listen, wherever in the main window the focus is."""
        window = slicer.util.mainWindow()
        if self._shortcuts or window is None:
            return
        for key, slot in self._keys.items():
            shortcut = qt.QShortcut(qt.QKeySequence(key), window)
            shortcut.connect("activated()", slot)
            self._shortcuts.append(shortcut)

    def disable(self) -> None:
        """Listen no more."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

"""Keyboard shortcuts of the panel, active only while its module is open; the slice views keep their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import qt
import slicer


class Shortcuts:
    """Keys and what they do, in the panel that was entered last: a key with two meanings would have none.

    Parameters
    ----------
    keys
        Key sequence to slot.
    """

    _listening: ClassVar[Shortcuts | None] = None

    def __init__(self, keys: Mapping[str, Callable[[], None]]) -> None:
        self._keys = keys
        self._shortcuts: list[qt.QShortcut] = []

    def enable(self) -> None:
        """Listen, wherever in the main window the focus is."""
        window = slicer.util.mainWindow()
        if self._shortcuts or window is None:
            return
        if Shortcuts._listening is not None:
            Shortcuts._listening.disable()
        Shortcuts._listening = self
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
        if Shortcuts._listening is self:
            Shortcuts._listening = None

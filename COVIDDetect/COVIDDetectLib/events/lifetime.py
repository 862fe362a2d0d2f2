"""Ends objects that hold a process, timers or observers."""

from __future__ import annotations

import threading
from typing import ClassVar


class Stopping:
    """Is stopped when nobody holds it any more, by the main thread alone: Qt and VTK end what they have nowhere else.

    Python collects a cycle of references in whichever thread it happens to run; what it finds there waits for the next
    object that is made. ``start_stopping`` is called when all is there that ``stop`` ends.
    """

    _forsaken: ClassVar[list[Stopping]] = []
    _is_whole = False

    def start_stopping(self) -> None:
        """From now on there is something to stop."""
        self._is_whole = True
        while self._forsaken:
            self._forsaken.pop().stop()

    def stop(self) -> None:
        """End what it holds."""
        raise NotImplementedError

    def __del__(self) -> None:
        if not self._is_whole:
            return
        if threading.current_thread() is threading.main_thread():
            self.stop()
        else:
            self._forsaken.append(self)

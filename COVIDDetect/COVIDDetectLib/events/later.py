"""A deferred call: runs in the next turn of the event loop."""

from __future__ import annotations

from collections.abc import Callable

import qt


class Later:
    """Calls something once after each ``start``, however often that is called before.

    A timer of its own: PythonQt keeps whatever was given to ``QTimer.singleShot`` for ever.

    Parameters
    ----------
    call
        What is called.
    milliseconds
        After which time.
    """

    def __init__(self, call: Callable[[], None], milliseconds: int = 0) -> None:
        self._call: Callable[[], None] | None = call
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(milliseconds)
        self._timer.connect("timeout()", call)

    def start(self) -> None:
        """Call it, in the next turn or after the time."""
        self._timer.start()

    def stop(self) -> None:
        """Call it no more, and release it."""
        self._timer.stop()
        call, self._call = self._call, None
        if call is not None:
            self._timer.disconnect("timeout()", call)

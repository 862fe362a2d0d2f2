"""Work of the panel's process that is done between the events of its loop, so that the window stays responsive.

Not in a thread: in Slicer a thread of Python waits as long as the event loop waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ..errors import UNEXPECTED, COVIDDetectError
from ..events.later import Later
from .exchange import Steps, unusable_folder

Result = TypeVar("Result")

_TURN_S = 0.01


class Task(Generic[Result]):
    """Does its work a hundredth of a second at a time.

    Parameters
    ----------
    steps
        The work.
    on_done
        Called with its result, from the event loop.
    on_error
        Called with the error that ended it, as the user reads it: no room on the disk, a file that is gone.
    """

    def __init__(
        self, steps: Steps[Result], on_done: Callable[[Result], None], on_error: Callable[[COVIDDetectError], None]
    ) -> None:
        self._steps: Steps[Result] | None = steps
        self._on_done, self._on_error = on_done, on_error
        self._next_turn = Later(self._turn)
        self._next_turn.start()

    def stop(self) -> None:
        """End it where it is; nothing is called any more."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        self._next_turn.stop()

    def _turn(self) -> None:
        end = time.monotonic() + _TURN_S
        while self._steps is not None and time.monotonic() < end:
            try:
                finish = self._next_step()
            except Exception:
                self._next_turn.stop()
                raise
            if finish is not None:
                self._next_turn.stop()
                finish()  # outside the step's own errors: what goes wrong there is not this task's
        if self._steps is not None:
            self._next_turn.start()

    def _next_step(self) -> Callable[[], None] | None:
        """What to call at the end; None as long as there is more to do."""
        assert self._steps is not None
        error: COVIDDetectError
        try:
            next(self._steps)
        except StopIteration as done:
            self._steps, value = None, done.value
            return lambda: self._on_done(value)
        except COVIDDetectError as raised:
            error = raised
        except OSError as raised:
            error = unusable_folder(raised)
        except Exception:
            # Whoever waits must not wait for ever; what it was, Slicer's log says.
            self._steps = None
            self._on_error(COVIDDetectError(UNEXPECTED))
            raise
        else:
            return None
        self._steps = None
        return lambda: self._on_error(error)

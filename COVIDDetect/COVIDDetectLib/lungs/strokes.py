"""What was painted and erased since a mask was last looked at."""

from __future__ import annotations

import numpy as np


class Strokes:
    """Remembers states of a mask, and tells what was drawn on top of the one that is nearest.

    Undo may lead back behind the last state: then what was drawn counts from an earlier one.

    Parameters
    ----------
    labels
        The first state, uint8 ``[slice, row, column]``: 0, 1 right lung, 2 left.
    """

    def __init__(self, labels: np.ndarray) -> None:
        self._last = labels.copy()
        self._steps: list[tuple[np.ndarray, np.ndarray]] = []

    def note(self, labels: np.ndarray) -> None:
        """From here on strokes are drawn upon these labels."""
        changed = np.flatnonzero(labels != self._last)
        self._steps.append((changed, self._last.ravel()[changed]))
        self._last = labels.copy()

    def drawn(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What was painted and what was erased, uint8 of the labels' shape, by the lung that it belongs to."""
        state = self._last.copy()
        nearest, fewest = state, np.count_nonzero(state != labels)
        for changed, before in reversed(self._steps):
            state = state.copy()
            state.ravel()[changed] = before
            differences = np.count_nonzero(state != labels)
            if differences < fewest:
                nearest, fewest = state, differences
        return np.where(labels != nearest, labels, 0), np.where(labels == 0, nearest, 0)

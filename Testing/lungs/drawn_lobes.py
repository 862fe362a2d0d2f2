"""Lobes drawn into a lung mask, each about where it is."""

from __future__ import annotations

import numpy as np


def lobes_in(labels: np.ndarray) -> np.ndarray:
    """Numbered as ``lungs.lobes.LOBES``; of labels 1 (right) and 2 (left) in axial order."""
    slices, rows, _columns = np.indices(labels.shape, sparse=True)
    filled, deep = (np.flatnonzero(labels.any(axis=other)) for other in ((1, 2), (0, 2)))
    is_upper, is_front = slices > np.median(filled), rows < np.median(deep)
    right = np.where(is_upper, 3, np.where(is_front, 4, 5))
    lobes = np.select([labels == 1, labels == 2], [right, np.where(is_upper, 1, 2)])
    return lobes.astype(np.uint8)

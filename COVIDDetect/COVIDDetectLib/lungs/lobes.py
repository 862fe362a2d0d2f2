"""The five lobes, in masks that tell them apart."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..ct.geometry import Geometry
from .sides import LEFT, RIGHT

Lobe = Literal["upper", "middle", "lower"]

LOBES: dict[int, tuple[int, Lobe]] = {
    3: (RIGHT, "upper"),
    4: (RIGHT, "middle"),
    5: (RIGHT, "lower"),
    1: (LEFT, "upper"),
    2: (LEFT, "lower"),
}
"""Lung and place of each label; the labels are those of lungmask's LTRCLobes (github.com/JoHof/lungmask)."""


_TOTALSEGMENTATOR = range(10, 15)
"""The lobes in its task ``total`` (version 2), in the order of the labels here."""


def lobes_of_totalsegmentator(labels: np.ndarray) -> np.ndarray:
    """Labels 10 to 14 as 1 to 5; any others as they are."""
    values = np.unique(labels)
    if len(values) < 2 or not set(values[values != 0].tolist()) <= set(_TOTALSEGMENTATOR):
        return labels
    return np.where(labels == 0, 0, labels - (_TOTALSEGMENTATOR[0] - 1)).astype(np.uint8)


def lungs_of(lobes: np.ndarray) -> np.ndarray:
    """The lungs, uint8 of the same shape as 1 right and 2 left, that are made of these lobes."""
    side_of = np.zeros(len(LOBES) + 1, dtype=np.uint8)
    for label, (side, _lobe) in LOBES.items():
        side_of[label] = side
    return side_of[lobes]


def lobe_sizes(lobes: np.ndarray) -> list[int]:
    """How many voxels each has, in the order of ``LOBES``."""
    return [int(np.count_nonzero(lobes == label)) for label in LOBES]


def lie_as_lobes_do(lobes: np.ndarray, geometry: Geometry) -> bool:
    """Whether all five are there, and each on its side, above, below or in front of the others.

    Other programs number them otherwise: YACTA's right middle lobe is 5, its lower one 4.
    """
    if lobes.max() > len(LOBES) or not all(lobe_sizes(lobes)):
        return False
    middle = {label: geometry.ijk_to_lps @ _middle(lobes == label) for label in LOBES}
    to_left, to_back, to_head = ({label: at[axis] for label, at in middle.items()} for axis in range(3))
    return bool(
        max(to_left[label] for label in (3, 4, 5)) < min(to_left[label] for label in (1, 2))
        and to_head[1] > to_head[2]
        and to_head[3] > max(to_head[4], to_head[5])
        and to_back[4] < to_back[5]
    )


def _middle(inside: np.ndarray) -> np.ndarray:
    """The mean of the voxels that are set, as column, row, slice and 1."""
    counts = [inside.sum(axis=other) for other in ((0, 1), (0, 2), (1, 2))]
    return np.array([*(np.average(np.arange(len(count)), weights=count) for count in counts), 1.0])

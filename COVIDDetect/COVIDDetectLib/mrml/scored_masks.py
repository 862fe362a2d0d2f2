"""The masks with which one CT was scored last, and before that: what a correction changed is known from them.

They are kept in memory only, for the CT that was scored last, and no longer than its result is in the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..analysis.regions import SIDES
from ..analysis.result_table import Scored
from ..ct.geometry import Geometry
from ..errors import COVIDDetectError
from ..lungs import LungMask
from .nodes.result import Result
from .watch import Change, scene_watch


@dataclass(frozen=True, eq=False)
class _Kept:
    """A mask as bits, one plane for each side: a quarter of its labels."""

    node: slicer.vtkMRMLTableNode
    score: Scored
    planes: dict[int, np.ndarray]
    shape: tuple[int, ...]
    geometry: Geometry

    @classmethod
    def of(cls, result: Result, lung_mask: LungMask) -> _Kept:
        planes = {side: np.packbits(lung_mask.labels == side) for side in SIDES}
        return cls(result.node, result.history[-1], planes, lung_mask.labels.shape, lung_mask.geometry)

    @property
    def lung_mask(self) -> LungMask:
        labels = np.zeros(self.shape, dtype=np.uint8)
        for side, plane in self.planes.items():
            labels[np.unpackbits(plane, count=labels.size).reshape(self.shape) > 0] = side
        return LungMask(labels, self.geometry)


class ScoredMasks:
    """Keeps the last two masks of the CT that was scored last.

    Examples
    --------
    >>> scored_masks().keep(result, analysis.lung_mask)     # doctest: +SKIP
    >>> scored_masks().has_before(result)                   # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def keep(self, result: Result, lung_mask: LungMask) -> None:
        """After a score: its mask, on the grid of the CT."""
        if not self._kept:
            scene_watch().follow(self._on_change)
        earlier = [one for one in self._kept[-1:] if one.node is result.node]
        self._kept = [*earlier, _Kept.of(result, lung_mask)]

    def has_before(self, result: Result) -> bool:
        """Whether the last score differs from the one before by the lung mask alone, and both masks are kept."""
        if [one.node for one in self._kept] != [result.node] * 2:
            return False
        scores = result.history[-2:]  # not those that somebody else has written since
        return scores == [one.score for one in self._kept] and scores[-1].change == "lung mask changed"

    def before(self, result: Result) -> LungMask:
        """The mask that was scored before the last correction.

        Raises
        ------
        COVIDDetectError
            If it is not kept.
        """
        if not self.has_before(result):
            raise COVIDDetectError(_("The mask of the score before is no longer known; correct it and re-score."))
        return self._kept[0].lung_mask

    def _on_change(self, result: Result | None, change: Change) -> None:
        """They are a patient's: with the result or its CT, or with the scene, they go."""
        if change == "gone" and self._kept:
            node = self._kept[-1].node
            if node.GetScene() is None or Result(node).ct_node is None:
                self._kept = []
                scene_watch().leave(self._on_change)


@cache
def scored_masks() -> ScoredMasks:
    """Those of the scene, whichever logic scored."""
    return ScoredMasks()

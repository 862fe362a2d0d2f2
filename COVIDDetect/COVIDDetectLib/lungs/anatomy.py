"""What a CT shows by itself on voxels of about 2 mm: body, airways and what looks like lung; each is found once.

The mask's makers and its checks ask for the same, and so does every score of an edited mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from ..ct.volume import CTVolume
from .airways import find_airways
from .body import TISSUE_ABOVE_HU, inside_body
from .coarse import block_means, steps_to
from .gas import walled_gas
from .pieces import lung_dense_pieces, pieces_like_lung


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The coarse CT, and what is seen in it when somebody asks.

    Parameters
    ----------
    hu
        float32 ``[slice, row, column]`` in axial order; every other array has its shape.
    steps
        How many voxels of the CT along slice, row and column make one of these.
    mm
        Millimetres along slice, row and column.
    """

    hu: np.ndarray
    steps: np.ndarray
    mm: np.ndarray

    @classmethod
    def of(cls, ct: CTVolume) -> Anatomy:
        """Of a CT in axial order; kept as long as the CT is."""
        if ct not in _known:
            sampling = np.array(ct.geometry.spacing[::-1], dtype=float)
            steps = steps_to(sampling)
            _known[ct] = cls(block_means(ct.hu, steps), steps, sampling * steps)
        return _known[ct]

    @cached_property
    def inside(self) -> np.ndarray:
        """The body with all that its skin encloses."""
        return inside_body(self.hu, self.mm)

    @cached_property
    def air(self) -> np.ndarray:
        """Air of any kind in the body."""
        return self.inside & (self.hu <= TISSUE_ABOVE_HU)

    @cached_property
    def airways(self) -> tuple[np.ndarray, np.ndarray]:
        """All of the airways that can be followed, and of them trachea and main bronchi."""
        return find_airways(self.hu, self.air, self._about, self.mm)

    @cached_property
    def lungs(self) -> np.ndarray:
        """What is lung by its density, size and place: without airways, bowel gas and what disease has filled."""
        gas = walled_gas(self.hu, self.air, self._about, self.mm)
        return pieces_like_lung(self.hu, self.air & ~self.airways[0] & ~gas, self.mm)

    @cached_property
    def may_be_lung(self) -> np.ndarray:
        """Every piece of air with so much of lung's density that it could be lung, bowel too."""
        return lung_dense_pieces(self.hu, self.air, self.mm)

    @cached_property
    def _about(self) -> np.ndarray:
        return pieces_like_lung(self.hu, self.air, self.mm)


_known: WeakKeyDictionary[CTVolume, Anatomy] = WeakKeyDictionary()

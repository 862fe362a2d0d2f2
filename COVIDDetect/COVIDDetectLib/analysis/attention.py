"""What the network looked at: a heat map of what speaks for COVID-19, and against, on the network's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from ..ct.geometry import Geometry

DEFAULT_LAYER = "second ResBlock"


@dataclass(frozen=True, eq=False)
class Attention:
    """A heat map on the network's own coarse grid.

    Parameters
    ----------
    values
        float32 ``[slice, row, column]``, relative to ``raw_maximum``: up to 1 what speaks for COVID-19, below 0 what
        speaks against it. Grad-CAM has no sign, and nothing below 0.
    geometry
        Where the coarse grid lies, LPS; viewers interpolate between its cells.
    raw_maximum
        The value that 1 stands for: this volume's own maximum, of HiResCAM at least the card's ``full_heat``. Where
        nothing speaks for COVID-19 and there is no ``full_heat``, what speaks against it most; 0 if nothing does.
    layer
        The layer whose activations are weighted, and the method where it is not HiResCAM.
    """

    values: np.ndarray
    geometry: Geometry
    raw_maximum: float
    layer: str = DEFAULT_LAYER

    @property
    def heat(self) -> np.ndarray:
        """What speaks for COVID-19, 0…1, on the same grid."""
        return self.values.clip(min=0)


def place_attention(raw: np.ndarray, ct_mask_geometry: Geometry, at_least: float = 0.0) -> Attention:
    """Normalize a raw map and find where its cells lie.

    A cell of the second ResBlock covers two slices, and its strided, symmetrically padded convolutions are centered
    on every eighth pixel: cell (t, y, x) lies at slice 2t + ½, row 8y, column 8x of the CT-Mask volume.
    """
    matrix = ct_mask_geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (ct_mask_geometry.ijk_to_lps @ [0.0, 0.0, 0.5, 1.0])[:3]
    matrix[:3, :3] *= (8.0, 8.0, 2.0)
    return normalized(raw, Geometry.from_ijk_to_lps(matrix), at_least=at_least)


def heat_at(attention: Attention, geometry: Geometry, shape: tuple[int, ...]) -> np.ndarray:
    """What speaks for COVID-19, in the cells of another grid: linear between its own, beyond its border as there."""
    cells = np.indices(shape).reshape(3, -1)
    to_own = np.linalg.inv(attention.geometry.ijk_to_lps) @ geometry.ijk_to_lps
    at = (to_own @ np.vstack([cells[::-1], np.ones(cells.shape[1])]))[2::-1]
    found: np.ndarray = scipy.ndimage.map_coordinates(attention.heat, at, order=1, mode="nearest").reshape(shape)
    return found


def normalized(raw: np.ndarray, geometry: Geometry, layer: str = DEFAULT_LAYER, at_least: float = 0.0) -> Attention:
    """A raw map relative to its maximum, but for an empty one at least to ``at_least``; that value is kept."""
    raw_maximum = (max(float(raw.max()), at_least, 0.0) or float(-raw.min())) if raw.any() else 0.0
    values = raw / raw_maximum if raw_maximum > 0 else np.zeros_like(raw)
    return Attention(values.astype(np.float32), geometry, raw_maximum, layer)

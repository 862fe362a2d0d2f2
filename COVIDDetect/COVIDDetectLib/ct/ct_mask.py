"""The network's input: CT and lung mask, cropped to the lungs and resampled in plane (Zheng et al. 2020, figure 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, MaskError
from .geometry import Geometry
from .volume import CTVolume

if TYPE_CHECKING:
    from torch import Tensor

HU_WINDOW = (-1200.0, 600.0)
"""The paper's window: mapped linearly to 0…255 (8 bit) before either network."""

FEWEST_SLICES = 2
"""DeCoVNet joins slices two by two."""


@dataclass(frozen=True, eq=False)
class CTMask:
    """A CT-Mask volume.

    Parameters
    ----------
    image
        uint8 ``[slice, row, column]``, the CT windowed to 0…255, cropped to the lungs' bounding box.
    mask
        uint8 ``[slice, row, column]``, 1 in the lungs.
    geometry
        Where this grid lies, LPS.
    """

    image: np.ndarray
    mask: np.ndarray
    geometry: Geometry

    def tensor(self) -> Tensor:
        """What DeCoVNet reads: float32 ``(1, 2, T, H, W)``, image in 0…1 and mask in {0, 1}."""
        import torch

        channels = torch.from_numpy(np.stack([self.image, self.mask])).float()
        channels[0] /= 255.0
        return channels.unsqueeze(0)


def make_ct_mask(
    ct: CTVolume,
    lungs: np.ndarray,
    input_size: tuple[int, int],
    hu_window: tuple[float, float] = HU_WINDOW,
) -> CTMask:
    """Crop CT and mask to the lungs' bounding box and resample each slice to ``input_size``.

    Parameters
    ----------
    ct
        CT in axial order.
    lungs
        Lung mask on the CT's grid, true or non-zero in the lungs.
    input_size
        Rows and columns that the weights were trained with. The number of slices is left as it is.
    hu_window
        HU mapped to 0 and to 255.

    Raises
    ------
    MaskError
        If the mask is empty or lies on another grid.
    InputError
        If the lungs span fewer than two slices.
    """
    if lungs.shape != ct.hu.shape:
        raise MaskError("The lung mask and the CT have different numbers of voxels; make the mask on this CT.")
    box = bounding_box(lungs)
    if box[0].stop - box[0].start < FEWEST_SLICES:
        raise InputError("The lungs are seen on one slice only; choose a whole chest CT.")
    rows, columns = input_size
    image = window_to_8_bit(resample_in_plane(ct.hu[box].astype(np.float32), rows, columns), hu_window)
    mask = resample_in_plane((lungs[box] > 0).astype(np.float32), rows, columns) >= 0.5
    return CTMask(image, mask.astype(np.uint8), _resampled_geometry(ct.geometry, box, rows, columns))


def bounding_box(lungs: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box that holds every lung voxel.

    Raises
    ------
    MaskError
        If the mask is empty.
    """
    ranges = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(lungs.any(axis=others))
        if inside.size == 0:
            raise MaskError("The lung mask is empty; segment the lungs or choose another mask.")
        ranges.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return ranges[0], ranges[1], ranges[2]


def window_to_8_bit(hu: np.ndarray, hu_window: tuple[float, float] = HU_WINDOW) -> np.ndarray:
    """Map a window of HU linearly to 0…255, as uint8."""
    lowest, highest = hu_window
    scaled = (hu.astype(np.float32, copy=False) - lowest) * (255.0 / (highest - lowest))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def resample_in_plane(slices: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Resample float32 slices ``[slice, row, column]`` bilinearly; pixel borders, not centers, are aligned."""
    import torch

    resampled = torch.nn.functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(slices))[:, None], size=(rows, columns), mode="bilinear"
    )
    return resampled[:, 0].numpy()


def _resampled_geometry(geometry: Geometry, box: tuple[slice, slice, slice], rows: int, columns: int) -> Geometry:
    scale = np.array([(box[2].stop - box[2].start) / columns, (box[1].stop - box[1].start) / rows, 1.0])
    start = np.array([box[2].start, box[1].start, box[0].start]) + 0.5 * scale - 0.5
    matrix = geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (geometry.ijk_to_lps @ [*start, 1.0])[:3]
    matrix[:3, :3] *= scale
    return Geometry.from_ijk_to_lps(matrix)

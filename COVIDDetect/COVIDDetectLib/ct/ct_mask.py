"""The network's input: CT and lung mask, cropped to the lungs and resampled in plane (Zheng et al. 2020, figure 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, MaskError
from .geometry import Geometry
from .morphology import dilated
from .volume import CTVolume

if TYPE_CHECKING:
    from torch import Tensor

HU_WINDOW = (-1200.0, 600.0)
"""The paper's window: mapped linearly to 0…255 (8 bit) before either network."""

FEWEST_SLICES = 2
"""DeCoVNet joins slices two by two."""

_ADULT_DEPTH_MM, _ADULT_WIDTH_MM = 150.0, 230.0
"""Of the lungs of fifteen adults on public CTs none were both less deep and less wide."""

_SURROUNDINGS_HU = 0.0
"""What stands for all that lies too far from the lungs to be shown: soft tissue, of which most of it is."""


@dataclass(frozen=True)
class InputForm:
    """How a network's input is made from a CT and a lung mask; it belongs to the weights.

    Parameters
    ----------
    size
        Rows and columns.
    hu_window
        HU mapped to 0 and to 255.
    slice_mm
        Thickness of the slabs into which slices are averaged; None leaves the slices as they are, as the paper does
        (its CTs had slices of 5 mm). A network that joins slices two by two sees another anatomy at 1 mm than at 5.
    surroundings_mm
        How far from the lung mask, along rows and columns, the CT is still shown; what lies farther is painted over
        with one value and cannot weigh. None shows all, as the paper does.

    Both lengths are for lungs of adults, and shrink with the lungs of children (``for_lungs``).
    """

    size: tuple[int, int]
    hu_window: tuple[float, float] = HU_WINDOW
    slice_mm: float | None = None
    surroundings_mm: float | None = None

    def for_lungs(self, box: tuple[slice, slice, slice], spacing: Sequence[float]) -> InputForm:
        """The form for lungs as large as their box.

        In plane a child's lungs fill the input as an adult's do, and so they must along the slices, or the same vessels
        would be blurred as if the slices were thick.

        Parameters
        ----------
        box
            ``[slice, row, column]``, as ``bounding_box`` gives it.
        spacing
            Millimetres from column to column, row to row, slice to slice.
        """
        _, rows, columns = box
        scale = share_of_adult((rows.stop - rows.start) * spacing[1], (columns.stop - columns.start) * spacing[0])
        slice_mm, surroundings_mm = (mm and mm * scale for mm in (self.slice_mm, self.surroundings_mm))
        return replace(self, slice_mm=slice_mm, surroundings_mm=surroundings_mm)


def share_of_adult(depth_mm: float, width_mm: float) -> float:
    """How large lungs are beside those of a small adult, at most 1; a single lung is as deep as both are."""
    return min(1.0, max(depth_mm / _ADULT_DEPTH_MM, width_mm / _ADULT_WIDTH_MM))


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


def make_ct_mask(ct: CTVolume, lungs: np.ndarray, form: InputForm) -> CTMask:
    """Crop CT and mask to the lungs' bounding box, average slices into slabs and resample each to the input's size.

    Parameters
    ----------
    ct
        CT in axial order.
    lungs
        Lung mask on the CT's grid, true or non-zero in the lungs.
    form
        What the weights were trained with.

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
    count = box[0].stop - box[0].start
    if count < FEWEST_SLICES:
        raise InputError("The lungs are seen on one slice only; choose a whole chest CT.")
    form = form.for_lungs(box, ct.geometry.spacing)
    slabs = slab_count(count, ct.geometry.spacing[2], form.slice_mm)
    hu, mask = (averaged_slabs(volume, slabs) for volume in (ct.hu[box], lungs[box] > 0))
    image = window_to_8_bit(resample_in_plane(hu, *form.size), form.hu_window)
    mask = (resample_in_plane(mask, *form.size) >= 0.5).astype(np.uint8)
    geometry = _resampled_geometry(ct.geometry, box, (slabs, *form.size))
    if form.surroundings_mm is not None:
        image = hide_surroundings(image, mask, geometry.spacing[1::-1], form)
    return CTMask(image, mask, geometry)


def slab_count(slices: int, spacing_mm: float, slice_mm: float | None) -> int:
    """Into how many slabs of about ``slice_mm`` a stack of slices is cut: all of one thickness, none cut short."""
    if slice_mm is None:
        return slices
    return max(FEWEST_SLICES, round(slices * spacing_mm / slice_mm))


def averaged_slabs(volume: np.ndarray, slabs: int) -> np.ndarray:
    """Cut a stack of slices into ``slabs`` of equal thickness, each the mean of what it holds of every slice.

    Slabs thinner than the slices repeat them: nothing between two slices is invented.

    Parameters
    ----------
    volume
        ``[slice, row, column]``, any numeric type.

    Returns
    -------
    np.ndarray
        float32 ``[slab, row, column]``.
    """
    slices = len(volume)
    if slabs == slices:
        return volume.astype(np.float32)
    edges = np.linspace(0, slices, slabs + 1)
    averaged = np.zeros((slabs, *volume.shape[1:]), dtype=np.float32)
    for slab, (start, stop) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        for number in range(int(start), min(slices, int(np.ceil(stop)))):
            share = (min(stop, number + 1) - max(start, number)) / (stop - start)
            if share > 1e-9:
                averaged[slab] += np.float32(share) * volume[number]
    return averaged


def hide_surroundings(
    image: np.ndarray, mask: np.ndarray, pixel_mm: tuple[float, float], form: InputForm
) -> np.ndarray:
    """Paint over what lies farther from the lung mask than the weights want to see.

    Parameters
    ----------
    image, mask
        uint8 ``[slice, row, column]`` as in ``CTMask``.
    pixel_mm
        Distance between rows and between columns.
    """
    fill = window_to_8_bit(np.array(_SURROUNDINGS_HU), form.hu_window)
    return np.where(near_lungs(mask, pixel_mm, form.surroundings_mm or 0.0), image, fill).astype(np.uint8)


def near_lungs(mask: np.ndarray, pixel_mm: tuple[float, float], reach_mm: float) -> np.ndarray:
    """The lung mask and what lies within ``reach_mm`` of it along rows and columns, bool ``[slice, row, column]``."""
    rows, columns = (max(1, round(reach_mm / mm)) for mm in pixel_mm)
    return dilated(mask > 0, rows, columns)


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


def _resampled_geometry(geometry: Geometry, box: tuple[slice, slice, slice], shape: tuple[int, int, int]) -> Geometry:
    """Where a grid of ``shape`` [slice, row, column] lies that fills the box."""
    scale = np.array([(part.stop - part.start) / size for part, size in zip(box, shape, strict=True)])[::-1]
    start = np.array([part.start for part in box])[::-1] + 0.5 * scale - 0.5
    matrix = geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (geometry.ijk_to_lps @ [*start, 1.0])[:3]
    matrix[:3, :3] *= scale
    return Geometry.from_ijk_to_lps(matrix)

"""Lung masks: right and left lung on the grid of a CT, and the two methods that make them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..errors import MaskError
from ..weights.cards import ModelCard
from .lobes import lie_as_lobes_do, lungs_of
from .sides import LEFT, RIGHT, lung_in_view, split_sides
from .threshold import threshold_lungs
from .tidy import tidy_lungs
from .unet import SLICES_PER_BATCH, slices_per_batch_on, unet_lungs

__all__ = [
    "LEFT",
    "METHODS",
    "RIGHT",
    "LungMask",
    "lung_in_view",
    "lung_mask_sha256",
    "segment_lungs",
    "slices_per_batch_on",
    "split_sides",
    "threshold_lungs",
]

METHODS = ("unet", "threshold")

_LEAST_LUNGS_ML = 1.0
_LEAST_SHARE_OF_LARGEST = 0.005


@dataclass(frozen=True, eq=False)
class LungMask:
    """Right and left lung on the grid of a CT.

    Parameters
    ----------
    labels
        uint8 ``[slice, row, column]``: 0 background, 1 the patient's right lung, 2 the left.
    geometry
        Where the grid lies, LPS.
    lobes
        uint8 of the same shape, each voxel of the lungs with one of ``lobes.LOBES``; None where nobody told them apart.
    """

    labels: np.ndarray
    geometry: Geometry
    lobes: np.ndarray | None = None

    @classmethod
    def from_labels(cls, array: np.ndarray, geometry: Geometry) -> LungMask:
        """Check and convert labels; one empty side is allowed, as after a pneumonectomy.

        Parameters
        ----------
        array
            0, 1 (right) and 2 (left), ``[slice, row, column]``, any numeric type.

        Raises
        ------
        MaskError
            If the array is not 3D, holds other values, or marks no lung at all.
        """
        array = np.asarray(array)
        if array.ndim != 3 or array.dtype.kind not in "biuf":
            raise MaskError("The lung mask is not one 3D volume of labels; choose a mask made on this CT.")
        labels = array.astype(np.uint8)
        is_exact = array.dtype == np.uint8 or np.array_equal(labels, array)
        if not is_exact or (labels.size and labels.max() > LEFT):
            raise MaskError(
                "The lung mask has labels other than 0 (none), 1 (right lung) and 2 (left lung); "
                "choose a mask with these labels only."
            )
        if not labels.any():
            raise MaskError("The lung mask is empty; segment the lungs again or paint them.")
        return cls(labels, geometry)

    @classmethod
    def from_lobes(cls, array: np.ndarray, geometry: Geometry) -> LungMask:
        """The lungs that are made of five lobes, numbered as ``lobes.LOBES``, ``[slice, row, column]``.

        Raises
        ------
        MaskError
            If there are other labels, or they lie where the lobes do not.
        """
        lobes = np.asarray(array).astype(np.uint8)
        if not np.array_equal(lobes, array) or not lie_as_lobes_do(lobes, geometry):
            raise MaskError(
                "The lung mask has labels up to 5, but they are not the lobes in the order left upper, left lower, "
                "right upper, right middle, right lower; number them so, or choose a mask with 1 (right lung) and 2 "
                "(left lung)."
            )
        return cls(lungs_of(lobes), geometry, lobes)

    def axial(self) -> LungMask:
        """The same mask in axial LPS order, contiguous."""
        order = self.geometry.reorientation_to_axial()
        if order.is_identity:
            return self
        lobes = None if self.lobes is None else np.ascontiguousarray(order.apply(self.lobes))
        labels = np.ascontiguousarray(order.apply(self.labels))
        return LungMask(labels, self.geometry.reoriented(order, self.labels.shape), lobes)

    @property
    def volumes_ml(self) -> tuple[float, float]:
        """Volume in millilitres of the right and of the left lung."""
        voxel_ml = self.geometry.voxel_ml
        right, left = (float(np.count_nonzero(self.labels == side)) * voxel_ml for side in (RIGHT, LEFT))
        return right, left


def lung_mask_sha256(lung_mask: LungMask) -> str:
    """Hash of the labels in axial order: the same for any order in which they are stored, another after any edit."""
    return hashlib.sha256(np.ascontiguousarray(lung_mask.axial().labels).data).hexdigest()


def segment_lungs(
    ct: CTVolume,
    method: str | ModelCard = "unet",
    *,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
    slices_per_batch: int = SLICES_PER_BATCH,
) -> LungMask:
    """Find the lungs in a chest CT.

    Parameters
    ----------
    ct
        A chest CT in HU in any orientation.
    method
        ``"unet"``: the trained 2D UNet. ``"threshold"``: the unsupervised way that made the UNet's training masks.
        Or the model card of another UNet.
    device
        Where the UNet computes: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    progress
        Called with (slices done, slices in all); may raise ``Cancelled``.
    slices_per_batch
        Slices that go through the UNet together.

    Returns
    -------
    LungMask
        On the grid of ``ct``.

    Raises
    ------
    MaskError
        If the CT shows no lungs, or the method is not known.
    WeightsError, DeviceError
        If the UNet cannot run.
    """
    if isinstance(method, str) and method not in METHODS:
        raise MaskError(f"There is no method “{method}” for lung masks; choose one of: {', '.join(METHODS)}.")
    axial, reorientation = ct.axial()
    if method == "threshold":
        found = threshold_lungs(axial, progress)
    else:
        card = None if isinstance(method, str) else method
        found = unet_lungs(axial, card, device, progress, slices_per_batch)
        found = tidy_lungs(axial, found)
    if np.count_nonzero(found) * axial.geometry.voxel_ml < _LEAST_LUNGS_ML:
        raise MaskError("No lungs were found in this CT; choose a CT of the chest in Hounsfield units.")
    only = lung_in_view(axial.hu, found, axial.geometry.spacing)
    labels = split_sides(found, axial.geometry.spacing, least_share=_LEAST_SHARE_OF_LARGEST, only=only)
    return LungMask.from_labels(np.ascontiguousarray(reorientation.undo(labels)), ct.geometry)

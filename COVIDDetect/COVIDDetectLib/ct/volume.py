"""A chest CT: voxels in HU together with their geometry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..errors import InputError
from .geometry import Geometry, Reorientation

AIR_HU = -1024
"""The lowest value of the DICOM CT scale; scanners pad outside their field of view with less (−2048, −3024)."""


@dataclass(frozen=True, eq=False)
class CTVolume:
    """A CT in Hounsfield units.

    Parameters
    ----------
    hu
        int16 array ``[slice, row, column]``; never below −1024 HU.
    geometry
        Where the grid lies, LPS.
    name
        What the user calls it; never a patient's name.
    notes
        Sentences about how it was read, which the user must see with any result.
    also_there
        A sentence about what else could have been read; or empty.
    """

    hu: np.ndarray
    geometry: Geometry
    name: str = ""
    notes: tuple[str, ...] = ()
    also_there: str = ""

    @classmethod
    def from_array(cls, array: np.ndarray, geometry: Geometry, name: str = "") -> CTVolume:
        """Check and convert the voxels of a CT; padding below −1024 HU becomes air.

        Parameters
        ----------
        array
            Numbers in HU, ``[slice, row, column]``, any numeric type.

        Raises
        ------
        InputError
            If the array is not a 3D volume of finite numbers in the range that a CT can have.
        """
        array = np.asarray(array)
        if array.ndim != 3 or array.dtype.kind not in "iuf":
            raise InputError(
                "This is not one volume of gray values (it is a time series, a color image or empty); "
                "choose a single 3D CT."
            )
        if min(array.shape) < 1:
            raise InputError("The volume is empty; choose a chest CT.")
        if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
            raise InputError("The volume has voxels that are not numbers (NaN or infinite); export the CT again.")
        lowest, highest = float(array.min()), float(array.max())
        if highest > 32767 or lowest < -32768:
            raise InputError(
                f"The values run from {lowest:.0f} to {highest:.0f}, which Hounsfield units cannot; "
                "load the CT with its rescale slope and intercept applied."
            )
        if array.dtype.kind == "f":
            array = np.rint(array)
        hu = array.astype(np.int16)
        return cls(np.maximum(hu, AIR_HU, out=hu), geometry, name)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows, columns."""
        slices, rows, columns = self.hu.shape
        return slices, rows, columns

    def axial(self) -> tuple[CTVolume, Reorientation]:
        """The same CT with slices towards the head, rows towards the back, columns towards the patient's left.

        Returns
        -------
        axial, reorientation
            The CT in axial LPS order, contiguous, and the reorientation whose ``undo`` leads back.
        """
        reorientation = self.geometry.reorientation_to_axial()
        if reorientation.is_identity:
            return self, reorientation
        hu = np.ascontiguousarray(reorientation.apply(self.hu))
        return replace(self, hu=hu, geometry=self.geometry.reoriented(reorientation, self.shape)), reorientation

    @cached_property
    def sha256(self) -> str:
        """Hash of the voxels in axial order and of the spacing: the same for any order in which they are stored."""
        ct, _ = self.axial()
        digest = hashlib.sha256(repr((ct.shape, [round(mm, 4) for mm in ct.geometry.spacing])).encode())
        digest.update(np.ascontiguousarray(ct.hu, dtype="<i2").data)
        return digest.hexdigest()

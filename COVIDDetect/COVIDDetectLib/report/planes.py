"""Chooses the slices that show an analysis best, in radiological orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from ..analysis.attention import Attention
from ..ct.volume import CTVolume
from ..lungs import LungMask

Axis = Literal["axial", "coronal", "sagittal"]

MARGIN_MM = 22.0
"""Chest wall that is shown around the lungs."""

_ARRAY_AXIS: dict[Axis, int] = {"axial": 0, "coronal": 1, "sagittal": 2}
# Left, right, top and bottom edge of the picture; a patient is seen from the feet, from the front, from the left.
_EDGES: dict[Axis, tuple[str, str, str, str]] = {
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "S", "I"),
    "sagittal": ("A", "P", "S", "I"),
}


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice as displayed: row 0 is the top, column 0 the left edge of the picture.

    Parameters
    ----------
    axis, index
        Which plane, and which slice, row or column of the axial CT it is.
    hu, labels, attention
        Arrays ``[row, column]`` of the same shape: HU, 0/1 right/2 left lung, heat of the map 0…1.
    extent_mm
        Left, right, bottom and top edge in mm from the center of voxel 0, along the axes of the axial CT.
    position_mm
        Where the plane lies along its normal, in RAS as slice viewers count.
    """

    axis: Axis
    index: int
    hu: np.ndarray
    labels: np.ndarray
    attention: np.ndarray
    extent_mm: tuple[float, float, float, float]
    position_mm: float

    @property
    def edges(self) -> tuple[str, str, str, str]:
        """Letters of the left, right, top and bottom edge."""
        return _EDGES[self.axis]

    @property
    def title(self) -> str:
        """What the user reads, such as ``Axial  S −120.5 mm``: the number that a slice viewer shows."""
        return f"{self.axis.capitalize()}   {position_text(self.axis, self.position_mm)}"


def position_text(axis: Axis, position_mm: float) -> str:
    """Where a plane lies, in mm towards head, front or left: ``S −120.5 mm``."""
    letter = {"axial": "S", "coronal": "A", "sagittal": "L"}[axis]
    return f"{letter} {position_mm:+.1f} mm".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True, eq=False)
class Scene:
    """A CT in axial order with its lungs and its heat map; cuts planes out of them.

    Parameters
    ----------
    ct
        In axial order.
    labels
        uint8 ``[slice, row, column]`` on the CT's grid.
    attention
        Heat map on its own grid.
    """

    ct: CTVolume
    labels: np.ndarray
    attention: Attention

    @classmethod
    def of(cls, ct: CTVolume, lung_mask: LungMask, attention: Attention) -> Scene:
        """From a CT in any orientation and a mask on its grid."""
        return cls(ct.axial()[0], lung_mask.axial().labels, attention)

    def lung_box(self) -> tuple[slice, slice, slice]:
        """The lungs' bounding box in voxels."""
        return scipy.ndimage.find_objects((self.labels > 0).view(np.uint8))[0]

    def cells_in_lungs(self) -> tuple[np.ndarray, np.ndarray]:
        """The heat map's cells whose centers lie in a lung.

        Returns
        -------
        kji, values
            Nearest voxels of the CT ``(n, 3)`` and their values ``(n,)``.
        """
        cells = np.indices(self.attention.values.shape).reshape(3, -1)[::-1]
        ijk = _map(np.linalg.inv(self.ct.geometry.ijk_to_lps) @ self.attention.geometry.ijk_to_lps, cells)
        kji = np.rint(ijk[::-1]).astype(int)
        inside = np.all((kji >= 0) & (kji < np.array(self.ct.shape)[:, None]), axis=0)
        inside[inside] = self.labels[tuple(kji[:, inside])] > 0
        return kji[:, inside].T, self.attention.heat.ravel()[inside]

    def hottest_index(self, axis: Axis, within: slice | None = None) -> int:
        """The plane that shows most of the heat map in the lungs, or the middle one where nothing is hot.

        Cells count by their square: one hot focus outweighs a faint glow over a large cross-section.
        """
        number = _ARRAY_AXIS[axis]
        within = within or self.lung_box()[number]
        kji, values = self.cells_in_lungs()
        here = (kji[:, number] >= within.start) & (kji[:, number] < within.stop)
        heat = np.bincount(kji[here, number], weights=np.square(values[here], dtype=float))
        return int(heat.argmax()) if heat.any() else (within.start + within.stop) // 2

    def axial_indices(self) -> list[int]:
        """The hottest slice of the upper, the middle and the lower third of the lungs."""
        slices = self.lung_box()[0]
        bounds = np.linspace(slices.start, slices.stop, 4).astype(int)
        thirds = [slice(low, high) for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
        return [self.hottest_index("axial", third) for third in reversed(thirds)]

    def cut(self, axis: Axis, index: int) -> Plane:
        """One plane through the CT, cropped to the lungs with some chest wall."""
        geometry, normal = self.ct.geometry, _ARRAY_AXIS[axis]
        window = [
            slice(max(box.start - round(MARGIN_MM / mm), 0), min(box.stop + round(MARGIN_MM / mm), size))
            for box, mm, size in zip(self.lung_box(), geometry.spacing[::-1], self.ct.shape, strict=True)
        ]
        window[normal] = slice(index, index + 1)
        kji = np.meshgrid(*(np.arange(part.start, part.stop) for part in window), indexing="ij")
        ijk = np.stack([axis_indices.ravel() for axis_indices in kji[::-1]])
        in_attention = _map(np.linalg.inv(self.attention.geometry.ijk_to_lps) @ geometry.ijk_to_lps, ijk)[::-1]
        # Beyond the outermost cell centers the lungs go on for half a cell: "nearest" fills that rim.
        attention = scipy.ndimage.map_coordinates(self.attention.heat, in_attention, order=1, mode="nearest")
        first, second = (part for number, part in enumerate(window) if number != normal)
        shape = (first.stop - first.start, second.stop - second.start)

        def shown(plane: np.ndarray) -> np.ndarray:
            return plane.reshape(shape) if axis == "axial" else plane.reshape(shape)[::-1]

        middle = np.array([[(part.start + part.stop - 1) / 2] for part in window[::-1]])
        x_lps, y_lps, z_lps = _map(geometry.ijk_to_lps, middle)[:, 0]
        row_mm, column_mm = (mm for number, mm in enumerate(geometry.spacing[::-1]) if number != normal)
        top, bottom = ((first.start - 0.5) * row_mm, (first.stop - 0.5) * row_mm)
        if axis != "axial":
            top, bottom = bottom, top
        left, right = (second.start - 0.5) * column_mm, (second.stop - 0.5) * column_mm
        return Plane(
            axis,
            index,
            shown(self.ct.hu[tuple(window)]),
            shown(self.labels[tuple(window)]),
            shown(attention),
            (left, right, bottom, top),
            float({"axial": z_lps, "coronal": -y_lps, "sagittal": x_lps}[axis]),
        )


def _map(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A 4×4 matrix applied to points ``(3, n)``."""
    return matrix[:3, :3] @ points + matrix[:3, 3:]

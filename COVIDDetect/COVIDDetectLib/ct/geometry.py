"""Where a voxel grid lies in the patient, in one convention: LPS, millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    import SimpleITK

Vector = tuple[float, float, float]

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Geometry:
    """The place of a voxel grid in LPS space (x to the patient's left, y to the back, z to the head).

    Voxel indices are (i, j, k) = (column, row, slice); the arrays that go with a geometry are ``[k, j, i]``.

    Parameters
    ----------
    origin
        LPS coordinates in mm of the centre of voxel (0, 0, 0).
    spacing
        Distance in mm between voxel centres along i, j and k.
    direction
        3×3 matrix by rows; its *columns* are the LPS unit vectors of i, j and k, as in ITK.

    Raises
    ------
    InputError
        If a spacing is not positive or the directions do not span space.
    """

    origin: Vector
    spacing: Vector
    direction: tuple[Vector, Vector, Vector]

    def __post_init__(self) -> None:
        numbers = [*self.origin, *self.spacing, *(value for row in self.direction for value in row)]
        if not np.all(np.isfinite(numbers)) or min(self.spacing) <= 0:
            raise InputError("The volume's spacing or position is not a valid number; export it again from its source.")
        if abs(np.linalg.det(np.array(self.direction))) < 1e-3:
            raise InputError("The axes of the volume are not independent; export it again from its source.")

    @classmethod
    def axial(cls, spacing: Vector = (1.0, 1.0, 1.0), origin: Vector = (0.0, 0.0, 0.0)) -> Geometry:
        """A grid whose i, j, k run along L, P, S."""
        return cls(origin, spacing, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))

    @classmethod
    def from_ijk_to_lps(cls, matrix: np.ndarray) -> Geometry:
        """From a 4×4 matrix that maps voxel indices to LPS millimetres."""
        axes = np.asarray(matrix, dtype=float)[:3, :3]
        spacing = np.linalg.norm(axes, axis=0)
        if not np.all(spacing > 0):
            raise InputError("The voxels have no size along one axis; export it again from its source.")
        directions = axes / spacing
        return cls(_vector(np.asarray(matrix, dtype=float)[:3, 3]), _vector(spacing), _rows(directions))

    @classmethod
    def from_ijk_to_ras(cls, matrix: np.ndarray) -> Geometry:
        """From a 4×4 matrix that maps voxel indices to RAS millimetres, as MRML volumes carry."""
        return cls.from_ijk_to_lps(_LPS_TO_RAS @ np.asarray(matrix, dtype=float))

    @classmethod
    def from_sitk(cls, image: SimpleITK.Image) -> Geometry:
        """From a 3D SimpleITK image."""
        return cls(
            _vector(image.GetOrigin()), _vector(image.GetSpacing()), _rows(np.reshape(image.GetDirection(), (3, 3)))
        )

    def apply_to(self, image: SimpleITK.Image) -> None:
        """Put a 3D SimpleITK image at this place."""
        image.SetOrigin(self.origin)
        image.SetSpacing(self.spacing)
        image.SetDirection([value for row in self.direction for value in row])

    @property
    def ijk_to_lps(self) -> np.ndarray:
        """4×4 matrix from voxel indices to LPS millimetres."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(self.direction) * np.array(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def ijk_to_ras(self) -> np.ndarray:
        """4×4 matrix from voxel indices to RAS millimetres."""
        return _LPS_TO_RAS @ self.ijk_to_lps

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.ijk_to_lps[:3, :3]))) / 1000.0

    def same_grid(self, other: Geometry, tolerance_mm: float = 1e-2) -> bool:
        """Whether the two place every nearby voxel within ``tolerance_mm`` of each other.

        Directions are compared over 500 voxels, so that a rotation that would move a far corner counts.
        """
        corners = np.array([[0, 0, 0, 1], [500, 0, 0, 1], [0, 500, 0, 1], [0, 0, 500, 1]], dtype=float).T
        return bool(np.all(np.abs((self.ijk_to_lps - other.ijk_to_lps) @ corners) < tolerance_mm))

    def reorientation_to_axial(self) -> Reorientation:
        """The exchange and reversal of axes that brings a grid closest to axial LPS order; nothing is resampled."""
        direction = np.array(self.direction)
        # The assignment of voxel axes to L, P, S with the largest sum of cosines: unlike a greedy choice,
        # it gives a proper permutation for grids turned by 45 degrees too.
        ijk_axes = max(permutations(range(3)), key=lambda axes: sum(abs(direction[w, axes[w]]) for w in range(3)))
        flips = tuple(bool(direction[world, axis] < 0) for world, axis in enumerate(ijk_axes))
        return Reorientation((ijk_axes[0], ijk_axes[1], ijk_axes[2]), (flips[0], flips[1], flips[2]))

    def require_axial(self) -> None:
        """Make sure that a grid is in axial LPS order, as whoever turned it at the door has promised.

        Raises
        ------
        ValueError
            If it is not: what computes on it would take one axis for another.
        """
        if not self.reorientation_to_axial().is_identity:
            raise ValueError("This grid is not in axial order; turn the volume first (CTVolume.axial, LungMask.axial).")

    def reoriented(self, reorientation: Reorientation, shape: tuple[int, int, int]) -> Geometry:
        """The geometry of an array of ``shape`` [k, j, i] after ``reorientation.apply``."""
        size = shape[::-1]
        matrix = np.eye(4)
        for new_axis, (old_axis, flip) in enumerate(zip(reorientation.ijk_axes, reorientation.flips, strict=True)):
            column = self.ijk_to_lps[:3, old_axis]
            matrix[:3, new_axis] = -column if flip else column
        start = np.array([0.0, 0.0, 0.0, 1.0])
        for old_axis, flip in zip(reorientation.ijk_axes, reorientation.flips, strict=True):
            start[old_axis] = size[old_axis] - 1 if flip else 0
        matrix[:, 3] = self.ijk_to_lps @ start
        return Geometry.from_ijk_to_lps(matrix)


@dataclass(frozen=True)
class Reorientation:
    """An exchange and reversal of voxel axes, and the way back.

    Parameters
    ----------
    ijk_axes
        For each new axis (i, j, k) the old axis that it takes.
    flips
        For each new axis whether that old axis runs the other way.
    """

    ijk_axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @property
    def is_identity(self) -> bool:
        """Whether the order already is axial LPS."""
        return self.ijk_axes == (0, 1, 2) and not any(self.flips)

    def apply(self, array: np.ndarray) -> np.ndarray:
        """A view of ``array`` [k, j, i] in the new order."""
        axes = [2 - self.ijk_axes[2 - position] for position in range(3)]
        return array.transpose(axes)[self._reversals()]

    def undo(self, array: np.ndarray) -> np.ndarray:
        """A view of ``array`` in the order that it had before ``apply``."""
        axes = [2 - self.ijk_axes[2 - position] for position in range(3)]
        return array[self._reversals()].transpose(np.argsort(axes))

    def _reversals(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1) if self.flips[2 - position] else slice(None) for position in range(3))


def _vector(values: object) -> Vector:
    x, y, z = (float(value) for value in np.asarray(values).ravel())
    return x, y, z


def _rows(matrix: np.ndarray) -> tuple[Vector, Vector, Vector]:
    return _vector(matrix[0]), _vector(matrix[1]), _vector(matrix[2])

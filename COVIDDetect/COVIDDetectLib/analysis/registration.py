"""Lays an earlier CT of a patient over a later one, rigidly and by the lungs, and finds where opacity came or went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
import SimpleITK as sitk

from ..ct.ct_mask import bounding_box
from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..errors import InputError
from ..lungs import LungMask
from .analyze import Progress
from .opacity import OpacityBounds

GROWN, RESOLVED = 1, 2
"""Labels of ``OpacityChange``."""

LEAST_OVERLAP = 0.87
"""Dice of the lungs after alignment, from which two CTs look like one chest.

Of 45 pairs of ten people with public CTs of whole lungs the likest had 0.853.
"""
_LEAST_SEEN_ML = 200.0
_COARSE_MM, _FINE_MM = 10.0, 4.0
_NEAR_LUNGS_MM = 15.0
_WINDOW_HU = (-1000, 200)
_WHOLE = 250
"""Of a voxel; its share of lung is counted in these, so that a byte holds it."""

_MAP_MM, _SMOOTHING_MM, _LEAST_CHANGE_HU, _SMALLEST_ML = 2.5, 2.5, 100.0, 0.5

_USUAL = OpacityBounds()

Scan = tuple[CTVolume, LungMask]


@dataclass(frozen=True)
class Registration:
    """How an earlier CT lies on a later one.

    Parameters
    ----------
    earlier_to_later_lps
        4×4 by rows: moves a point of the earlier CT, in LPS millimetres, to the same place in the later one.
    overlap
        Dice coefficient of both lung masks then, where both CTs show the body.
    seen_in_both
        Share of the lungs, of that CT of which less is seen in the other, that lies within both fields of view.
    """

    earlier_to_later_lps: tuple[tuple[float, float, float, float], ...]
    overlap: float
    seen_in_both: float

    @property
    def matrix(self) -> np.ndarray:
        """``earlier_to_later_lps`` as an array."""
        return np.array(self.earlier_to_later_lps)

    @property
    def later_to_earlier(self) -> sitk.AffineTransform:
        """The other way round, as ITK resamples the earlier CT on the grid of the later one."""
        inverse = np.linalg.inv(self.matrix)
        transform = sitk.AffineTransform(3)
        transform.SetMatrix(inverse[:3, :3].ravel().tolist())
        transform.SetTranslation(inverse[:3, 3].tolist())
        return transform


@dataclass(frozen=True, eq=False)
class OpacityChange:
    """Where lung became opaque, and where opacity went.

    Parameters
    ----------
    labels
        uint8 ``[slice, row, column]``: 0, 1 grown, 2 resolved; in axial order, coarser than the CT.
    geometry
        Where its grid lies, over the later CT.
    """

    labels: np.ndarray
    geometry: Geometry

    def volume_ml(self, label: int) -> float:
        """Of what has grown, or resolved."""
        return float(np.count_nonzero(self.labels == label)) * self.geometry.voxel_ml


@dataclass(frozen=True, eq=False)
class Alignment:
    """How two CTs lie on each other, and what has changed of the opacity."""

    registration: Registration
    change: OpacityChange


def align(
    later: Scan, earlier: Scan, bounds: OpacityBounds = _USUAL, progress: Callable[[Progress], None] = lambda _: None
) -> Alignment:
    """``register`` and ``opacity_change`` in one.

    Parameters
    ----------
    progress
        Called at each step; may raise ``Cancelled``.
    """
    registration = register(later, earlier, lambda: progress(Progress("align", 0, 2)))
    progress(Progress("align", 1, 2))
    return Alignment(registration, opacity_change(later, earlier, registration, bounds))


def register(later: Scan, earlier: Scan, go_on: Callable[[], None] = lambda: None) -> Registration:
    """Find the rotation and shift that lay an earlier CT over a later one; the same inputs give the same result.

    Differences of density in and around the lungs are made small, from the middles, the upper and the lower ends of
    the lungs on. Takes seconds, with one thread.

    Parameters
    ----------
    later, earlier
        CT and lung mask, each pair on a grid of its own, in any orientation.
    go_on
        Called at each step; may raise, which ends it.

    Raises
    ------
    InputError
        If the two show no common part of the lungs, or a mask is empty.
    """
    if not all(lung_mask.labels.any() for _ct, lung_mask in (later, earlier)):
        raise InputError("One of the two lung masks is empty; mark the lungs, score again, then compare.")
    coarse = [_Level.of(scan, _COARSE_MM) for scan in (later, earlier)]
    tried = [_improved(start, coarse[0], coarse[1], go_on) for start in _starts(coarse[0], coarse[1])]
    found = min(tried, key=lambda one: one[1])[0]
    fine = [_Level.of(scan, _FINE_MM) for scan in (later, earlier)]
    transform, _difference = _improved(found, fine[0], fine[1], go_on)
    registration = _judged(transform, fine[0], fine[1])
    if registration is None:
        raise InputError("The two CTs show no common part of the lungs; choose another earlier CT.")
    return registration


def opacity_change(
    later: Scan, earlier: Scan, registration: Registration, bounds: OpacityBounds = _USUAL
) -> OpacityChange:
    """Where both CTs show lung, and its density has risen into opacity or fallen out of it by more than 100 HU.

    Both are smoothed alike first, so that vessels and noise that do not lie exactly over each other hardly count.
    """
    now, grid = _mean_density(later)
    then, _ = _mean_density(earlier)
    moved = sitk.GetArrayFromImage(sitk.Resample(then, grid, registration.later_to_earlier, sitk.sitkLinear, np.nan))
    density = sitk.GetArrayViewFromImage(now)
    with np.errstate(invalid="ignore"):  # outside of either lung it is not a number, and nothing has changed
        opaque, was_opaque = (values >= bounds.ground_glass[0] for values in (density, moved))
        rise = density - moved
        changes = {GROWN: opaque & (rise > _LEAST_CHANGE_HU), RESOLVED: was_opaque & (rise < -_LEAST_CHANGE_HU)}
    geometry = Geometry.from_sitk(grid)
    labels = np.zeros(density.shape, dtype=np.uint8)
    for label, where in changes.items():
        labels[_without_specks(where, geometry.voxel_ml)] = label
    return OpacityChange(labels, geometry)


@dataclass(frozen=True)
class _Level:
    """A scan on a coarse grid: float32 HU within a window, share of lung, and uint8 1 near the lungs."""

    hu: sitk.Image
    lungs: sitk.Image
    near: sitk.Image

    @classmethod
    def of(cls, scan: Scan, mm: float) -> _Level:
        ct, lung_mask = scan[0].axial()[0], scan[1].axial()
        hu = _shrunk(_image(ct.hu, ct.geometry), mm)
        lungs = _shrunk(_image(np.where(lung_mask.labels > 0, np.uint8(_WHOLE), np.uint8(0)), ct.geometry), mm)
        lungs = sitk.Cast(lungs, sitk.sitkFloat32) / _WHOLE
        distance = sitk.SignedMaurerDistanceMap(
            lungs > 0.5, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
        return cls(sitk.Clamp(hu, sitk.sitkFloat32, *_WINDOW_HU), lungs, distance < _NEAR_LUNGS_MM)

    def middle_and_ends_lps(self) -> tuple[np.ndarray, float, float]:
        """The center of the lungs, and how low and how high they reach."""
        weights = sitk.GetArrayViewFromImage(self.lungs)
        profiles = [weights.sum(axis=other) for other in ((0, 1), (0, 2), (1, 2))]
        index = [float(np.average(np.arange(len(one)), weights=one)) for one in profiles]
        inside = np.flatnonzero(profiles[2] > 0)
        low, high = (
            self.lungs.TransformContinuousIndexToPhysicalPoint((*index[:2], float(k)))[2]
            for k in (inside[0], inside[-1])
        )
        return np.array(self.lungs.TransformContinuousIndexToPhysicalPoint(index)), low, high


def _starts(later: _Level, earlier: _Level) -> list[sitk.Euler3DTransform]:
    """Shifts alone: where one CT shows only a part of the lungs, their middles are not the same place."""
    (middle, low, high), (other, other_low, other_high) = (one.middle_and_ends_lps() for one in (later, earlier))
    starts = []
    for up in (other[2] - middle[2], other_high - high, other_low - low):
        start = sitk.Euler3DTransform()
        start.SetCenter(middle.tolist())
        start.SetTranslation([*(other - middle)[:2].tolist(), float(up)])
        starts.append(start)
    return starts


def _improved(
    start: sitk.Euler3DTransform, later: _Level, earlier: _Level, go_on: Callable[[], None]
) -> tuple[sitk.Euler3DTransform, float]:
    """The best transform near a start, from later to earlier, and the mean squared difference that it leaves."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetMetricFixedMask(later.near)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(4.0, 0.01, 100, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetNumberOfThreads(1)  # sums of several threads differ in their last digits
    found = sitk.Euler3DTransform(start)
    method.SetInitialTransform(found, inPlace=True)
    stopped: list[BaseException] = []

    def on_step() -> None:
        try:
            go_on()
        except BaseException as error:  # noqa: BLE001 - through SimpleITK it would come out as another
            stopped.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, on_step)
    try:
        method.Execute(later.hu, earlier.hu)
    except RuntimeError:
        if not stopped:  # from this start the two have left each other
            return start, float("inf")
    if stopped:
        raise stopped[0]
    return found, method.GetMetricValue()


def _judged(transform: sitk.Euler3DTransform, later: _Level, earlier: _Level) -> Registration | None:
    """With its figures; None where hardly any lung is seen in both."""

    def over(image: sitk.Image, grid: sitk.Image, way: sitk.Transform) -> np.ndarray:
        return sitk.GetArrayFromImage(sitk.Resample(image, grid, way, sitk.sitkLinear, -1.0))

    def seen(one: _Level, other: _Level, way: sitk.Transform) -> tuple[np.ndarray, np.ndarray, float]:
        lungs, others = sitk.GetArrayViewFromImage(one.lungs) > 0.5, over(other.lungs, one.lungs, way)
        return lungs, others, float(np.mean(others[lungs] >= 0)) if lungs.any() else 0.0

    lungs, others, share = seen(later, earlier, transform)
    share_of_earlier = seen(earlier, later, transform.GetInverse())[2]
    a, b = lungs & (others >= 0), others > 0.5
    voxel_ml = float(np.prod(later.lungs.GetSpacing())) / 1000
    if np.count_nonzero(a & b) * voxel_ml < _LEAST_SEEN_ML:
        return None
    overlap = 2.0 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
    return Registration(_inverse_rows(transform), float(overlap), min(share, share_of_earlier))


def _inverse_rows(transform: sitk.Euler3DTransform) -> tuple[tuple[float, float, float, float], ...]:
    """SimpleITK's transform leads from the later to the earlier CT; the CT itself moves the other way."""
    forward = np.eye(4)
    forward[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
    forward[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    rows = np.linalg.inv(forward).tolist()
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in rows)


def _mean_density(scan: Scan) -> tuple[sitk.Image, sitk.Image]:
    """Mean HU of the lung around each voxel, not a number outside the lungs; and the grid, about 2.5 mm wide."""
    ct, lung_mask = scan[0].axial()[0], scan[1].axial()
    box = bounding_box(lung_mask.labels)
    corner = np.eye(4)
    corner[:3, 3] = [one.start for one in box[::-1]]
    geometry = Geometry.from_ijk_to_lps(ct.geometry.ijk_to_lps @ corner)
    inside = (lung_mask.labels[box] > 0).astype(np.float32)
    weight, total = (_shrunk(_image(array, geometry), _MAP_MM) for array in (inside, ct.hu[box] * inside))
    sigma = [_SMOOTHING_MM / mm for mm in weight.GetSpacing()[::-1]]
    weights, totals = (scipy.ndimage.gaussian_filter(sitk.GetArrayViewFromImage(one), sigma) for one in (weight, total))
    is_lung = sitk.GetArrayViewFromImage(weight) > 0.5
    density = np.where(is_lung, totals / np.maximum(weights, 0.01), np.nan).astype(np.float32)
    return _image(density, Geometry.from_sitk(weight)), weight


def _without_specks(where: np.ndarray, voxel_ml: float) -> np.ndarray:
    pieces, _count = scipy.ndimage.label(where)
    are_large = np.bincount(pieces.ravel()) * voxel_ml >= _SMALLEST_ML
    are_large[0] = False
    return are_large[pieces]


def _shrunk(image: sitk.Image, mm: float) -> sitk.Image:
    """Means of blocks that are about so wide."""
    factors = [max(1, round(mm / spacing)) for spacing in image.GetSpacing()]
    factors = [int(min(factor, size)) for factor, size in zip(factors, image.GetSize(), strict=True)]
    return sitk.BinShrink(image, factors)


def _image(array: np.ndarray, geometry: Geometry) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    geometry.apply_to(image)
    return image

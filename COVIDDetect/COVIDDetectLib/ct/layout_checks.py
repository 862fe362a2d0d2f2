"""Checks the values and the grid of a CT; each finding is one sentence that says what is wrong and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .geometry import Geometry
from .volume import CTVolume

FEWEST_SLICES = 16
"""DeCoVNet's classifier pools to 16 positions along the body (Zheng et al. 2020, table 1)."""

# The bounds below are ours, wide on purpose: each stands between what a chest CT can be and what an error makes of it.
# Voxels that are looked at: enough to tell 1 %, read in a fraction of a second.
_LARGEST_SAMPLE = 2_000_000
# Between lung (-500 HU and less, see lungs/anatomy_checks) and fat (-150 HU and more).
_AIR_BELOW_HU = -400
# Lungs alone are a tenth of a chest CT; where DICOM's rescale intercept was lost, air is at 0 and none is left.
_LEAST_SHARE_OF_AIR = 0.01
# The darkest hundredth of 15 CTs was at -1000 HU or below; a shift by 100 HU is no scanner's drift.
_AIR_AT_MOST_HU = -900.0
# Muscle, blood and organs, with noise and contrast agent: 5 % to 31 % of these CTs; of a shifted one only its bone.
_SOFT_TISSUE_HU, _LEAST_SOFT_TISSUE = (-30, 130), 0.025
_DENSEST_AT_LEAST_HU, _A_LITTLE_LESS_HU = 100, 60
"""Public CTs of COVID-19 end at 150 HU and more; the densities that count end at 50."""
# From a targeted reconstruction (512 pixels on 100 mm) to one that was reduced to 128 pixels on 500 mm.
_IN_PLANE_MM = (0.2, 4.0)
# From the finest detector rows to 10 mm slices with a gap.
_BETWEEN_SLICES_MM = (0.2, 15.0)
# No lung fits into less, and no scanner's bore is wider.
_FIELD_MM = (150.0, 800.0)
# Positions in DICOM are rounded, and spacings of some scanners waver; a slice that is missing doubles the distance.
_UNEVEN_MM, _UNEVEN_SHARE = 0.1, 0.05
# Over lungs 300 mm high a tilt of half a degree shifts the slices by 2.6 mm, less than a cell of the heat map.
_TILT_DEGREES = 0.5
_TURN_DEGREES = 10.0


@dataclass(frozen=True)
class Finding:
    """Something wrong with a CT or a lung mask.

    Parameters
    ----------
    code
        A short name that stays the same: ``not-hu``, ``wrong-body-part``, ``no-lungs``, ``one-lung``, ``cut-off``,
        ``few-slices``, ``spacing``, ``contrast``, ``gaps``, ``one-position``, ``tilt``, ``time-series``, ``color``,
        ``flat``, ``turned``, ``orientation``, ``scale``, ``lost-pixels``, ``slice-order``, ``mixed``, ``lossy``;
        of a mask ``mask-outside-body``, ``lung-missing``, ``mask-misplaced``; of a CT that another program loaded
        ``not-as-stored``.
    sentence
        What the user reads: what is wrong and what to do.
    computable
        Whether an analysis can run all the same, if the user wants it.
    """

    code: str
    sentence: str
    computable: bool


def check_values(ct: CTVolume) -> Finding | None:
    """Without air or lung there is nothing to score: less than 1 % of the voxels are below −400 HU."""
    sample = _sample(ct)
    if np.count_nonzero(sample < _AIR_BELOW_HU) >= _LEAST_SHARE_OF_AIR * sample.size:
        return None
    return Finding(
        "not-hu",
        f"The values of this volume ({int(ct.hu.min())} to {int(ct.hu.max())}) are not Hounsfield units of a "
        "chest: there is no air in it; choose a chest CT.",
        computable=False,
    )


def check_scale(ct: CTVolume) -> Finding | None:
    """Air and soft tissue that do not have their densities: a rescale that is wrong in the whole file."""
    sample = _sample(ct)
    darkest_hu = float(np.percentile(sample, 1))
    soft = np.count_nonzero((sample > _SOFT_TISSUE_HU[0]) & (sample < _SOFT_TISSUE_HU[1])) / sample.size
    if darkest_hu > _AIR_AT_MOST_HU:
        wrong = f"The air in this CT has {darkest_hu:.0f} HU, where it has −1000"
    elif soft < _LEAST_SOFT_TISSUE:
        wrong = "Hardly anything in this CT has the density of soft tissue (0 to 100 HU)"
    elif (densest_hu := int(sample.max())) < _DENSEST_AT_LEAST_HU and _piles_up_at(densest_hu, sample):
        return Finding(
            "scale",
            f"The values of this CT end at {densest_hu} HU: all that is denser was cut off, and consolidation with it; "
            "load the original series.",
            computable=True,
        )
    else:
        return None
    return Finding(
        "scale",
        f"{wrong}: its values seem to be shifted or stretched; load the CT with its rescale applied.",
        computable=True,
    )


def _piles_up_at(densest_hu: int, sample: np.ndarray) -> bool:
    """Whether much has just this value, and some a little less: as tissue has after its densest part was cut off."""
    below = np.count_nonzero((sample < densest_hu) & (sample > densest_hu - _A_LITTLE_LESS_HU))
    return bool(min(np.count_nonzero(sample == densest_hu), 10 * below) > _LEAST_SHARE_OF_AIR * sample.size)


def _sample(ct: CTVolume) -> np.ndarray:
    step = max(1, round((ct.hu.size / _LARGEST_SAMPLE) ** (1 / 3)))
    return ct.hu[::step, ::step, ::step]


def check_slice_count(axial: CTVolume) -> Finding | None:
    """Fewer slices than the network's classifier has positions."""
    count = len(axial.hu)
    if count >= FEWEST_SLICES:
        return None
    return Finding(
        "few-slices",
        f"The CT has only {count} axial slices, of which at least {FEWEST_SLICES} are needed for a result that can be "
        "trusted; choose a series with thinner slices.",
        computable=count >= 2,
    )


def check_spacing(axial: CTVolume) -> Finding | None:
    """A voxel size that no scanner makes, or a field of view in which no chest fits."""
    across_mm, down_mm, between_mm = axial.geometry.spacing
    field_mm = (across_mm * axial.shape[2], down_mm * axial.shape[1])
    plausible = (
        all(_IN_PLANE_MM[0] <= mm <= _IN_PLANE_MM[1] for mm in (across_mm, down_mm))
        and _BETWEEN_SLICES_MM[0] <= between_mm <= _BETWEEN_SLICES_MM[1]
        and all(_FIELD_MM[0] <= mm <= _FIELD_MM[1] for mm in field_mm)
    )
    if plausible:
        return None
    return Finding(
        "spacing",
        f"The voxels measure {across_mm:.3g} × {down_mm:.3g} × {between_mm:.3g} mm and the slices "
        f"{field_mm[0]:.0f} × {field_mm[1]:.0f} mm, unlike those of any chest CT; load the original series, or correct "
        "the spacing.",
        computable=True,
    )


def check_turn(axial: Geometry) -> Finding | None:
    """A grid that lies aslant in the patient, as reformats do, or as a damaged header says; a tilted gantry is no turn.

    Parameters
    ----------
    axial
        In the order of axes that is closest to axial.
    """
    cosines = np.clip(np.diag(np.array(axial.direction)), -1.0, 1.0)
    turned = float(np.degrees(np.arccos(cosines.min())))
    if turned <= _TURN_DEGREES or check_axes(axial.ijk_to_lps):
        return None
    return Finding(
        "turned",
        f"The grid of the CT is turned by {turned:.0f} degrees against the patient's axes; choose the original axial "
        "series, or see whether the orientation is right.",
        computable=True,
    )


def check_slice_positions(
    positions_mm: Sequence[float], subject: str = "The CT", if_uneven: str = "load the whole series"
) -> Finding | None:
    """Slices that are missing, or several at one place.

    Parameters
    ----------
    positions_mm
        Place of each slice along the normal of the slices, in any order.
    subject
        What the sentence speaks of.
    if_uneven
        What to do about missing slices.
    """
    distances = np.diff(np.sort(np.asarray(positions_mm, dtype=float)))
    if not len(distances):
        return None
    if distances.min() < 1e-3:
        return Finding(
            "one-position",
            f"{subject} has several images at one position (phases or time points); choose a series with only one.",
            computable=False,
        )
    if np.ptp(distances) > _UNEVEN_MM + _UNEVEN_SHARE * np.median(distances):
        return Finding(
            "gaps",
            f"{subject} has slices {distances.min():.1f} to {distances.max():.1f} mm apart, as if some were missing; "
            f"{if_uneven}.",
            computable=True,
        )
    return None


def check_axes(ijk_to_lps: np.ndarray, subject: str = "The CT") -> Finding | None:
    """Axes that are not at right angles: a tilted gantry, in whatever order the voxels are stored.

    Parameters
    ----------
    ijk_to_lps
        3×3 or 4×4 matrix from voxel indices to mm, in LPS or RAS.
    """
    columns = np.asarray(ijk_to_lps, dtype=float)[:3, :3]
    axes = (columns / np.linalg.norm(columns, axis=0)).T
    normals = np.cross(np.roll(axes, -1, axis=0), np.roll(axes, -2, axis=0))
    cosine = np.abs((axes * normals).sum(axis=1) / np.linalg.norm(normals, axis=1)).min()
    tilt = float(np.degrees(np.arccos(min(1.0, cosine))))
    if tilt <= _TILT_DEGREES:
        return None
    return Finding(
        "tilt",
        f"{subject} was scanned with the gantry tilted by {tilt:.0f} degrees; choose a series without tilt.",
        computable=True,
    )


def check_layout(dimensions: Sequence[int], components: int = 1, subject: str = "The CT") -> Finding | None:
    """A time series, a color image or a single picture instead of one volume.

    Parameters
    ----------
    dimensions
        Number of voxels along each axis, then of time points, then of numbers a voxel.
    components
        Numbers a voxel: 1 for gray values.
    """
    if components * math.prod(dimensions[4:]) > 1:
        return Finding(
            "color", f"{subject} is in color; choose the original series in Hounsfield units.", computable=False
        )
    if len(dimensions) > 3 and dimensions[3] > 1:
        return Finding(
            "time-series",
            f"{subject} is a series of {dimensions[3]} volumes in time; load only one of them.",
            computable=False,
        )
    if len(dimensions) < 3 or min(dimensions[:3]) < 2:
        return Finding("flat", f"{subject} is a single picture; choose a whole chest CT.", computable=False)
    return None


def check_time_points(count: int, shown: int) -> Finding | None:
    """One volume of a time series is shown, and can be computed.

    Parameters
    ----------
    shown
        Its number; the first is 1.
    """
    if count < 2:
        return None
    return Finding(
        "time-series",
        f"The CT is a series of {count} volumes in time, of which number {shown} is shown; choose the one at full "
        "inspiration in the sequence browser.",
        computable=True,
    )

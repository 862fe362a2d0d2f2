"""What is wrong with a CT before it is computed: each finding is one sentence, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from .lungs.body import air_in_body
from .lungs.sides import LEFT, RIGHT, lung_in_view, split_sides
from .volume import CTVolume

FEWEST_SLICES = 16
"""DeCoVNet's classifier pools to 16 positions along the body (Zheng et al. 2020, table 1)."""

_LARGEST_SAMPLE = 2_000_000
_AIR_BELOW_HU = -400
_LEAST_SHARE_OF_AIR = 0.01
_COARSE_MM = 4.0
_LUNG_LIKE_HU = (-950.0, -500.0)
_GAS_BELOW_HU = -970.0
_LEAST_LUNGS_ML = 300.0
_LEAST_PIECE_ML = 50.0
_LEAST_OTHER_LUNG = 0.1
_CUT_SHARE_OF_WIDEST = 0.25
_LEAST_CUT_CM2 = 15.0
_IN_PLANE_MM = (0.2, 4.0)
_BETWEEN_SLICES_MM = (0.2, 15.0)
_FIELD_MM = (150.0, 800.0)
_CONTRAST_FROM_HU = 95.0
_UNEVEN_MM, _UNEVEN_SHARE = 0.1, 0.05
_TILT_DEGREES = 0.5


@dataclass(frozen=True)
class Finding:
    """Something wrong with a CT.

    Parameters
    ----------
    code
        A short name that stays the same: ``not-hu``, ``wrong-body-part``, ``no-lungs``, ``one-lung``, ``cut-off``,
        ``few-slices``, ``spacing``, ``contrast``, ``gaps``, ``one-position``, ``tilt``, ``time-series``, ``color``,
        ``flat``.
    sentence
        What the user reads: what is wrong and what to do.
    computable
        Whether an analysis can run all the same, if she wants it.
    """

    code: str
    sentence: str
    computable: bool


def check_ct(ct: CTVolume) -> tuple[Finding, ...]:
    """All that its voxels and its grid tell of a CT, the gravest first; less than a second for any CT."""
    if finding := check_values(ct):
        return (finding,)
    order = ct.geometry.reorientation_to_axial()
    axial = CTVolume(order.apply(ct.hu), ct.geometry.reoriented(order, ct.shape), ct.name)
    grid = [check_spacing(axial), check_slice_count(axial)]
    return tuple(finding for finding in (*grid, *_check_anatomy(axial)) if finding)


def check_values(ct: CTVolume) -> Finding | None:
    """Without air or lung there is nothing to score: less than 1 % of the voxels are below −400 HU."""
    step = max(1, round((ct.hu.size / _LARGEST_SAMPLE) ** (1 / 3)))
    sample = ct.hu[::step, ::step, ::step]
    if np.count_nonzero(sample < _AIR_BELOW_HU) >= _LEAST_SHARE_OF_AIR * sample.size:
        return None
    return Finding(
        "not-hu",
        f"The values of this volume ({int(ct.hu.min())} to {int(ct.hu.max())}) are not Hounsfield units of a "
        "chest: there is no air in it; choose a chest CT.",
        computable=False,
    )


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
            f"{subject} has several images at one position (phases or time points); choose a series of one.",
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
    """Slices that are not stacked at a right angle: a tilted gantry.

    Parameters
    ----------
    ijk_to_lps
        3×3 or 4×4 matrix from voxel indices to mm, in LPS or RAS.
    """
    columns = np.asarray(ijk_to_lps, dtype=float)[:3, :3]
    normal = np.cross(columns[:, 0], columns[:, 1])
    cosine = normal @ columns[:, 2] / (np.linalg.norm(normal) * np.linalg.norm(columns[:, 2]))
    tilt = float(np.degrees(np.arccos(min(1.0, abs(cosine)))))
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
        Number of voxels along each axis, the time points last.
    components
        Numbers a voxel: 1 for gray values.
    """
    if components > 1:
        return Finding(
            "color", f"{subject} is in color; choose the original series in Hounsfield units.", computable=False
        )
    if len(dimensions) > 3 and dimensions[3] > 1:
        return Finding(
            "time-series",
            f"{subject} is a series of {dimensions[3]} volumes in time; load one of them alone.",
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


def _check_anatomy(axial: CTVolume) -> list[Finding]:
    """Whether a whole pair of lungs is in it, and contrast agent between them; on voxels of about 4 mm."""
    steps = [max(1, int(_COARSE_MM / mm)) for mm in axial.geometry.spacing[::-1]]
    hu = _coarse(axial.hu, steps)
    sampling = np.array(axial.geometry.spacing[::-1]) * steps
    cell_ml = float(np.prod(sampling)) / 1000.0
    air = air_in_body(hu, sampling)
    lungs = _lung_like(hu, air, cell_ml)
    lungs_ml = np.count_nonzero(lungs) * cell_ml
    if lungs_ml < _LEAST_LUNGS_ML:
        return [_no_lungs(lungs_ml, bool(air.any()))]
    findings = []
    if side := _only_lung(hu, lungs, sampling):
        findings.append(
            Finding(
                "one-lung",
                f"Only one lung is seen, taken for the {side} one; choose a series of the whole chest, or see whether "
                "the side is right and trust the result less.",
                computable=True,
            )
        )
    if cut := _cut_sides(lungs, sampling):
        findings.append(
            Finding(
                "cut-off",
                f"The lungs are cut off at the {' and the '.join(cut)} of the CT; choose a series of the whole chest, "
                "or trust the result less.",
                computable=True,
            )
        )
    blood_hu = _blood_pool_hu(hu, lungs)
    if blood_hu >= _CONTRAST_FROM_HU:
        findings.append(
            Finding(
                "contrast",
                f"The vessels hold contrast agent (about {blood_hu:.0f} HU between the lungs), which raises all "
                "densities; choose a series without contrast if there is one.",
                computable=True,
            )
        )
    return findings


def _coarse(hu: np.ndarray, steps: list[int]) -> np.ndarray:
    """float32 means of blocks in plane, from every so manyth slice; incomplete blocks at the far edges are left out."""
    slices = hu[:: steps[0]]
    rows, columns = slices.shape[1] // steps[1], slices.shape[2] // steps[2]
    # Two voxels a block and axis tell its mean well enough, and most of the time goes into reading voxels.
    picks = [sorted({step // 4, (3 * step) // 4}) for step in steps[1:]]
    total = np.zeros((len(slices), rows, columns), dtype=np.float32)
    for down in picks[0]:
        for right in picks[1]:
            total += slices[:, down :: steps[1], right :: steps[2]][:, :rows, :columns]
    return total / (len(picks[0]) * len(picks[1]))


def _lung_like(hu: np.ndarray, air: np.ndarray, cell_ml: float) -> np.ndarray:
    """Large pieces of air in the body with the density of lung; gas in bowel, throat or sinuses is emptier."""
    parts, count = scipy.ndimage.label(air)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    tissue = np.bincount(parts[(hu > _LUNG_LIKE_HU[0]) & (hu < _LUNG_LIKE_HU[1])], minlength=count + 1)
    gas = np.bincount(parts[hu < _GAS_BELOW_HU], minlength=count + 1)
    is_lung = (sizes * cell_ml >= _LEAST_PIECE_ML) & (tissue > 0.5 * sizes) & (gas < 0.5 * sizes)
    is_lung[0] = False
    return is_lung[parts]


def _no_lungs(lungs_ml: float, has_gas: bool) -> Finding:
    if lungs_ml > 0:
        seen = f"only {lungs_ml:.0f} mL of lung are in it"
    elif has_gas:
        seen = "there is gas in the body, but no lung"
    else:
        return Finding("no-lungs", "No air-filled lung is seen in this CT; choose a CT of the chest.", computable=True)
    return Finding(
        "wrong-body-part",
        f"This looks like a CT of another part of the body ({seen}); choose a CT of the chest.",
        computable=True,
    )


def _only_lung(hu: np.ndarray, lungs: np.ndarray, sampling: np.ndarray) -> str:
    """ "right" or "left" where there is no other lung to speak of; else empty."""
    spacing = (sampling[2], sampling[1], sampling[0])
    labels = split_sides(lungs, spacing, only=lung_in_view(hu, lungs, spacing))
    right, left = (np.count_nonzero(labels == side) for side in (RIGHT, LEFT))
    if min(right, left) >= _LEAST_OTHER_LUNG * max(right, left):
        return ""
    return "right" if right > left else "left"


def _cut_sides(lungs: np.ndarray, sampling: np.ndarray) -> list[str]:
    """The borders of the volume at which much lung ends."""
    cell_cm2 = [sampling[1] * sampling[2] / 100, sampling[0] * sampling[2] / 100, sampling[0] * sampling[1] / 100]
    widest = lungs.sum(axis=(1, 2)).max()
    cut = []
    for name, end in (("lower end", 0), ("upper end", -1)):
        area = lungs[end].sum()
        if area > _CUT_SHARE_OF_WIDEST * widest and area * cell_cm2[0] >= _LEAST_CUT_CM2:
            cut.append(name)
    sides = [lungs[:, border].sum() * cell_cm2[1] for border in (0, -1)] + [
        lungs[:, :, border].sum() * cell_cm2[2] for border in (0, -1)
    ]
    if max(sides) >= _LEAST_CUT_CM2:
        cut.append("side")
    return cut


def _blood_pool_hu(hu: np.ndarray, lungs: np.ndarray) -> float:
    """The density of what is brightest and large between the lungs: heart and great vessels, not bone.

    The upper quartile of soft tissue in the middle of the chest, in the lower half of the lungs' height and in front of
    the spine: about 50 HU without contrast agent, where a part of it is fat and muscle.
    """
    slices = np.flatnonzero(lungs.any(axis=(1, 2)))
    rows = np.flatnonzero(lungs.any(axis=(0, 2)))
    columns = np.flatnonzero(lungs.any(axis=(0, 1)))
    (low, high), (front, back), (right, left) = ((at[0], at[-1] + 1) for at in (slices, rows, columns))
    box = (
        slice(low + int(0.3 * (high - low)), low + int(0.7 * (high - low)) + 1),
        slice(front + int(0.25 * (back - front)), front + int(0.6 * (back - front)) + 1),
        slice(right + int(0.35 * (left - right)), right + int(0.7 * (left - right)) + 1),
    )
    inside = hu[box][scipy.ndimage.binary_erosion(hu[box] > -50, structure=np.ones((1, 3, 3)))]
    return float(np.percentile(inside, 75)) if inside.size else 0.0

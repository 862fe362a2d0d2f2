"""What is wrong with a CT before it is computed: its values, its grid, and whether a whole pair of lungs is in it."""

from __future__ import annotations

import numpy as np
import scipy

from ..ct.layout_checks import Finding, check_scale, check_slice_count, check_spacing, check_turn, check_values
from ..ct.lost_pixels import check_lost_pixels
from ..ct.slice_checks import check_slices
from ..ct.volume import CTVolume
from ..errors import InputError
from .body import air_in_body
from .gas import walled_gas
from .orientation_check import check_orientation
from .pieces import pieces_like_lung
from .sides import LEFT, RIGHT, lung_in_view, split_sides

# Where no source is named the bound is ours; Testing/lungs/test_checks.py shows what each finding catches and what not.
# Cells on which the anatomy is judged: much smaller than a lobe, and few enough for less than a second.
_COARSE_MM = 4.0
# Gas alone is -1000 HU, with noise, and the walls that share its coarse voxels; the emptiest lungs are denser.
_GAS_BELOW_HU, _GAS_BELOW_LUNG_HU = -940.0, 30.0
# An adult's lungs hold liters even in expiration; a CT of the abdomen shows some of their bases.
_LEAST_LUNGS_ML = 300.0
# More than a bronchus or a gas bubble that looks like lung where it shares voxels with a wall.
_LEAST_PIECE_ML = 50.0
# The left lung is nearly as large as the right; what is left of a lung that was removed or collapsed is much smaller.
_LEAST_OTHER_LUNG = 0.1
# Lungs end in a tip and in a thin rim around the diaphragm: the first and last slice of a whole chest show little.
_CUT_SHARE_OF_WIDEST = 0.25
# About a vertebral body: less of lung at a border says nothing of how much is missing.
_LEAST_CUT_CM2 = 15.0
# Blood is 30 to 60 HU without contrast agent and above 100 HU with it; ``_blood_pool_hu`` is 36 to 68 HU without and
# 103 to 395 HU with it in nine public CTs.
_CONTRAST_FROM_HU = 90.0


def check_ct(ct: CTVolume) -> tuple[Finding, ...]:
    """All that its voxels and its grid tell of a CT, the gravest first; less than a second for any CT."""
    if finding := check_values(ct):
        return (finding,)
    axial, _ = ct.axial()
    values = [check_scale(axial), check_lost_pixels(ct) or check_slices(axial)]
    grid = [check_turn(axial.geometry), check_spacing(axial), check_slice_count(axial)]
    return tuple(finding for finding in (*values, *grid, *_check_anatomy(axial)) if finding)


def accepted_findings(ct: CTVolume) -> tuple[str, ...]:
    """The sentences about a CT that can be computed all the same.

    Raises
    ------
    InputError
        If it cannot.
    """
    findings = check_ct(ct)
    for finding in findings:
        if not finding.computable:
            raise InputError(finding.sentence)
    return tuple(finding.sentence for finding in findings)


def _check_anatomy(axial: CTVolume) -> list[Finding]:
    """Whether a whole pair of lungs is in it, and contrast agent between them; on voxels of about 4 mm."""
    steps = [max(1, int(_COARSE_MM / mm)) for mm in axial.geometry.spacing[::-1]]
    hu = _coarse(axial.hu, steps)
    sampling = np.array(axial.geometry.spacing[::-1]) * steps
    cell_ml = float(np.prod(sampling)) / 1000.0
    air = air_in_body(hu, sampling)
    lungs = _lung_like(hu, air, sampling)
    lungs_ml = np.count_nonzero(lungs) * cell_ml
    if lungs_ml < _LEAST_LUNGS_ML:
        return [_no_lungs(lungs_ml, bool(air.any()))]
    findings = []
    if side := _only_lung(hu, lungs, sampling):
        findings.append(
            Finding(
                "one-lung",
                f"Only one lung is seen, taken for the {side} one; choose a series of the whole chest, or check the "
                "side and trust the result less.",
                computable=True,
            )
        )
    cut = _cut_sides(hu, lungs, sampling)
    if cut:
        findings.append(
            Finding(
                "cut-off",
                f"The lungs are cut off at the {' and the '.join(cut)} of the CT; choose a series of the whole chest, "
                "or trust the result less.",
                computable=True,
            )
        )
    if finding := check_orientation(hu, lungs, sampling, is_whole=not (cut or side), is_one=bool(side)):
        findings.insert(0, finding)
    # A picture about one lung shows chest wall where the heart would be.
    shows_both = not lung_in_view(hu, lungs, (sampling[2], sampling[1], sampling[0]))
    blood_hu = _blood_pool_hu(hu, lungs) if shows_both else 0.0
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


def _lung_like(hu: np.ndarray, air: np.ndarray, sampling: np.ndarray) -> np.ndarray:
    """Large pieces of air in the body with the density of lung; gas in bowel, throat or sinuses is emptier."""
    about = pieces_like_lung(hu, air, sampling)
    lungs = pieces_like_lung(hu, air & ~walled_gas(hu, air, about, sampling), sampling)
    parts, count = scipy.ndimage.label(lungs)
    is_large = np.bincount(parts.ravel(), minlength=count + 1) * float(np.prod(sampling)) / 1000.0 >= _LEAST_PIECE_ML
    is_large[0] = False
    return is_large[parts]


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


def _cut_sides(hu: np.ndarray, lungs: np.ndarray, sampling: np.ndarray) -> list[str]:
    """The borders of the volume at which much lung ends."""
    cell_cm2 = [sampling[1] * sampling[2] / 100, sampling[0] * sampling[2] / 100, sampling[0] * sampling[1] / 100]
    widest = lungs.sum(axis=(1, 2)).max()
    gas_below = min(_GAS_BELOW_HU, float(np.median(hu[lungs])) - _GAS_BELOW_LUNG_HU)
    cut = []
    for name, end in (("lower end", 0), ("upper end", -1)):
        # Bowel may hang on a lung by a blurred wall: what ends here must be as dense as lung.
        parts, count = scipy.ndimage.label(lungs[end])
        area = sum(
            np.count_nonzero(parts == part)
            for part in range(1, count + 1)
            if np.median(hu[end][parts == part]) >= gas_below
        )
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
        slice(front + int(0.25 * (back - front)), front + int(0.5 * (back - front)) + 1),
        slice(right + int(0.35 * (left - right)), right + int(0.7 * (left - right)) + 1),
    )
    # The upper quartile of noisy cells would be that of the noise.
    smooth = scipy.ndimage.uniform_filter(hu[box], 3)
    inside = smooth[scipy.ndimage.binary_erosion(smooth > -50, structure=np.ones((1, 3, 3)))]
    return float(np.percentile(inside, 75)) if inside.size else 0.0

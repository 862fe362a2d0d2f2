"""What a lung mask contradicts: parts of it outside the body, or lung that seems to be missing from it.

Masks are looked at and never changed here; ``without_parts_outside`` makes another one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from ..ct.geometry import Reorientation
from ..ct.layout_checks import Finding
from ..ct.morphology import dilated
from ..ct.volume import CTVolume
from . import LungMask
from .anatomy import Anatomy
from .coarse import block_means, in_cells
from .pieces import opened
from .sides import LEFT, RIGHT

_SKIN_MM = 6.0
"""A mask may be drawn so far beyond what is seen as the body."""
_LEAST_OUTSIDE_ML = 1.0
_BONE_FROM_HU = 150
_RIBS_MM = 12.0
"""Ribs slope: within so much above and below a slice they make a closed cage."""
_WIDE_MM = (16.0, 90.0)
"""Ribs farther behind are those of a chest of which the mask marks nothing there."""
_CENTRAL_SHARE = 0.6
_LOWEST_MM, _HIGHEST_MM = 40.0, 15.0
"""Lung that lies on the dome of the diaphragm has the liver behind it; at the apex there is little to measure."""
_LEAST_GAP_SHARE, _LEAST_GAP_CM2 = 0.2, 2.5
_AIR_APART_MM = 6.0
_LEAST_AIR_ML, _LEAST_AIR_SHARE = 80.0, 0.08
_NOT_LUNG_ABOVE_HU = -100
_LEAST_AIR_BESIDE, _LEAST_TISSUE_WITHIN = 0.1, 0.05
"""Of what looks like lung, and of the mask. Own masks of phantoms and of six CTs, with severe disease too, leave up to
1 % of that lung; mirrored ones, or moved by 12 mm, 13 % and more, and then 9 % of them and more are no lung."""
_EVERY_NEIGHBOR = np.ones((3, 3, 3), dtype=bool)
_SIDES = {RIGHT: "right", LEFT: "left"}
_OUTSIDE = "outside the body"


@dataclass(frozen=True, eq=False)
class PartsOutside:
    """What of a mask lies outside the body.

    Parameters
    ----------
    count, ml
        How many parts, and their volume together.
    voxels
        bool, on the grid and in the order of the mask.
    """

    count: int
    ml: float
    voxels: np.ndarray


@dataclass(frozen=True, eq=False)
class _Seen:
    """A mask in axial order, the share of each lung in every cell of about 2 mm, and what the CT shows there."""

    labels: np.ndarray
    order: Reorientation
    voxel_ml: float
    shares: dict[int, np.ndarray]
    ct: Anatomy

    @classmethod
    def of(cls, ct: CTVolume, lung_mask: LungMask) -> _Seen:
        axial, order = ct.axial()
        anatomy, labels = Anatomy.of(axial), order.apply(lung_mask.labels)
        shares = {side: block_means(labels == side, anatomy.steps) for side in _SIDES}
        return cls(labels, order, axial.geometry.voxel_ml, shares, anatomy)

    @property
    def share(self) -> np.ndarray:
        """float32: how much of each cell is mask, of either side."""
        return self.shares[RIGHT] + self.shares[LEFT]


def parts_outside(ct: CTVolume, lung_mask: LungMask) -> PartsOutside:
    """Where a mask leaves the body: on the table, in the room, under an arm.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation.
    """
    return _parts_outside(_Seen.of(ct, lung_mask))


def _parts_outside(seen: _Seen) -> PartsOutside:
    shares = seen.share
    outside = (shares > 0) & ~seen.ct.inside
    # Skin is a matter of some millimeters: only where the mask leaves the body, its neighborhood is looked at.
    if outside.any():
        outside &= ~dilated(seen.ct.inside, max(1, round(_SKIN_MM / float(seen.ct.mm[2]))))
    if not outside.any():
        return PartsOutside(0, 0.0, seen.order.undo(np.zeros(seen.labels.shape, dtype=bool)))
    parts, _ = scipy.ndimage.label(outside, structure=_EVERY_NEIGHBOR)
    volumes_ml = np.bincount(parts.ravel(), shares.ravel()) * float(np.prod(seen.ct.mm)) / 1000.0
    counted = volumes_ml >= _LEAST_OUTSIDE_ML
    counted[0] = False
    voxels = in_cells(seen.labels > 0, counted[parts], seen.ct.steps)
    ml = np.count_nonzero(voxels) * seen.voxel_ml
    return PartsOutside(int(np.count_nonzero(counted)), ml, np.ascontiguousarray(seen.order.undo(voxels)))


def tells_of_parts_outside(sentence: str) -> bool:
    """Whether a note of a result is the finding that parts of its mask lie outside the body."""
    return _OUTSIDE in sentence


def without_parts_outside(ct: CTVolume, lung_mask: LungMask) -> LungMask:
    """The same mask without what lies outside the body.

    Raises
    ------
    MaskError
        If nothing is left.
    """
    labels = np.where(parts_outside(ct, lung_mask).voxels, 0, lung_mask.labels)
    return LungMask.from_labels(labels, lung_mask.geometry)


def check_lung_mask(ct: CTVolume, lung_mask: LungMask) -> tuple[Finding, ...]:
    """What the user should know of a mask before the number that rests on it; the mask stays as it is.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation.
    """
    seen = _Seen.of(ct, lung_mask)
    found = (_outside_finding(_parts_outside(seen)), _missing_finding(seen) or _misplaced_finding(seen))
    return tuple(finding for finding in found if finding)


def _outside_finding(outside: PartsOutside) -> Finding | None:
    if not outside.count:
        return None
    parts = "1 part of the lung mask lies" if outside.count == 1 else f"{outside.count} parts of the lung mask lie"
    them = "it" if outside.count == 1 else "them"
    return Finding(
        "mask-outside-body",
        f"{parts} {_OUTSIDE} ({outside.ml:.0f} mL); remove {them} or segment the lungs again.",
        computable=True,
    )


def _missing_finding(seen: _Seen) -> Finding | None:
    missed_ml = _missed_air_ml(seen)
    if missed_ml:
        return Finding(
            "lung-missing",
            f"About {missed_ml:.0f} mL of air-filled lung are not in the lung mask; correct the mask.",
            computable=True,
        )
    gaps = {name: _gap_behind_mm(seen.ct.hu, seen.shares[side] >= 0.5, seen.ct.mm) for side, name in _SIDES.items()}
    wide = [name for name, gap_mm in gaps.items() if gap_mm]
    if not wide:
        return None
    lungs = " and the ".join(wide) + (" lung" if len(wide) == 1 else " lungs")
    return Finding(
        "lung-missing",
        f"About {max(gaps.values()):.0f} mm of dense lung or fluid lie between the mask of the {lungs} and the ribs at "
        "the back; correct the mask if it is lung.",
        computable=True,
    )


def _misplaced_finding(seen: _Seen) -> Finding | None:
    """Lung beside the mask and tissue in it: the mask of another CT, or one that was mirrored or moved."""
    lung, inside = seen.ct.lungs, seen.share >= 0.5
    beside, within = lung & (seen.share < 0.3), inside & (seen.ct.hu > _NOT_LUNG_ABOVE_HU)
    cell_ml = float(np.prod(seen.ct.mm)) / 1000.0
    beside_ml, within_ml = np.count_nonzero(beside) * cell_ml, np.count_nonzero(within) * cell_ml
    is_misplaced = (
        beside_ml > _LEAST_AIR_BESIDE * np.count_nonzero(lung) * cell_ml
        and within_ml > _LEAST_TISSUE_WITHIN * np.count_nonzero(inside) * cell_ml
    )
    if not is_misplaced:
        return None
    return Finding(
        "mask-misplaced",
        f"The lung mask does not follow the lungs of this CT ({beside_ml:.0f} mL of lung lie beside it and "
        f"{within_ml:.0f} mL of tissue in it), as if it was made on another one, or moved; segment the lungs "
        "again.",
        computable=True,
    )


def _missed_air_ml(seen: _Seen) -> float:
    """Volume of what looks like lung and is not in the mask; 0 where it is too little to speak of."""
    mm = seen.ct.mm
    marked = seen.share > 0
    missed = seen.ct.lungs & ~dilated(marked, max(1, round(_AIR_APART_MM / float(mm[2]))))
    voxel_ml = float(np.prod(mm)) / 1000.0
    missed_ml = np.count_nonzero(opened(missed, 1)) * voxel_ml
    least_ml = max(_LEAST_AIR_ML, _LEAST_AIR_SHARE * np.count_nonzero(marked) * voxel_ml)
    return missed_ml if missed_ml >= least_ml else 0.0


def _gap_behind_mm(hu: np.ndarray, lung: np.ndarray, mm: np.ndarray) -> float:
    """Distance from the back of a lung to the ribs behind it, where it is wide over much of the lung; else 0.

    Measured straight backwards in the middle of the lung's width, below the apex and above the diaphragm: 2 to 6 mm
    in whole lungs.
    """
    slices = np.flatnonzero(lung.any(axis=(1, 2)))
    if not len(slices):
        return 0.0
    first, last = slices[0] + round(_LOWEST_MM / mm[0]), slices[-1] - round(_HIGHEST_MM / mm[0])
    reach = round(_RIBS_MM / mm[0])
    gaps = []
    rows = np.arange(lung.shape[1])[:, None]
    for number in range(first, last + 1):
        columns = np.flatnonzero(lung[number].any(axis=0))
        if not len(columns):
            continue
        edge = round((1 - _CENTRAL_SHARE) / 2 * len(columns))
        columns = columns[edge : len(columns) - edge]
        back = lung.shape[1] - 1 - lung[number][::-1, columns].argmax(axis=0)
        near = hu[max(0, number - reach) : number + reach + 1, :, columns]
        behind = (near > _BONE_FROM_HU).any(axis=0) & (rows > back)
        gaps.append((behind.argmax(axis=0) - back)[behind.any(axis=0)] * mm[1])
    gap_mm = np.concatenate(gaps) if gaps else np.empty(0)
    is_wide = (gap_mm > _WIDE_MM[0]) & (gap_mm < _WIDE_MM[1])
    wide_cm2 = np.count_nonzero(is_wide) * mm[0] * mm[2] / 100
    if wide_cm2 < _LEAST_GAP_CM2 or np.mean(is_wide) < _LEAST_GAP_SHARE:
        return 0.0
    return float(np.median(gap_mm[is_wide]))

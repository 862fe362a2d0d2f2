"""Opacity in each lung, measured by density: ground glass, consolidation and emphysema-like lung in mL and percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ct.ct_mask import bounding_box
from ..ct.volume import CTVolume
from ..errors import InputError, MaskError
from ..lungs import LEFT, RIGHT, LungMask
from ..lungs.lobes import LOBES, Lobe, lobe_sizes
from .regions import SIDES, Side

GROUND_GLASS, CONSOLIDATION, EMPHYSEMA = 1, 2, 3
"""Labels of ``opacity_labels``."""


@dataclass(frozen=True)
class OpacityBounds:
    """Which densities count as what, in HU; lower bounds belong to a class, upper ones only to the last of a row.

    Parameters
    ----------
    ground_glass, consolidation
        From and to.
    emphysema_below
        Lung of less is emphysema-like.

    Raises
    ------
    InputError
        If the classes overlap or run backwards.
    """

    ground_glass: tuple[float, float] = (-750.0, -300.0)
    consolidation: tuple[float, float] = (-300.0, 50.0)
    emphysema_below: float = -950.0

    def __post_init__(self) -> None:
        rising = [self.emphysema_below, *self.ground_glass, *self.consolidation]
        if rising != sorted(rising):
            raise InputError(
                "The limits of emphysema, ground glass and consolidation overlap; they must increase in this order."
            )

    @classmethod
    def from_levels(cls, levels: Sequence[float]) -> OpacityBounds:
        """From ``levels``."""
        emphysema, ground_glass, consolidation, top = levels
        return cls((ground_glass, consolidation), (consolidation, top), emphysema)

    @property
    def levels(self) -> list[float]:
        """Emphysema below, ground glass from, consolidation from, consolidation to: in HU."""
        return [self.emphysema_below, self.ground_glass[0], *self.consolidation]


@dataclass(frozen=True)
class LungOpacity:
    """Densities in one lung, or in a part of it; percentages are of the volume of that.

    Parameters
    ----------
    side
        ``"right"`` or ``"left"``.
    volume_ml, mean_hu
        Of all of it in the mask.
    ground_glass_ml, ground_glass_percent, consolidation_ml, consolidation_percent, emphysema_ml, emphysema_percent
        Of what has these densities.
    """

    side: Side
    volume_ml: float
    mean_hu: float
    ground_glass_ml: float
    ground_glass_percent: float
    consolidation_ml: float
    consolidation_percent: float
    emphysema_ml: float
    emphysema_percent: float


@dataclass(frozen=True)
class LobeOpacity(LungOpacity):
    """The same in one lobe."""

    lobe: Lobe


def measure_opacity(
    ct: CTVolume, lung_mask: LungMask, bounds: OpacityBounds = OpacityBounds()
) -> tuple[LungOpacity, ...]:
    """Measure each lung of the mask, the right one first; a lung that is not in the mask is left out.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation.

    Raises
    ------
    MaskError
        If the two have different shapes, or the mask is empty.
    """
    _check_shapes(ct, lung_mask)
    box = bounding_box(lung_mask.labels)
    hu, labels = ct.hu[box], lung_mask.labels[box]
    lungs = {side: hu[labels == side] for side in (RIGHT, LEFT)}
    return tuple(
        LungOpacity(SIDES[side], **_measured(lung_hu, ct.geometry.voxel_ml, bounds))
        for side, lung_hu in lungs.items()
        if lung_hu.size
    )


def measure_lobes(
    ct: CTVolume, lung_mask: LungMask, bounds: OpacityBounds = OpacityBounds()
) -> tuple[LobeOpacity, ...]:
    """Measure each lobe, the right upper one first; nothing where the mask has none. As ``measure_opacity``."""
    if lung_mask.lobes is None:
        return ()
    _check_shapes(ct, lung_mask)
    box = bounding_box(lung_mask.labels)
    hu, labels = ct.hu[box], lung_mask.lobes[box]
    return tuple(
        LobeOpacity(SIDES[side], **_measured(hu[labels == label], ct.geometry.voxel_ml, bounds), lobe=lobe)
        for label, (side, lobe) in LOBES.items()
        if (labels == label).any()
    )


def has_lobes(lung_mask: LungMask, record: Mapping[str, Any]) -> bool:
    """Whether a mask tells the lobes apart as that of an analysis did, by their volumes; or neither does."""
    measured = [lobe["volume_ml"] for lobe in record.get("lobes", ())]
    if lung_mask.lobes is None or not measured:
        return lung_mask.lobes is None and not measured
    volumes = [count * lung_mask.geometry.voxel_ml for count in lobe_sizes(lung_mask.lobes) if count]
    # They are rounded to a tenth.
    return len(volumes) == len(measured) and bool(np.allclose(volumes, measured, rtol=0, atol=0.06))


def _measured(hu: np.ndarray, voxel_ml: float, bounds: OpacityBounds) -> dict[str, float]:
    """What a ``LungOpacity`` says of these voxels."""
    kinds = ("ground_glass", "consolidation", "emphysema")
    counts = {kind: int(np.count_nonzero(one)) for kind, one in zip(kinds, _classes(hu, bounds), strict=True)}
    return {
        "volume_ml": hu.size * voxel_ml,
        "mean_hu": float(hu.mean()),
        **{f"{kind}_ml": count * voxel_ml for kind, count in counts.items()},
        **{f"{kind}_percent": 100.0 * count / hu.size for kind, count in counts.items()},
    }


def opacity_labels(ct: CTVolume, lung_mask: LungMask, bounds: OpacityBounds = OpacityBounds()) -> np.ndarray:
    """What ``measure_opacity`` counts, voxel by voxel.

    Returns
    -------
    np.ndarray
        uint8 on the CT's grid: 0, 1 ground glass, 2 consolidation, 3 emphysema-like.
    """
    _check_shapes(ct, lung_mask)
    labels = np.zeros(ct.hu.shape, dtype=np.uint8)
    box = bounding_box(lung_mask.labels)
    inside = lung_mask.labels[box] > 0
    for label, found in zip((GROUND_GLASS, CONSOLIDATION, EMPHYSEMA), _classes(ct.hu[box], bounds), strict=True):
        labels[box][found & inside] = label
    return labels


def _classes(hu: np.ndarray, bounds: OpacityBounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where ground glass, consolidation and emphysema are."""
    ground_glass = (hu >= bounds.ground_glass[0]) & (hu < bounds.ground_glass[1])
    consolidation = (hu >= bounds.consolidation[0]) & (hu <= bounds.consolidation[1])
    return ground_glass, consolidation, hu < bounds.emphysema_below


def _check_shapes(ct: CTVolume, lung_mask: LungMask) -> None:
    if lung_mask.labels.shape != ct.hu.shape:
        raise MaskError("The lung mask and the CT have different numbers of voxels; make the mask on this CT.")

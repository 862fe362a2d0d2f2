"""Where the regions of a heat map lie, in the words of radiology; each word is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NEAR_SURFACE_MM = 20.0
"""A peak so near to the outside of its lung counts as near the surface."""

_LEAST_SHARE = 0.05
"""Of the volume of all regions: what is smaller makes nothing bilateral or multifocal."""


@dataclass(frozen=True)
class Distribution:
    """What the regions have in common.

    Parameters
    ----------
    count
        How many there are, small ones too.
    is_multifocal
        Whether at least two of them are of some size.
    sides
        ``"right"`` and ``"left"``, as far as regions of some size lie there.
    third
        The third of the lungs' height in which more than half of their volume has its peaks; None if there is none.
    is_near_surface
        Whether more than half of their volume has its peaks within ``NEAR_SURFACE_MM`` of the outside of the lung.
    """

    count: int
    is_multifocal: bool
    sides: tuple[str, ...]
    third: str | None
    is_near_surface: bool


def distribution(regions: Sequence[Mapping[str, Any]]) -> Distribution:
    """Describe the regions of an ``analysis.json``.

    Examples
    --------
    >>> low = {"side": "left", "third": "lower", "volume_ml": 3.0, "distance_to_pleura_mm": 8.0}
    >>> distribution([low])
    Distribution(count=1, is_multifocal=False, sides=('left',), third='lower', is_near_surface=True)
    """
    total_ml = sum(region["volume_ml"] for region in regions)
    large = [region for region in regions if region["volume_ml"] >= _LEAST_SHARE * total_ml]
    by_third: dict[str, float] = {}
    for region in regions:
        by_third[region["third"]] = by_third.get(region["third"], 0.0) + region["volume_ml"]
    near_ml = sum(one["volume_ml"] for one in regions if one["distance_to_pleura_mm"] <= NEAR_SURFACE_MM)
    return Distribution(
        count=len(regions),
        is_multifocal=len(large) > 1,
        sides=tuple(side for side in ("right", "left") if any(one["side"] == side for one in large)),
        third=next((third for third, ml in by_third.items() if 2 * ml > total_ml), None),
        is_near_surface=2 * near_ml > total_ml,
    )

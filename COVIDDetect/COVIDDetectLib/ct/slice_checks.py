"""Slices that are not where they belong: of another place or patient, turned, exchanged, doubled, or missing between.

Headers are sound then, or tell nothing: a volume file was put together from slices by their names, or one of them is
damaged. Neighbors are compared, on blocks of pixels that do not see noise.
"""

from __future__ import annotations

import numpy as np

from .layout_checks import Finding
from .volume import CTVolume

_BLOCKS, _SAMPLES_A_BLOCK = 24, 4
"""Along the shorter side of a slice, and of each of them."""
_DARKEST_HU, _BRIGHTEST_HU = -1000, 200
_FLOOR_HU = 2.0
"""Added to all differences: where there is nothing but air, they tell nothing."""
# Bounds in terms of mean differences between slices one and two apart, as they were in phantoms and in 14 CTs with
# every slice, every other and every third; in the 15th, put together from pictures, four pairs are really exchanged.
_FOREIGN = 0.8
"""The difference of its neighbors over that from the nearer: 1.0 to 1.8; of foreign and turned slices 0.1 to 0.8."""
_EXCHANGED = 1.25
"""Four slices in their order over the same with the middle ones exchanged: 0.6 to 1.0; 1.5 to 1.7 if they are."""
_SUDDEN = 2.6
"""A difference over those beside it: 0.3 to 2.1. Where 5 of 64 or of 133 slices are missing: 2.8 to 4.2."""
_MOST_DOUBLED = 1 / 3
"""Volumes that were resampled without interpolation show most slices several times."""
_LOAD = "load the CT exported again, or see whether its slices are in order"


def check_slices(axial: CTVolume) -> Finding | None:
    """The first thing that is wrong with the order of slices, or with one of them, in a sentence that says which.

    Parameters
    ----------
    axial
        In axial order: slices are numbered from the feet.
    """
    if len(axial.hu) < 4:
        return None
    seen = _blocks(axial.hu)
    one, two = _differences(seen, 1), _differences(seen, 2)
    foreign = 1 + np.flatnonzero(two < _FOREIGN * np.minimum(one[1:], one[:-1]))
    exchanged = 1 + np.flatnonzero(one[:-2] + one[2:] > _EXCHANGED * (two[:-1] + two[1:]))
    doubled = [k for k in np.flatnonzero(one == _FLOOR_HU) if _is_doubled(axial.hu, k)]
    is_stretched = len(doubled) > _MOST_DOUBLED * len(one)
    # Beside a slice that is empty everything is sudden.
    is_empty = np.ptp(seen, axis=(1, 2)) == 0
    beside = np.maximum(np.r_[0, one[:-1]], np.r_[one[1:], 0])
    sudden = np.flatnonzero((one > _SUDDEN * beside) & ~is_empty[:-1] & ~is_empty[1:])
    if len(foreign):
        seen_in = f"{_numbered(foreign)} between {'its' if len(foreign) == 1 else 'their'} neighbors"
        said = f"{seen_in}, as if damaged, turned, or of another place or patient"
    elif len(exchanged):
        pairs = [f"{k + 1} and {k + 2}" for k in exchanged]
        said = f"Slices {_listed(pairs)} of the CT seem to be exchanged"
    elif is_stretched:
        return None
    elif doubled:
        said = f"{_numbered(np.array(doubled) + 1, 'show')} the same as the one before"
    elif len(sudden):
        pairs = [f"{k + 1} and {k + 2}" for k in sudden]
        said = f"Between slices {_listed(pairs)} of the CT the body changes suddenly, as if some were missing"
    else:
        return None
    return Finding("slice-order", f"{said}; {_LOAD}.", computable=True)


def _blocks(hu: np.ndarray) -> np.ndarray:
    """Means of blocks ``[slice, row, column]``."""
    step = max(1, min(hu.shape[1:]) // (_BLOCKS * _SAMPLES_A_BLOCK))
    sampled = np.clip(hu[:, ::step, ::step], _DARKEST_HU, _BRIGHTEST_HU).astype(np.float32)
    edge = max(1, min(sampled.shape[1:]) // _BLOCKS)
    rows, columns = sampled.shape[1] // edge, sampled.shape[2] // edge
    whole = sampled[:, : rows * edge, : columns * edge]
    return whole.reshape(len(hu), rows, edge, columns, edge).mean(axis=(2, 4))


def _differences(seen: np.ndarray, apart: int) -> np.ndarray:
    return np.abs(seen[apart:] - seen[:-apart]).mean(axis=(1, 2)) + _FLOOR_HU


def _is_doubled(hu: np.ndarray, k: np.integer) -> bool:
    return bool(np.ptp(hu[k]) > 0 and np.array_equal(hu[k], hu[k + 1]))


def _numbered(places: np.ndarray, verb: str = "fit") -> str:
    """The subject of a sentence, and its verb."""
    if len(places) == 1:
        return f"Slice {places[0] + 1} of the CT {'does not fit' if verb == 'fit' else 'shows'}"
    return f"Slices {_listed([str(k + 1) for k in places])} of the CT {'do not fit' if verb == 'fit' else verb}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

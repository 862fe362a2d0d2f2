"""Finds unsupervised masks that failed by their size, and shows them to the user.

Zheng et al. 2020 remove failures by hand, the authors' released code sorts the masks by size to find them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..atomic import whole_file
from ..ct.ct_mask import resample_in_plane
from .preparation import Prepared

SMALLEST, LARGEST = 0.5, 2.0
"""Shares of the cohort's median lung volume between which a mask is believed: a lung lost, or other air taken in."""

_TILE = 160  # pixels
_OUTLINE = (255, 170, 0)


@dataclass(frozen=True, eq=False)
class Review:
    """Cases by the size of their masks, the smallest first.

    Parameters
    ----------
    kept, dropped
        Cases to learn from, and those whose masks failed.
    median_ml
        Of the masks that were found.
    """

    kept: tuple[Prepared, ...]
    dropped: tuple[Prepared, ...]
    median_ml: float


def review_masks(cases: Sequence[Prepared]) -> Review:
    """Sort out masks far smaller or larger than the cohort's; masks that the user gave are always kept."""
    ordered = sorted(cases, key=lambda one: one.lungs_ml)
    found = [one.lungs_ml for one in ordered if one.lungs_ml > 0]
    median = float(np.median(found)) if found else 0.0
    believed = [
        one.case.mask is not None or (one.lungs_ml > 0 and SMALLEST * median <= one.lungs_ml <= LARGEST * median)
        for one in ordered
    ]
    return Review(
        tuple(one for one, keep in zip(ordered, believed, strict=True) if keep),
        tuple(one for one, keep in zip(ordered, believed, strict=True) if not keep),
        median,
    )


def contact_sheet(cases: Sequence[Prepared], path: Path) -> None:
    """A PNG with one tile a case: its slice with most lung, the mask's outline, its name and volume."""
    from matplotlib.figure import Figure

    columns = min(len(cases), max(4, round(1.5 * len(cases) ** 0.5)))
    rows = -(-len(cases) // columns)
    sheet = np.zeros((rows * _TILE, columns * _TILE, 3), dtype=np.uint8)
    figure = Figure(figsize=(columns * _TILE / 100, rows * _TILE / 100), dpi=100)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    for number, prepared in enumerate(cases):
        top, left = number // columns * _TILE, number % columns * _TILE
        sheet[top : top + _TILE, left : left + _TILE] = _tile(prepared)
        caption = f"{prepared.case.name[:22]}\n{prepared.lungs_ml / 1000:.2f} L"
        axes.text(left + 4, top + 4, caption, color="white", fontsize=6, va="top", parse_math=False)
    axes.imshow(sheet)
    axes.set_axis_off()
    with whole_file(path) as file:
        figure.savefig(file, format="png")


def _tile(prepared: Prepared) -> np.ndarray:
    volume = prepared.open()
    areas = volume[1].sum(axis=(1, 2), dtype=np.int64)
    widest = int(areas.argmax()) if areas.any() else volume.shape[1] // 2
    image, lungs = resample_in_plane(volume[:, widest].astype(np.float32), _TILE, _TILE)
    tile = np.repeat(image.astype(np.uint8)[..., None], 3, axis=2)
    inside = lungs >= 0.5
    tile[inside & ~ndimage.binary_erosion(inside)] = _OUTLINE
    return tile

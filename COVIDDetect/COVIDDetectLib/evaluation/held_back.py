"""Synthetic cases, unseen in training, with the masks of their lesions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from ..ct.volume import CTVolume
from ..phantom import MIMICS, add_disease, add_mimic, thorax

FIRST_SEED = 1_000_000_000
"""Seeds from here on belong to evaluation; training draws smaller ones."""

_EXTENTS = ("mild", "moderate", "moderate", "severe")
_THICKNESSES_MM = (2.0, 3.0, 5.0, 5.0, 8.0)
_PHANTOM_LENGTH_MM = 300.0


@dataclass(frozen=True, eq=False)
class HeldBackCase:
    """A synthetic case and its ground truth, in axial order on one grid ``[slice, row, column]``.

    Parameters
    ----------
    name
        What it is, in words.
    finding
        ``"healthy"``, one of ``MIMICS``, or the extent of the disease.
    ct, healthy
        The CT, and the same patient without the finding.
    lung_mask
        uint8: 0, 1 right, 2 left.
    lesions
        bool: COVID-like disease.
    """

    name: str
    finding: str
    ct: CTVolume
    healthy: CTVolume
    lung_mask: np.ndarray
    lesions: np.ndarray

    @property
    def is_diseased(self) -> bool:
        """Whether COVID-like disease was painted in."""
        return bool(self.lesions.any())


def held_back_cases(count: int, seed: int = 0, backgrounds: tuple[Path, ...] = ()) -> Iterator[HeldBackCase]:
    """Diseased cases and cases without disease, ``count`` of each, every pair on another background.

    A pair shares the patient. Of the cases without disease every second is healthy, the others show what resembles
    the disease; extents and findings take turns.

    Parameters
    ----------
    seed
        Seed of the random cases. The seeds used are above ``FIRST_SEED``.
    backgrounds
        Real CTs without COVID-19 that take turns with as many phantoms; only phantoms if there are none.
    """
    for number, (source, extent, finding) in enumerate(take_turns(count, len(backgrounds))):
        case_seed = FIRST_SEED + 1000 * seed + number
        ct, lung_mask = _phantom(case_seed) if source is None else _real(backgrounds[source])
        diseased, lesions = add_disease(ct, lung_mask, case_seed, extent=extent)
        yield HeldBackCase(f"{ct.name}, {extent} disease", extent, diseased, ct, lung_mask, lesions)
        other = ct if finding == "healthy" else add_mimic(ct, lung_mask, case_seed, finding)
        yield HeldBackCase(f"{ct.name}, {finding}", finding, other, ct, lung_mask, np.zeros(ct.shape, dtype=bool))


def take_turns(pairs: int, real: int) -> Iterator[tuple[int | None, str, str]]:
    """What each pair of cases is made of: each patient gets every extent, and both findings and healthy lungs.

    Parameters
    ----------
    real
        Number of real CTs, which take turns with as many phantoms.

    Yields
    ------
    background, extent, finding
        Index of the real CT, None for a phantom; the extent of the disease; what the case without disease shows.
    """
    mimics = cycle(MIMICS)
    for number in range(pairs):
        background = number // 2 % real if real and number % 2 == 0 else None
        turn = number // max(1, 2 * real)
        yield background, _EXTENTS[turn % len(_EXTENTS)], next(mimics) if turn % 2 else "healthy"


def _phantom(seed: int) -> tuple[CTVolume, np.ndarray]:
    random = np.random.default_rng([seed, 2])
    thickness_mm, pixel_mm = float(random.choice(_THICKNESSES_MM)), float(random.uniform(1.2, 1.6))
    slices = round(_PHANTOM_LENGTH_MM / thickness_mm)
    phantom = thorax(seed, (slices, 256, 256), (pixel_mm, pixel_mm, thickness_mm))
    return CTVolume(phantom.ct.hu, phantom.ct.geometry, f"Phantom {seed - FIRST_SEED}"), phantom.lung_mask


def _real(path: Path) -> tuple[CTVolume, np.ndarray]:
    from ..ct.reading import read_ct
    from ..lungs import segment_lungs

    ct, _ = read_ct(path).axial()
    return CTVolume(ct.hu, ct.geometry, path.stem), segment_lungs(ct, "threshold").labels

"""A believable thorax in HU, seeded, with its ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from ..ct.geometry import Geometry, Reorientation
from ..ct.volume import CTVolume
from .anatomy import CARINA_MM, HILUM_MM, Body, layer
from .disease import add_disease
from .fields import Shape, Spacing, smooth_field
from .tubes import Tubes, coverage, grow_tree

_LAYER_MM = 2.5
_VESSELS_A_LUNG = 420
_BRONCHI_A_LUNG = 14


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic CT and what is true of it, all on one grid ``[slice, row, column]``.

    Parameters
    ----------
    ct
        The CT in HU.
    lung_mask
        uint8: 0, 1 right lung, 2 left lung.
    lesions
        bool: disease.
    """

    ct: CTVolume
    lung_mask: np.ndarray
    lesions: np.ndarray


def thorax(
    seed: int = 0,
    shape: Shape = (64, 256, 256),
    spacing: Spacing = (1.4, 1.4, 5.0),
    disease: str | None = None,
    extent: str = "moderate",
    orientation: str = "LPS",
) -> Phantom:
    """Draw a patient and scan him.

    Parameters
    ----------
    shape
        Slices, rows, columns of the axial scan; the thorax, about 330 × 240 × 250 mm, lies in its middle.
    spacing
        Millimetres from column to column, row to row, slice to slice.
    disease, extent
        As in ``add_disease``; None for healthy lungs.
    orientation
        Where column, row and slice numbers grow to, of each of R/L, A/P and I/S one: the same scan in another order.

    Examples
    --------
    >>> phantom = thorax(seed=1, shape=(24, 96, 96), spacing=(3.6, 3.6, 12.0))
    >>> phantom.ct.shape, int(phantom.lung_mask.max())
    ((24, 96, 96), 2)
    """
    random = np.random.default_rng([seed, 0])
    hu, lung_mask, geometry = unscanned(random, shape, spacing)
    hu = scipy.ndimage.gaussian_filter(hu, (0, 0.5, 0.5))
    noise = scipy.ndimage.gaussian_filter(random.standard_normal(shape).astype(np.float32), (0, 0.6, 0.6))
    hu += random.uniform(10, 40) * noise / noise.std()

    ct = CTVolume.from_array(np.clip(hu, -1024, 3000), geometry, f"Phantom {seed}")
    lesions = np.zeros(shape, dtype=bool)
    if disease is not None:
        ct, lesions = add_disease(ct, lung_mask, seed, disease, extent)
    return _stored_as(Phantom(ct, lung_mask, lesions), orientation)


def unscanned(random: np.random.Generator, shape: Shape, spacing: Spacing) -> tuple[np.ndarray, np.ndarray, Geometry]:
    """A healthy patient before the scanner blurs him and adds noise: float32 HU, lungs and grid, as in ``thorax``."""
    body = Body.draw(random)
    i_mm, j_mm, k_mm = spacing
    spacing_kji = (k_mm, j_mm, i_mm)
    first_voxel_mm = np.array([-(n - 1) / 2 * mm for n, mm in zip(shape[::-1], spacing, strict=True)])
    subslices = max(1, round(k_mm / _LAYER_MM))
    hu, lung_mask = _scan(body, random, shape, spacing_kji, first_voxel_mm, subslices)
    _fill_lungs(hu, lung_mask, body, random, spacing_kji, first_voxel_mm, subslices)
    return hu, lung_mask, Geometry.axial(spacing, tuple(first_voxel_mm))


def _scan(
    body: Body,
    random: np.random.Generator,
    shape: Shape,
    spacing_kji: Spacing,
    first_voxel_mm: np.ndarray,
    subslices: int,
) -> tuple[np.ndarray, np.ndarray]:
    """HU without what is in the lungs, and the lungs."""
    slices, rows, columns = shape
    k_mm, j_mm, i_mm = spacing_kji
    wobble = smooth_field(random, shape, spacing_kji, 45)
    x = (first_voxel_mm[0] + np.arange(columns) * i_mm)[None, :]
    y = (first_voxel_mm[1] + np.arange(rows) * j_mm)[:, None]
    hu, lung_mask = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.uint8)
    offsets = ((np.arange(subslices) + 0.5) / subslices - 0.5) * k_mm
    for number in range(slices):
        z = first_voxel_mm[2] + number * k_mm
        layers = [layer(body, x, y, z + offset, wobble[number]) for offset in offsets]
        hu[number] = np.mean([one.hu for one in layers], axis=0)
        sides = [np.mean([one.lungs == side for one in layers], axis=0) for side in (1, 2)]
        lung_mask[number] = np.where(sides[0] + sides[1] >= 0.5, np.where(sides[0] >= sides[1], 1, 2), 0)
        # Where only some layers are lung, the air of these is mixed in here; whole lung voxels are filled later.
        share = sides[0] + sides[1]
        hu[number] += (share * (-850.0 - hu[number])).astype(np.float32) * (share > 0)
    return hu, lung_mask


def _fill_lungs(
    hu: np.ndarray,
    lung_mask: np.ndarray,
    body: Body,
    random: np.random.Generator,
    spacing_kji: Spacing,
    first_voxel_mm: np.ndarray,
    subslices: int,
) -> None:
    """Parenchyma, vessels and airways, in place."""
    shape: Shape = hu.shape
    lung = lung_mask > 0
    to_back = np.linspace(-1, 1, shape[1], dtype=np.float32)[:, None]
    texture = 14 * smooth_field(random, shape, spacing_kji, 40) + 10 * smooth_field(random, shape, spacing_kji, 6)
    parenchyma = random.uniform(-880, -820) + random.uniform(20, 60) * to_back + texture
    hu[lung] = parenchyma[lung]

    def paint(tubes: Tubes, value: float, where: np.ndarray | None = None) -> None:
        share = coverage(tubes, shape, spacing_kji, first_voxel_mm, subslices)
        if where is not None:
            share *= where
        hu[...] += share * (value - hu)

    trachea = Tubes(
        np.array([[0.0, 6.0, 170.0], [0, 6, CARINA_MM], [0, 6, CARINA_MM]]) * body.size,
        np.array([[0.0, 6.0, CARINA_MM], [-34, 3, 4], [36, 3, 2]]) * body.size,
        np.array([8.5, 6.5, 6.0]),
    )
    airways = [trachea]
    for side, sign in ((1, -1), (2, 1)):
        hilum = HILUM_MM * [sign, 1, 1] * body.size
        places = np.argwhere(lung_mask == side)
        if not len(places):
            continue
        for _ in range(2):  # arteries, then veins
            paint(_tree(random, hilum, places, _VESSELS_A_LUNG, spacing_kji, first_voxel_mm), body.blood_hu, lung)
        root = hilum + np.array([0, 1, 0])
        bronchi = _tree(random, root, places, _BRONCHI_A_LUNG, spacing_kji, first_voxel_mm, leaf_radius_mm=1.0)
        near = np.linalg.norm(bronchi.ends - root, axis=1) < 75
        airways.append(Tubes(bronchi.starts[near], bronchi.ends[near], bronchi.radii[near]))
    for tubes in airways:
        paint(tubes.widened(1.2), 10.0)
    for tubes in airways:
        paint(tubes, -985.0)


def _tree(
    random: np.random.Generator,
    root: np.ndarray,
    places: np.ndarray,
    count: int,
    spacing_kji: Spacing,
    first_voxel_mm: np.ndarray,
    leaf_radius_mm: float = 0.55,
) -> Tubes:
    chosen = places[random.integers(len(places), size=count)]
    leaves = (chosen * spacing_kji)[:, ::-1] + first_voxel_mm
    return grow_tree(random, root, leaves, leaf_radius_mm)


def _stored_as(phantom: Phantom, orientation: str) -> Phantom:
    """The phantom with its voxels in another order; the anatomy stays where it is."""
    axes = [next(w for w, pair in enumerate(("RL", "AP", "IS")) if letter in pair) for letter in orientation.upper()]
    if sorted(axes) != [0, 1, 2]:
        raise ValueError(f"no orientation: {orientation}")
    flips = [letter in "RAI" for letter in orientation.upper()]
    reorientation = Reorientation((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))
    ct, lung_mask, lesions = phantom.ct, phantom.lung_mask, phantom.lesions
    geometry = ct.geometry.reoriented(reorientation, ct.shape)
    hu, lung_mask, lesions = (np.ascontiguousarray(reorientation.apply(a)) for a in (ct.hu, lung_mask, lesions))
    return Phantom(CTVolume(hu, geometry, ct.name), lung_mask, lesions)

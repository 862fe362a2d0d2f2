"""What another program loaded from DICOM files, against what the files hold.

Slicer reads frames of one file by GDCM: in the order of the file wherever they lie, with the rescale of the first, and
on a grid of 1 mm if they are uneven.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .dicom_pixels import frames_in_hu
from .layout_checks import Finding
from .stack import Slice
from .volume import CTVolume

_SAME_SPACING = 0.01
_COMPARED_STEP = 4
_SAME_HU = 3.0
"""Mean difference within a slice; neighbors that change places differ by 10 HU and more, a hardened transform by 1."""


def check_loaded_grid(ct: CTVolume, slices: Sequence[Slice]) -> Finding | None:
    """Voxels of another size than the headers say.

    Parameters
    ----------
    ct
        As it was loaded, in the order of its slices.
    slices
        Those of its files, along their normal, evenly spaced.
    """
    positions = np.array([one.frame.position for one in (slices[0], slices[-1])])
    between = float(np.linalg.norm(positions[1] - positions[0])) / max(1, len(slices) - 1)
    down, right = slices[0].frame.spacing
    stored, loaded = (right, down, between), ct.geometry.spacing
    if np.allclose(loaded, stored, rtol=_SAME_SPACING, atol=0):
        return None
    return Finding(
        "not-as-stored",
        f"The CT was loaded with voxels of {_mm(loaded)}, and its DICOM files say {_mm(stored)}; load the series "
        "exported as single slices.",
        computable=False,
    )


def check_loaded_values(ct: CTVolume, slices: Sequence[Slice]) -> Finding | None:
    """Values that the files do not hold at that place: frames in another order, or with another rescale.

    Parameters
    ----------
    ct, slices
        Of the same number of slices, rows and columns; else as for ``check_loaded_grid``.

    Raises
    ------
    InputError
        If pixels of a file are not whole.
    """
    # The slices of the volume run along their normal or against it.
    both_ways = np.zeros((2, len(slices)))
    for k, values in _stored(slices):
        stored = values[::_COMPARED_STEP, ::_COMPARED_STEP].astype(float)
        for way, at in enumerate((k, len(slices) - 1 - k)):
            both_ways[way, k] = np.abs(ct.hu[at, ::_COMPARED_STEP, ::_COMPARED_STEP] - stored).mean()
    different = min(both_ways, key=lambda each: np.count_nonzero(each > _SAME_HU))
    wrong = np.count_nonzero(different > _SAME_HU)
    if not wrong:
        return None
    return Finding(
        "not-as-stored",
        f"{wrong} of {len(slices)} slices of the CT do not show what its DICOM files hold there (frames in another "
        "order, or with another rescale); load the series exported as single slices, unless you changed it yourself.",
        computable=True,
    )


def _stored(slices: Sequence[Slice]) -> Iterator[tuple[int, np.ndarray]]:
    """The slices' places in the stack, and what the files hold there in HU."""
    place = {(id(one.image), one.number): k for k, one in enumerate(slices)}
    images = list({id(one.image): one.image for one in slices}.values())
    for image, number, values in frames_in_hu(images):
        yield place[id(image), number], values


def _mm(spacing: Sequence[float]) -> str:
    return " × ".join(f"{mm:.3g}" for mm in spacing) + " mm"

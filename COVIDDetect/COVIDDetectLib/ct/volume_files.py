"""NIfTI, NRRD and MetaImage files: the header is checked first, then exactly the voxels that it declares are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..text import short_name
from .geometry import Geometry
from .layout_checks import check_axes, check_layout
from .metaimage import read_metaimage_header
from .nifti import read_nifti_header
from .nrrd import read_nrrd_header
from .stored_volume import StoredVolume, hu_of, labels_of
from .volume import CTVolume

_READERS: dict[str, Callable[[Path, str], StoredVolume]] = {
    ".nii.gz": read_nifti_header,
    ".hdr.gz": read_nifti_header,
    ".nii": read_nifti_header,
    ".hdr": read_nifti_header,
    ".nrrd": read_nrrd_header,
    ".nhdr": read_nrrd_header,
    ".mha": read_metaimage_header,
    ".mhd": read_metaimage_header,
}

_RIGHT_ANGLES = 1e-6
"""Cosine between two axes up to which it is rounding."""


def is_volume_file(path: Path) -> bool:
    """Whether the name has the ending of a format that is read here."""
    return path.name.lower().endswith((*_READERS, ".img"))


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a volume: one, or header and voxels.

    Raises
    ------
    InputError
        If the header is damaged.
    """
    return tuple(dict.fromkeys((path, _header(path).file)))


def read_volume_file(path: Path) -> CTVolume:
    """The CT in a volume file.

    Raises
    ------
    InputError
        If the file is damaged, holds less or more than its header declares, or is no CT.
    """
    stored = _header(path)
    geometry = _checked_place(stored)
    hu, notes = hu_of(stored)
    return CTVolume(hu, geometry, stored.name, (*stored.notes, *notes))


def read_labels(path: Path) -> tuple[np.ndarray, Geometry]:
    """The numbers ``[slice, row, column]`` in a volume file as they are, and where they lie.

    Raises
    ------
    InputError
        If the file is damaged, holds less or more than its header declares, or is not one volume.
    """
    stored = _header(path)
    geometry = _checked_place(stored)
    return labels_of(stored), geometry


def read_back(path: Path) -> tuple[np.ndarray, Geometry]:
    """What a volume file of our own holds, also one of a single slice, as a heat map of two or three slices is.

    Raises
    ------
    InputError
        If the file is damaged, or holds less or more than its header declares.
    """
    stored = _header(path)
    return labels_of(stored), Geometry.from_ijk_to_lps(stored.ijk_to_lps)


def _header(path: Path) -> StoredVolume:
    if path.name.lower().endswith(".img"):
        path = path.with_name(path.name[:-4] + ".hdr")
    for ending, read in _READERS.items():
        if path.name.lower().endswith(ending):
            return read(path, short_name(path.name[: -len(ending)]))
    raise InputError(f"{short_name(path.name)} has no ending that names a format; use {', '.join(_READERS)}.")


def _checked_place(stored: StoredVolume) -> Geometry:
    if finding := check_layout(stored.sizes, stored.components, stored.name):
        raise InputError(finding.sentence)
    matrix = stored.ijk_to_lps.copy()
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if not (spacing > 0).all():
        raise InputError(f"{stored.name} has voxels without a size along one axis; save the CT again from its source.")
    if finding := check_axes(matrix, stored.name):
        raise InputError(finding.sentence)
    directions = matrix[:3, :3] / spacing
    if np.abs(directions.T @ directions - np.eye(3)).max() > _RIGHT_ANGLES:
        # What is left of a tilt is below half a degree: the nearest axes at right angles are taken.
        left, _, right = np.linalg.svd(directions)
        matrix[:3, :3] = left @ right * spacing
    return Geometry.from_ijk_to_lps(matrix)

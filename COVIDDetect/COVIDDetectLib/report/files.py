"""The files of an analysis, written all or not at all, and lung masks in files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..analysis.analyze import Analysis
from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..ct.volume_files import is_volume_file, read_labels
from ..errors import InputError, MaskError
from ..lungs import LEFT, RIGHT, LungMask, split_sides
from ..text import printable
from .overview import overview

RECORD, LUNGS, ATTENTION, OVERVIEW = "analysis.json", "lungs.nrrd", "attention.nrrd", "overview.png"
_IMAGE_SUFFIXES = (".nrrd", ".nii.gz", ".nii", ".mha")


def write_analysis(ct: CTVolume, analysis: Analysis, folder: Path) -> None:
    """Write the four files of an analysis: all of them appear in ``folder``, or none.

    ``analysis.json`` (``Docs/analysis-schema.md``), ``lungs.nrrd`` (0 background, 1 right, 2 left, on the CT's own
    grid), ``attention.nrrd`` (0…1 on the heat map's coarse grid) and ``overview.png``. Earlier files of these names
    are replaced, others are left alone.

    Raises
    ------
    InputError
        If ``folder`` cannot be written.
    """
    folder = folder.absolute()
    check_folder(folder)
    # On the same disk as the folder, which may be a mount, so that the last step is a renaming.
    name = f".unfinished-{os.getpid()}-{folder.name}"
    unfinished = folder / name if folder.is_dir() else folder.with_name(name)
    try:
        with _write_errors(folder):
            unfinished.mkdir(parents=True)
            (unfinished / RECORD).write_text(json.dumps(analysis.to_record(), indent=2) + "\n", encoding="utf-8")
            _write_image(analysis.lung_mask.labels, analysis.lung_mask.geometry, unfinished / LUNGS)
            _write_image(analysis.attention.values, analysis.attention.geometry, unfinished / ATTENTION)
            overview(ct, analysis, unfinished / OVERVIEW)
            if unfinished.parent == folder:
                for file in unfinished.iterdir():
                    file.replace(folder / file.name)
            else:
                unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_lung_mask(lung_mask: LungMask, path: Path) -> None:
    """Write a lung mask (0, 1 right, 2 left) as NRRD, NIfTI or MetaImage; the file appears when it is complete.

    Raises
    ------
    InputError
        If the file's name has another ending, or it cannot be written.
    """
    path = path.absolute()
    check_mask_file(path)
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        with _write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_image(lung_mask.labels, lung_mask.geometry, unfinished)
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder for results that cannot be made, before anything is computed.

    Raises
    ------
    InputError
        If it is a file, or lies where this user may not write.
    """
    folder = folder.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise InputError(f"{there} is a file; give a folder for the results.")
    if not os.access(there, os.W_OK):
        raise InputError(f"{there} cannot be written; choose another folder for the results.")


def check_mask_file(path: Path) -> None:
    """Refuse a file for a lung mask that cannot be made, before anything is computed.

    Raises
    ------
    InputError
        If its ending is not .nrrd, .nii.gz, .nii or .mha, a folder has that name, or its folder cannot be written.
    """
    if not path.name.lower().endswith(_IMAGE_SUFFIXES):
        raise InputError(f"{path.name} has no ending that names a format; use {', '.join(_IMAGE_SUFFIXES)}.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give a file for the lung mask.")
    check_folder(path.absolute().parent)


def read_lung_mask(path: Path) -> LungMask:
    """Read a lung mask: 0 background, 1 right lung, 2 left lung; if there is no 2, lungs that are told apart here.

    Raises
    ------
    MaskError
        If the file is missing, cannot be read, or holds something else, such as the two sides exchanged.
    """
    if not is_volume_file(path):
        raise MaskError(
            f"{printable(str(path))} is no file with a lung mask; give unet, threshold or a NRRD, NIfTI or MetaImage "
            "file."
        )
    try:
        with np.errstate(invalid="ignore"):  # what is no number is no label either
            lung_mask = LungMask.from_labels(*read_labels(path))
    except InputError as error:
        raise MaskError(f"The lung mask cannot be used: {error}") from error
    if not (lung_mask.labels == LEFT).any():
        return _with_sides(lung_mask)
    has_both = (lung_mask.labels == RIGHT).any()
    if has_both and _left_mm(lung_mask, RIGHT) > _left_mm(lung_mask, LEFT):
        raise MaskError(
            f"{path.name} has the lungs exchanged: label 1 is the patient's right lung, 2 the left; correct the labels "
            "or the orientation in the file."
        )
    return lung_mask


def _with_sides(lung_mask: LungMask) -> LungMask:
    """Most masks have one label for lung; of a mask that is one lung its place tells which."""
    order = lung_mask.geometry.reorientation_to_axial()
    lungs = np.ascontiguousarray(order.apply(lung_mask.labels > 0))
    labels = split_sides(lungs, lung_mask.geometry.reoriented(order, lung_mask.labels.shape).spacing)
    return LungMask.from_labels(np.ascontiguousarray(order.undo(labels)), lung_mask.geometry)


def _left_mm(lung_mask: LungMask, side: int) -> float:
    """How far to the patient's left the middle of one lung lies, in LPS."""
    inside = lung_mask.labels == side
    counts = [inside.sum(axis=other) for other in ((0, 1), (0, 2), (1, 2))]
    middle = [float(np.average(np.arange(len(count)), weights=count)) for count in counts]
    return float((lung_mask.geometry.ijk_to_lps @ [*middle, 1.0])[0])


def _write_image(array: np.ndarray, geometry: Geometry, path: Path) -> None:
    image = sitk.GetImageFromArray(array)
    geometry.apply_to(image)
    try:
        sitk.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise InputError(f"{path.name} cannot be written; is the disk full?") from error


@contextmanager
def _write_errors(target: Path) -> Iterator[None]:
    """What the system says of a full or forbidden place, as a sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); choose another place.") from error

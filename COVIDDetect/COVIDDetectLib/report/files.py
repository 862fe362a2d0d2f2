"""The files of an analysis, written all or not at all, and lung masks in files."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..analysis.analyze import Analysis
from ..atomic import remember_names, remove, unfinished, written_or_said
from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..ct.volume_files import files_of, is_volume_file, read_back, read_labels
from ..errors import DiskError, InputError, MaskError
from ..lungs import LEFT, RIGHT, LungMask, split_sides
from ..lungs.lobes import LOBES, lobes_of_totalsegmentator
from ..text import printable
from .overview import overview

RECORD, LUNGS, ATTENTION, OVERVIEW = "analysis.json", "lungs.nrrd", "attention.nrrd", "overview.png"
_IMAGE_SUFFIXES = (".nrrd", ".nii.gz", ".nii", ".mha")


def write_analysis_files(ct: CTVolume, analysis: Analysis, folder: Path, skip: Collection[str] = ()) -> None:
    """Write the four files of an analysis: all of them appear in ``folder``, or none.

    ``analysis.json`` (``Docs/use/analysis-schema.md``), ``lungs.nrrd`` (0 background, 1 right, 2 left, on the CT's own
    grid), ``attention.nrrd`` (up to 1, below 0 against COVID-19, on the heat map's coarse grid) and ``overview.png``.
    Earlier files of these names are replaced, others are left alone. Each file is read back before it gets its name.

    Parameters
    ----------
    skip
        Those of ``ATTENTION`` and ``OVERVIEW`` that are not written; earlier ones, of another analysis, are removed.

    Raises
    ------
    InputError
        If ``folder`` cannot be written; DiskError if the disk is full.
    """
    folder = folder.absolute()
    check_folder(folder)
    # On the same disk as the folder, which may be a mount, so that the last step is a renaming.
    within = folder.is_dir()
    with unfinished(folder / folder.name if within else folder) as there, written_or_said(folder):
        there.mkdir(parents=True)
        _write_record(analysis, there / RECORD)
        write_image(analysis.lung_mask.labels, analysis.lung_mask.geometry, there / LUNGS)
        if ATTENTION not in skip:
            write_image(analysis.attention.values, analysis.attention.geometry, there / ATTENTION)
        if OVERVIEW not in skip:
            _write_overview(ct, analysis, there / OVERVIEW)
        if within:
            _move_all(there, folder)
            for name in skip:
                remove(folder / name)
        else:
            there.rename(folder)
        remember_names(folder)


def write_lung_mask_file(lung_mask: LungMask, path: Path) -> None:
    """Write a lung mask (0, 1 right, 2 left) as NRRD, NIfTI or MetaImage; the file appears when it is complete.

    Raises
    ------
    InputError
        If the file's name has another ending, or it cannot be written; DiskError if the disk is full.
    """
    path = path.absolute()
    check_mask_file(path)
    with unfinished(path) as there, written_or_said(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(lung_mask.labels, lung_mask.geometry, there)
        there.replace(path)
        remember_names(path.parent)


def analysis_files(folder: Path) -> tuple[Path, ...]:
    """The files that an analysis writes into a folder."""
    return tuple(folder / name for name in (RECORD, LUNGS, ATTENTION, OVERVIEW))


def refuse_inputs(targets: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to replace what is read, before anything is computed.

    Parameters
    ----------
    targets
        Files that will be written.
    inputs
        Files or folders that are read; what does not exist is none.

    Raises
    ------
    InputError
        If one of the targets is one of the inputs, a DICOM file, or a folder.
    """
    read = [file for one in inputs for file in (one, *_voxels_beside(one)) if file.exists()]
    for target in targets:
        if target.is_dir():
            raise InputError(f"{target} is a folder, where a file is to be written; choose another place.")
        if not target.is_file():
            continue
        if any(os.path.samefile(target, one) for one in read):
            raise InputError(f"{target} is read here and would be replaced; choose another place for the results.")
        with target.open("rb") as file:
            if file.read(132)[128:] == b"DICM":
                raise InputError(f"{target} is a DICOM file and would be replaced; choose another place.")


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
        raise InputError(f"{path.name} has no file extension that names a format; use {', '.join(_IMAGE_SUFFIXES)}.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give a file for the lung mask.")
    check_folder(path.absolute().parent)


def read_lung_mask(path: Path) -> LungMask:
    """Read a lung mask: 0 background, 1 right lung, 2 left lung; of one label, lungs that are told apart here.

    Or the five lobes, numbered as ``lungs.lobes.LOBES`` or as TotalSegmentator numbers them, 10 to 14.

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
            labels, geometry = read_labels(path)
            labels = lobes_of_totalsegmentator(labels)
            if labels.size and labels.max() == len(LOBES):
                return LungMask.from_lobes(labels, geometry)
            lung_mask = LungMask.from_labels(labels, geometry)
    except InputError as error:
        raise MaskError(f"The lung mask cannot be used: {error}") from error
    has_right, has_left = ((lung_mask.labels == side).any() for side in (RIGHT, LEFT))
    if not (has_right and has_left):
        told_apart = _with_sides(lung_mask)
        # A left lung alone is labeled by somebody who told them apart.
        is_left_alone = has_left and len(np.unique(told_apart.labels)) < 3
        return lung_mask if is_left_alone else told_apart
    if _left_mm(lung_mask, RIGHT) > _left_mm(lung_mask, LEFT):
        raise MaskError(
            f"{path.name} has the lungs exchanged: label 1 is the patient's right lung, 2 the left; correct the labels "
            "or the orientation in the file."
        )
    return lung_mask


def _with_sides(lung_mask: LungMask) -> LungMask:
    """Most masks have one label for both lungs; if there is only one lung, its place tells which."""
    axial = lung_mask.axial()
    labels = split_sides(axial.labels > 0, axial.geometry.spacing)
    order = lung_mask.geometry.reorientation_to_axial()
    return LungMask.from_labels(np.ascontiguousarray(order.undo(labels)), lung_mask.geometry)


def _left_mm(lung_mask: LungMask, side: int) -> float:
    """How far to the patient's left the middle of one lung lies, in LPS."""
    inside = lung_mask.labels == side
    counts = [inside.sum(axis=other) for other in ((0, 1), (0, 2), (1, 2))]
    middle = [float(np.average(np.arange(len(count)), weights=count)) for count in counts]
    return float((lung_mask.geometry.ijk_to_lps @ [*middle, 1.0])[0])


def _voxels_beside(header: Path) -> tuple[Path, ...]:
    """The file with the voxels of a header, for the formats that may have two files."""
    if not header.is_file() or not is_volume_file(header):
        return ()
    with suppress(InputError):  # what is wrong with it is said when it is read
        return files_of(header)
    return ()


def _move_all(source: Path, folder: Path) -> None:
    """Move the files of one folder into another: all of them, or none if one cannot be moved."""
    earlier = source / "earlier"
    earlier.mkdir()
    done: list[Path] = []
    try:
        for file in sorted(file for file in source.iterdir() if file != earlier):
            target = folder / file.name
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "there is a folder of that name", str(target))
            if target.exists():
                target.replace(earlier / file.name)
            done.append(target)
            file.replace(target)
    except OSError:
        for target in done:
            target.unlink(missing_ok=True)
            if (earlier / target.name).exists():
                (earlier / target.name).replace(target)
        raise


def _write_record(analysis: Analysis, path: Path) -> None:
    content = json.dumps(analysis.to_record(), indent=2) + "\n"
    path.write_text(content, encoding="utf-8")
    if path.read_text(encoding="utf-8") != content:
        raise _not_as_written(path)
    _to_disk(path)


def _write_overview(ct: CTVolume, analysis: Analysis, path: Path) -> None:
    from PIL import Image, UnidentifiedImageError

    overview(ct, analysis, path)
    try:
        with Image.open(path) as picture:
            picture.verify()
    except (UnidentifiedImageError, SyntaxError, ValueError, EOFError) as error:
        raise _not_as_written(path) from error
    _to_disk(path)


def write_image(array: np.ndarray, geometry: Geometry, path: Path) -> None:
    """Write an array ``[slice, row, column]`` with its place in a format that its ending names, and read it back.

    Raises
    ------
    DiskError
        If the file does not hold what was written.
    """
    image = sitk.GetImageFromArray(array)
    geometry.apply_to(image)
    try:
        sitk.WriteImage(image, str(path), useCompression=True)
        written, place = read_back(path)
    except (RuntimeError, InputError) as error:
        raise _not_as_written(path) from error
    if not np.array_equal(written, array) or not place.same_grid(geometry):
        raise _not_as_written(path)
    _to_disk(path)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _not_as_written(path: Path) -> DiskError:
    return DiskError(f"{path.name} could not be written completely; make room on the disk, or choose another place.")

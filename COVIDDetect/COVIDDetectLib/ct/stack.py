"""DICOM images of one series become one volume: strangers left out, slices sorted, what does not fit refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..allocator import keep_blocks_of
from ..errors import InputError
from .dicom_image import DicomImage, Frame
from .dicom_pixels import frames_in_hu
from .files import check_volume_bytes
from .geometry import Geometry
from .layout_checks import Finding, check_axes, check_layout, check_slice_positions
from .volume import CTVolume

T = TypeVar("T")

_SAME_DIRECTION = 1e-2
"""Largest difference between the components of two directions of one stack."""
_FEW_STRANGERS, _SHARE_OF_STRANGERS = 3, 0.1
_OFF_LINE_MM = 0.1
_SAME_SPACING = 1e-3
_COMPARED_STEP = 4
_AIR_AT_MOST_HU = -900
_LEAST_OF_NEIGHBORS = 0.5
"""A slice next to others has at least this part of their voxels that are no air."""
_CLEAR = 0.98
"""Ratio of two mean differences between slices from which one rescale fits clearly better; noise makes about 0.01."""


@dataclass(frozen=True)
class Slice:
    """One slice of a stack: a frame, the image that holds it, and its place there."""

    image: DicomImage
    frame: Frame
    number: int


def read_stack(images: Sequence[DicomImage], title: str) -> CTVolume:
    """The CT that the images of one series are.

    Images that are no slices of it (copies, localizers, screens) are left out; the notes of the CT say which.

    Raises
    ------
    InputError
        If what is left is not one even stack, or cannot be read.
    """
    images, left_out = _without_strangers(_without_copies(images), title)
    slices = slices_of(images)
    notes = (
        [f"{_listed(left_out)} of this series {'was' if len(left_out) == 1 else 'were'} left out."] if left_out else []
    )
    subject = f"Series {title}" + (f", without {_listed(left_out)}," if left_out else "")
    geometry = _grid(slices, subject)
    rows, columns = images[0].rows, images[0].columns
    if finding := check_layout((columns, rows, len(slices)), subject=subject):
        raise InputError(finding.sentence)
    check_volume_bytes(2 * rows * columns * len(slices), subject)
    hu = _voxels(images, slices)
    notes += _check_rescale(hu, slices)
    notes += [finding.sentence for finding in (check_origin(slices), check_compression(slices)) if finding]
    return CTVolume(hu, geometry, title, tuple(notes))


def slices_of(images: Sequence[DicomImage]) -> list[Slice]:
    """All slices of a stack along their normal, wherever the files hold them.

    Raises
    ------
    InputError
        If an image has a problem, or the slices are not alike in all that a volume has only one of.
    """
    slices = _one_kind_of_slices(images)
    normal = _axes(slices)[2]
    return sorted(slices, key=lambda one: float(normal @ one.frame.position))


def check_origin(slices: Sequence[Slice]) -> Finding | None:
    """Slices of several patients, studies, kernels, voltages, or measured from several points, under one series."""
    images = {id(one.image): one.image for one in slices}.values()
    patients = len({image.patient for image in images})
    frames = len({image.frame_of_reference for image in images})
    studies = len({image.study for image in images})
    voltages = sorted({image.voltage for image in images if image.voltage})
    kernels = sorted({image.kernel for image in images if image.kernel})
    if patients > 1:
        mixed = f"name {patients} patients"
    elif 1 < studies < len(images):
        mixed = f"belong to {studies} studies"
    elif 1 < frames < len(images):  # programs that take names out give each file another (all of LIDC-IDRI)
        mixed = f"measure their positions from {frames} points (Frame of Reference)"
    elif len(kernels) > 1:
        mixed = f"were made with {len(kernels)} kernels ({', '.join(kernels[:3])})"
    elif len(voltages) > 1:
        mixed = f"were made with {len(voltages)} tube voltages ({', '.join(voltages[:3])} kV)"
    else:
        return None
    return Finding(
        "mixed",
        f"The slices of this series {mixed}, so that they may not belong together; choose another series, or make sure "
        "that they do.",
        computable=True,
    )


def check_compression(slices: Sequence[Slice]) -> Finding | None:
    """Slices that were compressed with loss, before or in these files: weak texture of lungs is lost first."""
    lossy = len({id(one.image) for one in slices if one.image.is_lossy})
    if not lossy:
        return None
    return Finding(
        "lossy",
        "The CT was compressed with loss, which changes fine texture and densities; choose the original series if "
        "there is one.",
        computable=True,
    )


def positions_of(slices: Sequence[Slice]) -> list[float]:
    """Place of each slice along their normal, mm."""
    normal = _axes(slices)[2]
    return [float(normal @ one.frame.position) for one in slices]


def _without_copies(images: Sequence[DicomImage]) -> list[DicomImage]:
    """One of each image of which there are two files with the same content."""
    kept: dict[str, DicomImage] = {}
    for image in images:
        first = kept.setdefault(image.instance_uid or str(image.file), image)
        if first is not image and first.file.read_bytes() != image.file.read_bytes():
            raise InputError(
                f"{first.name} and {image.name} say that they are the same image and differ; remove one of them."
            )
    return list(kept.values())


def _without_strangers(
    images: Sequence[DicomImage], title: str
) -> tuple[list[DicomImage], list[tuple[DicomImage, str]]]:
    """The slices of the stack, and the images that are none with the reason."""
    direction = _most_common(
        tuple(round(value, 3) for value in frame.orientation) for image in images for frame in image.frames
    )
    all_strange = _most_common(image.strange_type for image in images)
    modality = _most_common(image.modality for image in images)
    kept, apart, turned = [], [], 0
    for image in images:
        if image.modality != modality:
            apart.append((image, f"of modality {image.modality or 'unknown'}"))
        elif image.strange_type != all_strange and image.strange_type:
            apart.append((image, image.strange_type))
        elif image.frames and not any(_same_direction(frame, direction) for frame in image.frames):
            apart.append((image, "which lies in another direction"))
            turned += 1
        else:
            kept.append(image)
    if turned > max(_FEW_STRANGERS, _SHARE_OF_STRANGERS * len(images)):
        raise InputError(f"Series {title} mixes slices of different directions; choose another series.")
    return kept, apart


def _same_direction(frame: Frame, direction: tuple[float, ...] | None) -> bool:
    return direction is None or float(np.abs(np.subtract(frame.orientation, direction)).max()) <= _SAME_DIRECTION


def _one_kind_of_slices(images: Sequence[DicomImage]) -> list[Slice]:
    for image in images:
        if image.problem:
            raise InputError(f"{image.name} {image.problem}; export the series again.")
    slices = [Slice(image, frame, number) for image in images for number, frame in enumerate(image.frames)]
    size = _most_common((image.rows, image.columns) for image in images)
    spacing = _most_common(one.frame.spacing for one in slices)
    direction = _most_common(tuple(round(value, 3) for value in one.frame.orientation) for one in slices)
    rescaled = _most_common(one.frame.rescale is not None for one in slices)
    assert size and spacing
    for one in slices:
        image, frame = one.image, one.frame
        if (image.rows, image.columns) != size:
            differs = f"{image.rows} × {image.columns} pixels where the others have {size[0]} × {size[1]}"
        elif not np.allclose(frame.spacing, spacing, rtol=_SAME_SPACING, atol=0):
            differs = f"pixels of {_mm(frame.spacing)} where the others have {_mm(spacing)}"
        elif not _same_direction(frame, direction):
            differs = "slices of different directions"
        elif (frame.rescale is not None) != rescaled:
            differs = f"{'no' if rescaled else 'a'} rescale slope and intercept, unlike the others"
        else:
            continue
        raise InputError(f"{image.name} has {differs}, so that the slices are no one volume; choose another series.")
    return slices


def _axes(slices: Sequence[Slice]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors along a row, along a column and along the normal of slices."""
    along_row, along_column = np.reshape(slices[0].frame.orientation, (2, 3))
    along_row = along_row / np.linalg.norm(along_row)
    along_column = along_column - (along_column @ along_row) * along_row
    along_column /= np.linalg.norm(along_column)
    return along_row, along_column, np.cross(along_row, along_column)


def _grid(slices: Sequence[Slice], subject: str) -> Geometry:
    """The grid that slices in their order are."""
    along_row, along_column, normal = _axes(slices)
    positions = np.array([one.frame.position for one in slices])
    if len(slices) > 1:
        axes = np.column_stack([along_row, along_column, positions[-1] - positions[0]])
        finding = check_slice_positions((positions @ normal).tolist(), subject) or check_axes(axes, subject)
        if finding:
            raise InputError(finding.sentence)
        _check_line(positions, normal, slices, subject)
    between = float(normal @ (positions[-1] - positions[0])) / (len(slices) - 1) if len(slices) > 1 else 1.0
    down, right = slices[0].frame.spacing
    x, y, z = (float(value) for value in positions[0])
    direction = np.column_stack([along_row, along_column, normal])
    (a, b, c), (d, e, f), (g, h, i) = direction.tolist()
    return Geometry((x, y, z), (right, down, between), ((a, b, c), (d, e, f), (g, h, i)))


def _check_line(positions: np.ndarray, normal: np.ndarray, slices: Sequence[Slice], subject: str) -> None:
    """Slices must lie behind each other; a table that moved aside, or a wrong position, shifts some in plane."""
    in_plane = positions - np.outer(positions @ normal, normal)
    middle = np.median(in_plane, axis=0)
    # A small tilt moves all of them evenly, and is another finding.
    steps = np.linspace(-0.5, 0.5, len(positions))[:, None]
    slope = np.median(np.diff(in_plane, axis=0), axis=0) * (len(positions) - 1)
    off_mm = np.linalg.norm(in_plane - middle - steps * slope, axis=1)
    worst = int(off_mm.argmax())
    if off_mm[worst] > _OFF_LINE_MM:
        raise InputError(
            f"{subject} has slices that lie up to {off_mm[worst]:.1f} mm beside the others "
            f"({slices[worst].image.name}); choose a series whose slices lie behind each other."
        )


def _voxels(images: Sequence[DicomImage], slices: Sequence[Slice]) -> np.ndarray:
    """int16 HU ``[slice, row, column]``."""
    place = {(id(one.image), one.number): k for k, one in enumerate(slices)}
    hu = np.empty((len(slices), images[0].rows, images[0].columns), dtype=np.int16)
    keep_blocks_of(hu[0].nbytes)
    for image, number, values in frames_in_hu(images):
        hu[place[id(image), number]] = values
    return hu


def _check_rescale(hu: np.ndarray, slices: Sequence[Slice]) -> list[str]:
    """Slices with another rescale than most must fit their neighbors better with it than with that of most.

    Returns
    -------
    list of str
        What the user must know of the values.

    Raises
    ------
    InputError
        If one fits better with the rescale of the others: its header is wrong.
    """
    usual = _most_common(one.frame.rescale for one in slices)
    if usual is None:
        return ["The headers name no rescale slope and intercept; the stored values were taken for Hounsfield units."]
    odd = {k: one.frame.rescale for k, one in enumerate(slices) if one.frame.rescale not in (usual, None)}
    unclear = []
    for k, rescale in odd.items():
        assert rescale
        neighbors = [
            side for side in (_next(k, -1, odd, len(slices)), _next(k, 1, odd, len(slices))) if side is not None
        ]
        values = hu[k, ::_COMPARED_STEP, ::_COMPARED_STEP].astype(float)
        others = (values - rescale[1]) / rescale[0] * usual[0] + usual[1]
        beside = [hu[side, ::_COMPARED_STEP, ::_COMPARED_STEP] for side in neighbors]
        own, other = (sum(float(np.abs(v - b).mean()) for b in beside) for v in (values, others))
        name = slices[k].image.name
        # What a wrong rescale takes below air is cut off there, and could not be put right by that of the others.
        bodies = [np.count_nonzero(part > _AIR_AT_MOST_HU) for part in (values, *beside)]
        is_emptied = bool(beside) and bodies[0] < _LEAST_OF_NEIGHBORS * min(bodies[1:])
        if other < own or is_emptied:
            raise InputError(
                f"{name} has another rescale (slope {rescale[0]:g}, intercept {rescale[1]:g}) than the other slices "
                f"({usual[0]:g}, {usual[1]:g}), and its values do not fit theirs; export the series again."
            )
        if own > _CLEAR * other:
            unclear.append(name)
    unclear = list(dict.fromkeys(unclear))
    if not unclear:
        return []
    return [
        f"{_names(unclear)}: another rescale slope or intercept than the other slices; see whether they look alike."
    ]


def _next(k: int, step: int, odd: Iterable[int], count: int) -> int | None:
    """The nearest slice on one side with the usual rescale."""
    k += step
    while k in odd:
        k += step
    return k if 0 <= k < count else None


def _most_common(values: Iterable[T]) -> T | None:
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted else None


def _mm(spacing: tuple[float, float]) -> str:
    return f"{spacing[0]:g} × {spacing[1]:g} mm"


def _listed(left_out: Sequence[tuple[DicomImage, str]]) -> str:
    shown = ", ".join(f"{image.name} ({reason})" for image, reason in left_out[:3])
    return f"{shown} and {len(left_out) - 3} more" if len(left_out) > 3 else shown


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

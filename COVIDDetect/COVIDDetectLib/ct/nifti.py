"""Headers of NIfTI-1 and NIfTI-2 files, packed or not, in one file or in two (``.hdr`` and ``.img``)."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..text import short_name
from .layout_checks import check_axes
from .stored_volume import Packing, StoredVolume, opened

_Field = tuple[str, int]
_Values = Callable[[_Field], tuple[float, ...]]

_GZIP = b"\x1f\x8b"
_KINDS = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_COLORS = (128, 2304)
_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SAME_ANGLE_DEGREES, _SAME_LENGTH = 1.0, 0.01
_LONGEST_QUATERNION = 1.001
"""Square of the length of three numbers of a unit quaternion, and rounding."""


@dataclass(frozen=True)
class _Layout:
    """Where the fields of a header are: their formats without byte order, and their bytes."""

    size: int
    dim: _Field
    datatype: _Field
    pixdim: _Field
    scaling: _Field
    vox_offset: _Field
    units: _Field
    codes: _Field
    quaternion: _Field
    rows: _Field
    magic: int


_NIFTI_1 = _Layout(
    348, ("8h", 40), ("2h", 70), ("8f", 76), ("2f", 112), ("f", 108), ("B", 123), ("2h", 252), ("6f", 256),
    ("12f", 280), 344,
)  # fmt: skip
_NIFTI_2 = _Layout(
    540, ("8q", 16), ("2h", 12), ("8d", 104), ("2d", 176), ("q", 168), ("i", 500), ("2i", 344), ("6d", 352),
    ("12d", 400), 4,
)  # fmt: skip


def read_nifti_header(file: Path, name: str) -> StoredVolume:
    """What the header declares.

    Parameters
    ----------
    name
        What the user calls the volume.

    Raises
    ------
    InputError
        If it is no NIfTI header, or declares what cannot be used.
    """
    head, packing = _first_bytes(file)
    called = short_name(file.name)
    order, layout = _order_and_layout(head, called)

    def get(field: _Field) -> tuple[float, ...]:
        return struct.unpack_from(f"{order}{field[0]}", head, field[1])

    sizes = _sizes(get(layout.dim), called)
    datatype, bits = (int(value) for value in get(layout.datatype))
    components = (bits // 8) if datatype in _COLORS else 1
    kind = np.dtype("u1" if datatype in _COLORS else f"{order}{_KINDS.get(datatype, 'V1')}")
    if kind.kind == "V" or bits != 8 * kind.itemsize * components:
        raise InputError(f"{called} holds numbers of a kind that is not known here ({datatype}); convert it.")
    (offset,) = get(layout.vox_offset)
    if head[layout.magic : layout.magic + 2] == b"ni":
        voxels, at_least = _image_of_pair(file), 0
        packing = _first_bytes(voxels)[1]
    else:
        voxels, at_least = file, layout.size
    if not np.isfinite(offset) or offset != int(offset) or not at_least <= offset < 1 << 31:
        raise InputError(f"{called} has a damaged header (its voxels begin at byte {offset:g}); copy it again.")
    slope, intercept = get(layout.scaling)
    if slope == 0:  # no scaling, by the standard
        slope, intercept = 1.0, 0.0
    if not np.isfinite([slope, intercept]).all():
        raise InputError(f"{called} has a scale slope or intercept that is no number; convert it again.")
    matrix, notes = _place(get, layout, called)
    return StoredVolume(
        name,
        sizes,
        components,
        kind,
        _TO_LPS @ matrix,
        voxels,
        at_byte=0 if packing == "gzip" else int(offset),
        packing=packing,
        skipped_bytes=int(offset) if packing == "gzip" else 0,
        slope=float(slope),
        intercept=float(intercept),
        notes=notes,
    )


def _first_bytes(file: Path) -> tuple[bytes, Packing]:
    with opened(file) as stream:
        head = stream.read(540)
        if head[:2] != _GZIP:
            return head, "none"
        stream.seek(0)
        try:
            with gzip.open(stream) as unpacked:
                return unpacked.read(540), "gzip"
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{short_name(file.name)} is cut off or damaged; copy or download it again.") from error


def _order_and_layout(head: bytes, called: str) -> tuple[str, _Layout]:
    for layout, magics in ((_NIFTI_1, (b"n+1\0", b"ni1\0")), (_NIFTI_2, (b"n+2\0", b"ni2\0"))):
        for order in "<>":
            if len(head) >= layout.size and struct.unpack_from(f"{order}i", head)[0] == layout.size:
                if head[layout.magic : layout.magic + 4] in magics:
                    return order, layout
                raise InputError(
                    f"{called} is an Analyze file, which does not tell right from left; save the CT as NIfTI or NRRD."
                )
    raise InputError(f"{called} is cut off or no NIfTI file; copy or download it again.")


def _sizes(dim: tuple[float, ...], called: str) -> tuple[int, ...]:
    count = int(dim[0])
    sizes = tuple(int(size) for size in dim[1 : 1 + max(0, count)])
    if not 1 <= count <= 7 or min(sizes) < 1:
        raise InputError(
            f"{called} has a damaged header (sizes {', '.join(map(str, sizes)) or 'missing'}); copy it again."
        )
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    return sizes


def _image_of_pair(header: Path) -> Path:
    """The file with the voxels that belongs to a ``.hdr``."""
    stem = header.name[: header.name.lower().rindex(".hdr")] if ".hdr" in header.name.lower() else header.stem
    for ending in (".img", ".img.gz", ".IMG"):
        if (image := header.with_name(stem + ending)).exists():
            return image
    raise InputError(
        f"{short_name(header.name)} has its voxels in {short_name(stem)}.img, which is not there; copy both."
    )


def _place(get: _Values, layout: _Layout, called: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """4×4 matrix from voxel indices to RAS millimetres, and what the user must know of it."""
    qform_code, sform_code = (int(code) for code in get(layout.codes))
    pixdim = np.array(get(layout.pixdim), dtype=float)
    spacing = pixdim[1:4]
    if not np.isfinite(spacing).all() or not (spacing > 0).all():
        raise InputError(f"{called} has an impossible voxel size ({_mm(spacing)}); convert it again from its source.")
    sform = np.vstack([np.reshape(get(layout.rows), (3, 4)), [0, 0, 0, 1]])
    quaternion = np.array(get(layout.quaternion), dtype=float)
    if qform_code > 0 and float(quaternion[:3] @ quaternion[:3]) > _LONGEST_QUATERNION:
        raise InputError(f"{called} has a rotation that is none (qform); convert it again from its source.")
    qform = _of_quaternion(quaternion, pixdim)
    notes: tuple[str, ...] = ()
    if sform_code > 0:
        _check_sform(sform, qform if qform_code > 0 else None, spacing, called)
        matrix = sform
    elif qform_code > 0:
        matrix = qform
    else:
        matrix = np.diag([*spacing, 1.0])
        notes = (f"{called} does not say how the patient lies in it; right and left, front and back may be exchanged.",)
    if not np.isfinite(matrix).all():
        raise InputError(f"{called} has a damaged place; convert it again from its source.")
    (units,) = get(layout.units)
    return np.diag([*[_UNITS_MM.get(int(units) & 7, 1.0)] * 3, 1.0]) @ matrix, notes


def _check_sform(sform: np.ndarray, qform: np.ndarray | None, spacing: np.ndarray, called: str) -> None:
    """The places that a header tells must be one."""
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = np.linalg.norm(sform[:3, :3], axis=0)
    if not np.isfinite(sform).all() or not (lengths > 0).all():
        raise InputError(f"{called} has a damaged place (sform); convert it again from its source.")
    if finding := check_axes(sform, called):
        raise InputError(finding.sentence)
    if not np.allclose(lengths, spacing, rtol=_SAME_LENGTH, atol=0):
        raise InputError(
            f"{called} tells two sizes of its voxels ({_mm(spacing)} and {_mm(lengths)}); convert it again from its "
            "source."
        )
    if qform is None:
        return
    if not np.isfinite(qform).all():
        raise InputError(f"{called} has a damaged place (qform); convert it again from its source.")
    cosines = ((sform[:3, :3] / lengths) * (qform[:3, :3] / spacing)).sum(axis=0)
    if not (cosines > np.cos(np.radians(_SAME_ANGLE_DEGREES))).all():
        how = "mirrored" if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0 else "turned"
        raise InputError(
            f"{called} tells two places that differ (sform and qform, one {how} against the other), so that right and "
            "left are uncertain; convert it again from its source."
        )


def _of_quaternion(numbers: np.ndarray, pixdim: np.ndarray) -> np.ndarray:
    """The matrix of a qform (NIfTI-1 standard, method 2)."""
    b, c, d = numbers[:3]
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * (pixdim[1:4] * [1.0, 1.0, -1.0 if pixdim[0] < 0 else 1.0])
    matrix[:3, 3] = numbers[3:]
    return matrix


def _mm(lengths: np.ndarray) -> str:
    return " × ".join(f"{mm:.4g}" for mm in lengths) + " mm"

"""Headers of MetaImage files (``.mha`` and ``.mhd``), read here: ITK's reader crashes on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..text import short_name
from .stored_volume import StoredVolume
from .text_header import beside, header_lines, keep_field, numbers_in, numbers_of, whole_numbers_in

_KINDS = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_OTHER_NAMES = {
    "Origin": "Offset", "Position": "Offset", "Orientation": "TransformMatrix", "Rotation": "TransformMatrix",
    "BinaryDataByteOrderMSB": "ElementByteOrderMSB",
}  # fmt: skip
_LAST = "ElementDataFile"
_LENGTH_TOLERANCE = 1e-2
"""Of the directions of the axes, whose lengths belong to the spacing."""


def read_metaimage_header(file: Path, name: str) -> StoredVolume:
    """What the header declares.

    Parameters
    ----------
    name
        What the user calls the volume.

    Raises
    ------
    InputError
        If it is no MetaImage header, or declares what cannot be used.
    """
    called = short_name(file.name)
    fields, end = _fields(file, called)
    (dimension,) = whole_numbers_in(fields, "NDims", called, 1)
    if dimension > 4:
        raise InputError(f"{called} claims {dimension} dimensions; save a single CT.")
    sizes = whole_numbers_in(fields, "DimSize", called, dimension)
    kind = _KINDS.get(fields.get("ElementType", ""))
    if kind is None:
        raise InputError(
            f"{called} holds numbers of the type '{short_name(fields.get('ElementType', ''))}', which no CT has; "
            "convert it."
        )
    if not _is_true(fields, "BinaryData", True):
        raise InputError(f"{called} stores its voxels as text; save it again.")
    slope = numbers_of(fields.get("ElementToIntensityFunctionSlope", "1"), "slope", called, 1)
    offset = numbers_of(fields.get("ElementToIntensityFunctionOffset", "0"), "offset", called, 1)
    voxels, at_byte = (file, end) if fields[_LAST].upper() == "LOCAL" else (beside(file, fields[_LAST]), 0)
    (skip,) = numbers_of(fields.get("HeaderSize", "0"), "HeaderSize", called, 1)
    is_packed = _is_true(fields, "CompressedData", False)
    if skip and (skip < 0 or skip != int(skip) or is_packed or voxels == file):
        raise InputError(f"{called} skips a part of its voxels; save it as one file.")
    return StoredVolume(
        name=name,
        sizes=sizes,
        components=whole_numbers_in(fields, "ElementNumberOfChannels", called, 1)[0]
        if "ElementNumberOfChannels" in fields
        else 1,
        kind=np.dtype(("<" if not _is_true(fields, "ElementByteOrderMSB", False) else ">") + kind),
        ijk_to_lps=_place(fields, dimension, called),
        file=voxels,
        at_byte=at_byte + int(skip),
        packing="zlib" if is_packed else "none",
        slope=slope[0],
        intercept=offset[0],
    )


def _fields(file: Path, called: str) -> tuple[dict[str, str], int]:
    """Fields by their usual names, and the byte after them."""
    lines, end = header_lines(file, lambda line: line.partition("=")[0].strip() == _LAST)
    fields: dict[str, str] = {}
    for line in lines:
        field, sign, value = line.partition("=")
        if sign:
            keep_field(fields, _OTHER_NAMES.get(field.strip(), field.strip()), value.strip(), called)
    if "NDims" not in fields or _LAST not in fields or fields.get("ObjectType", "Image") != "Image":
        raise InputError(f"{called} is no MetaImage file, or is cut off; save it again.")
    return fields, end


def _place(fields: Mapping[str, str], dimension: int, called: str) -> np.ndarray:
    """4×4 matrix from voxel indices to LPS millimetres."""
    field = "ElementSpacing" if "ElementSpacing" in fields else "ElementSize"
    if field not in fields:
        raise InputError(f"{called} does not tell the size of its voxels; save it with its spacing.")
    spacing = numbers_in(fields, field, called, dimension)
    if min(spacing) <= 0:
        raise InputError(
            f"{called} has an impossible '{field}' in its header ({short_name(fields[field])}); save it again."
        )
    directions = np.eye(dimension)
    if "TransformMatrix" in fields:
        directions = np.reshape(
            numbers_in(fields, "TransformMatrix", called, dimension * dimension), (dimension, dimension)
        )
        if np.abs(np.linalg.norm(directions, axis=1) - 1).max() > _LENGTH_TOLERANCE:
            raise InputError(f"{called} has directions that are not of length 1 (TransformMatrix); save it again.")
    origin = numbers_of(fields.get("Offset", " ".join("0" * dimension)), "Offset", called, dimension)
    matrix = np.eye(4)
    count = min(3, dimension)
    # A row of the file's matrix is the direction of one axis.
    matrix[:count, :count] = directions[:count, :count].T * np.array(spacing[:count])
    matrix[:count, 3] = origin[:count]
    return matrix


def _is_true(fields: Mapping[str, str], field: str, default: bool) -> bool:
    return fields[field].lower() in ("true", "1") if field in fields else default

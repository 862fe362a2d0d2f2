"""Headers of NRRD files (``.nrrd`` and ``.nhdr``): what teem's format definition says, as far as a CT needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..text import short_name
from .stored_volume import Packing, StoredVolume
from .text_header import beside, header_lines, keep_field, numbers_of, whole_numbers_in

_KINDS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_PACKINGS: dict[str, Packing] = {"raw": "none", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_SPACES = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_NOT_SPATIAL = (
    "list",
    "vector",
    "point",
    "time",
    "color",
    "complex",
    "matrix",
    "normal",
    "quaternion",
    "scalar",
    "stub",
)
_ENTRY = re.compile(r"none|\([^()]*\)", re.IGNORECASE)


def read_nrrd_header(file: Path, name: str) -> StoredVolume:
    """What the header declares.

    Parameters
    ----------
    name
        What the user calls the volume.

    Raises
    ------
    InputError
        If it is no NRRD header, or declares what cannot be used.
    """
    called = short_name(file.name)
    fields, end = _fields(file, called)
    (dimension,) = whole_numbers_in(fields, "dimension", called, 1)
    sizes = whole_numbers_in(fields, "sizes", called, dimension)
    columns = _columns(fields, dimension, called)
    first = next((axis for axis, column in enumerate(columns) if column is not None), 0)
    matrix = np.eye(4)
    for axis, column in enumerate(columns[first : first + 3]):
        if column is None and dimension > 2:
            raise InputError(f"{called} is no volume of three directions in space; save a single CT.")
        matrix[:3, axis] = matrix[:3, axis] if column is None else column
    matrix[:3, 3] = _origin(fields, first, called)
    signs, notes = _to_lps(fields, called)
    voxels, at_byte = _data_file(fields, file, end, called)
    return StoredVolume(
        name=name,
        sizes=sizes[first:],
        components=int(np.prod(sizes[:first], dtype=object)) if first else 1,
        kind=_kind(fields, called),
        ijk_to_lps=np.diag([*signs, 1.0]) @ matrix,
        file=voxels,
        at_byte=at_byte,
        packing=_packing(fields, called),
        notes=notes,
    )


def _fields(file: Path, called: str) -> tuple[dict[str, str], int]:
    """Fields by name in small letters, and the byte after the empty line that ends them."""
    lines, end = header_lines(file, lambda line: not line)
    if not lines or not re.fullmatch(r"NRRD000[1-5]", lines[0]):
        raise InputError(f"{called} is no NRRD file, or is damaged; save it again.")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        field, colon, value = line.partition(":")
        if colon and not line.startswith("#") and not value.startswith("="):
            field = {"datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip"}.get(field, field)
            keep_field(fields, field.strip().lower(), value.strip(), called)
    return fields, end


def _kind(fields: Mapping[str, str], called: str) -> np.dtype:
    kind = fields.get("type", "").lower()
    code = next((code for code, names in _KINDS.items() if kind in names), None)
    if code is None:
        raise InputError(f"{called} holds numbers of the type '{short_name(kind)}', which no CT has; convert it.")
    order = {"little": "<", "big": ">"}.get(fields.get("endian", "").lower(), "")
    if not order and code[1] != "1":
        raise InputError(f"{called} does not tell the order of its bytes (endian); save it again.")
    return np.dtype(order + code)


def _packing(fields: Mapping[str, str], called: str) -> Packing:
    encoding = fields.get("encoding", "").lower()
    if encoding not in _PACKINGS:
        raise InputError(f"{called} is encoded as '{short_name(encoding)}'; save it as raw or gzip.")
    return _PACKINGS[encoding]


def _columns(fields: Mapping[str, str], dimension: int, called: str) -> list[np.ndarray | None]:
    """For each axis the step along it in the header's space, mm; None for one that is not in space."""
    if "space directions" in fields:
        text = fields["space directions"]
        entries = _ENTRY.findall(text)
        if len(entries) != dimension or _ENTRY.sub("", text).strip():
            raise InputError(f"{called} has damaged 'space directions' in its header; save it again.")
        return [None if entry.lower() == "none" else _step(entry, called) for entry in entries]
    if "spacings" not in fields:
        raise InputError(f"{called} does not tell the size of its voxels; save it with its spacing.")
    kinds = fields.get("kinds", "").lower().split()
    columns: list[np.ndarray | None] = []
    for axis, text in enumerate(fields["spacings"].split()):
        is_in_space = text.lower() != "nan" and not any(
            word in kind for kind in kinds[axis : axis + 1] for word in _NOT_SPATIAL
        )
        place = sum(column is not None for column in columns)
        step = numbers_of(text, "spacings", called, 1)[0] if is_in_space else 0.0
        columns.append(step * np.eye(3)[place] if is_in_space and place < 3 else None)
    if len(columns) != dimension:
        raise InputError(f"{called} has damaged 'spacings' in its header; save it again.")
    return columns


def _step(entry: str, called: str) -> np.ndarray | None:
    """A vector of "space directions"; in a space of four dimensions None for the axis of time."""
    step = numbers_of(entry.strip("()"), "space directions", called)
    if len(step) == 4:
        return np.array(step[:3]) if any(step[:3]) else None
    return np.array(numbers_of(entry.strip("()"), "space directions", called, 3))


def _origin(fields: Mapping[str, str], first: int, called: str) -> tuple[float, ...]:
    if "space origin" in fields:
        origin = numbers_of(fields["space origin"].strip("()"), "space origin", called)
        return origin[:3] if len(origin) == 4 else numbers_of(" ".join(map(str, origin)), "space origin", called, 3)
    return (0.0, 0.0, 0.0)


def _to_lps(fields: Mapping[str, str], called: str) -> tuple[tuple[float, float, float], tuple[str, ...]]:
    """Signs that lead from the header's space to LPS, and what the user must know if it names none."""
    if any(unit not in ("mm", "") for unit in re.findall(r'"([^"]*)"', fields.get("space units", ""))):
        raise InputError(f"{called} gives lengths in other units than mm; save it in mm.")
    space = fields.get("space", "").lower().removesuffix("-time").removesuffix("t")
    if space in _SPACES:
        return _SPACES[space], ()
    return (1.0, 1.0, 1.0), (
        f"{called} does not say how the patient lies in it; right and left, front and back may be exchanged.",
    )


def _data_file(fields: Mapping[str, str], file: Path, end: int, called: str) -> tuple[Path, int]:
    """Where the voxels are, and from which byte on."""
    if "data file" not in fields:
        if numbers_of(fields.get("byte skip", "0"), "byte skip", called, 1) != (0,) or "line skip" in fields:
            raise InputError(f"{called} skips a part of its voxels; save it again.")
        return file, end
    voxels = beside(file, fields["data file"])
    (skip,) = numbers_of(fields.get("byte skip", "0"), "byte skip", called, 1)
    if numbers_of(fields.get("line skip", "0"), "line skip", called, 1) != (0,) or skip < 0 or skip != int(skip):
        raise InputError(f"{called} skips a part of its voxels; save it as one file.")
    if skip and _packing(fields, called) != "none":
        raise InputError(f"{called} skips a part of its voxels; save it as one file.")
    return voxels, int(skip)

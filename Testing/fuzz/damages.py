"""Seeded damage to inputs, as cut-off copies, failing disks, odd exports and other programs make it.

What nobody can see is left out: another digit in the only place where a number stands (the spacing of an NRRD file, the
rescale of a whole series), or single other voxels in a file without a checksum.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

Damage = Callable[[Path, random.Random], str]
"""Changes the input at a path, and says what was done."""

_HEADER_TAGS = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "RescaleSlope",
    "RescaleIntercept", "SeriesInstanceUID", "SOPInstanceUID", "Modality", "SliceThickness", "SeriesDescription",
    "InstanceNumber",
)  # fmt: skip
_TEXTS = (
    "",
    "abc",
    "nan",
    "inf",
    "0",
    "-1",
    "1e30",
    "4,4\\4,4",
    "0\\0",
    "1\\0\\0\\0\\1",
    "a\\b\\c",
    "0\\0\\0\\0\\0\\0",
    "\x1b[8m\n",
)
_NUMBERS = (0, 1, 2, 3, 7, 32, 128, 1000, 65535)
_NUMBER_TEXTS = ("", "0", "-1", "nan", "inf", "abc", "1e30", "99999999999", "0 0 0", "%s%n", "1e-30")


def _slice(folder: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(folder.rglob("*.dcm")))


def dicom_value(folder: Path, chance: random.Random) -> str:
    """One element of one slice: gone, empty, or something else."""
    file, keyword = _slice(folder, chance), chance.choice(_HEADER_TAGS)
    image = pydicom.dcmread(file)
    if keyword not in image:
        keyword = "Rows"
    tag, vr = Tag(keyword), image[keyword].VR
    if chance.random() < 0.2:
        del image[keyword]
        what = "gone"
    elif vr == "US":
        value = chance.choice(_NUMBERS)
        image._dict[tag] = RawDataElement(tag, vr, 2, struct.pack("<H", value), 0, False, True)
        what = str(value)
    else:
        text = chance.choice(_TEXTS)
        content = text.encode() + b" " * (len(text) % 2)
        image._dict[tag] = RawDataElement(tag, vr, len(content), content, 0, False, True)
        what = repr(text)
    image.save_as(file, enforce_file_format=False)
    return f"{keyword} of {file.name} is {what}"


def dicom_value_of_all(folder: Path, chance: random.Random) -> str:
    """The same impossible value in all slices."""
    keyword, value = chance.choice(
        [
            ("RescaleSlope", None), ("RescaleIntercept", None), ("RescaleSlope", "0"), ("RescaleSlope", "nan"),
            ("RescaleSlope", "abc"), ("RescaleIntercept", "inf"), ("PixelSpacing", "0\\0"), ("PixelSpacing", None),
            ("PixelSpacing", "4,4\\4,4"), ("Columns", None), ("Rows", None), ("ImagePositionPatient", ""),
            ("ImageOrientationPatient", "0\\0\\0\\0\\0\\0"), ("PhotometricInterpretation", "MONOCHROME1"),
        ]
    )  # fmt: skip
    for file in folder.rglob("*.dcm"):
        image = pydicom.dcmread(file)
        if keyword not in image:
            continue
        if value is None:
            del image[keyword]
        else:
            content = value.encode() + b" " * (len(value) % 2)
            tag = Tag(keyword)
            image._dict[tag] = RawDataElement(tag, image[keyword].VR, len(content), content, 0, False, True)
        image.save_as(file, enforce_file_format=False)
    return f"{keyword} of all slices is {value}"


def dicom_bytes(folder: Path, chance: random.Random) -> str:
    """Some bits of one header."""
    file = _slice(folder, chance)
    content = bytearray(file.read_bytes())
    end = content.rindex(b"\xe0\x7f\x10\x00")
    places = [chance.randrange(128, end + 12) for _ in range(chance.choice((1, 1, 2, 8)))]
    for place in places:
        content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return f"bits of {file.name} at {places}"


def dicom_length(folder: Path, chance: random.Random) -> str:
    """One file is cut off, empty or longer, or its pixels are."""
    file = _slice(folder, chance)
    content = file.read_bytes()
    if chance.random() < 0.4:
        image = pydicom.dcmread(file)
        count = 2 * chance.randrange(len(image.PixelData) // 2)
        image.PixelData = image.PixelData[:count] if chance.random() < 0.8 else image.PixelData + bytes(count + 2)
        image.save_as(file, enforce_file_format=False)
        return f"pixels of {file.name} have {len(image.PixelData)} bytes"
    file.write_bytes(content[: chance.choice((0, 100, 132, 200, chance.randrange(len(content))))])
    return f"{file.name} has {file.stat().st_size} bytes"


def dicom_files(folder: Path, chance: random.Random) -> str:
    """Files that are missing, doubled, renamed, without preamble, or strange."""
    file = _slice(folder, chance)
    what = chance.choice(("missing", "copied", "renamed", "bare", "text", "moved", "random", "pipe name"))
    if what == "missing":  # at either end nobody can see it
        file = chance.choice(sorted(folder.rglob("*.dcm"))[1:-1])
        file.unlink()
    elif what == "copied":
        shutil.copy(file, file.with_name(f"{file.stem} (1).dcm"))
    elif what == "renamed":
        file.rename(file.with_suffix(chance.choice(("", ".ima", ".bak", ".1"))))
    elif what == "bare":
        file.write_bytes(file.read_bytes()[132:])
    elif what == "text":
        (folder / "notes.txt").write_text("nothing")
    elif what == "moved":
        (folder / "below").mkdir()
        file.rename(folder / "below" / file.name)
    elif what == "random":
        (folder / "odd.dcm").write_bytes(chance.randbytes(chance.choice((10, 1000, 100_000))))
    else:
        shutil.copy(file, folder / "\x1b[8m odd.txt")
    return f"{file.name} {what}"


def nifti_field(file: Path, chance: random.Random) -> str:
    """A field of the header: sizes, type, place, scaling."""
    form, at, values = chance.choice(
        [
            ("<h", 40 + 2 * chance.randrange(8), (0, -1, 2, 63, 65, 32767)),
            ("<h", 70, (0, 1, 2, 8, 16, 32, 64, 128, 512, 768, 4096)),
            ("<h", 72, (0, 1, 8, 32, 64)),
            ("<f", 76 + 4 * chance.randrange(1, 4), (0.0, -1.0, float("nan"), float("inf"), 1e30, 30.0)),
            ("<f", 108, (0.0, 348.0, 353.0, -1.0, float("nan"), 1e9)),
            ("<f", 112, (float("nan"), float("inf"), 1e9)),
            ("<f", 116, (float("nan"), float("inf"), 1e9)),
            ("<f", 280 + 4 * chance.choice((0, 1, 2, 4, 5, 6, 8, 9, 10)), (0.0, 3.0, -7.0, float("nan"), 1e30)),
            ("<f", 256 + 4 * chance.randrange(3), (0.5, 1.0, -1.0, float("nan"), 1e30)),
            ("<i", 0, (0, 347, 540, 1 << 30)),
            ("<4s", 344, (b"ni1\0", b"abcd", b"\0\0\0\0")),
        ]
    )  # fmt: skip
    value = chance.choice(values)
    content = file.read_bytes()
    packed = content[:2] == b"\x1f\x8b"
    header = bytearray(gzip.decompress(content) if packed else content)
    struct.pack_into(form, header, at, value)
    file.write_bytes(gzip.compress(header, 1) if packed else header)
    return f"{form} at {at} is {value!r}"


def text_field(file: Path, chance: random.Random) -> str:
    """A line of a text header: gone, doubled, cut, or with an impossible value in it."""
    content = file.read_bytes()
    end = content.find(b"\n\n") if content[:4] == b"NRRD" else content.index(b"ElementDataFile")
    end = len(content) if end < 0 else end
    lines = content[:end].split(b"\n")
    at = chance.randrange(len(lines))
    what = chance.choice(("gone", "value", "value", "value", "cut"))
    before = lines[at]
    if what == "gone":
        del lines[at]
    elif what == "cut":
        lines[at] = before[: chance.randrange(len(before) + 1)]
    else:
        numbers = list(re.finditer(rb"[\w.+-]+", before.partition(b":" if b":" in before else b"=")[2]))
        start = len(before) - len(before.partition(b":" if b":" in before else b"=")[2])
        if numbers:
            one = chance.choice(numbers)
            new = chance.choice(_NUMBER_TEXTS).encode()
            lines[at] = before[: start + one.start()] + new + before[start + one.end() :]
    file.write_bytes(b"\n".join(lines) + content[end:])
    return f"{before!r}: {what} {lines[at : at + 1]}"


def length(file: Path, chance: random.Random) -> str:
    """The file, or the one with its voxels, is cut off or longer."""
    beside = [one for one in file.parent.iterdir() if one.suffix in (".raw", ".img", ".gz") and one != file]
    victim = chance.choice([file, *beside])
    content = victim.read_bytes()
    cut = chance.choice((0, 1, 100, chance.randrange(len(content)), len(content) - 1))
    victim.write_bytes(content[:cut] if chance.random() < 0.8 else content + chance.randbytes(chance.randrange(1, 99)))
    return f"{victim.name} has {victim.stat().st_size} of {len(content)} bytes"


def lost_block(path: Path, chance: random.Random) -> str:
    """Some rows in the body became one value; the pixels are the end of each of these files."""
    file = _slice(path, chance) if path.is_dir() else next(iter(path.parent.glob("*.raw")), path)
    content = bytearray(file.read_bytes())
    row_bytes, rows, count = 2 * 64, chance.randrange(16, 28), chance.randrange(2, 16)
    slices = 1 if path.is_dir() and path.name == "series" else 20
    at = len(content) - row_bytes * (64 * chance.randrange(1, slices + 1) - rows)
    byte = chance.choice((0, 0, 255))
    content[at : at + count * row_bytes] = bytes([byte]) * (count * row_bytes)
    file.write_bytes(content)
    return f"{count} rows of {file.name} are {byte}"


def packed_bytes(file: Path, chance: random.Random) -> str:
    """Some bits of what has a checksum."""
    content = bytearray(file.read_bytes())
    places = [chance.randrange(len(content) // 2, len(content)) for _ in range(chance.choice((1, 3)))]
    for place in places:
        content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return f"bits at {places}"


def any_bytes(file: Path, chance: random.Random) -> str:
    """Some bytes anywhere."""
    content = bytearray(file.read_bytes())
    places = [chance.randrange(len(content)) for _ in range(chance.choice((1, 3, 20)))]
    for place in places:
        content[place] = chance.randrange(256)
    file.write_bytes(content)
    return f"bytes at {places}"


def table_cell(file: Path, chance: random.Random) -> str:
    """A cell that cannot be true, a column or a row that is odd."""
    rows = [line.split(",") for line in file.read_text().splitlines()]
    row, column = chance.randrange(len(rows)), chance.randrange(3)
    value = chance.choice(
        (
            "",
            "abc",
            "nan",
            "inf",
            "-0.1",
            "1.5",
            '"',
            "\0",
            "case 3",
            "1e400",
            "\ud83d".encode(errors="replace").decode(),
        )
    )
    rows[row][column] = value
    file.write_text("\n".join(",".join(cells) for cells in rows), encoding="utf-8")
    return f"row {row}, column {column} is {value!r}"


def card_entry(file: Path, chance: random.Random) -> str:
    """An entry of a model card that is gone or of another kind."""
    entries = json.loads(file.read_text())
    name = chance.choice(sorted(entries))
    value = chance.choice((None, "", -1, 1e400, [], {}, "x" * 5000, "\x1b[8m", [0, 0], "../../etc/passwd"))
    if chance.random() < 0.3:
        del entries[name]
    else:
        entries[name] = value
    file.write_text(json.dumps(entries))
    return f"{name} is {str(value)[:20]!r} or gone"


def message_line(file: Path, chance: random.Random) -> str:
    """Lines that are cut, joined, doubled, or have what a library prints between or in them."""
    lines = file.read_bytes().splitlines(keepends=True)
    at = chance.randrange(len(lines))
    line, printed = (
        lines[at],
        chance.choice((b"OMP: Warning #181\n", b"\n", b"\xff\xfe\0\n", b"[" * 5000 + b"\n", b"{}\n")),
    )
    place = chance.randrange(len(line))
    what = chance.choice(("printed before", "printed within", "cut", "joined", "twice", "gone", "end"))
    changed = {
        "printed before": printed + line,
        "printed within": line[:place] + printed + line[place:],
        "cut": line[:place] + b"\n",
        "joined": line[:-1],
        "twice": line + line,
        "gone": b"",
        "end": line[:place],
    }
    lines[at] = changed[what]
    file.write_bytes(b"".join(lines[: at + 1] if what == "end" else lines))
    return f"line {at}, byte {place}: {what}"


_MAY_BE_NULL = ("domain", "lungs_card", "weights", "sentence")


def message_entry(file: Path, chance: random.Random) -> str:
    """An entry of a message, or an entry in it, that is gone, of another kind, or not known."""
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    at = chance.randrange(len(lines))
    inner: Any = lines[at]
    path = [str(at)]
    while True:
        key = chance.choice(sorted(inner) if isinstance(inner, dict) else range(len(inner)))
        path.append(str(key))
        deeper = inner[key]
        if not isinstance(deeper, (dict, list)) or not deeper or chance.random() < 0.2:
            break
        inner = deeper
    values = [value for value in ("x", [], {}, [1], None) if type(value) is not type(deeper)]
    if key in _MAY_BE_NULL:
        values = [value for value in values if value is not None and not (deeper is None and isinstance(value, str))]
    what = chance.choice(("gone", "another", "another", "more"))
    if what == "gone" and isinstance(inner, list) and key == len(inner) - 1:
        what = "another"  # of a list that lacks its end nobody can tell
    if what == "gone":
        del inner[key]
    elif what == "another":
        inner[key] = chance.choice(values)
    elif isinstance(inner, dict):
        inner["extra"] = 1
    else:
        inner.append("x")
    file.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    return f"{'/'.join(path)} is {what}"


DAMAGES: dict[str, tuple[Damage, ...]] = {
    "series": (
        dicom_value,
        dicom_value,
        dicom_value,
        dicom_value_of_all,
        dicom_bytes,
        dicom_length,
        dicom_files,
        lost_block,
    ),
    "enhanced": (dicom_value, dicom_bytes, dicom_length, lost_block),
    "plain.nii": (nifti_field, nifti_field, length, lost_block),
    "packed.nii.gz": (nifti_field, nifti_field, length, packed_bytes),
    "plain.nrrd": (text_field, length, lost_block),
    "packed.nrrd": (text_field, length, packed_bytes),
    "pair.nhdr": (text_field, length, lost_block),
    "plain.mha": (text_field, length, lost_block),
    "packed.mha": (text_field, length, packed_bytes),
    "pair.mhd": (text_field, length, lost_block),
    "table": (table_cell,),
    "card": (card_entry,),
    "checkpoint": (length, any_bytes),
    "request": (message_line, message_entry),
    "answer": (message_line, message_entry),
}

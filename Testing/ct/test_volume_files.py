"""Volume files that are odd or damaged: read rightly, refused in a sentence, or read with a note."""

import gzip
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.phantom import Phantom

SPACING_MM = (2.3, 2.3, 10.0)


@pytest.fixture(scope="module")
def hu(small_phantom: Phantom) -> np.ndarray:
    return np.ascontiguousarray(small_phantom.ct.hu[8:18, ::2, ::2])


def write(file: Path, hu: np.ndarray, compressed: bool = False) -> Path:
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(SPACING_MM)
    sitk.WriteImage(image, str(file), useCompression=compressed)
    return file


def patch(file: Path, at: int, form: str, *values: float) -> None:
    """Numbers at a byte of a NIfTI header, packed or not."""
    content = file.read_bytes()
    packed = content[:2] == b"\x1f\x8b"
    header = bytearray(gzip.decompress(content) if packed else content)
    struct.pack_into(form, header, at, *values)
    file.write_bytes(gzip.compress(header) if packed else header)


def in_nifti_2(content: bytes) -> bytes:
    """A NIfTI-1 file of int16 as NIfTI-2."""
    head = bytearray(544)
    struct.pack_into("<i8s2h", head, 0, 540, b"n+2\0\r\n\x1a\n", 4, 16)
    struct.pack_into("<8q", head, 16, *struct.unpack_from("<8h", content, 40))
    struct.pack_into("<8d", head, 104, *struct.unpack_from("<8f", content, 76))
    struct.pack_into("<q2d", head, 168, 544, 1.0, 0.0)
    struct.pack_into("<2i", head, 344, *struct.unpack_from("<2h", content, 252))
    struct.pack_into("<18d", head, 352, *struct.unpack_from("<18f", content, 256))
    struct.pack_into("<i", head, 500, 2)
    return bytes(head) + content[352:]


def test_other_forms_of_nifti_give_the_same_ct(tmp_path: Path, hu: np.ndarray) -> None:
    plain = write(tmp_path / "plain.nii", hu)
    content = plain.read_bytes()
    (tmp_path / "packed.nii").write_bytes(gzip.compress(content))
    (tmp_path / "two.nii").write_bytes(in_nifti_2(content))
    (tmp_path / "big.nii.gz").write_bytes(gzip.compress(in_nifti_2(content)))
    write(tmp_path / "pair.hdr", hu)
    expected = read_ct(plain)
    for name in ("packed.nii", "two.nii", "big.nii.gz", "pair.hdr", "pair.img"):
        ct = read_ct(tmp_path / name)
        np.testing.assert_array_equal(ct.hu, hu)
        assert ct.geometry.same_grid(expected.geometry), name


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"])
@pytest.mark.parametrize("change", [0.5, 0.9, -3, +5])
def test_a_file_that_is_longer_or_shorter_than_its_header_says_is_refused(
    tmp_path: Path, hu: np.ndarray, name: str, change: float
) -> None:
    file = write(tmp_path / name, hu)
    content = file.read_bytes()
    file.write_bytes(content + b"abcde" if change == 5 else content[: int(change * len(content)) if change > 0 else -3])
    with pytest.raises(InputError, match="cut off or damaged|declares .* voxels"):
        read_ct(file)


@pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nrrd", "ct.mha"])
def test_a_packed_file_with_a_wrong_checksum_or_a_cut_is_refused(tmp_path: Path, hu: np.ndarray, name: str) -> None:
    file = write(tmp_path / name, hu, compressed=True)
    content = file.read_bytes()
    at_checksum = -6 if name != "ct.mha" else -2
    for damaged in (
        content[: len(content) // 2],
        content[:-9],
        content[:at_checksum] + bytes([content[at_checksum] ^ 1]) + content[at_checksum + 1 :],
    ):
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="cut off or damaged|declares .* voxels"):
            read_ct(file)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([(40, "<8h", 3, 64, 64, 5, 1, 1, 1, 1)], "declares 64 × 64 × 5 voxels"),
        ([(40, "<8h", 3, 32767, 32767, 8, 1, 1, 1, 1)], "claims 17.2 GB of voxels"),
        ([(40, "<8h", 3, 64, -64, 10, 1, 1, 1, 1)], "damaged header"),
        ([(70, "<h", 32)], "a kind that is not known here"),
        ([(70, "<h", 512), (72, "<h", 32)], "a kind that is not known here"),
        ([(80, "<f", float("nan"))], "impossible voxel size"),
        ([(80, "<f", 4.6)], "two sizes of its voxels"),
        ([(108, "<f", 351.0)], "declares|begin at byte"),
        ([(112, "<2f", float("nan"), 0.0)], "scale slope or intercept"),
        ([(112, "<2f", 1000.0, 0.0)], "Hounsfield units cannot be"),
        ([(280, "<f", 2.3)], "one mirrored against the other"),
        ([(280, "<f", float("inf"))], "damaged place"),
        ([(300, "<f", float("nan"))], "damaged place"),
        ([(252, "<h", 0), (284, "<f", 2.3 * 0.3)], "tilted by"),
        ([(304, "<f", 10 * np.tan(np.radians(12)))], "tilted by 12 degrees"),
        ([(254, "<h", 0), (264, "<f", 1.1)], "a rotation that is none"),
        ([(344, "<4s", b"\0\0\0\0")], "Analyze file, which does not tell right from left"),
    ],
)
@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
def test_a_nifti_header_that_cannot_be_is_refused(
    tmp_path: Path, hu: np.ndarray, name: str, changes: list, sentence: str
) -> None:
    file = write(tmp_path / name, hu, compressed=True)
    for at, form, *values in changes:
        patch(file, at, form, *values)
    with pytest.raises(InputError, match=sentence):
        read_ct(file)


def test_a_shear_of_rounding_is_read_and_slope_0_means_no_scaling(tmp_path: Path, hu: np.ndarray) -> None:
    file = write(tmp_path / "ct.nii.gz", hu)
    expected = read_ct(file).geometry
    patch(file, 304, "<f", 10 * np.tan(np.radians(0.05)))
    patch(file, 112, "<2f", 0.0, -1024.0)
    ct = read_ct(file)
    np.testing.assert_array_equal(ct.hu, hu)
    assert ct.geometry.spacing == pytest.approx(expected.spacing, rel=1e-4)


def test_a_nifti_file_that_tells_no_place_is_read_with_a_note(tmp_path: Path, hu: np.ndarray) -> None:
    file = write(tmp_path / "ct.nii", hu)
    patch(file, 252, "<2h", 0, 0)
    assert "right and left, front and back may be exchanged" in read_ct(file).notes[0]


def test_voxels_that_are_no_numbers_are_air_and_are_counted(tmp_path: Path, hu: np.ndarray) -> None:
    values = hu.astype(np.float32)
    values[:, :3] = np.nan
    for name in ("ct.nii.gz", "ct.nrrd", "ct.mha"):
        ct = read_ct(write(tmp_path / name, values))
        axial, _ = ct.axial()
        assert (axial.hu[:, :3] == -1024).all()
        np.testing.assert_array_equal(axial.hu[:, 3:], hu[:, 3:])
        assert ct.notes[0].startswith("1920 voxels (4.7 %) of ct are not numbers")
    values[:, :3] = np.inf
    with pytest.raises(InputError, match="Hounsfield units cannot be"):
        read_ct(write(tmp_path / "inf.nrrd", values))


def replaced(pattern: str, new: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        changed = re.sub(pattern.encode(), new.encode(), content, count=1)
        assert changed != content
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (replaced(r"NDims = 3", "NDims = -3"), "damaged 'NDims'"),
        (replaced(r"NDims = 3", "NDims = 99"), "claims 99 dimensions"),
        (replaced(r"NDims = 3", "NDims = 1000000000"), "damaged 'NDims'|claims"),
        (replaced(r"NDims = 3\n", ""), "is no MetaImage file"),
        (replaced(r"ElementDataFile = .*", "ElementDataFile = f%s%n.raw 1 20 1"), "several files"),
        (replaced(r"ElementDataFile = .*", "ElementDataFile = LIST"), "several files"),
        (replaced(r"ElementDataFile = .*", "ElementDataFile = /dev/zero"), "not in its folder"),
        (replaced(r"ElementDataFile = .*", "ElementDataFile = ../ct.raw"), "not in its folder"),
        (replaced(r"ElementDataFile = .*", "ElementDataFile = gone.raw"), "cannot be read"),
        (replaced(r"ElementSpacing = .*", "ElementSpacing = 2 0 10"), "impossible 'ElementSpacing'"),
        (replaced(r"ElementSpacing = .*", "ElementSpacing = 2 nan 10"), "damaged 'ElementSpacing'"),
        (replaced(r"ElementSpacing = .*\n", ""), "does not tell the size of its voxels"),
        (replaced(r"DimSize = .*", "DimSize = 64 64 9"), "declares 64 × 64 × 9 voxels"),
        (replaced(r"DimSize = .*", "DimSize = 60000 60000 9"), "claims 64.8 GB"),
        (replaced(r"MET_SHORT", "MET_STRING"), "the type 'MET_STRING'"),
        (replaced(r"TransformMatrix = .*", "TransformMatrix = 1 0 0 0 1 0 0 0.28735 0.95783"), "tilted by 17 degrees"),
        (replaced(r"TransformMatrix = .*", "TransformMatrix = 1 0 0 0 1 0 0 0 0"), "not of length 1"),
        (replaced(r"TransformMatrix = .*", "TransformMatrix = 2 0 0 0 1 0 0 0 1"), "not of length 1"),
        (replaced(r"DimSize = (.*)", r"DimSize = \1\nDimSize = 32 10 32"), "two values for 'DimSize'"),
        (replaced(r"Offset = (.*)", r"Offset = \1\nPosition = 7 7 7"), "two values for 'Offset'"),
    ],
)
def test_a_metaimage_header_that_cannot_be_is_refused(
    tmp_path: Path, hu: np.ndarray, change: Callable[[bytes], bytes], sentence: str
) -> None:
    file = write(tmp_path / "ct.mhd", hu)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(InputError, match=sentence):
        read_ct(file)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (replaced(r"space directions: .*", "space directions: (2.3,0,0) (0,2.3,2) (0,0,10)"), "tilted by 41 degrees"),
        (replaced(r"space directions: .*", "space directions: (2.3,0,0) (0,2.3,0) (0,0,nan)"), "damaged 'space direct"),
        (replaced(r"sizes: (.*)", r"sizes: \1\nsizes: 32 10 32"), "two values for 'sizes'"),
        (replaced(r"space directions: .*", "space directions: (2.3,0,0) (0,2.3,0)"), "damaged 'space directions'"),
        (replaced(r"space directions: .*\n", ""), "does not tell the size of its voxels"),
        (replaced(r"sizes: .*", "sizes: 64 64 11"), "declares 64 × 64 × 11 voxels"),
        (replaced(r"sizes: .*", "sizes: 64 64 1000000"), "claims 8.2 GB"),
        (replaced(r"sizes: .*", "sizes: 64 64 -10"), "damaged 'sizes'"),
        (replaced(r"type: short", "type: block"), "the type 'block'"),
        (replaced(r"endian: little\n", ""), "the order of its bytes"),
        (replaced(r"encoding: raw", "encoding: ascii"), "encoded as 'ascii'"),
        (replaced(r"NRRD000.", "NRRD9"), "is no NRRD file"),
    ],
)
def test_an_nrrd_header_that_cannot_be_is_refused(
    tmp_path: Path, hu: np.ndarray, change: Callable[[bytes], bytes], sentence: str
) -> None:
    file = write(tmp_path / "ct.nrrd", hu)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(InputError, match=sentence):
        read_ct(file)


def test_an_nrrd_file_that_tells_no_space_is_read_with_a_note(tmp_path: Path, hu: np.ndarray) -> None:
    file = write(tmp_path / "ct.nrrd", hu)
    file.write_bytes(replaced(r"space: .*", "space dimension: 3")(file.read_bytes()))
    ct = read_ct(file)
    np.testing.assert_array_equal(ct.hu, hu)
    assert "right and left, front and back may be exchanged" in ct.notes[0]


def test_a_name_of_any_bytes_can_be_shown_and_written(tmp_path: Path, hu: np.ndarray) -> None:
    file = write(tmp_path / "ct.nrrd", hu)
    odd = file.rename(Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\nb\x1b[8m\xff.nrrd")))
    name = read_ct(odd).name
    assert name.isprintable() and name.encode()

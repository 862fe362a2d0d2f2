"""Compressed pixels of DICOM files are decoded elsewhere; their damage is named, and nothing of them stays behind."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.errors import DiskError, InputError
from COVIDDetectLib.phantom import Phantom, thorax
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from Testing.dicom_series import write_series


@pytest.fixture(scope="module")
def hu(small_phantom: Phantom) -> np.ndarray:
    return np.ascontiguousarray(small_phantom.ct.hu[8:18, ::2, ::2])


def test_compressed_pixels_are_decoded_and_their_damage_is_named(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, names="ct")
    for file in tmp_path.iterdir():
        image = pydicom.dcmread(file)
        image.compress(RLELossless)
        image.save_as(file)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)
    victim = tmp_path / "ct004.dcm"
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(InputError, match="ct004.dcm"):
        read_ct(tmp_path)


@pytest.mark.parametrize(
    ("compressor", "syntax", "lost"),
    [("JPEG", JPEGLosslessSV1, 0), ("JPEG2000", JPEG2000Lossless, 0), ("JPEG2000", JPEG2000Lossless, 255)],
)
def test_a_hole_in_compressed_pixels_is_noticed_where_decoders_fill_it(
    tmp_path: Path, compressor: str, syntax: str, lost: int
) -> None:
    hu = thorax(seed=1, shape=(4, 96, 96), spacing=(4.0, 4.0, 60.0)).ct.hu
    write_series(tmp_path, hu, names="ct", change=lambda image, k: compress(image, compressor, syntax))
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)
    content = bytearray((tmp_path / "ct002.dcm").read_bytes())
    content[-3000:-2488] = bytes([lost]) * 512
    (tmp_path / "ct002.dcm").write_bytes(content)
    with pytest.raises(InputError, match=r"ct002\.dcm (has damaged pixels|cannot be decoded)"):
        read_ct(tmp_path)


def compress(image: Dataset, compressor: str, syntax: str) -> None:
    """GDCM encodes what pydicom cannot."""
    stored = np.frombuffer(image.PixelData, dtype="<u2").reshape(image.Rows, image.Columns)
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        sitk.WriteImage(sitk.GetImageFromArray(stored), file.name, useCompression=True, compressor=compressor)
        encoded = pydicom.dcmread(file.name)
    assert encoded.file_meta.TransferSyntaxUID == syntax
    image.file_meta.TransferSyntaxUID, image.PixelData = syntax, encoded.PixelData
    image["PixelData"].VR = "OB"


def test_nothing_of_a_slice_stays_when_whoever_decodes_it_is_killed(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path / "ct", hu, change=lambda image, k: image.compress(RLELossless))
    code = (
        "import sys, time; from COVIDDetectLib.ct import dicom_pixels, reading\n"
        "dicom_pixels.Decoder.__exit__ = lambda self, *error: (print('decoded', flush=True), time.sleep(600))\n"
        "reading.read_ct(sys.argv[1])"
    )
    paths = os.pathsep.join(str(Path(__file__).resolve().parents[2] / each) for each in ("COVIDDetect", "."))
    (tmp_path / "tmp").mkdir()
    running = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "ct"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(tmp_path / "tmp")},
    )  # fmt: skip
    assert running.stdout and running.stdout.readline() == "decoded\n"
    assert len(list((tmp_path / "tmp").glob("*"))) == 1
    running.kill()
    running.communicate()
    until = time.monotonic() + 10
    while any((tmp_path / "tmp").iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("ended", ["before", "while decoding"])
def test_no_room_for_temporary_files_is_not_blamed_on_the_ct(
    tmp_path: Path, hu: np.ndarray, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    write_series(tmp_path, hu, change=lambda image, k: image.compress(RLELossless))
    if ended == "before":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    else:  # no file may be longer than this
        import resource

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(DiskError, match="folder for temporary files cannot be written"):
            read_ct(tmp_path)
    finally:
        if ended != "before":
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

"""A CT that another program loaded is compared with its DICOM files; here ITK's GDCM, as Slicer loads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.ct.dicom import quiet_pydicom, read_image
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.loaded import check_loaded_grid, check_loaded_values
from COVIDDetectLib.ct.stack import Slice, slices_of
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError
from pydicom.uid import JPEGLSLossless, RLELossless

from Testing.dicom_series import SPACING_MM, write_enhanced, write_series


@pytest.fixture(scope="module")
def hu() -> np.ndarray:
    """Noise around a density of its own in each slice."""
    return np.random.default_rng(0).normal(np.arange(9)[:, None, None] * 100 - 900, 20, (9, 12, 10)).astype(np.int16)


def headers(folder: Path) -> list[Slice]:
    with quiet_pydicom():
        images = [read_image(file) for file in sorted(folder.glob("*.dcm"))]
    return slices_of([image for image in images if image])


def loaded(file: Path) -> CTVolume:
    """What GDCM makes of a file with frames."""
    image = sitk.ReadImage(str(file))
    x, y, z = image.GetSpacing()
    return CTVolume.from_array(sitk.GetArrayFromImage(image), Geometry.axial((x, y, z)))


@pytest.mark.parametrize(
    ("order", "intercept", "grid", "values"),
    [
        (range(9), lambda k: -1024, "", ""),
        (range(8, -1, -1), lambda k: -1024, "", ""),
        ([3, 1, 7, 0, 8, 2, 6, 4, 5], lambda k: -1024, "voxels of 1 × 1 × 1 mm", "of 9 slices of the CT do not show"),
        (range(9), lambda k: -1024 if k % 4 == 0 else -1000, "", "6 of 9 slices of the CT do not show what its DICOM"),
    ],
    ids=["plain", "from the head", "out of order", "rescale of each frame"],
)
def test_frames_that_were_loaded_wrongly_are_noticed(
    tmp_path: Path, hu: np.ndarray, order: Sequence[int], intercept: Callable[[int], int], grid: str, values: str
) -> None:
    write_enhanced(tmp_path / "ct.dcm", hu, order, intercept=intercept)
    ct, slices = loaded(tmp_path / "ct.dcm"), headers(tmp_path)
    for finding, expected in ((check_loaded_grid(ct, slices), grid), (check_loaded_values(ct, slices), values)):
        assert (finding is not None) == bool(expected), finding
        if finding:
            assert expected in finding.sentence


def test_slices_of_a_series_are_compared_with_their_files_in_either_direction(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu)
    for shown in (hu, hu[::-1]):
        assert check_loaded_values(CTVolume(shown, Geometry.axial(SPACING_MM)), headers(tmp_path)) is None
    other = hu.copy()
    other[2] += 24
    finding = check_loaded_values(CTVolume(other, Geometry.axial(SPACING_MM)), headers(tmp_path))
    assert finding is not None
    assert finding.sentence.startswith("1 of 9 slices of the CT do not show what its DICOM files hold there")


@pytest.mark.parametrize("compression", [RLELossless, JPEGLSLossless])
def test_compressed_slices_are_all_compared(tmp_path: Path, hu: np.ndarray, compression: str) -> None:
    many = np.concatenate([hu, hu[:8]])
    write_series(tmp_path, many, names="ct", change=lambda image, k: image.compress(compression))
    ct = CTVolume(many, Geometry.axial(SPACING_MM))
    assert check_loaded_values(ct, headers(tmp_path)) is None
    other = many.copy()
    other[[2, 5]] += 24
    finding = check_loaded_values(CTVolume(other, Geometry.axial(SPACING_MM)), headers(tmp_path))
    assert finding is not None and finding.sentence.startswith("2 of 17 slices")
    content = (tmp_path / "ct005.dcm").read_bytes()
    (tmp_path / "ct005.dcm").write_bytes(content[:-40])
    with pytest.raises(InputError, match="ct005.dcm"):
        check_loaded_values(ct, headers(tmp_path))

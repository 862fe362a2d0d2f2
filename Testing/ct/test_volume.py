"""What may become a CT, and what may not."""

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError

GEOMETRY = Geometry.axial()


@pytest.mark.parametrize("padding", [-2048, -3024, -32768])
def test_padding_becomes_air(padding: int) -> None:
    voxels = np.full((2, 3, 4), 40, dtype=np.int16)
    voxels[0, 0, 0] = padding
    ct = CTVolume.from_array(voxels, GEOMETRY)
    assert ct.hu[0, 0, 0] == -1024
    assert ct.hu[1, 1, 1] == 40
    assert ct.hu.dtype == np.int16


def test_fractions_of_hu_are_rounded_not_cut() -> None:
    assert CTVolume.from_array(np.full((2, 2, 2), -0.6), GEOMETRY).hu[0, 0, 0] == -1


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int32, np.float32, np.float64])
def test_any_kind_of_number_becomes_hu_and_the_source_is_left_alone(kind: type) -> None:
    voxels = np.full((2, 3, 4), 100, dtype=kind)
    ct = CTVolume.from_array(voxels, Geometry.axial((1.0, 1.0, 1.0)))
    assert ct.hu.dtype == np.int16
    assert (ct.hu == 100).all()
    assert ct.hu is not voxels


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((2, 3, 4, 5), dtype=np.int16), "time series"),
        (np.zeros((3, 4), dtype=np.int16), "3D"),
        (np.zeros((2, 3, 4), dtype=bool), "gray values"),
        (np.zeros((0, 3, 4), dtype=np.int16), "empty"),
        (np.full((2, 3, 4), np.nan), "not numbers"),
        (np.full((2, 3, 4), 40000, dtype=np.uint16), "Hounsfield"),
    ],
)
def test_what_is_no_ct_is_refused_in_one_sentence(array: np.ndarray, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        CTVolume.from_array(array, GEOMETRY)


def test_hash_changes_with_one_voxel_and_with_the_spacing() -> None:
    voxels = np.zeros((2, 3, 4), dtype=np.int16)
    changed = voxels.copy()
    changed[1, 2, 3] = 1
    hashes = {
        CTVolume(voxels, GEOMETRY).sha256,
        CTVolume(changed, GEOMETRY).sha256,
        CTVolume(voxels, Geometry.axial(spacing=(1, 1, 2))).sha256,
    }
    assert len(hashes) == 3

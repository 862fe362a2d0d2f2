"""What the networks read in training is what they read in an analysis, and is made once for the same content."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.cohort.cases import Case
from COVIDDetectLib.ct.ct_mask import InputForm, make_ct_mask
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.errors import MaskError
from COVIDDetectLib.lungs import segment_lungs
from COVIDDetectLib.lungs.unet import unet_slices
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.training import preparation
from COVIDDetectLib.training.preparation import Prepared, Recipe, prepare

from .conftest import Cohort, write_image

CLASSIFIER = Recipe("decovnet", (32, 48), "threshold")
LUNGS = Recipe("unet", (48, 64), "threshold")


@pytest.fixture
def case(cohort: Cohort, tmp_path: Path) -> Case:
    """A copy of a case, which a test may change."""
    for name in ("ct1.nrrd", "lungs1.nrrd"):
        shutil.copy(cohort.folder / name, tmp_path / name)
    return Case("one", tmp_path / "ct1.nrrd", 1, None, tmp_path / "lungs1.nrrd", "one")


class Readings:
    """Counts how often a CT is read and how often an input is made; both still happen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = self.made = 0
        read, make = preparation.read_ct, preparation._make

        def counted_read(path: Path) -> object:
            self.read += 1
            return read(path)

        def counted_make(*arguments: object) -> Prepared:
            self.made += 1
            return make(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(preparation, "read_ct", counted_read)
        monkeypatch.setattr(preparation, "_make", counted_make)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    return Readings(monkeypatch)


def test_the_second_time_nothing_is_read_or_made(case: Case, tmp_path: Path, readings: Readings) -> None:
    first = prepare(case, CLASSIFIER, tmp_path / "cache")
    second = prepare(case, CLASSIFIER, tmp_path / "cache")
    assert (readings.read, readings.made) == (1, 1)
    assert second.key == first.key and second.lungs_ml == first.lungs_ml > 1000


def test_a_changed_mask_is_made_anew(case: Case, tmp_path: Path, readings: Readings) -> None:
    first = prepare(case, CLASSIFIER, tmp_path / "cache")
    mask = sitk.ReadImage(str(case.mask))
    labels = sitk.GetArrayFromImage(mask)
    labels[:4] = 0
    changed = sitk.GetImageFromArray(labels)
    changed.CopyInformation(mask)
    sitk.WriteImage(changed, str(case.mask))
    second = prepare(case, CLASSIFIER, tmp_path / "cache")
    assert readings.made == 2
    assert second.key != first.key
    assert len(second.ct_mask().image) < len(first.ct_mask().image)


def test_the_same_content_under_another_name_or_time_is_found_by_its_hash(
    case: Case, tmp_path: Path, readings: Readings
) -> None:
    first = prepare(case, CLASSIFIER, tmp_path / "cache")
    os.utime(case.path, (1, 1))
    assert prepare(case, CLASSIFIER, tmp_path / "cache").key == first.key
    flipped = sitk.DICOMOrient(sitk.ReadImage(str(case.path)), "RAI")
    sitk.WriteImage(flipped, str(tmp_path / "other.nii.gz"))
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(case.mask)), "RAI"), str(tmp_path / "mask.nrrd"))
    turned = Case("turned", tmp_path / "other.nii.gz", 1, None, tmp_path / "mask.nrrd", "turned")
    assert prepare(turned, CLASSIFIER, tmp_path / "cache").key == first.key
    without = replace(case, mask=None)
    keys = {
        prepare(one, CLASSIFIER, tmp_path / "cache").key
        for one in (without, replace(without, path=tmp_path / "other.nii.gz"))
    }
    assert len(keys) == 1 and first.key not in keys
    assert (readings.read, readings.made) == (5, 2)


@pytest.mark.parametrize(
    "other", [Recipe("decovnet", (48, 32), "threshold"), Recipe("unet", (32, 48), "threshold")], ids=["size", "network"]
)
def test_other_settings_are_made_anew(case: Case, tmp_path: Path, other: Recipe, readings: Readings) -> None:
    assert prepare(case, CLASSIFIER, tmp_path / "cache").key != prepare(case, other, tmp_path / "cache").key
    assert readings.made == 2


def test_a_half_written_cache_is_made_again(case: Case, tmp_path: Path, readings: Readings) -> None:
    first = prepare(case, CLASSIFIER, tmp_path / "cache")
    expected = np.load(first.file)
    (tmp_path / "cache" / f"{first.key}.json").unlink()
    first.file.write_bytes(first.file.read_bytes()[:100])
    assert np.array_equal(np.load(prepare(case, CLASSIFIER, tmp_path / "cache").file), expected)
    assert readings.made == 2


def test_the_classifier_reads_what_an_analysis_makes(small_phantom: Phantom, tmp_path: Path) -> None:
    """With the CT in another orientation, and lungs found by the program."""
    path = write_image(small_phantom.ct.hu, small_phantom.ct.geometry, tmp_path / "ct.nrrd")
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(path)), "PIL"), str(path))
    ct, _ = read_ct(path).axial()
    expected = make_ct_mask(ct, segment_lungs(ct, "threshold").labels > 0, InputForm((32, 48)))
    prepared = prepare(Case("one", path, 1, None, None, "one"), CLASSIFIER, tmp_path / "cache").ct_mask()
    assert np.array_equal(prepared.image, expected.image) and np.array_equal(prepared.mask, expected.mask)
    assert prepared.geometry.same_grid(expected.geometry)


def test_the_unet_reads_whole_slices_as_an_analysis_makes_them(case: Case, tmp_path: Path) -> None:
    ct, _ = read_ct(case.path).axial()
    volume = prepare(case, LUNGS, tmp_path / "cache").open()
    assert volume.shape == (2, 10, 48, 64)
    assert np.array_equal(volume[0], unet_slices(ct.hu, (48, 64)))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(case.mask))) > 0
    assert volume[1].mean() == pytest.approx(truth.mean(), rel=0.05)


def test_a_mask_on_another_grid_is_refused(case: Case, tmp_path: Path, small_phantom: Phantom) -> None:
    write_image(small_phantom.lung_mask, small_phantom.ct.geometry, tmp_path / "lungs1.nrrd")
    with pytest.raises(MaskError, match="Case 'one': The lung mask does not have the voxel grid"):
        prepare(case, CLASSIFIER, tmp_path / "cache")

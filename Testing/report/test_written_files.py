"""Files of the user: never replaced by accident, all there or none, and read back before anything is said."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.analysis.analyze import Analysis, analyze
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume_files import read_back
from COVIDDetectLib.errors import DiskError, InputError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.report.files import (
    analysis_files,
    refuse_inputs,
    write_analysis_files,
    write_image,
    write_lung_mask_file,
)
from COVIDDetectLib.weights.cards import ModelCard

from Testing.dicom_series import write_ct

resource = pytest.importorskip("resource")


@pytest.fixture(scope="module")
def analysis(small_phantom: Phantom, fresh_card: ModelCard) -> Analysis:
    mask = LungMask(small_phantom.lung_mask, small_phantom.ct.geometry)
    return analyze(small_phantom.ct, lungs=mask, weights=fresh_card, device="cpu")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 5 kB, as if the disk were full then."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_no_file_of_an_analysis(
    small_phantom: Phantom, analysis: Analysis, tmp_path: Path, full_disk: None, there: bool
) -> None:
    folder = tmp_path / "out"
    if there:
        folder.mkdir()
    with pytest.raises(DiskError, match="written"):
        write_analysis_files(small_phantom.ct, analysis, folder)
    assert [path for path in tmp_path.rglob("*") if path != folder] == []


@pytest.mark.parametrize("name", ["lungs.nrrd", "lungs.nii.gz", "lungs.mha"])
def test_a_full_disk_leaves_no_lung_mask(small_phantom: Phantom, tmp_path: Path, full_disk: None, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 3, small_phantom.ct.shape).astype(np.uint8)
    with pytest.raises(DiskError, match="written"):
        write_lung_mask_file(LungMask(noise, small_phantom.ct.geometry), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_earlier_files_stay_where_one_of_the_four_cannot_be_replaced(
    small_phantom: Phantom, analysis: Analysis, tmp_path: Path
) -> None:
    for file in analysis_files(tmp_path)[:2]:
        file.write_text("earlier")
    (tmp_path / "overview.png").mkdir()
    with pytest.raises(InputError, match="there is a folder of that name"):
        write_analysis_files(small_phantom.ct, analysis, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"analysis.json", "lungs.nrrd", "overview.png"}
    assert (tmp_path / "lungs.nrrd").read_text() == "earlier"


def test_a_title_with_dollars_is_drawn_as_it_is(small_phantom: Phantom, analysis: Analysis, tmp_path: Path) -> None:
    costly = replace(analysis, card=replace(analysis.card, title="Cost $5^{ and $6"))
    write_analysis_files(small_phantom.ct, costly, tmp_path / "out")
    assert (tmp_path / "out" / "overview.png").is_file()


def test_what_ended_processes_left_is_removed_and_what_others_write_is_not(
    small_phantom: Phantom, tmp_path: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".unfinished-{os.getpid()}-out", f".unfinished-{ended.pid}-out"):
        (tmp_path / name).mkdir()
    running = tmp_path / f".unfinished-{os.getppid()}-out"
    elsewhere = tmp_path / f".unfinished-00000000-{ended.pid}-1234abcd-out"
    running.mkdir()
    elsewhere.mkdir()
    write_lung_mask_file(LungMask(small_phantom.lung_mask, small_phantom.ct.geometry), tmp_path / "lungs.nrrd")
    assert {path.name for path in tmp_path.iterdir()} == {"lungs.nrrd", running.name, elsewhere.name}


def test_what_is_read_is_never_a_target(small_phantom: Phantom, tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    for name in ("ct.nrrd", "ct.mhd"):
        sitk.WriteImage(image, str(tmp_path / name))
    (tmp_path / "link.nrrd").symlink_to(tmp_path / "ct.nrrd")
    write_ct(tmp_path / "dicom", small_phantom.ct)
    slice_ = next((tmp_path / "dicom").iterdir())
    refuse_inputs([tmp_path / "new.nrrd", tmp_path / "ct.mhd"], [tmp_path / "ct.nrrd", tmp_path / "missing"])
    for target, read, sentence in (
        ("ct.nrrd", "ct.nrrd", "is read here and would be replaced"),
        ("link.nrrd", "ct.nrrd", "is read here and would be replaced"),
        ("ct.raw", "ct.mhd", "is read here and would be replaced"),
        (slice_, "dicom", "is a DICOM file and would be replaced"),
        ("dicom", "ct.nrrd", "is a folder"),
    ):
        with pytest.raises(InputError, match=sentence):
            refuse_inputs([tmp_path / target], [tmp_path / read])


def test_a_heat_map_of_one_slice_is_written_and_read_back(tmp_path: Path) -> None:
    """As of lungs on two or three slices, which the network joins two by two."""
    values = np.linspace(0, 1, 54, dtype=np.float32).reshape(1, 6, 9)
    path, geometry = tmp_path / "attention.nrrd", Geometry.axial((10.0, 12.0, 20.0))
    write_image(values, geometry, path)
    written, place = read_back(path)
    np.testing.assert_array_equal(written, values)
    assert place.same_grid(geometry)

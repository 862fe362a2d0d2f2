"""Another program finds the lungs: it reads a NIfTI file with the CT, and writes one with its mask."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.cohort.cases import Case
from COVIDDetectLib.cohort.score import Scoring, score_case
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError, InstallationError, MaskError
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.report.files import read_lung_mask
from COVIDDetectLib.report.lungs_by_command import PROGRAMS, command_of, lungs_by_command
from COVIDDetectLib.weights.cards import ModelCard
from typer.testing import CliRunner

COPIES = "import shutil, sys; shutil.copy({mask!r}, sys.argv[2])"


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return thorax(seed=1, shape=(12, 64, 64), spacing=(5.4, 5.4, 22.0), disease="covid")


def write(array: np.ndarray, ct: CTVolume, file: Path) -> Path:
    image = sitk.GetImageFromArray(array)
    ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(file))
    return file


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {{ct}} {{mask}}"


@pytest.fixture
def copying(phantom: Phantom, tmp_path: Path) -> str:
    """A program whose mask is the phantom's own."""
    return python(COPIES.format(mask=str(write(phantom.lung_mask, phantom.ct, tmp_path / "a mask.nii.gz"))))


def test_the_program_is_given_the_ct_as_it_is(phantom: Phantom, tmp_path: Path) -> None:
    """Turned and mirrored, which NIfTI can hold: the numbers are the same, at the same places."""
    turned = sitk.DICOMOrient(sitk.ReadImage(str(write(phantom.ct.hu, phantom.ct, tmp_path / "ct.nrrd"))), "SRA")
    ct = CTVolume(sitk.GetArrayFromImage(turned), Geometry.from_sitk(turned))
    threshold = (
        "import sys, SimpleITK as sitk; ct = sitk.ReadImage(sys.argv[1]);"
        f"sitk.WriteImage(ct, {str(tmp_path / 'seen.nii.gz')!r});"
        "sitk.WriteImage(sitk.Cast((ct < -500) & (ct > -900), sitk.sitkUInt8), sys.argv[2])"
    )
    mask = lungs_by_command(ct, python(threshold))
    assert np.array_equal(mask.labels > 0, (ct.hu < -500) & (ct.hu > -900))
    assert mask.geometry.same_grid(ct.geometry)
    seen = sitk.ReadImage(str(tmp_path / "seen.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(seen), ct.hu)


def test_its_mask_is_what_segment_writes_and_batch_scores(
    phantom: Phantom, copying: str, fresh_card: ModelCard, tmp_path: Path
) -> None:
    file = write(phantom.ct.hu, phantom.ct, tmp_path / "ct.nrrd")
    done = CliRunner().invoke(
        app, ["segment", str(file), "--method", copying, "--output", str(tmp_path / "lungs.nrrd")]
    )
    assert done.exit_code == 0, done.output
    assert np.array_equal(read_lung_mask(tmp_path / "lungs.nrrd").labels, phantom.lung_mask)

    given = score_case(Case("a", file, mask=tmp_path / "lungs.nrrd"), Scoring(fresh_card))
    found = score_case(Case("a", file), Scoring(fresh_card, copying))
    assert found.sentence == "" and found.probability == given.probability
    assert found.lung_mask_sha256 == given.lung_mask_sha256
    assert Scoring(fresh_card, copying).key != Scoring(fresh_card).key


def test_lobes_as_totalsegmentator_numbers_them_are_the_lobes_of_lungmask(phantom: Phantom, tmp_path: Path) -> None:
    lobes = np.zeros_like(phantom.lung_mask)
    slices, rows = np.indices(lobes.shape)[:2]
    inside = np.argwhere(phantom.lung_mask)
    middle = inside[:, 0].mean()
    for side, upper in ((2, 10), (1, 12)):
        lung = phantom.lung_mask == side
        lobes[lung] = np.where(slices[lung] > middle, upper, upper + (2 if side == 1 else 1))
    in_front = (lobes == 14) & (rows < inside[:, 1].mean())
    lobes[in_front] = 13
    mask = read_lung_mask(write(lobes, phantom.ct, tmp_path / "lobes.nii.gz"))
    assert np.array_equal(mask.labels, phantom.lung_mask)
    assert mask.lobes is not None and np.array_equal(mask.lobes, np.where(lobes, lobes - 9, 0))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; print('no weights'); sys.exit(4)", r"could not find the lungs \(it ended with 4\).*no weights"),
        ("print('done')", "wrote no mask"),
        ("import sys; open(sys.argv[2], 'w').write('no volume')", "cannot be used"),
        (
            "import sys, SimpleITK as sitk; i = sitk.ReadImage(sys.argv[1]) < 0; sitk.WriteImage(i[:-1], sys.argv[2])",
            "another grid",
        ),
    ],
)
def test_a_program_that_fails_is_said_in_a_sentence(phantom: Phantom, code: str, sentence: str) -> None:
    with pytest.raises(MaskError, match=sentence):
        lungs_by_command(phantom.ct, python(code))


def test_a_method_a_card_or_a_file_is_no_command() -> None:
    assert [command_of(text) for text in ("unet", "threshold", "card.json", "lungs.nii.gz")] == [None] * 4


def test_a_command_must_say_where_ct_and_mask_are() -> None:
    with pytest.raises(InputError, match=r"\{ct\} and \{mask\}"):
        command_of("lungs {ct}")


@pytest.mark.parametrize(("name", "package"), [("lungmask", "lungmask"), ("totalsegmentator", "TotalSegmentator")])
def test_a_known_program_that_is_missing_comes_with_the_way_to_get_it(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InstallationError, match=f"{package} was not found; install it .pip install {package}"):
        command_of(name)
    with pytest.raises(InstallationError, match="nothing-of-that-name was not found; give the path"):
        command_of("nothing-of-that-name {ct} {mask}")


def test_known_programs_are_asked_for_a_mask_of_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Programs of their names on the PATH: what they get is what their own command lines take."""
    for program in ("lungmask", "TotalSegmentator"):
        file = tmp_path / program
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_of("LungMask") == "lungmask {ct} {mask}"
    assert shlex.split(command_of("totalsegmentator") or "")[:6] == [
        "TotalSegmentator", "-i", "{ct}", "-o", "{mask}", "--ml",
    ]  # fmt: skip
    assert {command_of(name) for name in PROGRAMS} == set(PROGRAMS.values())

"""Each thing that can be wrong with a CT is found and said, and sound CTs are left in peace."""

import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.ct.dicom import read_image
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.ct.layout_checks import (
    Finding,
    check_axes,
    check_layout,
    check_scale,
    check_slice_positions,
    check_time_points,
)
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.stack import check_compression, check_origin, slices_of
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import segment_lungs
from COVIDDetectLib.lungs.anatomy_checks import check_ct
from COVIDDetectLib.lungs.tidy import tidy_lungs
from COVIDDetectLib.phantom import thorax

from Testing.dicom_series import write_series
from Testing.lungs.drawn_chest import Chest


def codes(ct: CTVolume) -> list[str]:
    return [finding.code for finding in check_ct(ct)]


@pytest.fixture(scope="module")
def sound() -> CTVolume:
    """A whole chest without contrast agent."""
    return thorax(seed=1, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0)).ct


@pytest.fixture(scope="module")
def brighter_blood(sound: CTVolume) -> CTVolume:
    """The same with all soft tissue between the lungs raised as contrast agent does."""
    hu = sound.hu.copy()
    middle = hu[:, 30:80, 45:85]
    middle[middle > 20] += 150
    return replace(sound, hu=hu)


def body(gas_hu: int | None) -> CTVolume:
    """A round body of soft tissue, with a pocket of gas or without."""
    rows, columns = np.mgrid[-64:64, -64:64]
    hu = np.full((30, 128, 128), -1000, dtype=np.int16)
    hu[:, np.hypot(rows, columns) < 45] = 40
    if gas_hu is not None:
        hu[10:20, np.hypot(rows, columns) < 12] = gas_hu
    return CTVolume(hu, Geometry.axial(spacing=(2.8, 2.8, 5.0)))


@pytest.mark.parametrize("seed", [1, 4, 5, 6])
@pytest.mark.parametrize("disease", [None, "covid"])
def test_a_whole_chest_is_left_in_peace(seed: int, disease: str | None) -> None:
    phantom = thorax(seed=seed, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0), disease=disease, extent="severe")
    assert set(codes(phantom.ct)) <= {"contrast"}  # some phantoms have it


@pytest.mark.real_ct
def test_real_cts_are_left_in_peace_but_for_the_contrast_agent_in_one(real_ct_folder: Path) -> None:
    ct = read_ct(real_ct_folder)
    start = time.thread_time()
    assert codes(ct) == (["contrast"] if "lidc" in real_ct_folder.name else [])
    assert time.thread_time() - start < 1.0


def test_order_of_storage_changes_nothing(sound: CTVolume) -> None:
    cut = CTVolume(sound.hu[12:], sound.geometry)
    for order in (Reorientation((2, 0, 1), (True, False, True)), Reorientation((0, 1, 2), (True, True, True))):
        for ct in (sound, cut):
            stored = CTVolume(order.apply(ct.hu), ct.geometry.reoriented(order, ct.shape))
            assert check_ct(stored) == check_ct(ct)


def test_values_without_air_are_no_hounsfield_units(sound: CTVolume) -> None:
    (finding,) = check_ct(CTVolume.from_array(sound.hu.astype(np.int32) + 1024, sound.geometry))
    assert finding.code == "not-hu" and not finding.computable
    assert "not Hounsfield units" in finding.sentence


@pytest.mark.parametrize(
    ("slope", "shift", "is_wrong"), [(1, 0, False), (1, 200, True), (1, -250, True), (0.5, 0, True)]
)
def test_a_rescale_that_is_wrong_in_the_whole_file_is_seen_in_air_and_tissue(
    sound: CTVolume, slope: float, shift: int, is_wrong: bool
) -> None:
    hu = np.maximum(np.rint(sound.hu * slope) + shift, -1024).astype(np.int16)
    assert (check_scale(replace(sound, hu=hu)) is not None) == is_wrong


def test_a_ct_whose_soft_tissue_was_cut_off_is_said(sound: CTVolume) -> None:
    finding = check_scale(replace(sound, hu=np.clip(sound.hu, -1000, 0).astype(np.int16)))
    assert finding is not None and "end at 0 HU" in finding.sentence
    assert check_scale(replace(sound, hu=np.clip(sound.hu, -1350, 150).astype(np.int16))) is None


def test_a_body_without_any_air_has_no_lungs() -> None:
    assert codes(body(None)) == ["no-lungs"]


@pytest.mark.parametrize("gas_hu", [-1000, -1024])
def test_a_body_with_gas_but_no_lung_is_another_part_of_it(gas_hu: int) -> None:
    (finding,) = check_ct(body(gas_hu))
    assert finding.code == "wrong-body-part"


@pytest.mark.real_ct
def test_neck_and_abdomen_are_other_parts_of_the_body(real_ct_folder: Path) -> None:
    ct = read_ct(real_ct_folder)
    slices = round(80 / ct.geometry.spacing[2])
    assert "wrong-body-part" in codes(CTVolume(ct.hu[-slices // 2 :], ct.geometry))
    if "lidc" in real_ct_folder.name:  # the only one that reaches below the lungs
        assert "wrong-body-part" in codes(CTVolume(ct.hu[:slices], ct.geometry))


@pytest.mark.parametrize(
    ("part", "where"),
    [
        (np.s_[12:], "the lower end"),
        (np.s_[:17], "the upper end"),
        (np.s_[8:17], "the lower end and the upper end"),
        (np.s_[:, :, 38:], "the side"),
    ],
)
def test_lungs_that_end_at_the_border_are_cut_off(sound: CTVolume, part: tuple, where: str) -> None:
    finding = next(one for one in check_ct(CTVolume(sound.hu[part], sound.geometry)) if one.code == "cut-off")
    assert f"cut off at {where} of the CT" in finding.sentence
    assert finding.computable


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("shown", ["half", "more than half", "no room beyond the wall"])
def test_a_picture_of_one_lung_says_which_it_is_taken_for(sound: CTVolume, side: str, shown: str) -> None:
    columns = sound.hu.shape[2]
    first, last = {"half": (0, 0.5), "more than half": (0, 0.55), "no room beyond the wall": (0.16, 0.56)}[shown]
    part = slice(round(first * columns), round(last * columns))
    hu = sound.hu if side == "right" else sound.hu[:, :, ::-1]
    hu = hu[:, :, part]
    hu = np.ascontiguousarray(hu if side == "right" else hu[:, :, ::-1])
    ct = CTVolume(hu, sound.geometry)
    finding = next(one for one in check_ct(ct) if one.code == "one-lung")
    assert f"taken for the {side} one" in finding.sentence
    right_ml, left_ml = segment_lungs(ct, "threshold").volumes_ml
    assert (right_ml > 5 * left_ml) == (side == "right")


def test_a_lung_that_is_gone_leaves_the_other_on_its_side(sound: CTVolume) -> None:
    hu = sound.hu.copy()
    half = hu[:, :, hu.shape[2] // 2 :]
    lung = (half < -500) & (segment_lungs(sound, "threshold").labels[:, :, hu.shape[2] // 2 :] > 0)
    half[lung] = 30
    finding = next(one for one in check_ct(CTVolume(hu, sound.geometry)) if one.code == "one-lung")
    assert "taken for the right one" in finding.sentence


def test_a_pneumothorax_larger_than_the_other_lung_leaves_that_lung() -> None:
    chest = Chest((2.5, 2.5, 5.0))
    chest.paint(chest.left & (chest.y > 20), 40)
    chest.paint(chest.right, -1000)
    chest.paint(chest.ball((-35, 10, 0), (15, 25, 40)), -200)
    chest.paint((np.abs(chest.x) < 25) & (np.abs(chest.y - 10) < 6) & (np.abs(chest.z - 20) < 6), -990)
    ct = chest.ct()
    assert codes(ct) == ["one-lung"]
    left = chest.left & (chest.y < 20)
    lungs = tidy_lungs(ct, chest.right | left)
    assert np.count_nonzero(lungs & left) > 0.99 * np.count_nonzero(left)
    assert not (lungs & (chest.hu < -990)).any()


def test_fifteen_slices_are_too_few_and_sixteen_are_not(sound: CTVolume) -> None:
    assert "few-slices" not in codes(CTVolume(sound.hu[:16], sound.geometry))
    finding = next(one for one in check_ct(CTVolume(sound.hu[:15], sound.geometry)) if one.code == "few-slices")
    assert "only 15 axial slices" in finding.sentence and finding.computable


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.8, 2.8, 100.0), (0.01, 0.01, 5.0), (10.0, 10.0, 10.0)])
def test_voxels_that_no_scanner_makes_are_absurd(sound: CTVolume, spacing: tuple[float, float, float]) -> None:
    findings = check_ct(CTVolume(sound.hu, Geometry.axial(spacing)))
    assert findings[0].code == "spacing"


def test_contrast_agent_is_seen_between_the_lungs(sound: CTVolume, brighter_blood: CTVolume) -> None:
    assert codes(sound) == []
    assert codes(brighter_blood) == ["contrast"]


@pytest.mark.parametrize("noise_hu", [75, 150])
def test_noise_is_no_contrast_agent(sound: CTVolume, brighter_blood: CTVolume, noise_hu: int) -> None:
    noise = np.random.default_rng(0).normal(0, noise_hu, sound.hu.shape).astype(np.int16)
    assert codes(replace(sound, hu=sound.hu + noise)) == []
    assert codes(replace(brighter_blood, hu=brighter_blood.hu + noise)) == ["contrast"]


@pytest.mark.parametrize("median_hu", [-940, -965])
def test_lungs_of_severe_emphysema_are_lungs(sound: CTVolume, median_hu: int) -> None:
    lungs = segment_lungs(sound, "threshold").labels > 0
    aerated = lungs & (sound.hu < -600)
    hu = sound.hu.copy()
    hu[aerated] += np.int16(median_hu - np.median(hu[aerated]))
    assert codes(replace(sound, hu=np.maximum(hu, -1024))) == []


def test_gas_of_the_bowel_below_whole_lungs_is_no_lung_that_is_cut_off() -> None:
    chest = Chest((2.0, 2.0, 5.0), size_mm=(400, 320, 320))
    for x, z in ((40, -95), (70, -100), (100, -112), (75, -130), (70, -150)):
        chest.left &= ~chest.ball((x, -20, z), (22, 45, 20))
        chest.paint(chest.ball((x, -20, z), (22, 45, 20)), 20)
        chest.paint(chest.ball((x, -20, z), (21, 44, 19)), -985)
    assert "cut-off" not in codes(chest.ct())


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("margin_mm", [4, 20])
def test_a_crop_of_one_lung_is_a_chest(side: str, margin_mm: int) -> None:
    chest = Chest((1.5, 1.5, 4.0))
    lung = chest.right if side == "right" else chest.left
    box = tuple(
        slice(max(0, where.min() - round(margin_mm / mm)), where.max() + 1 + round(margin_mm / mm))
        for where, mm in zip(np.nonzero(lung), (4.0, 1.5, 1.5), strict=True)
    )
    found = codes(CTVolume(np.ascontiguousarray(chest.ct().hu[box]), chest.geometry))
    assert "one-lung" in found and "wrong-body-part" not in found and "contrast" not in found


def test_missing_slices_and_several_at_one_place_are_told_apart() -> None:
    even = [5.0 * number for number in range(40)]
    assert check_slice_positions(even) is None
    assert check_slice_positions(even[::-1]) is None
    assert check_slice_positions([z + 0.02 * (-1) ** n for n, z in enumerate(even)]) is None
    gaps = check_slice_positions([*even[:10], *even[12:]])
    assert gaps and gaps.code == "gaps" and "5.0 to 15.0 mm" in gaps.sentence
    twice = check_slice_positions([*even, 20.0], "Series 3")
    assert twice and twice.code == "one-position" and not twice.computable
    assert twice.sentence.startswith("Series 3 has several images")


def test_a_tilted_gantry_is_seen_in_the_axes_and_a_turned_patient_is_not() -> None:
    upright = Geometry.axial(spacing=(0.7, 0.7, 5.0)).ijk_to_lps
    assert check_axes(upright) is None
    angle = np.radians(12.0)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    assert check_axes(turn @ upright) is None
    tilted = upright.copy()
    tilted[1, 2] = 5.0 * np.tan(angle)
    finding = check_axes(tilted)
    assert finding and finding.code == "tilt" and "12 degrees" in finding.sentence


@pytest.mark.parametrize(
    ("dimensions", "components", "code"),
    [
        ((512, 512, 64, 10), 1, "time-series"),
        ((512, 512, 64), 3, "color"),
        ((512, 512, 1), 1, "flat"),
        ((512, 512), 1, "flat"),
        ((512, 512, 64), 1, None),
        ((512, 512, 64, 1), 1, None),
    ],
)
def test_only_one_gray_volume_is_a_ct(dimensions: tuple[int, ...], components: int, code: str | None) -> None:
    finding = check_layout(dimensions, components)
    assert (finding.code if finding else None) == code


def test_one_volume_of_a_time_series_can_be_computed_and_is_named() -> None:
    assert check_time_points(1, 1) is None
    finding = check_time_points(10, 3)
    assert finding and finding.computable and finding.code == "time-series"
    assert "10 volumes in time, of which number 3 is shown" in finding.sentence


def test_every_finding_is_one_sentence_that_says_what_to_do(
    sound: CTVolume, brighter_blood: CTVolume, tmp_path: Path
) -> None:
    write_series(
        tmp_path, sound.hu[:4, :8, :8], change=lambda image, index: setattr(image, "PatientID", f"{index % 2}")
    )
    lossy = tmp_path / "lossy"
    write_series(lossy, sound.hu[:4, :8, :8], change=lambda image, index: setattr(image, "LossyImageCompression", "01"))
    lossy_images = [image for file in lossy.iterdir() if (image := read_image(file))]
    images = [image for file in sorted(tmp_path.glob("*.dcm")) if (image := read_image(file))]
    tilted = np.diag([0.7, 0.7, 5.0])
    tilted[1, 2] = 1.0
    aslant = Geometry((0.0, 0.0, 0.0), sound.geometry.spacing, ((0.9, -0.436, 0.0), (0.436, 0.9, 0.0), (0.0, 0.0, 1.0)))
    strange = [
        replace(sound, hu=sound.hu + np.int16(2000)),
        CTVolume(sound.hu, Geometry.axial((0.01, 0.01, 5.0))),
        CTVolume(sound.hu[8:17], sound.geometry),
        CTVolume(sound.hu[:, ::-1], aslant),
        replace(sound, hu=sound.hu + np.int16(200)),
        CTVolume(sound.hu[:, :, :64], sound.geometry),
        brighter_blood,
        body(None),
        body(-1000),
        CTVolume(np.where(np.arange(28)[:, None, None] == 9, sound.hu[:, ::-1], sound.hu), sound.geometry),
        CTVolume(np.where(np.arange(28)[:, None, None] == 9, np.int16(0), sound.hu), sound.geometry),
    ]
    found: list[Finding | None] = [finding for ct in strange for finding in check_ct(ct)]
    found += [check_slice_positions([0, 5, 15]), check_slice_positions([0, 5, 5]), check_axes(tilted)]
    found += [check_layout((9, 9, 9, 5)), check_layout((9, 9, 9), 3), check_layout((9, 9)), check_time_points(5, 2)]
    found += [check_origin(slices_of(images)), check_compression(slices_of(lossy_images))]
    findings = [finding for finding in found if finding]
    named = re.findall(r"``([a-z-]+)``", (Finding.__doc__ or "").split("of a mask")[0])
    assert {finding.code for finding in findings} == set(named)
    for finding in findings:
        wrong, do = finding.sentence.split("; ")
        assert wrong[0].isupper() and finding.sentence.endswith(".") and ". " not in finding.sentence
        assert do.split()[0] in ("choose", "load"), finding.sentence


def test_six_hundred_slices_take_less_than_a_second(sound: CTVolume) -> None:
    hu = np.repeat(np.repeat(np.repeat(sound.hu, 21, axis=0)[:588], 4, axis=1), 4, axis=2)
    ct = CTVolume(hu, Geometry.axial((0.7, 0.7, 10.0 / 21)))
    start = time.thread_time()
    assert check_ct(ct) == ()
    assert time.thread_time() - start < 1.0

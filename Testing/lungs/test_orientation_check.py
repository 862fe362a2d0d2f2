"""A header that contradicts the body is named; one that does not is left in peace."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LEFT, RIGHT
from COVIDDetectLib.lungs.anatomy_checks import check_ct
from COVIDDetectLib.phantom import thorax

from Testing.lungs.drawn_chest import Chest


@pytest.fixture(scope="module")
def whole() -> CTVolume:
    return thorax(seed=1, shape=(40, 128, 128), spacing=(2.9, 2.9, 7.0)).ct


def said(ct: CTVolume) -> list[str]:
    return [one.sentence for one in check_ct(ct) if one.code in ("orientation", "turned")]


def mirrored(ct: CTVolume, *axes: int) -> CTVolume:
    """The same header over voxels in another order."""
    return replace(ct, hu=np.ascontiguousarray(np.flip(ct.hu, axes)))


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ((2,), "The heart lies on the right"),
        ((1,), "The spine lies in front"),
        ((0,), "The lungs are wider above than below"),
        ((1, 2), "The spine lies in front"),
        ((0, 1), "The spine lies in front"),
    ],
)
def test_a_header_that_mirrors_or_turns_the_body_is_named(
    whole: CTVolume, axes: tuple[int, ...], sentence: str
) -> None:
    assert said(whole) == []
    [found] = said(mirrored(whole, *axes))
    assert found.startswith(sentence)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_body_on_its_side_is_named(whole: CTVolume, turns: int) -> None:
    [found] = said(replace(whole, hu=np.ascontiguousarray(np.rot90(whole.hu, turns, (1, 2)))))
    assert found.startswith("The spine lies beside the lungs")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("disease", [None, "covid"])
def test_sound_phantoms_are_left_in_peace(seed: int, disease: str | None) -> None:
    assert said(thorax(seed=seed, shape=(32, 96, 96), spacing=(3.8, 3.8, 9.0), disease=disease).ct) == []


def test_lungs_consolidated_at_the_back_are_left_in_peace() -> None:
    phantom = thorax(seed=1, shape=(40, 128, 128), spacing=(2.9, 2.9, 7.0))
    rows = np.flatnonzero(phantom.lung_mask.any(axis=(0, 2)))
    is_back = np.arange(128)[:, None] > rows[0] + 0.45 * (rows[-1] - rows[0])
    hu = np.where((phantom.lung_mask > 0) & is_back, np.int16(30), phantom.ct.hu)
    ill = replace(phantom.ct, hu=hu)
    assert said(ill) == []
    assert len(said(mirrored(ill, 1))) == 1


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_a_lung_collapsed_to_a_quarter_moves_no_heart(side: int) -> None:
    phantom = thorax(seed=1, shape=(40, 128, 128), spacing=(2.9, 2.9, 7.0))
    lung = phantom.lung_mask == side
    is_low = np.arange(40)[:, None, None] < np.percentile(np.nonzero(lung)[0], 75)
    assert said(replace(phantom.ct, hu=np.where(lung & is_low, np.int16(30), phantom.ct.hu))) == []


def test_a_part_of_the_lungs_is_judged_by_the_spine_alone(whole: CTVolume) -> None:
    upper = replace(whole, hu=whole.hu[20:])
    assert said(upper) == said(mirrored(upper, 2)) == said(mirrored(upper, 0)) == []
    assert len(said(mirrored(upper, 1))) == 1


def test_ribs_in_front_of_one_lung_are_no_spine() -> None:
    chest = Chest((2.5, 2.5, 5.0), has_ribs=True)
    chest.paint((np.abs(chest.x - 75) < 20) & (np.abs(chest.y + 90) < 8) & (chest.z > -999), 400)
    part = np.ascontiguousarray(chest.ct().hu[:, :, 74:])
    assert said(CTVolume(part, chest.geometry)) == []


@pytest.mark.parametrize(("degrees", "count"), [(5, 0), (15, 1)])
def test_a_grid_that_lies_aslant_is_named(whole: CTVolume, degrees: float, count: int) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = Geometry((0.0, 0.0, 0.0), whole.geometry.spacing, ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))
    assert [f"turned by {degrees} degrees" in one for one in said(replace(whole, geometry=turned))] == [True] * count


@pytest.mark.real_ct
def test_real_cts_are_left_in_peace_and_their_mirror_images_are_not(real_ct_folder: Path) -> None:
    ct = read_ct(real_ct_folder)
    assert said(ct) == []
    assert [len(said(mirrored(ct, axis))) for axis in range(3)] == [1, 1, 1]

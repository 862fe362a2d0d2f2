"""A header that contradicts the body is named; one that does not is left in peace."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs.anatomy_checks import check_ct
from COVIDDetectLib.phantom import thorax


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


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("disease", [None, "covid"])
def test_sound_phantoms_are_left_in_peace(seed: int, disease: str | None) -> None:
    assert said(thorax(seed=seed, shape=(32, 96, 96), spacing=(3.8, 3.8, 9.0), disease=disease).ct) == []


def test_a_part_of_the_lungs_is_judged_by_the_spine_alone(whole: CTVolume) -> None:
    upper = replace(whole, hu=whole.hu[20:])
    assert said(upper) == said(mirrored(upper, 2)) == said(mirrored(upper, 0)) == []
    assert len(said(mirrored(upper, 1))) == 1


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

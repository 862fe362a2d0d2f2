"""The UNet's mask is that of every slice looked at as a whole, though some are left out and some only seen in part."""

from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from COVIDDetectLib import lungs
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import segment_lungs, unet
from COVIDDetectLib.lungs.anatomy import Anatomy
from COVIDDetectLib.lungs.unet import unet_lungs
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.weights.cards import ModelCard, default_card

from Testing.benchmarks.plain import plain_unet_lungs


@pytest.fixture(scope="module")
def card() -> ModelCard:
    """The bundled weights on smaller slices, which take an eighth of the time."""
    return replace(default_card("unet"), input_size=(128, 128))


@pytest.fixture(scope="module")
def plain(card: ModelCard, small_phantom: Phantom) -> np.ndarray:
    """The mask of whole slices, all of them."""
    return plain_unet_lungs(small_phantom.ct, card)


def looked_at(ct: CTVolume, card: ModelCard) -> list[int]:
    """The slices that go through the network, in their order."""
    numbers: list[int] = []
    part_of = unet._part_with_body

    def noted(seen: object, batch: slice, *more: object) -> object:
        numbers.extend(range(batch.start, batch.stop))
        return part_of(seen, batch, *more)

    with mock.patch.object(unet, "_part_with_body", noted):
        unet_lungs(ct, card, "cpu")
    return numbers


def between_slices_of_tissue(ct: CTVolume, below: int, above: int) -> CTVolume:
    """The chest in a longer CT, of a body without lungs."""
    body = np.where(ct.hu[len(ct.hu) // 2] > -950, 40, -1000).astype(np.int16)
    ends = (np.repeat(body[None], count, axis=0) for count in (below, above))
    low, high = ends
    return CTVolume(np.concatenate([low, ct.hu, high]), ct.geometry)


def test_the_mask_is_that_of_whole_slices(small_phantom: Phantom, card: ModelCard, plain: np.ndarray) -> None:
    found = segment_lungs(small_phantom.ct, card, device="cpu").labels
    with mock.patch.object(lungs, "unet_lungs", lambda *_: plain):
        expected = segment_lungs(small_phantom.ct, card, device="cpu").labels
    assert np.count_nonzero(found != expected) <= 1e-4 * np.count_nonzero(expected)


def test_slices_far_from_the_lungs_are_not_where_it_begins(small_phantom: Phantom) -> None:
    longer = between_slices_of_tissue(small_phantom.ct, 12, 9)
    low, high = unet._slices_with_lung(Anatomy.of(longer), len(longer.hu))
    with_lung = np.flatnonzero(small_phantom.lung_mask.any(axis=(1, 2))) + 12
    assert 12 <= low <= with_lung[0] + 2
    assert with_lung[-1] - 2 < high <= len(longer.hu) - 9


def test_lung_without_air_below_the_rest_is_looked_at_until_it_ends(
    small_phantom: Phantom, card: ModelCard, plain: np.ndarray
) -> None:
    numbers = np.flatnonzero(plain.any(axis=(1, 2)))
    middle = int(np.median(numbers))
    with mock.patch.object(unet, "_slices_with_lung", lambda *_: (middle, middle + 2)):
        found = unet_lungs(small_phantom.ct, card, "cpu")
    assert np.count_nonzero(found != plain) <= 1e-3 * np.count_nonzero(plain)


def test_a_ct_in_which_nothing_looks_like_lung_is_looked_at_as_a_whole(card: ModelCard) -> None:
    ct = thorax(seed=1, shape=(8, 64, 64), spacing=(5.0, 5.0, 10.0)).ct
    hu = np.where(ct.hu > -900, 40, ct.hu).astype(np.int16)
    assert looked_at(CTVolume(hu, ct.geometry), card) == list(range(8))


def test_progress_ends_with_all_slices(small_phantom: Phantom, card: ModelCard) -> None:
    reports: list[tuple[int, int]] = []
    longer = between_slices_of_tissue(small_phantom.ct, 12, 9)
    unet_lungs(longer, card, "cpu", progress=lambda done, total: reports.append((done, total)))
    count = len(longer.hu)
    assert reports[0] == (0, count) and reports[-1] == (count, count)
    assert reports == sorted(reports)


@pytest.mark.real_ct
@pytest.mark.slow
def test_the_mask_of_a_real_ct_is_that_of_whole_slices(real_ct_folder: Path) -> None:
    ct, _ = read_ct(real_ct_folder).axial()
    columns_mm, rows_mm, slices_mm = ct.geometry.spacing
    if slices_mm < 3:  # every other slice: 5 mm from one to the next, as in the other CT
        ct = CTVolume(ct.hu[::2], replace(ct.geometry, spacing=(columns_mm, rows_mm, 2 * slices_mm)))
    mask = segment_lungs(ct, device="cpu")
    assert all(500 < ml < 5000 for ml in mask.volumes_ml)
    found = mask.labels > 0
    with mock.patch.object(lungs, "unet_lungs", plain_unet_lungs):
        plain = segment_lungs(ct, device="cpu").labels > 0
    for one, other in zip(found, plain, strict=True):
        both = np.count_nonzero(one) + np.count_nonzero(other)
        assert not both or 2 * np.count_nonzero(one & other) >= 0.998 * both

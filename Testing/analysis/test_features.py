"""Features of an edited volume are those of a full computation, to the last bit, and are computed in part."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.features import LastFeatures, features_of
from COVIDDetectLib.ct.ct_mask import CTMask
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.networks.decovnet import DeCoVNet

SLICES = 61


@pytest.fixture(scope="module")
def network() -> DeCoVNet:
    torch.manual_seed(0)
    return DeCoVNet("paper").eval()


@pytest.fixture(scope="module")
def volume() -> CTMask:
    drawn = np.random.default_rng(0).integers(0, 256, (SLICES, 32, 48), dtype=np.uint8)
    return CTMask(drawn, (drawn > 100).astype(np.uint8), Geometry.axial())


def edited(volume: CTMask, *numbers: int) -> CTMask:
    mask = volume.mask.copy()
    mask[list(numbers), 10:14, 20:25] ^= 1
    return replace(volume, mask=mask)


@pytest.mark.parametrize(
    "numbers", [(0,), (1,), (17,), (20, 24), (SLICES - 2,), (SLICES - 1,), tuple(range(SLICES)), ()]
)
def test_an_edited_volume_has_the_features_of_a_full_computation(
    network: DeCoVNet, volume: CTMask, numbers: tuple[int, ...]
) -> None:
    last = LastFeatures()
    last.of(network, volume)
    after = edited(volume, *numbers)
    assert torch.equal(last.of(network, after), features_of(network, after))


def test_strokes_may_follow_each_other(network: DeCoVNet, volume: CTMask) -> None:
    last, now = LastFeatures(), volume
    for number in (3, 30, 4):
        now = edited(now, number)
        found = last.of(network, now)
    assert torch.equal(found, features_of(network, now))


def test_only_what_the_edit_reaches_is_computed(network: DeCoVNet, volume: CTMask) -> None:
    last = LastFeatures()
    last.of(network, volume)
    with mock.patch.object(DeCoVNet, "features", autospec=True, side_effect=DeCoVNet.features) as computed:
        last.of(network, edited(volume, 20))
    ((_, part), _) = computed.call_args
    assert part.shape[2] < 0.7 * SLICES


def test_a_processor_that_computes_few_slices_in_another_way_computes_all(network: DeCoVNet, volume: CTMask) -> None:
    whole = DeCoVNet.features

    def rounded_otherwise(of: DeCoVNet, part: torch.Tensor) -> torch.Tensor:
        return whole(of, part) * (1.0 if part.shape[2] == SLICES else 1.0 + 1e-6)

    last, after = LastFeatures(), edited(volume, 20)
    last.of(network, volume)
    with mock.patch.object(DeCoVNet, "features", rounded_otherwise):
        assert torch.equal(last.of(network, after), features_of(network, after))


def test_another_network_another_size_and_forgetting_compute_all(network: DeCoVNet, volume: CTMask) -> None:
    torch.manual_seed(1)
    other = DeCoVNet("paper").eval()
    smaller = CTMask(volume.image[:9], volume.mask[:9], volume.geometry)
    last = LastFeatures()
    last.of(network, volume)
    for one, of in ((other, volume), (network, volume), (network, smaller)):
        assert torch.equal(last.of(one, of), features_of(one, of))
    last.forget()
    with mock.patch.object(DeCoVNet, "features", autospec=True, side_effect=DeCoVNet.features) as computed:
        last.of(network, smaller)
    assert computed.called

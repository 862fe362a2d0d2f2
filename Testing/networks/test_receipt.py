"""The margin is the sum of its receipt, for both variants, and each term lies where its channel looks."""

import numpy as np
import pytest
import torch
from COVIDDetectLib.networks.decovnet import DeCoVNet, Variant
from COVIDDetectLib.networks.receipt import take_apart
from torch import Tensor


@pytest.fixture(params=["paper", "released"])
def network(request: pytest.FixtureRequest) -> DeCoVNet:
    torch.manual_seed(1)
    variant: Variant = request.param
    return DeCoVNet(variant).eval()


def features(seed: int = 0, slices: int = 20) -> Tensor:
    torch.manual_seed(seed)
    return torch.rand(1, 128, slices, 24, 36)


@pytest.mark.parametrize("slices", [1, 9, 40])
def test_bias_and_terms_sum_to_the_margin(network: DeCoVNet, slices: int) -> None:
    given = features(slices, slices)
    receipt = take_apart(network, given)
    with torch.no_grad():
        negative, positive = network.classifier(given)[0].double()
    assert receipt.margin == pytest.approx(float(positive - negative), abs=1e-5)
    assert receipt.bias + receipt.activations @ receipt.weights == pytest.approx(receipt.margin, abs=1e-9)
    assert (receipt.activations >= 0).all()


def test_a_channel_lies_where_the_features_are_that_feed_it(network: DeCoVNet) -> None:
    given = torch.zeros(1, 128, 20, 24, 36)
    silent = take_apart(network, given).activations
    given[:, :, 8:10, 6:8, 20:23] = 5 * features()[:, :, 8:10, 6:8, 20:23]
    receipt = take_apart(network, given)
    fed = receipt.activations > silent + 1e-3
    assert fed.any()
    assert np.abs(receipt.cells[fed] - (8.5, 6.5, 21)).max() <= 3


def test_a_silent_channel_has_no_place(network: DeCoVNet) -> None:
    with torch.no_grad():
        last = network.classifier.convolutions[7]
        last.weight[:4], last.bias[:4] = 0, -1
    receipt = take_apart(network, features())
    assert (receipt.activations[:4] == 0).all()
    assert np.isnan(receipt.cells[:4]).all()

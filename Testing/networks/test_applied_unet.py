"""The UNet as it is applied gives the logits of the network as it was trained."""

import pytest
import torch
from COVIDDetectLib.networks.applied_unet import AppliedUNet
from COVIDDetectLib.networks.unet import UNet
from torch import nn

SIZE = (64, 96)
PARTS = {
    "whole": (slice(0, 64), slice(0, 96)),
    "middle": (slice(17, 41), slice(30, 65)),
    "corner": (slice(0, 9), slice(90, 96)),
    "one pixel": (slice(33, 34), slice(1, 2)),
}


@pytest.fixture(scope="module")
def unet() -> UNet:
    """Fresh weights, with a normalization that does something."""
    torch.manual_seed(0)
    network = UNet().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
            nn.init.uniform_(layer.bias, -0.2, 0.2)
    return network


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_the_logits_of_the_whole(unet: UNet, name: str) -> None:
    part = PARTS[name]
    slices = torch.rand(2, 1, *SIZE)
    with torch.inference_mode():
        expected, found = unet(slices)[:, :, part[0], part[1]], AppliedUNet(unet)(slices, part)
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_trained_network_stays_as_it_is(unet: UNet) -> None:
    before = {name: values.clone() for name, values in unet.state_dict().items()}
    with torch.inference_mode():
        AppliedUNet(unet)(torch.rand(1, 1, *SIZE), PARTS["whole"])
    assert all(torch.equal(values, before[name]) for name, values in unet.state_dict().items())

"""Both networks are those of the paper's tables and of the released checkpoints."""

import pytest
import torch
from COVIDDetectLib.networks.decovnet import DeCoVNet, with_zero_sum_logits
from COVIDDetectLib.networks.unet import UNet

# Zheng et al. 2020, table 1, for an input of 2 × T × 192 × 288 with T = 10.
TABLE_1 = [
    ("stem", (16, 10, 48, 72)),
    ("block1", (64, 10, 48, 72)),
    ("pool", (64, 5, 48, 72)),
    ("block2", (128, 5, 24, 36)),
    ("classifier.convolutions.0", (128, 16, 24, 36)),
    ("classifier.convolutions.2", (64, 16, 24, 36)),
    ("classifier.convolutions.3", (64, 4, 12, 18)),
    ("classifier.convolutions.5", (32, 4, 12, 18)),
    ("classifier.convolutions.6", (32, 4, 12, 18)),
    ("classifier.convolutions.8", (32, 4, 12, 18)),
    ("classifier.convolutions.9", (32, 1, 1, 1)),
]


def shapes_of(network: DeCoVNet, ct_mask: torch.Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in network.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, output, name=name: shapes.__setitem__(name, tuple(output.shape[1:]))
        )
    with torch.inference_mode():
        network(ct_mask)
    return shapes


def test_paper_variant_has_the_output_shapes_of_table_1() -> None:
    shapes = shapes_of(DeCoVNet("paper").eval(), torch.zeros(1, 2, 10, 192, 288))
    assert {name: shapes[name] for name, _ in TABLE_1} == dict(TABLE_1)
    assert shapes[""] == (2,)


def test_released_variant_pools_once_more_and_ends_in_two_linear_layers() -> None:
    network = DeCoVNet("released").eval()
    shapes = shapes_of(network, torch.zeros(1, 2, 10, 224, 336))
    assert shapes["block2"] == (128, 5, 28, 42)
    assert shapes["classifier.convolutions.6"] == (32, 1, 6, 9)
    assert [type(layer) for layer in network.classifier.output] == [torch.nn.Linear, torch.nn.Linear]
    assert not any(isinstance(module, torch.nn.Dropout3d) and module.p > 0 for module in network.modules())


def test_paper_variant_drops_half_of_the_channels_in_training() -> None:
    (dropout,) = (module for module in DeCoVNet("paper").modules() if isinstance(module, torch.nn.Dropout3d))
    assert dropout.p == 0.5


@pytest.mark.parametrize(
    ("network", "count"), [(UNet(), 839_506), (DeCoVNet("paper"), 345_922), (DeCoVNet("released"), 346_978)]
)
def test_number_of_parameters(network: torch.nn.Module, count: int) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_unet_gives_two_logits_for_every_pixel() -> None:
    with torch.inference_mode():
        assert UNet().eval()(torch.zeros(2, 1, 64, 48)).shape == (2, 2, 64, 48)


@pytest.mark.parametrize("slices", [2, 3, 33, 70, 129])
def test_features_by_chunks_are_those_of_the_whole_volume(slices: int) -> None:
    torch.manual_seed(slices)
    network = DeCoVNet().eval()
    ct_mask = torch.rand(1, 2, slices, 32, 48)
    with torch.inference_mode():
        whole = network.features(ct_mask)
    torch.testing.assert_close(network.features_by_chunks(ct_mask, slices=32), whole, atol=1e-5, rtol=1e-5)
    assert whole.shape[2] == slices // 2


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_logits_that_sum_to_zero_leave_every_probability(variant: str) -> None:
    torch.manual_seed(4)
    network = DeCoVNet(variant).eval()  # type: ignore[arg-type]
    before = {name: values.clone() for name, values in network.state_dict().items()}
    changed = with_zero_sum_logits(network.state_dict())
    ct_mask = torch.rand(1, 2, 6, 32, 48)
    with torch.inference_mode():
        logits = network(ct_mask)
        assert logits.sum().abs() > 1e-3
        assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
        network.load_state_dict(changed)
        moved = network(ct_mask)
    assert moved.sum().abs() < 1e-6
    torch.testing.assert_close(moved.softmax(1), logits.softmax(1))

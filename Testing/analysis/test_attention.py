"""HiResCAM and Grad-CAM are what their definitions say, and its cells lie over what they saw."""

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.attention import place_attention
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.networks import hires_cam
from COVIDDetectLib.networks.decovnet import COVID_POSITIVE, DeCoVNet
from COVIDDetectLib.networks.grad_cam import score_with_grad_cam
from scipy.ndimage import gaussian_filter


class SmallNetwork(torch.nn.Module):
    """A smooth classifier of few channels, so that finite differences are exact and quick."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = torch.nn.Sequential(
            torch.nn.Conv3d(6, 4, kernel_size=3, padding=1),
            torch.nn.Tanh(),
            torch.nn.Flatten(),
            torch.nn.Linear(4 * 3 * 4 * 5, 2),
        )


def test_grad_cam_equals_its_definition_by_finite_differences() -> None:
    torch.manual_seed(1)
    network = SmallNetwork().double()
    features = torch.rand(1, 6, 3, 4, 5, dtype=torch.double)

    logits, grad_cam = score_with_grad_cam(network, features)

    with torch.inference_mode():
        torch.testing.assert_close(logits.double(), network.classifier(features)[0], atol=1e-6, rtol=1e-5)
        step = 1e-5
        up, down = features.repeat(6, 1, 1, 1, 1), features.repeat(6, 1, 1, 1, 1)
        for channel in range(6):
            up[channel, channel] += step
            down[channel, channel] -= step
        # A shift of a whole channel sums the gradient over its cells; Grad-CAM takes their mean.
        change = (network.classifier(up) - network.classifier(down))[:, COVID_POSITIVE] / (2 * step)
        weights = change / features[0, 0].numel()
        expected = torch.einsum("c,ctyx->tyx", weights, features[0]).clamp(min=0)
    assert expected.max() > 0
    np.testing.assert_allclose(grad_cam, expected.numpy(), atol=1e-6)


class LinearNetwork(torch.nn.Module):
    """Its channels are its features, one for each cell: what a cell adds to the margin is known."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.classifier = torch.nn.Module()
        self.classifier.convolutions = torch.nn.Flatten()
        self.classifier.output = torch.nn.Linear(cells, 2)


def test_hires_cam_is_what_each_cell_adds_to_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a linear classifier exactly: the cells and the bias sum to the margin."""
    torch.manual_seed(1)
    features = torch.rand(1, 6, 3, 4, 5, dtype=torch.double)
    network = LinearNetwork(features.numel()).double()
    linear = network.classifier.output
    difference = (linear.weight[1] - linear.weight[0]).detach().reshape(features.shape)
    signed = (difference * features).sum(dim=1)[0].numpy()

    monkeypatch.setattr(hires_cam, "SMOOTH_CELLS", 0.0)
    logits, found = hires_cam.score_with_hires_cam(network, features)
    np.testing.assert_allclose(found, signed, atol=1e-6)
    assert found.min() < 0 < found.max(), "for and against"
    bias = float((linear.bias[1] - linear.bias[0]).detach())
    assert float(logits[1] - logits[0]) == pytest.approx(signed.sum() + bias, abs=1e-5)

    monkeypatch.undo()
    _, smooth = hires_cam.score_with_hires_cam(network, features)
    expected = gaussian_filter(signed.astype(np.float32), (0.5, 1.0, 1.0), mode="constant")
    np.testing.assert_allclose(smooth, expected, atol=1e-6)


def test_heat_is_what_the_scan_has_more_of_than_healthy_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    features = torch.rand(1, 6, 3, 4, 5, dtype=torch.double)
    network = LinearNetwork(features.numel()).double()
    difference = (network.classifier.output.weight[1] - network.classifier.output.weight[0]).detach()
    healthy = torch.rand(features.shape, dtype=torch.double)
    more = (features - healthy).clamp(min=0)
    signed = (difference.reshape(features.shape) * more).sum(dim=1)[0].numpy()

    monkeypatch.setattr(hires_cam, "SMOOTH_CELLS", 0.0)
    logits, found = hires_cam.score_with_hires_cam(network, features, healthy.flatten().numpy())
    np.testing.assert_allclose(found, signed, atol=1e-6)
    assert found.min() < 0 < found.max()
    torch.testing.assert_close(logits, hires_cam.score_with_hires_cam(network, features)[0])
    _, dark = hires_cam.score_with_hires_cam(network, features, features.flatten().numpy())
    assert not dark.any()


def test_a_cell_lies_over_the_pixels_that_move_it() -> None:
    """The backbone's response to one bright voxel is strongest in the cell that the geometry puts over it."""
    torch.manual_seed(0)
    network = DeCoVNet().eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv3d):
                module.weight.fill_(1.0 / module.weight[0].numel())
    slices, rows, columns = 12, 64, 96
    ct_mask_geometry = Geometry.axial(spacing=(1.5, 1.2, 4.0), origin=(5.0, 6.0, 7.0))
    for voxel in [(4, 32, 48), (5, 16, 80), (8, 40, 24)]:
        ct_mask = torch.zeros(1, 2, slices, rows, columns)
        ct_mask[(0, 0, *voxel)] = 100.0
        with torch.inference_mode():
            response = (network.features(ct_mask) - network.features(torch.zeros_like(ct_mask))).abs().sum(dim=(0, 1))
        attention = place_attention(response.numpy(), ct_mask_geometry)
        k, j, i = np.unravel_index(int(attention.values.argmax()), attention.values.shape)
        center = (attention.geometry.ijk_to_lps @ [i, j, k, 1])[:3]
        place = (ct_mask_geometry.ijk_to_lps @ [*voxel[::-1], 1])[:3]
        half_cell = np.array([4 * 1.5, 4 * 1.2, 1 * 4.0])
        assert np.all(np.abs(center - place) <= half_cell + 1e-6), (voxel, center, place)


def test_the_map_is_relative_to_its_maximum_which_is_kept() -> None:
    attention = place_attention(np.array([[[0.0, 2.0], [4.0, 1.0]]]), Geometry.axial())
    assert attention.raw_maximum == 4.0
    assert attention.values.max() == 1.0
    assert attention.values.dtype == np.float32


def test_a_map_without_positive_evidence_is_zero_not_noise() -> None:
    attention = place_attention(np.zeros((2, 3, 4)), Geometry.axial())
    assert attention.raw_maximum == 0.0
    assert not attention.values.any()


def test_a_map_in_which_hardly_anything_speaks_is_not_painted_in_full() -> None:
    raw = np.full((2, 3, 4), 0.01, dtype=np.float32)
    geometry = Geometry.axial(spacing=(1.0, 1.0, 1.0))
    dark, bright = place_attention(raw, geometry, at_least=0.05), place_attention(10 * raw, geometry, at_least=0.05)
    assert (dark.values.max(), dark.raw_maximum) == (pytest.approx(0.2), 0.05)
    assert (bright.values.max(), bright.raw_maximum) == (pytest.approx(1.0), pytest.approx(0.1))
    assert place_attention(0 * raw, geometry, at_least=0.05).raw_maximum == 0.0


def test_what_speaks_against_is_kept_on_the_scale_of_what_speaks_for() -> None:
    raw = np.array([[[0.1, -0.05, -0.3]]], dtype=np.float32)
    attention = place_attention(raw, Geometry.axial(), at_least=0.05)
    np.testing.assert_allclose(attention.values, [[[1.0, -0.5, -3.0]]], rtol=1e-6)
    np.testing.assert_allclose(attention.heat, [[[1.0, 0.0, 0.0]]], rtol=1e-6)
    only_against = place_attention(raw.clip(max=0), Geometry.axial(), at_least=0.05)
    assert (only_against.raw_maximum, only_against.values.min()) == (0.05, pytest.approx(-6.0))
    without_scale = place_attention(raw.clip(max=0), Geometry.axial())
    assert without_scale.values.min() == pytest.approx(-1.0)

"""Each other heat map is what its definition says, lies where it should, and says what it is."""

from typing import cast

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.analyze import Progress, analyze
from COVIDDetectLib.analysis.attribution import (
    METHODS,
    _grad_cam_in_classifier,
    _grad_cam_plus_plus,
    explain,
    scaled,
)
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, InputError, WeightsError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.networks.decovnet import COVID_POSITIVE, DeCoVNet, Variant
from COVIDDetectLib.networks.integrated_gradients import integrated_gradients
from COVIDDetectLib.networks.occlusion import occlusion
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network


@pytest.fixture
def lung_mask(small_phantom: Phantom) -> LungMask:
    return LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)


@pytest.fixture
def network(fresh_card: ModelCard) -> DeCoVNet:
    return cast(DeCoVNet, load_network(fresh_card))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_names_itself_and_lies_over_the_lungs(
    method: str, small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    seen: list[Progress] = []
    attention = explain(
        small_phantom.ct, lung_mask, method, device="cpu", weights=fresh_card, progress=seen.append
    ).whole
    assert attention.layer == METHODS[method]
    assert attention.values.dtype == np.float32
    has_sign = not method.startswith("grad-cam")
    assert (attention.values.min() < 0) == has_sign
    assert np.abs(attention.values).max() == pytest.approx(1.0) if not has_sign else attention.values.max() <= 1
    assert {step.stage for step in seen} == {"attention"}
    assert seen[-1].done == seen[-1].total

    corners = np.array([[0, 0, 0], np.array(attention.values.shape)[::-1] - 1])
    first, last = (attention.geometry.ijk_to_lps @ np.c_[corners, np.ones(2)].T).T[:, :3]
    lungs = np.argwhere(lung_mask.labels)[:, ::-1]
    places = (lung_mask.geometry.ijk_to_lps @ np.c_[lungs, np.ones(len(lungs))].T)[:3]
    # Cells of 8 pixels and two slices; of fewer than the classifier pools to, some of its cells are parts of them.
    cell_mm = np.array([8 * 2.8, 8 * 2.8, 2 * 10.0])
    assert np.all(np.abs(first - places.min(axis=1)) <= cell_mm)
    assert np.all(np.abs(last - places.max(axis=1)) <= cell_mm)


def test_the_default_is_the_heat_map_of_the_analysis(small_phantom: Phantom, lung_mask: LungMask) -> None:
    analysis = analyze(small_phantom.ct, lungs=lung_mask, device="cpu")
    heat_map = explain(small_phantom.ct, lung_mask, device="cpu")
    for one, other in (
        (heat_map.whole, analysis.heat_map.whole),
        (heat_map.in_lungs, analysis.heat_map.in_lungs),
    ):
        np.testing.assert_allclose(one.values, other.values, atol=1e-5)
        assert one.geometry == other.geometry
        assert one.layer == other.layer
    assert heat_map.share_in_lungs == pytest.approx(analysis.heat_map.share_in_lungs, abs=1e-5)


def test_order_of_storage_changes_nothing(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    ct, order = small_phantom.ct, Reorientation((2, 0, 1), (True, False, True))
    geometry = ct.geometry.reoriented(order, ct.shape)
    stored = CTVolume(np.ascontiguousarray(order.apply(ct.hu)), geometry)
    mask = LungMask(np.ascontiguousarray(order.apply(lung_mask.labels)), geometry)
    for method in ("grad-cam-classifier", "grad-cam-plus-plus"):
        one = explain(ct, lung_mask, method, device="cpu", weights=fresh_card)
        other = explain(stored, mask, method, device="cpu", weights=fresh_card)
        for a, b in ((one.whole, other.whole), (one.in_lungs, other.in_lungs)):
            np.testing.assert_allclose(a.values, b.values, atol=1e-4)
            assert a.geometry.same_grid(b.geometry)


def test_grad_cam_in_the_classifier_equals_its_definition_by_finite_differences(network: DeCoVNet) -> None:
    torch.manual_seed(1)
    network = network.double()
    features = torch.rand(1, 128, 4, 6, 8, dtype=torch.double)
    found = _grad_cam_in_classifier(network, features)
    with torch.inference_mode():
        first, rest = network.classifier.convolutions[:3], network.classifier.convolutions[3:]
        activations, step = first(features), 1e-7
        weights = []
        for channel in range(64):
            logits = []
            for sign in (step, -step):
                moved = activations.clone()
                moved[0, channel] += sign
                logits.append(network.classifier.output(rest(moved))[0, COVID_POSITIVE])
            weights.append((logits[0] - logits[1]) / (2 * step) / activations[0, channel].numel())
        expected = torch.einsum("c,ctyx->tyx", torch.stack(weights), activations[0]).clamp(min=0)
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4 * float(expected.max()))


class LinearNetwork(torch.nn.Module):
    """A classifier for which all derivatives of the exponentiated logit are known."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 2 * 3 * 4, 2))


def test_grad_cam_plus_plus_equals_its_definition_by_derivatives_of_the_score() -> None:
    torch.manual_seed(2)
    network = LinearNetwork().double()
    features = torch.rand(1, 3, 2, 3, 4, dtype=torch.double)

    found = _grad_cam_plus_plus(network, features)  # type: ignore[arg-type]

    cells = features.clone().requires_grad_(True)
    logit = network.classifier(cells)[0, COVID_POSITIVE]
    (of_logit,) = torch.autograd.grad(logit, cells, retain_graph=True)
    (first,) = torch.autograd.grad(logit.exp(), cells, create_graph=True)
    second, third = torch.zeros_like(cells), torch.zeros_like(cells)
    for place in np.ndindex(*cells.shape):
        (twice,) = torch.autograd.grad(first[place], cells, create_graph=True)
        second[place] = twice[place].detach()
        third[place] = torch.autograd.grad(twice[place], cells, retain_graph=True)[0][place]
    alpha = second / (2 * second + features.sum(dim=(2, 3, 4), keepdim=True) * third)
    weights = (alpha * of_logit.clamp(min=0)).sum(dim=(2, 3, 4))[0].detach()
    expected = torch.einsum("c,ctyx->tyx", weights, features[0]).clamp(min=0)
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5)


class SquareNetwork(torch.nn.Module):
    """A classifier whose positive logit is the square of a weighted sum: integrals of its gradient are known."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = weights

    def classifier(self, features: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.zeros(1), (self.weights * features).sum() ** 2 + torch.zeros(1)], dim=1)


def test_integrated_gradients_equal_their_integral_and_add_up_to_the_difference_of_the_logits() -> None:
    torch.manual_seed(3)
    features, baseline, weights = torch.rand(1, 3, 2, 3, 4), torch.rand(1, 3, 2, 3, 4), torch.randn(1, 3, 2, 3, 4)
    network, seen = SquareNetwork(weights), []
    found = integrated_gradients(network, features, baseline, lambda *step: seen.append(step))  # type: ignore[arg-type]
    expected = (weights * (features - baseline) * (weights * (features + baseline)).sum())[0].sum(dim=0)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)
    difference = network.classifier(features) - network.classifier(baseline)
    assert found.sum() == pytest.approx(float(difference[0, COVID_POSITIVE]), rel=1e-4)
    assert seen[-1] == (16, 16)


@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("shape", [(4, 6, 8), (18, 5, 3)], ids=["fewer cells than bins", "more, and no multiple"])
def test_occlusion_is_how_much_the_logit_falls(variant: Variant, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(4)
    classifier = DeCoVNet(variant).eval()
    features = torch.rand(1, 128, *shape)
    before = features.clone()
    falls = occlusion(classifier, features, lambda done, total: None)
    assert torch.equal(features, before)
    for corner in np.ndindex(*(-(-size // 4) for size in shape)):
        block = tuple(slice(4 * at, 4 * at + 4) for at in corner)
        occluded = features.clone()
        occluded[(..., *block)] = 0
        with torch.inference_mode():
            fall = (classifier.classifier(features) - classifier.classifier(occluded))[0, COVID_POSITIVE]
        np.testing.assert_allclose(falls[block], float(fall), atol=1e-6)
    assert falls.any()


def test_joined_cells_cover_what_they_join() -> None:
    fine = Geometry.axial(spacing=(1.5, 1.0, 4.0), origin=(10.0, 20.0, 30.0))
    coarse = scaled(fine, (2, 8, 8))
    assert coarse.spacing == pytest.approx((12.0, 8.0, 8.0))
    # The first border stays: half a cell before the first center.
    np.testing.assert_allclose(
        np.array(coarse.origin) - np.array(coarse.spacing) / 2, np.array(fine.origin) - np.array(fine.spacing) / 2
    )


def test_a_cancel_passes_through(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    def cancel(progress: Progress) -> None:
        raise Cancelled("The analysis was cancelled.")

    for method in METHODS:
        with pytest.raises(Cancelled):
            explain(small_phantom.ct, lung_mask, method, device="cpu", weights=fresh_card, progress=cancel)


def test_unknown_methods_and_weights_that_cannot_score_are_refused(small_phantom: Phantom, lung_mask: LungMask) -> None:
    with pytest.raises(InputError, match="no heat map"):
        explain(small_phantom.ct, lung_mask, "tea leaves", device="cpu")
    with pytest.raises(WeightsError, match="cannot score"):
        explain(small_phantom.ct, lung_mask, device="cpu", weights=default_card("unet"))

"""What the demonstration weights learn from, and that learning moves them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from COVIDDetectLib.errors import COVIDDetectError
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.networks.unet import UNet
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.training.demonstration import classifier, course, lung_slices
from COVIDDetectLib.training.demonstration.__main__ import classifier_card, lungs_card
from COVIDDetectLib.training.demonstration.backgrounds import Background, load_backgrounds, store_backgrounds
from COVIDDetectLib.training.demonstration.calibration import Calibration, fit_calibration, fold
from COVIDDetectLib.training.demonstration.classifier import (
    LesionGuidance,
    Phase,
    SceneBatches,
    evidence_outside,
    initialize,
    label_weight,
    nudged,
    train_demonstration_classifier,
)
from COVIDDetectLib.training.demonstration.lung_slices import draw_slice
from COVIDDetectLib.training.demonstration.lungs import (
    LungsPhase,
    SliceBatches,
    pixel_weights,
    segmentation_loss,
    train_unet,
)
from COVIDDetectLib.training.demonstration.scenes import draw_scene, paint_patient

SMALL = Phase(steps=3, sizes=((64, 96),), slices=(6, 8), rate=1e-3, guidance=1.0, evidence=1.0)
SETTLED = replace(SMALL, consistency=1.0, is_settled=True)


@cache
def background() -> Background:
    phantom = thorax(seed=11, shape=(30, 96, 96), spacing=(3.6, 3.6, 10.0))
    return Background(phantom.ct.hu, phantom.lung_mask, (10.0, 3.6, 3.6), "phantom-11")


@pytest.mark.parametrize("seed", range(6))
def test_a_scene_is_diseased_or_not_as_asked_and_the_same_for_a_seed(seed: int) -> None:
    for diseased in (False, True):
        first, again = (draw_scene(background(), diseased, 12, (64, 96), np.random.default_rng(seed)) for _ in range(2))
        assert first.image.shape == first.mask.shape == first.lesions.shape == (12, 64, 96)
        assert first.image.dtype == np.uint8
        assert first.is_positive == diseased
        assert 0.05 < first.mask.mean() < 0.95
        for one, other in ((first.image, again.image), (first.mask, again.mask), (first.lesions, again.lesions)):
            np.testing.assert_array_equal(one, other)


def test_scenes_of_one_background_differ() -> None:
    scenes = [draw_scene(background(), False, 12, (64, 96), np.random.default_rng(seed)) for seed in range(4)]
    for number, one in enumerate(scenes):
        assert all(np.mean(one.image != other.image) > 0.3 for other in scenes[:number])


def test_slices_for_the_unet_keep_dense_disease_in_the_lungs() -> None:
    dense = []
    for seed in range(12):
        drawn = draw_slice(background(), 96, np.random.default_rng(seed))
        assert drawn.shape == (3, 96, 96) and drawn.dtype == np.uint8
        image, lungs, lesions = drawn
        inside = image[lungs == 1]
        if inside.size:
            dense.append(np.mean(inside > 150))  # above −140 HU
            assert not lesions[lungs == 0].any()
    assert max(dense) > 0.1


def test_slices_for_the_unet_often_come_from_beyond_the_lungs_and_are_empty_there() -> None:
    with_lung = np.flatnonzero(background().labels.any(axis=(1, 2)))
    labels = background().labels.copy()
    labels[: with_lung[0] + 8] = labels[with_lung[-1] - 8 :] = 0  # a third of the lungs is left
    short = Background(background().hu, labels, background().spacing, "short")
    empty = [not draw_slice(short, 64, np.random.default_rng(seed))[1].any() for seed in range(40)]
    assert 6 <= sum(empty) <= 28


def test_slices_whose_truth_is_not_known_are_not_drawn(monkeypatch) -> None:
    monkeypatch.setitem(lung_slices.UNSURE_SLICES, "phantom-11", range(28))
    hu = background().hu.copy()
    hu[:28] = 2000
    unsure = Background(hu, background().labels, background().spacing, "phantom-11")
    drawn = [draw_slice(unsure, 64, np.random.default_rng(seed)) for seed in range(8)]
    assert not any(np.mean(one[0] > 250) > 0.3 for one in drawn)


def test_a_lesion_that_is_missed_costs_more_than_healthy_lung() -> None:
    lungs = torch.zeros(1, 40, 40)
    lungs[:, 10:30, :20] = 1
    found = lungs.clone()
    found[:, 10:20, 8:12] = 0
    logits = 8 * torch.stack([1 - found, found], dim=1) - 4
    missed, elsewhere = torch.zeros(2, 1, 3, 40, 40, dtype=torch.uint8)
    missed[:, 1] = elsewhere[:, 1] = lungs
    missed[:, 2, 10:20, 8:12] = 1
    elsewhere[:, 2, 20:30, 8:12] = 1
    first, second = (segmentation_loss(logits, lungs, pixel_weights(batch)) for batch in (missed, elsewhere))
    assert first > second


def test_tissue_around_dense_lung_counts_as_much_as_that_lung() -> None:
    batch = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
    batch[:, 1, 10:30, :20] = 1
    batch[:, 0, 10:30, 16:20] = 200  # as dense as tissue, at the border
    weights = pixel_weights(batch)[0]
    assert weights[15, 4] == weights[15, 35] == 1
    assert weights[15, 18] == weights[15, 22] > 1
    batch[:, 2, 10:30, 16:20] = 1  # a lesion
    assert pixel_weights(batch)[0, 15, 18] > weights[15, 18]


def test_batches_hold_a_healthy_and_a_diseased_volume() -> None:
    batches = SceneBatches([background()], SMALL, (1,))
    for step in range(len(batches)):
        batch, label_weights = batches[step]
        assert batch.dtype == torch.uint8 and batch.shape[:2] == (2, 3)
        assert not batch[0, 2].any() and batch[1, 2].any()
        assert label_weights[0] == 1 and 0.2 <= label_weights[1] <= 1


def test_the_label_of_disease_that_is_hardly_seen_counts_less() -> None:
    random = np.random.default_rng(2)
    patient = paint_patient(background(), True, 12, (64, 96), random)
    counts = [label_weight(replace(patient, rise_hu=hu)) for hu in (0.0, 7.5, 15.0, 80.0)]
    assert counts == [0.2, 0.5, 1.0, 1.0]
    assert label_weight(replace(patient, rise_hu=0.0, lesions=np.zeros_like(patient.lesions))) == 1


def test_a_nudged_scan_is_the_same_scan_a_little_elsewhere() -> None:
    batch, _ = SceneBatches([background()], SMALL, (1,))[0]
    volumes = batch[:, :2].float() / torch.tensor([255.0, 1.0])[:, None, None, None]
    others = [nudged(volumes, np.random.default_rng(seed)) for seed in range(12)]
    assert all(other.shape == volumes.shape and other.min() >= 0 and other.max() <= 1 for other in others)
    assert all(set(other[:, 1].unique().tolist()) <= {0.0, 1.0} for other in others)
    upright = [min((other - volumes).abs().mean(), (other.flip(-1) - volumes).abs().mean()) for other in others]
    assert max(upright) < 0.12 and sum(one > 0 for one in upright) >= 8


def test_training_moves_the_weights_and_gives_the_same_for_a_seed() -> None:
    first, again = (train_demonstration_classifier([background()], (SMALL,), seed=3, workers=0) for _ in range(2))
    DeCoVNet("paper").load_state_dict(first)
    assert all(torch.equal(first[name], again[name]) for name in first)
    other = train_demonstration_classifier([background()], (SMALL,), seed=4, workers=0)
    assert not torch.equal(first["stem.0.weight"], other["stem.0.weight"])


def test_a_settled_phase_keeps_the_normalization_and_ends_in_the_mean_of_its_weights(monkeypatch) -> None:
    def trained(decay: float) -> dict[str, torch.Tensor]:
        monkeypatch.setattr(classifier, "_MEAN_DECAY", decay)
        return train_demonstration_classifier([background()], (SETTLED,), seed=3, workers=0, settling_steps=2)

    first, last, mean = (trained(decay)["stem.0.weight"] for decay in (1.0, 0.0, 0.9))
    assert 0 < (mean - first).abs().max() < 0.5 * (last - first).abs().max()

    weights = trained(0.9)
    torch.manual_seed(3)
    network = DeCoVNet("paper")
    initialize(network)
    batches = SceneBatches([background()], replace(SETTLED, steps=2), (3, 0, 99))
    volumes = [batches[step][0][:, :2].float() / torch.tensor([255.0, 1.0])[:, None, None, None] for step in range(2)]
    means = torch.stack([network.stem[0](one).mean(dim=(0, 2, 3, 4)) for one in volumes]).detach()
    torch.testing.assert_close(weights["stem.1.running_mean"], means.mean(0), atol=0.02, rtol=0.05)


def test_guidance_asks_four_layers_and_leaves_the_logits_as_they_are() -> None:
    torch.manual_seed(0)
    network, guidance = DeCoVNet("paper").eval(), LesionGuidance()
    volume, lesions = torch.rand(1, 2, 8, 64, 96), torch.zeros(1, 1, 8, 64, 96)
    lesions[..., 3, 20:40, 20:50] = 1
    logits, loss = guidance(network, network.features(volume), lesions)
    torch.testing.assert_close(logits, network(volume))
    loss.backward()
    assert len(guidance.heads) == 4
    assert all(head.weight.grad is not None and head.weight.grad.any() for head in guidance.heads)
    assert network.stem[0].weight.grad.any()


def test_evidence_outside_the_lungs_is_the_share_of_gradient_times_feature() -> None:
    torch.manual_seed(0)
    network = DeCoVNet("paper").eval()
    volume = torch.rand(2, 2, 8, 64, 96)
    mask = torch.zeros(2, 1, 8, 64, 96)
    mask[..., :48] = 1
    features = network.features(volume)
    share = evidence_outside(network.classifier(features), features, mask)
    expected = []
    for one in features.detach():
        leaf = one[None].requires_grad_(True)
        logits = network.classifier(leaf)[0]
        (gradient,) = torch.autograd.grad(logits[1] - logits[0], leaf)
        evidence = (gradient * leaf).abs().sum(dim=(0, 1, 2, 3))
        expected.append(float(evidence[6:].sum() / evidence.sum()))
    assert float(share.detach()) == pytest.approx(np.mean(expected), abs=1e-3)
    share.backward()
    assert network.stem[0].weight.grad.any()


def test_a_training_that_was_ended_goes_on_to_the_same_weights(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(course, "_SAVE_EVERY_S", 0.0)
    phases = (SMALL, SETTLED)
    whole = train_demonstration_classifier([background()], phases, seed=3, workers=0, settling_steps=2)

    class Ended(Exception):
        pass

    def end(phase: int, step: int, *losses: float) -> None:
        if (phase, step) == (1, 1):
            raise Ended

    with pytest.raises(Ended):
        train_demonstration_classifier(
            [background()], phases, seed=3, workers=0, settling_steps=2, report=end, folder=tmp_path
        )
    seen: list[tuple[int, int]] = []
    gone_on = train_demonstration_classifier(
        [background()], phases, seed=3, workers=0, report=lambda *a: seen.append(a[:2]), folder=tmp_path
    )
    assert seen == [(1, 2)]
    for name in whole:
        torch.testing.assert_close(gone_on[name], whole[name])


def test_training_of_the_unet_lowers_its_loss() -> None:
    losses: list[float] = []
    phase = LungsPhase(steps=40, batch=4, size=64, rate=3e-3)
    train_unet([background()], (phase,), workers=0, report=lambda _, __, loss: losses.append(loss))
    assert np.mean(losses[-8:]) < 0.85 * np.mean(losses[:4])
    assert SliceBatches([background()], phase, (0,))[0].shape == (4, 3, 64, 64)


def test_the_last_phase_keeps_the_normalization_that_was_measured_on_many_slices() -> None:
    phases = (LungsPhase(2, 4, 64, 1e-3), LungsPhase(2, 4, 64, 1e-9, is_settled=True))
    weights = train_unet([background()], phases, seed=3, workers=0, settling_steps=6)
    network = UNet()
    network.load_state_dict(weights)
    batches = SliceBatches([background()], LungsPhase(6, 4, 64, 1e-3), (3, 99))
    images = [batches[step][:, :1].float() / 255 for step in range(6)]
    means = torch.stack([network.level1[0](one).mean(dim=(0, 2, 3)) for one in images]).detach()
    torch.testing.assert_close(weights["level1.1.running_mean"], means.mean(0), atol=0.01, rtol=0.05)


def test_weights_that_are_trained_further_keep_their_normalization_and_move_only_a_little(tmp_path) -> None:
    before = train_unet([background()], (LungsPhase(3, 4, 64, 1e-3),), seed=3, workers=0)
    before = {name: tensor.clone() for name, tensor in before.items()}
    phases = (LungsPhase(3, 4, 64, 1e-4, is_settled=True),)
    after = train_unet([background()], phases, seed=4, workers=0, folder=tmp_path, begin_from=before)
    for name, tensor in after.items():
        if "running" in name:
            torch.testing.assert_close(tensor, before[name], atol=0, rtol=0)
    change = (after["level1.0.weight"] - before["level1.0.weight"]).abs().max()
    assert 0 < change < 5e-4


def test_training_of_the_unet_that_was_ended_goes_on_to_the_same_weights(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(course, "_SAVE_EVERY_S", 0.0)
    phases = (LungsPhase(2, 2, 64, 1e-3), LungsPhase(3, 2, 64, 1e-3, is_settled=True))
    whole = train_unet([background()], phases, seed=3, workers=0, settling_steps=2)

    def end(phase: int, step: int, loss: float) -> None:
        if (phase, step) == (1, 0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_unet([background()], phases, seed=3, workers=0, settling_steps=2, report=end, folder=tmp_path)
    seen: list[tuple[int, int]] = []
    gone_on = train_unet(
        [background()], phases, seed=3, workers=0, report=lambda *a: seen.append(a[:2]), folder=tmp_path
    )
    assert seen == [(1, 1), (1, 2)]
    for name in whole:
        torch.testing.assert_close(gone_on[name], whole[name])


def test_backgrounds_are_stored_once_and_read_again(tmp_path) -> None:
    with pytest.raises(COVIDDetectError, match="nothing to paint"):
        store_backgrounds(tmp_path, [], 0, 0)
    with pytest.raises(COVIDDetectError, match="make them first"):
        load_backgrounds(tmp_path)
    np.savez(tmp_path / "phantom-11.npz", hu=background().hu, labels=background().labels, spacing=background().spacing)
    (one,) = load_backgrounds(tmp_path)
    np.testing.assert_array_equal(one.hu, background().hu)
    assert one.spacing == background().spacing and not one.is_real


def test_a_card_names_what_was_trained_on(tmp_path) -> None:
    real = Background(background().hu, background().labels, background().spacing, "my-ct")
    for card in (lungs_card, classifier_card):
        assert "CTs without COVID-19 (my-ct) and 1 phantoms" in card(tmp_path, [real, background()]).training_data
        assert "my-ct" not in card(tmp_path, [background()]).training_data
    first = lungs_card(tmp_path, [real])
    assert "Begun from Demonstration UNet" not in first.training_data
    assert f"Begun from {first.title}: {first.training_data}" in lungs_card(tmp_path, [real], first).training_data


def test_calibration_takes_certainty_back_and_is_part_of_the_last_layer() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(200) % 2 == 1
    margins = random.normal(np.where(labels, 24.0, -8.0), 10)
    calibration = fit_calibration(margins, labels)
    assert calibration.temperature > 2
    assert 2 < calibration.shift < 14
    torch.manual_seed(0)
    network = DeCoVNet("paper").eval()
    volume = torch.rand(1, 2, 8, 64, 96)
    before = network(volume)[0]
    network.load_state_dict(fold(network.state_dict(), Calibration(4.0, 3.0)))
    after = network(volume)[0]
    assert float(after[1] - after[0]) == pytest.approx((float(before[1] - before[0]) - 3.0) / 4.0, abs=1e-4)

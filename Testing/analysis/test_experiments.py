"""What if: one lung only, or a region that looks healthy; the rest stays as it is."""

from dataclasses import replace

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Progress, analyze
from COVIDDetectLib.analysis.experiments import run_experiments
from COVIDDetectLib.analysis.healthy_lung import with_healthy_lung
from COVIDDetectLib.analysis.opacity import OpacityBounds, opacity_labels
from COVIDDetectLib.analysis.regions import hottest_regions, region_voxels
from COVIDDetectLib.ct.geometry import Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, InputError, MaskError, WeightsError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.weights.cards import ModelCard, default_card


@pytest.fixture
def lung_mask(small_phantom: Phantom) -> LungMask:
    return LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)


def only(lung_mask: LungMask, side: int) -> LungMask:
    return replace(lung_mask, labels=np.where(lung_mask.labels == side, lung_mask.labels, 0))


def test_one_lung_only_is_what_a_score_with_that_mask_gives(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    seen: list[Progress] = []
    experiments = run_experiments(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=seen.append)
    as_it_is = analyze(small_phantom.ct, lungs=lung_mask, device="cpu", weights=fresh_card).probability
    for side, experiment in enumerate(experiments, start=1):
        probability = analyze(
            small_phantom.ct, lungs=only(lung_mask, side), device="cpu", weights=fresh_card
        ).probability
        assert experiment.name == ("Right lung only", "Left lung only")[side - 1]
        assert experiment.probability == pytest.approx(probability, abs=1e-6)
        assert experiment.difference == pytest.approx(probability - as_it_is, abs=1e-6)
    assert {step.stage for step in seen} == {"score"}
    assert seen[-1].done == seen[-1].total


def test_a_region_is_replaced_and_scored(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    ct = small_phantom.ct
    analysis = analyze(ct, lungs=lung_mask, device="cpu", weights=fresh_card)
    region = analysis.regions[0]
    voxels = region_voxels(analysis.heat_map, lung_mask, region)
    assert voxels.sum() * ct.geometry.voxel_ml == pytest.approx(region.volume_ml, rel=0.3)
    assert set(np.unique(lung_mask.labels[voxels])) == {1 if region.side == "right" else 2}

    *_, experiment = run_experiments(ct, lung_mask, region, device="cpu", weights=fresh_card)

    healthy = with_healthy_lung(ct, lung_mask, voxels)
    expected = analyze(healthy, lungs=lung_mask, device="cpu", weights=fresh_card).probability
    assert experiment.name == f"Region {region.rank} replaced by healthy-looking lung"
    assert experiment.probability == pytest.approx(expected, abs=1e-6)
    assert experiment.difference == pytest.approx(expected - analysis.probability, abs=1e-6)


def test_order_of_storage_changes_nothing(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    ct, order = small_phantom.ct, Reorientation((1, 2, 0), (True, True, False))
    geometry = ct.geometry.reoriented(order, ct.shape)
    stored = CTVolume(np.ascontiguousarray(order.apply(ct.hu)), geometry)
    mask = LungMask(np.ascontiguousarray(order.apply(lung_mask.labels)), geometry)
    region = analyze(ct, lungs=lung_mask, device="cpu", weights=fresh_card).regions[0]
    for one, other in zip(
        run_experiments(ct, lung_mask, region, device="cpu", weights=fresh_card),
        run_experiments(stored, mask, region, device="cpu", weights=fresh_card),
        strict=True,
    ):
        assert (one.name, one.probability) == (other.name, pytest.approx(other.probability, abs=1e-6))


def test_a_region_of_another_score_is_refused(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    analysis = analyze(small_phantom.ct, lungs=lung_mask, device="cpu", weights=fresh_card)
    stranger = replace(analysis.regions[0], peak_lps=(0.0, 0.0, 1000.0))
    with pytest.raises(InputError, match="no longer contains this region"):
        region_voxels(analysis.heat_map, lung_mask, stranger)


def test_every_region_is_found_again(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    ct = small_phantom.ct
    heat_map = analyze(ct, lungs=lung_mask, device="cpu", weights=fresh_card).heat_map
    regions = hottest_regions(heat_map, ct, lung_mask, count=20)
    found = [region_voxels(heat_map, lung_mask, region) for region in regions]
    assert sum(voxels.sum() for voxels in found) == np.any(found, axis=0).sum(), "no two overlap"


def test_a_single_lung_is_no_experiment(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    assert run_experiments(small_phantom.ct, only(lung_mask, 1), device="cpu", weights=fresh_card) == ()


def test_a_cancel_passes_through_and_a_unet_cannot_score(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    def cancel(progress: Progress) -> None:
        raise Cancelled("The analysis was cancelled.")

    with pytest.raises(Cancelled):
        run_experiments(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=cancel)
    with pytest.raises(WeightsError, match="cannot score"):
        run_experiments(small_phantom.ct, lung_mask, device="cpu", weights=default_card("unet"))


@pytest.fixture(scope="module")
def ill() -> Phantom:
    return thorax(seed=4, shape=(40, 128, 128), spacing=(2.8, 2.8, 7.0), disease="covid", extent="moderate")


def test_diseased_lung_becomes_lung_as_it_was_before_the_disease(ill: Phantom) -> None:
    healthy_once = thorax(seed=4, shape=(40, 128, 128), spacing=(2.8, 2.8, 7.0)).ct
    lung_mask = LungMask.from_labels(ill.lung_mask, ill.ct.geometry)
    lesions = ill.lesions & (ill.lung_mask > 0)
    replaced = with_healthy_lung(ill.ct, lung_mask, lesions)

    before, after, once = (ct.hu[lesions].astype(float) for ct in (ill.ct, replaced, healthy_once))
    assert abs(after.mean() - once.mean()) < 60 < abs(before.mean() - once.mean()) / 2
    assert 0.5 < after.std() / once.std() < 2.0
    steps = [np.abs(np.diff(ct.hu.astype(int), axis=2))[lesions[:, :, 1:]].mean() for ct in (replaced, healthy_once)]
    assert 0.6 < steps[0] / steps[1] < 1.6, "the texture's grain is that of lung, not of noise"
    opaque = [
        np.isin(opacity_labels(ct, lung_mask, OpacityBounds())[lesions], (1, 2)).mean() for ct in (ill.ct, replaced)
    ]
    assert opaque[1] < 0.35 * opaque[0]


def test_only_the_surroundings_of_the_region_change_and_always_alike(ill: Phantom) -> None:
    lung_mask = LungMask.from_labels(ill.lung_mask, ill.ct.geometry)
    voxels = np.zeros(ill.lung_mask.shape, dtype=bool)
    voxels[15:22, 50:70, 30:50] = True
    once, again = (with_healthy_lung(ill.ct, lung_mask, voxels) for _ in range(2))
    np.testing.assert_array_equal(once.hu, again.hu)
    changed = np.argwhere(once.hu != ill.ct.hu)
    assert len(changed) > 1000
    assert np.all(changed >= [15, 48, 28]) and np.all(changed < [22, 72, 52]), "at most 4 mm away"
    assert ill.lung_mask[once.hu != ill.ct.hu].all(), "chest wall and mediastinum stay"
    assert once.geometry == ill.ct.geometry


def test_without_healthy_lung_there_is_nothing_to_replace_with(ill: Phantom) -> None:
    dense = CTVolume(np.where(ill.lung_mask > 0, -400, ill.ct.hu).astype(np.int16), ill.ct.geometry)
    lung_mask = LungMask.from_labels(ill.lung_mask, ill.ct.geometry)
    with pytest.raises(MaskError, match="too little healthy-looking lung"):
        with_healthy_lung(dense, lung_mask, ill.lesions)


def test_a_region_outside_the_lungs_changes_nothing(ill: Phantom) -> None:
    lung_mask = LungMask.from_labels(ill.lung_mask, ill.ct.geometry)
    assert with_healthy_lung(ill.ct, lung_mask, ill.lung_mask == 0) is ill.ct

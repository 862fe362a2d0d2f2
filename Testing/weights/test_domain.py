"""Volumes that are no whole chest CT are told apart from those that the weights were trained on."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.analyze import analyze
from COVIDDetectLib.ct.ct_mask import CTMask, InputForm, make_ct_mask
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import WeightsError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.phantom import Phantom, add_disease, thorax
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network, read_card, save_weights
from COVIDDetectLib.weights.domain import DomainFit, check_domain, fit_domain, judge
from COVIDDetectLib.worker.exchange import at_once, load_analysis, store_analysis
from scipy import ndimage

SIZE = (64, 96)
Box = tuple[slice, slice, slice]
ALL = slice(None)


@cache
def patient(seed: int) -> Phantom:
    return thorax(seed=seed, shape=(32, 96, 96), spacing=(3.8, 3.8, 10.0))


def ct_mask_of(hu: np.ndarray, lungs: np.ndarray, geometry: Geometry) -> CTMask:
    return make_ct_mask(CTVolume.from_array(hu, geometry), lungs > 0, InputForm(SIZE))


def training_set() -> Iterator[tuple[str, bool, CTMask]]:
    for seed in range(10):
        phantom = patient(seed)
        ill, _ = add_disease(phantom.ct, phantom.lung_mask, seed=seed, extent=("moderate", "severe")[seed % 2])
        for ct in (phantom.ct, ill):
            yield f"patient {seed}", ct is phantom.ct, make_ct_mask(ct, phantom.lung_mask > 0, InputForm(SIZE))


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A DeCoVNet that has learned nothing, with the statistics of a training set of phantoms."""
    path = tmp_path_factory.mktemp("weights") / "fresh.json"
    blank = replace(default_card("decovnet"), path=path, weights_file="fresh.safetensors", input_size=SIZE)
    blank = replace(blank, slice_mm=None, surroundings_mm=None)
    torch.manual_seed(0)
    return fit_domain(save_weights(DeCoVNet("paper").state_dict(), blank), training_set())


def fit_of(card: ModelCard, ct_mask: CTMask) -> DomainFit:
    features = load_network(card).features(ct_mask.tensor())  # type: ignore[operator]
    fit = judge(card, features, ct_mask)
    assert fit is not None
    return fit


@pytest.mark.parametrize("seed", range(500, 503))
@pytest.mark.parametrize("extent", [None, "moderate", "severe"])
def test_unseen_patients_healthy_or_diseased_are_inside(card: ModelCard, seed: int, extent: str | None) -> None:
    phantom = patient(seed)
    ct = add_disease(phantom.ct, phantom.lung_mask, seed, extent=extent)[0] if extent else phantom.ct
    fit = fit_of(card, make_ct_mask(ct, phantom.lung_mask > 0, InputForm(SIZE)))
    assert fit.is_inside and fit.sentence is None


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((slice(16, None), ALL, ALL), "lower end"),
        ((slice(0, 16), ALL, ALL), "upper end"),
        ((ALL, slice(35, 60), slice(30, 66)), "cut off"),
        ((slice(13, 17), ALL, ALL), "too short"),
    ],
)
def test_a_cropped_chest_is_outside_and_the_sentence_says_where(card: ModelCard, box: Box, reason: str) -> None:
    phantom = patient(510)
    fit = fit_of(card, ct_mask_of(phantom.ct.hu[box], phantom.lung_mask[box], phantom.ct.geometry))
    assert not fit.is_inside
    assert reason in (fit.sentence or "")


@pytest.mark.parametrize(("scale", "is_inside"), [(0.95, True), (0.75, False), (0.5, False)])
def test_a_childs_chest_is_outside(card: ModelCard, scale: float, is_inside: bool) -> None:
    phantom = patient(513)
    geometry = Geometry.axial((3.8 * scale, 3.8 * scale, 10.0 * scale))
    fit = fit_of(card, ct_mask_of(phantom.ct.hu, phantom.lung_mask, geometry))
    assert fit.is_inside is is_inside
    assert is_inside or "the lungs are too" in (fit.sentence or "")


def test_a_small_part_of_the_lungs_is_outside_however_like_the_training_set(card: ModelCard, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save

    statistics = load_file(card.path.with_name(str(card.domain_file)))
    content = save({name: 100 * one if name.endswith("unit") else one for name, one in statistics.items()})
    (tmp_path / str(card.domain_file)).write_bytes(content)
    loose = replace(card, path=tmp_path / "card.json", domain_sha256=hashlib.sha256(content).hexdigest())
    phantom = patient(510)
    first = int(np.flatnonzero(phantom.lung_mask.any(axis=(1, 2)))[0])
    for count, is_inside in ((13, True), (8, False)):
        part = slice(first, first + count)
        ct_mask = ct_mask_of(phantom.ct.hu[part], phantom.lung_mask[part], phantom.ct.geometry)
        features = load_network(card).features(ct_mask.tensor())  # type: ignore[operator]
        fit = judge(loose, features, ct_mask)
        assert fit is not None and fit.is_inside is is_inside
        assert is_inside or "only 80 mm of lung are seen from top to bottom" in (fit.sentence or "")


def test_intensities_that_are_not_hu_are_outside(card: ModelCard) -> None:
    phantom = patient(511)
    hu = phantom.ct.hu.astype(float)
    magnetic_resonance = np.where(hu < -300, 15.0, 500 - 0.8 * np.clip(hu, -150, 250)) - 1024
    for values in (magnetic_resonance, hu + 300, 0.5 * hu):
        fit = fit_of(card, ct_mask_of(values, phantom.lung_mask, phantom.ct.geometry))
        assert not fit.is_inside
        assert "HU" in (fit.sentence or "")


def test_air_in_a_head_or_bowel_taken_for_lung_is_outside(card: ModelCard) -> None:
    """A soft ball with two pockets of air, 60 mm each, as sinuses or bowel loops are."""
    k, j, i = np.mgrid[:40, :80, :80] * 3.0
    hu = np.where((k - 60) ** 2 + (j - 120) ** 2 + (i - 120) ** 2 < 100**2, 40.0, -1000.0)
    pockets = [(k - 60) ** 2 + (j - 120) ** 2 + (i - at) ** 2 < 30**2 for at in (80, 160)]
    air = pockets[0] | pockets[1]
    fit = fit_of(card, ct_mask_of(np.where(air, -990.0, hu), air, Geometry.axial((3.0, 3.0, 3.0))))
    assert not fit.is_inside and "the lungs are too" in (fit.sentence or "")


def test_features_alone_can_put_a_volume_outside(card: ModelCard) -> None:
    phantom = patient(500)
    ct_mask = make_ct_mask(phantom.ct, phantom.lung_mask > 0, InputForm(SIZE))
    features = load_network(card).features(ct_mask.tensor())  # type: ignore[operator]
    fit = judge(card, 5 * features, ct_mask)
    assert fit is not None and not fit.is_inside
    assert fit.sentence is not None and ": " not in fit.sentence


class OnAppleGPU(torch.Tensor):
    """As there: no double precision but on the CPU."""

    def double(self) -> torch.Tensor:  # type: ignore[override]
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")

    def cpu(self) -> torch.Tensor:  # type: ignore[override]
        return self.as_subclass(torch.Tensor)


def test_features_on_an_apple_gpu_are_judged_as_those_on_the_cpu(card: ModelCard) -> None:
    phantom = patient(500)
    ct_mask = make_ct_mask(phantom.ct, phantom.lung_mask > 0, InputForm(SIZE))
    features = load_network(card).features(ct_mask.tensor())  # type: ignore[operator]
    assert judge(card, features.as_subclass(OnAppleGPU), ct_mask) == judge(card, features, ct_mask)


def test_a_card_without_statistics_judges_nothing(card: ModelCard) -> None:
    phantom = patient(500)
    ct_mask = make_ct_mask(phantom.ct, phantom.lung_mask > 0, InputForm(SIZE))
    blank = replace(card, domain_file=None, domain_sha256=None)
    assert judge(blank, torch.zeros(1, 128, 2, 8, 12), ct_mask) is None


def test_the_card_names_the_statistics_and_new_weights_drop_them(card: ModelCard, tmp_path: Path) -> None:
    assert read_card(card.path) == card
    assert json.loads(card.path.read_text())["domain_file"] == "fresh-domain.safetensors"
    again = save_weights(load_network(card).state_dict(), replace(card, path=tmp_path / "again.json"))
    assert again.domain_file is None and read_card(again.path).domain_sha256 is None


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"changed", "checksum"), (None, "cannot be read"), (b"{}", "no statistics")]
)
def test_damaged_statistics_are_refused(card: ModelCard, tmp_path: Path, content: bytes | None, sentence: str) -> None:
    sha256 = card.domain_sha256 if content == b"changed" else hashlib.sha256(content or b"").hexdigest()
    damaged = replace(card, path=tmp_path / "card.json", domain_sha256=sha256)
    if content is not None:
        (tmp_path / "fresh-domain.safetensors").write_bytes(content)
    phantom = patient(500)
    ct_mask = make_ct_mask(phantom.ct, phantom.lung_mask > 0, InputForm(SIZE))
    with pytest.raises(WeightsError, match=sentence):
        judge(damaged, torch.zeros(1, 128, 2, 8, 12), ct_mask)


def test_statistics_of_other_features_are_refused(card: ModelCard, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save

    statistics = load_file(card.path.with_name(str(card.domain_file)))
    statistics |= {"features.mean": torch.zeros(5).double(), "features.covariance": torch.eye(5).double()}
    content = save(statistics)
    (tmp_path / str(card.domain_file)).write_bytes(content)
    other = replace(card, path=tmp_path / "card.json", domain_sha256=hashlib.sha256(content).hexdigest())
    check_domain(card)
    with pytest.raises(WeightsError, match="no statistics"):
        check_domain(other)


def test_too_few_patients_give_no_statistics(card: ModelCard) -> None:
    with pytest.raises(WeightsError, match="four patients"):
        fit_domain(card, islice(training_set(), 6))


@pytest.mark.parametrize(("first_slice", "is_inside"), [(0, True), (16, False)])
def test_an_analysis_carries_the_judgment_into_record_notes_and_worker(
    card: ModelCard, tmp_path: Path, first_slice: int, is_inside: bool
) -> None:
    phantom = patient(512)
    hu, labels = phantom.ct.hu[first_slice:], phantom.lung_mask[first_slice:]
    ct = CTVolume.from_array(hu, phantom.ct.geometry)
    lungs = LungMask.from_labels(labels, ct.geometry)
    analysis = analyze(ct, lungs=lungs, weights=card, device="cpu")
    assert analysis.domain is not None and analysis.domain.is_inside is is_inside
    assert analysis.notes == (() if is_inside else (analysis.domain.sentence,))
    entry = json.loads(json.dumps(analysis.to_record()))["domain"]
    assert entry["is_inside"] is is_inside and entry["limit"] == 1.0
    sent = json.loads(json.dumps(store_analysis(analysis, tmp_path)))
    assert at_once(load_analysis(sent, given=lungs)).domain == analysis.domain


def test_a_coarse_image_is_outside_and_the_sentence_names_it(card: ModelCard) -> None:
    phantom = patient(513)
    blurred = ndimage.gaussian_filter(phantom.ct.hu.astype(np.float32), (0, 2, 2))
    fit = fit_of(card, ct_mask_of(blurred, phantom.lung_mask, phantom.ct.geometry))
    assert not fit.is_inside and "smooth or coarse" in (fit.sentence or "")


def test_a_mask_round_the_table_is_blamed_and_not_the_scanner(card: ModelCard) -> None:
    phantom = patient(514)
    lungs = phantom.lung_mask.copy()
    outside = phantom.ct.hu < -900
    back = np.arange(lungs.shape[1])[None, :, None] > 80
    lungs[outside & back & (lungs == 0)] = 1
    fit = fit_of(card, ct_mask_of(phantom.ct.hu, lungs, phantom.ct.geometry))
    assert not fit.is_inside
    assert "HU" not in (fit.sentence or "")

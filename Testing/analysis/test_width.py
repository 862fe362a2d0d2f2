"""How wide the number is: the readings are what they say, and the band holds the number itself."""

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Progress, analyze
from COVIDDetectLib.analysis.width import Width, _noise_hu, _nudges, number_text, read_again
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, WeightsError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard, default_card


@pytest.fixture
def lung_mask(small_phantom: Phantom) -> LungMask:
    return LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)


def test_the_band_holds_the_number_and_every_reading(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    seen: list[Progress] = []
    width = read_again(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=seen.append)
    plain = analyze(small_phantom.ct, lungs=lung_mask, device="cpu", weights=fresh_card).probability
    assert width.readings[0].name == "as it is"
    assert width.readings[0].probability == pytest.approx(plain, abs=1e-6)
    probabilities = [reading.probability for reading in width.readings]
    log_odds = [np.log(one / (1 - one)) for one in (width.low, min(probabilities), max(probabilities), width.high)]
    assert np.diff(log_odds)[[0, 2]] == pytest.approx([0.15, 0.15])
    assert len(set(probabilities)) == len(probabilities), "a nudge that changes nothing proves nothing"
    assert [step.done for step in seen] == list(range(len(width.readings) + 1))


def test_the_same_ct_is_as_wide_again(small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard) -> None:
    first, again = (read_again(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card) for _ in range(2))
    assert first == again


def test_it_can_be_cancelled_between_two_readings(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    def cancel(step: Progress) -> None:
        if step.done == 1:
            raise Cancelled("The analysis was cancelled.")

    with pytest.raises(Cancelled):
        read_again(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=cancel)


def test_lung_weights_are_refused(small_phantom: Phantom, lung_mask: LungMask) -> None:
    with pytest.raises(WeightsError, match="segments lungs"):
        read_again(small_phantom.ct, lung_mask, weights=default_card("unet"))


def test_a_threshold_within_the_band_is_undecided() -> None:
    width = Width(0.4, 0.6, ())
    assert width.spans(0.5) and width.spans(0.6)
    assert not width.spans(0.4) and not width.spans(0.61)


def test_a_number_has_the_decimals_that_its_width_leaves_a_meaning() -> None:
    record = {"probability": 0.62}
    assert number_text(record, 0.5) == "0.62"
    for high, text in ((0.67, "0.62"), (0.73, "0.6")):
        width = {"low": 0.52, "high": high, "readings": [{"name": "as it is", "probability": 0.62}]}
        assert number_text({**record, "width": width}, 0.5) == text


@pytest.mark.parametrize(("spacing_mm", "offset"), [(1.0, 2), (10.0, 0)])
def test_thin_slices_are_joined_to_slabs_half_a_slab_later(spacing_mm: float, offset: int) -> None:
    lungs = np.zeros((12, 16, 16), dtype=bool)
    lungs[1:11, 4:12, 4:12] = True
    ct = CTVolume.from_array(np.zeros(lungs.shape, np.int16), Geometry.axial((1.0, 1.0, spacing_mm)))
    masks = {name: nudge()[1] for name, nudge in _nudges(ct, lungs, 5.0)}
    later = masks.get("slabs that begin half a slab higher")
    assert (later is not None) == bool(offset)
    if later is not None:
        assert np.flatnonzero(later.any(axis=(1, 2)))[0] == 1 + offset


@pytest.mark.parametrize("sigma", [5.0, 40.0])
def test_noise_is_measured_in_soft_tissue_whatever_lies_in_it(sigma: float) -> None:
    random = np.random.default_rng(0)
    hu = np.full((8, 64, 64), 40.0, dtype=np.float32)
    hu[:, 20:40, 20:40] = -850
    assert _noise_hu(hu + random.normal(0, sigma, hu.shape)) == pytest.approx(sigma, rel=0.15)

"""The four checks of a heat map: maps that know nothing of the network fail, and what there is to know is measured."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Progress
from COVIDDetectLib.analysis.attention import heat_at, place_attention
from COVIDDetectLib.analysis.cells import blob_map, brightness_map, count_cells
from COVIDDetectLib.analysis.map_checks import (
    MEANINGS,
    NAMES,
    Check,
    MapChecks,
    check_map,
    healthy_ct_mask,
    hottest_tenth,
    random_tenths,
)
from COVIDDetectLib.analysis.width import Reading, Width, read_again
from COVIDDetectLib.ct.ct_mask import CTMask, make_ct_mask
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.errors import Cancelled
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard, default_card


@pytest.fixture
def lung_mask(small_phantom: Phantom) -> LungMask:
    return LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)


def brightness(network: object, features: object, ct_mask: CTMask, healthy: object) -> np.ndarray:
    return brightness_map(ct_mask, cells_of(ct_mask))


def blob(network: object, features: object, ct_mask: CTMask, healthy: object) -> np.ndarray:
    shape = cells_of(ct_mask)
    cells = count_cells(ct_mask, np.zeros(ct_mask.mask.shape, dtype=bool), shape)
    return blob_map(cells, np.random.default_rng(0))


def cells_of(ct_mask: CTMask) -> tuple[int, int, int]:
    slices, rows, columns = ct_mask.mask.shape
    return slices // 2, rows // 8, columns // 8


@pytest.mark.slow
def test_the_bundled_weights_pass_all_four_on_a_diseased_phantom(small_phantom: Phantom, lung_mask: LungMask) -> None:
    ct = small_phantom.ct
    checks = check_map(ct, lung_mask, device="cpu").with_readings(read_again(ct, lung_mask, device="cpu"))
    assert checks.has_heat and checks.failed == () and checks.meaning == ""
    assert all(check is not None for check in checks.each.values())


def test_weights_that_have_forgotten_all_fail_and_the_same_way_again(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    seen: list[Progress] = []
    first = check_map(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=seen.append)
    assert first.has_heat and "does_what_it_says" in first.failed
    assert seen[-1].done == seen[-1].total
    assert check_map(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card) == first


@pytest.mark.parametrize("map_of", [brightness, blob])
def test_a_map_that_knows_nothing_of_the_network_is_the_same_with_forgotten_weights(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard, map_of: object
) -> None:
    checks = check_map(small_phantom.ct, lung_mask, map_of=map_of, device="cpu", weights=fresh_card)
    assert checks.knows_weights is not None and checks.knows_weights.value == pytest.approx(1)
    assert "knows_weights" in checks.failed and checks.meaning == MEANINGS["knows_weights"]


def test_a_map_without_heat_to_be_seen_is_not_checked(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    checks = check_map(small_phantom.ct, lung_mask, device="cpu", weights=replace(fresh_card, full_heat=1.0))
    assert checks == MapChecks(has_heat=False)
    assert checks.with_readings(width(0.2)) == checks and checks.failed == ()


def test_it_ends_where_it_is_cancelled_while_lungs_are_made_healthy(
    small_phantom: Phantom, lung_mask: LungMask, fresh_card: ModelCard
) -> None:
    calls: list[Progress] = []

    def cancel(step: Progress) -> None:
        calls.append(step)
        if [one.done for one in calls].count(4) == 3:
            raise Cancelled("The analysis was cancelled.")

    with pytest.raises(Cancelled):
        check_map(small_phantom.ct, lung_mask, device="cpu", weights=fresh_card, progress=cancel)


def width(correlation: float) -> Width:
    return Width(
        0.4, 0.5, (Reading("as it is", 0.4), Reading("mirrored", 0.5, correlation), Reading("smoother", 0.5, 1.0))
    )


def test_how_repeatable_it_is_the_readings_tell() -> None:
    checks = MapChecks(True)
    assert checks.with_readings(None).repeatable is None
    assert checks.with_readings(width(0.6)).repeatable == Check(0.8, 0.7, True)
    failed = checks.with_readings(width(0.2))
    assert failed.failed == ("repeatable",) and failed.meaning == MEANINGS["repeatable"]


def test_a_record_holds_the_checks_and_gives_them_back() -> None:
    checks = MapChecks(True, Check(0.9, 0.5, True), None, Check(0.4, 0.7, False), Check(0.2, 0.05, False))
    assert MapChecks.of({"map_checks": asdict(checks)}) == checks
    assert MapChecks.of({}) is None and MapChecks.of({"map_checks": None}) is None
    assert checks.failed == ("repeatable", "does_what_it_says")
    assert checks.meaning == MEANINGS["does_what_it_says"]  # graver
    assert set(MEANINGS) == set(NAMES)


def test_tenths_are_as_large_lie_in_the_lungs_and_differ() -> None:
    lung = np.zeros((6, 10, 12), dtype=bool)
    lung[1:5, 2:8, 2:10] = True
    heat = np.random.default_rng(1).random(lung.shape)
    tenths = [hottest_tenth(heat, lung), *random_tenths(lung)]
    assert {int(tenth.sum()) for tenth in tenths} == {round(lung.sum() / 10)}
    assert not any((tenth & ~lung).any() for tenth in tenths)
    assert len({tenth.tobytes() for tenth in tenths}) == len(tenths) == 40
    assert heat[tenths[0]].min() >= heat[lung & ~tenths[0]].max()


def test_lungs_made_healthy_lose_their_dense_lesions_and_nothing_else_changes(
    small_phantom: Phantom, lung_mask: LungMask
) -> None:
    form = replace(default_card("decovnet").input_form, size=(64, 96))
    ct_mask = make_ct_mask(small_phantom.ct, lung_mask.labels > 0, form)
    healthy = healthy_ct_mask(ct_mask, form)
    lungs = ct_mask.mask > 0
    assert (healthy.image[~lungs] == ct_mask.image[~lungs]).all()
    dense = lungs & (ct_mask.image > 100)  # above −494 HU
    assert dense.sum() > 1000 and (healthy.image[dense] > 100).mean() < 0.1


def test_a_map_is_compared_where_its_cells_lie_also_when_it_was_mirrored() -> None:
    raw = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    first = place_attention(raw, Geometry.axial((1.0, 1.5, 2.0), (3.0, 4.0, 5.0)))
    assert heat_at(first, first.geometry, raw.shape) == pytest.approx(first.values, abs=1e-5)
    mirrored = replace(
        first,
        values=first.values[:, :, ::-1],
        geometry=first.geometry.reoriented(Reorientation((0, 1, 2), (True, False, False)), raw.shape),
    )
    assert heat_at(mirrored, first.geometry, raw.shape) == pytest.approx(first.values, abs=1e-5)

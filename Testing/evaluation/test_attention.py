"""The heat map's measures say what they claim, on maps and networks whose truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.cells import (
    Cells,
    blob_map,
    brightness_map,
    count_cells,
    energy_in_lesions,
    likeness,
    points_into_lesion,
    spread_cells,
    sum_in_cells,
)
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.ct_mask import CTMask
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.errors import DeviceError
from COVIDDetectLib.evaluation.attention_figures import summarize
from COVIDDetectLib.evaluation.faithfulness import MAPS, TRUTH, CaseResult, _probability, measure
from COVIDDetectLib.evaluation.held_back import FIRST_SEED, held_back_cases, take_turns
from COVIDDetectLib.evaluation.perturbation import (
    CASCADE,
    FRACTIONS,
    area_under,
    deletion_and_insertion,
    randomized_networks,
)
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.phantom import MIMICS
from COVIDDetectLib.weights.cards import ModelCard, default_card
from typer.testing import CliRunner

SHAPE, GRID = (4, 4, 6), (9, 32, 48)
THICK_SLICES = 36
"""The seed of which the first two patients have the thickest slices, 8 mm, and so the fewest."""


@pytest.fixture
def lesion() -> np.ndarray:
    lesion = np.zeros(GRID, dtype=bool)
    lesion[4:6, 12:20, 20:28] = True
    return lesion


@pytest.fixture
def diseased(lesion: np.ndarray) -> CTMask:
    """Lungs everywhere but at the border; the lesion is bright."""
    mask = np.zeros(GRID, dtype=np.uint8)
    mask[:, 4:28, 4:44] = 1
    return CTMask(np.where(lesion, 200, 50).astype(np.uint8), mask, Geometry.axial())


@pytest.fixture
def healthy(diseased: CTMask) -> CTMask:
    return CTMask(np.full(GRID, 50, dtype=np.uint8), diseased.mask, diseased.geometry)


@pytest.fixture
def cells(diseased: CTMask, lesion: np.ndarray) -> Cells:
    return count_cells(diseased, lesion, SHAPE)


def test_cells_hold_every_voxel_once_and_lie_where_the_heat_map_is_placed(cells: Cells) -> None:
    assert cells.voxels.sum() == np.prod(GRID)
    # Cell (t, y, x) is centered on slice 2t + 1/2, row 8y, column 8x: rows 12 to 19 are those of cell 2.
    assert cells.lesion[2, 2, 3] == 2 * 8 * 8
    assert cells.lesion.sum() == cells.lesion[2, 2, 3]
    assert cells.lesion_share == pytest.approx(128 / (9 * 24 * 40))


def test_spreading_undoes_summing_for_what_is_constant_in_each_cell(cells: Cells) -> None:
    values = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    voxels = spread_cells(values, GRID)
    assert voxels.shape == GRID
    np.testing.assert_allclose(sum_in_cells(voxels, SHAPE) / cells.voxels, values, rtol=1e-5)


def test_a_map_of_the_lesion_points_into_it_and_a_map_elsewhere_does_not(cells: Cells) -> None:
    elsewhere = np.zeros(SHAPE)
    elsewhere[0, 1, 1] = 1
    assert points_into_lesion(cells.lesion, cells) and energy_in_lesions(cells.lesion, cells) == 1.0
    assert not points_into_lesion(elsewhere, cells) and energy_in_lesions(elsewhere, cells) == 0.0
    assert not points_into_lesion(np.zeros(SHAPE), cells) and energy_in_lesions(np.zeros(SHAPE), cells) == 0.0


def test_energy_of_an_even_map_over_the_lungs_is_the_lesions_share(cells: Cells) -> None:
    assert energy_in_lesions(cells.lung, cells) == pytest.approx(cells.lesion_share, rel=0.1)


def test_baselines_stay_in_the_lungs_and_brightness_finds_a_bright_lesion(diseased: CTMask, cells: Cells) -> None:
    assert points_into_lesion(brightness_map(diseased, SHAPE), cells)
    blobs = [blob_map(cells, np.random.default_rng(seed)) for seed in range(40)]
    assert all(blob[cells.lung == 0].sum() == 0 and blob.max() > 0.5 for blob in blobs)
    assert sum(points_into_lesion(blob, cells) for blob in blobs) < 10


def test_deletion_falls_and_insertion_rises_at_once_for_a_map_of_the_lesion(
    diseased: CTMask, healthy: CTMask, cells: Cells
) -> None:
    def share_of_disease(ct_mask: CTMask) -> float:
        return float((ct_mask.image > 100).sum() / 128)

    deletion, insertion = deletion_and_insertion(share_of_disease, diseased, healthy, cells.lesion, cells)
    assert deletion == [1, *[0] * (len(FRACTIONS) - 1)] and insertion == [0, *[1] * (len(FRACTIONS) - 1)]
    worst = deletion_and_insertion(share_of_disease, diseased, healthy, cells.lung - 9 * cells.lesion, cells)
    assert worst[0][:-1] == [1] * (len(FRACTIONS) - 1) and worst[0][-1] == 0
    assert area_under(deletion) < 0.02 < 0.98 < area_under(insertion)


def test_likeness_is_one_for_the_same_order_and_none_for_an_empty_real_map(cells: Cells) -> None:
    heat = np.random.default_rng(1).random(SHAPE)
    assert likeness(heat, heat**3, cells) == pytest.approx(1)
    assert likeness(heat, -heat, cells) == pytest.approx(1)  # and does not cancel the likeness of another case
    assert likeness(heat, np.zeros(SHAPE), cells) == 0
    assert np.isnan(likeness(np.zeros(SHAPE), heat, cells))


def result_of(likeness: float, emptied: list[str]) -> CaseResult:
    maps = (*MAPS, TRUTH)
    curves = {name: [0.5] * len(FRACTIONS) for name in maps}
    return CaseResult(
        "case", "mild", True, 0.9, 0.1, dict.fromkeys(maps, True), dict.fromkeys(maps, 0.5), curves, curves,
        dict.fromkeys(CASCADE, likeness), emptied,
    )  # fmt: skip


def test_summary_tells_of_maps_that_forgetting_emptied_and_limits_only_where_cases_differ() -> None:
    healthy = CaseResult("other", "healthy", False, 0.1)
    results = [result_of(0.4, []), result_of(0.0, ["stem"]), result_of(float("nan"), []), healthy]
    figures = summarize(results, default_card("decovnet"), 0)
    assert [figures["randomized"][layer]["empty"] for layer in CASCADE] == [*[0] * (len(CASCADE) - 1), 1]
    assert figures["randomized_absolute_correlation"] == {"value": pytest.approx(0.2), "low": 0.0, "high": 0.4}
    assert figures["maps"]["heat map"]["energy"] == {"value": 0.5, "low": None, "high": None}


def test_a_case_for_which_a_gpu_has_too_little_memory_is_named(
    monkeypatch: pytest.MonkeyPatch, diseased: CTMask
) -> None:
    def exhaust(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    card = default_card("decovnet")
    network = DeCoVNet().eval()
    monkeypatch.setattr(network, "features_by_chunks", exhaust)
    (case, _) = held_back_cases(1, 0)
    with pytest.raises(DeviceError, match=f"too little memory for {case.name}; choose --device cpu"):
        measure(network, card, [case], 0)


class OnAppleGPU(torch.Tensor):
    """As there: no double precision but on the CPU."""

    def double(self) -> torch.Tensor:  # type: ignore[override]
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")

    def cpu(self) -> torch.Tensor:  # type: ignore[override]
        return self.as_subclass(torch.Tensor)


def test_a_probability_on_an_apple_gpu_is_that_on_the_cpu(diseased: CTMask) -> None:
    network = DeCoVNet().eval()
    expected = _probability(network, diseased, "cpu")
    network.classifier.register_forward_hook(lambda module, given, logits: logits.as_subclass(OnAppleGPU))
    assert _probability(network, diseased, "cpu") == expected


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_forgetting_goes_layer_by_layer_and_leaves_the_network_alone(variant: str) -> None:
    network = DeCoVNet(variant).eval()  # type: ignore[arg-type]
    before = {name: values.clone() for name, values in network.state_dict().items()}
    changed = []
    for _, forgetful in randomized_networks(network, seed=1):
        state = forgetful.state_dict()
        changed.append({name for name in before if not torch.equal(before[name], state[name])})
    assert len(changed) == len(CASCADE)
    assert all(earlier < later for earlier, later in zip(changed, changed[1:], strict=False))
    assert {name for name in before if name.endswith("conv.weight")} <= changed[-1]
    weights = {name for name, values in before.items() if values.ndim > 1}
    assert weights <= changed[-1] and not any(name.startswith("stem") for name in changed[-2])
    assert all(torch.equal(before[name], values) for name, values in network.state_dict().items())


@pytest.mark.parametrize("real", [0, 1, 2, 3])
def test_every_background_gets_every_extent_and_findings_as_well_as_health(real: int) -> None:
    turns = list(take_turns(16 * max(1, real), real))
    backgrounds = {background for background, _, _ in turns}
    assert backgrounds == {None, *range(real)}
    for background in backgrounds:
        own = [(extent, finding) for where, extent, finding in turns if where == background]
        assert {extent for extent, _ in own} == {"mild", "moderate", "severe"}
        assert sum(finding == "healthy" for _, finding in own) == len(own) / 2
    assert len({finding for _, _, finding in turns} - {"healthy"}) == min(len(turns) // 2, len(MIMICS))


def test_held_back_cases_come_in_pairs_repeat_and_differ_from_those_of_another_seed() -> None:
    cases, again, other = ([*held_back_cases(2, seed)] for seed in (THICK_SLICES, THICK_SLICES, 0))
    assert [case.is_diseased for case in cases] == [True, False, True, False]
    assert cases[1].finding == "healthy" and cases[3].finding != "healthy"
    for case, same, different in zip(cases, again, other, strict=True):
        np.testing.assert_array_equal(case.ct.hu, same.ct.hu)
        assert case.ct.shape != different.ct.shape or (case.ct.hu != different.ct.hu).any()
    assert (cases[0].ct.hu != cases[0].healthy.hu)[cases[0].lesions].mean() > 0.9
    assert FIRST_SEED >= 1_000_000_000


@pytest.fixture(scope="module")
def results(fresh_card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a small network that has learned nothing, on thick slices: it is asked a hundred times."""
    output = tmp_path_factory.mktemp("attention") / "out"
    arguments = ["evaluate-attention", "--cases", "2", "--perturbed", "1", "--output", str(output), "--device", "cpu"]
    result = CliRunner().invoke(app, [*arguments, "--weights", str(fresh_card.path), "--seed", str(THICK_SLICES)])
    assert result.exit_code == 0, result.output
    assert "ROC AUC" in result.stdout and "asked for: at least 0.95" in result.stdout
    return output


@pytest.mark.slow
def test_the_command_writes_figures_and_page(results: Path) -> None:
    figures = json.loads((results / "attention.json").read_text())
    assert {file.name for file in results.iterdir()} == {"attention.json", "attention.html"}
    assert (figures["diseased"], figures["without_disease"], figures["perturbed_cases"]) == (2, 2, 1)
    truth = figures["maps"]["the lesions themselves"]
    assert truth["pointing"]["value"] == 1.0
    assert truth["energy_ratio"]["value"] > figures["maps"]["random blob"]["energy_ratio"]["value"]
    assert truth["deletion"][-1] == pytest.approx(truth["insertion"][0], abs=1e-3)
    assert figures["reached"]["randomized_absolute_correlation"] in (True, False)
    assert figures["randomized_absolute_correlation"]["value"] is not None
    assert figures["randomized_absolute_correlation"]["value"] == figures["randomized"]["stem"]["value"]
    page = (results / "attention.html").read_text()
    assert "not a medical device" in page and page.count("data:image/") == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--weights", "absent.json"], "cannot be read"), (["--background", "absent"], "does not exist")],
)
def test_the_command_refuses_in_one_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["evaluate-attention", "--output", str(tmp_path / "out"), *options])
    assert result.exit_code == 2 and sentence in result.stderr
    assert not (tmp_path / "out").exists()

"""Weights as MONAI bundles: the same logits without this program, and what MONAI expects of a bundle."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from COVIDDetectLib.analysis.analyze import analyze
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.ct_mask import make_ct_mask
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import bundled_cards, load_network
from typer.testing import CliRunner

CARDS = {card.network: card for card in bundled_cards()}
SHAPES = {"decovnet": [(1, 2, 9, 48, 72), (2, 2, 4, 64, 96)], "unet": [(3, 1, 48, 64)]}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript, which bundles still use
        for network, card in CARDS.items():
            done = CliRunner().invoke(
                app, ["weights", "export", card.id, "--format", "monai", "-o", str(folder / network), "--quiet"]
            )
            assert (done.exit_code, done.output) == (0, "")
    return folder


@pytest.mark.parametrize("network", sorted(CARDS))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_network_of_a_bundle_gives_the_same_logits_for_any_number_of_slices(bundles: Path, network: str) -> None:
    exported = torch.jit.load(bundles / network / "models" / "model.ts")
    for shape in SHAPES[network]:
        given = torch.rand(shape)
        with torch.no_grad():
            assert torch.allclose(exported(given), load_network(CARDS[network])(given), atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_of_the_input_that_its_readme_names_it_gives_the_score_of_an_analysis(
    bundles: Path, small_phantom: Phantom
) -> None:
    mask = LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)
    analysis = analyze(small_phantom.ct, lungs=mask, device="cpu")
    ct_mask = make_ct_mask(small_phantom.ct, small_phantom.lung_mask, CARDS["decovnet"].input_form).tensor()
    logits = torch.jit.load(bundles / "decovnet" / "models" / "model.ts")(ct_mask)[0]
    assert logits.tolist() == pytest.approx(analysis.score.logits, abs=1e-3)


@pytest.mark.parametrize("network", sorted(CARDS))
def test_a_bundle_says_what_its_card_says_and_who_makes_its_input(bundles: Path, network: str) -> None:
    card, metadata = CARDS[network], json.loads((bundles / network / "configs" / "metadata.json").read_text())
    assert (metadata["version"], metadata["intended_use"]) == (card.version, card.intended_use)
    assert card.sha256 in json.dumps(metadata) and card.licence in (bundles / network / "LICENSE").read_text()
    readme = (bundles / network / "docs" / "README.md").read_text()
    assert "stays the task of\nCOVIDDetect" in readme or "stay the task of COVIDDetect" in readme
    assert f"{card.hu_window[0]:g} to {card.hu_window[1]:g} HU" in readme


def test_what_is_there_is_not_replaced(bundles: Path) -> None:
    refused = CliRunner().invoke(app, ["weights", "export", CARDS["unet"].id, "-o", str(bundles / "unet")])
    assert refused.exit_code == 2 and "is there already" in refused.stderr


@pytest.mark.parametrize("network", sorted(CARDS))
@pytest.mark.filterwarnings("ignore")
def test_monai_runs_a_bundle_to_the_same_output(bundles: Path, network: str, tmp_path: Path) -> None:
    bundle = pytest.importorskip("monai.bundle", reason="MONAI is not installed")
    given, root = np.random.default_rng(1).random(SHAPES[network][0], dtype=np.float32), bundles / network
    np.save(tmp_path / "input.npy", given)
    bundle.run(
        config_file=str(root / "configs" / "inference.json"),
        meta_file=str(root / "configs" / "metadata.json"),
        bundle_root=str(root),
        input_file=str(tmp_path / "input.npy"),
        output_file=str(tmp_path / "output.npy"),
        device="$torch.device('cpu')",
    )
    with torch.no_grad():
        expected = load_network(CARDS[network])(torch.from_numpy(given)).numpy()
    assert np.allclose(np.load(tmp_path / "output.npy"), expected, atol=1e-5)

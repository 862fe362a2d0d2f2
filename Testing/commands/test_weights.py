"""``coviddetect weights``: what is installed, what is added and removed, and what is refused in one sentence."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.weights.cards import ModelCard, default_card, save_weights
from COVIDDetectLib.weights.store import user_folder
from typer.testing import CliRunner, Result


@pytest.fixture(autouse=True)
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user has no weights of their own, whatever the system."""
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "data"))


@pytest.fixture
def mine(tmp_path: Path) -> ModelCard:
    """Weights on a disk, as a training leaves them."""
    torch.manual_seed(3)
    card = replace(default_card("decovnet"), id="mine", title="Mine", path=tmp_path / "training" / "mine.json")
    return save_weights(DeCoVNet("paper").state_dict(), card)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["weights", *(str(argument) for argument in arguments)])


def refused(*arguments: object) -> str:
    """The one sentence."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("coviddetect: ") and result.stderr.count("\n") == 1
    return result.stderr


def test_weights_are_added_listed_shown_verified_and_removed(mine: ModelCard) -> None:
    added = run("add", mine.path.parent)
    assert added.exit_code == 0, added.stderr
    assert "Added: Mine" in added.stdout and str(user_folder() / "mine" / "mine.json") in added.stdout
    listed = run("list").stdout
    assert f"mine {mine.version}: Mine (yours)" in listed and listed.count("comes with the program") == 2
    assert json.loads(run("show", "mine").stdout)["sha256"] == mine.sha256
    assert run("verify").stdout.count("SHA-256") == 3
    assert "installed already" in refused("add", mine.path)
    assert run("remove", "mine").exit_code == 0
    assert "(yours)" not in run("list").stdout
    assert "comes with the program" in refused("remove", "unet-demonstration")
    assert "No weights mine" in refused("show", "mine")


def test_damaged_weights_are_named_and_verification_fails(mine: ModelCard) -> None:
    run("add", mine.path)
    weights = user_folder() / "mine" / "mine.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    failed = run("verify")
    assert failed.exit_code == 2 and "checksum differs" in failed.stderr
    weights.unlink()
    listed = run("list")
    assert listed.exit_code == 0 and "mine cannot be used" in listed.stderr
    assert "not complete" in run("verify").stderr


def test_an_address_needs_https_and_a_checksum() -> None:
    assert "--sha256" in refused("add", "https://example.org/card.json")
    assert "https" in refused("add", "http://example.org/card.json", "--sha256", "0" * 64)
    assert "is not a valid URL" in refused("add", "https://[example.org/card.json", "--sha256", "0" * 64)


@pytest.mark.parametrize(
    "asked",
    [
        ("import", "covid.pth"),
        ("add", "https://example.org/model.pth", "--sha256", "0" * 64),
        ("add", "https://example.org/model.pth?raw=true", "--sha256", "0" * 64),
        ("add", "https://example.org/model.%70th#x", "--sha256", "0" * 64),
    ],
)
def test_the_authors_checkpoints_need_consent_to_their_licence(asked: tuple[str, ...]) -> None:
    sentence = refused(*asked)
    assert "CC BY-NC-SA 4.0" in sentence and "--accept-licence" in sentence


def test_what_is_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("text")
    assert "nothing in it was executed" in refused("import", tmp_path / "text.pth", "--accept-licence")
    assert "cannot be read" in refused("add", tmp_path / "missing.json")
    assert "must contain one model card" in refused("add", tmp_path)

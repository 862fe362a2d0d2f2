"""Networks that have learned nothing, one small enough to ask it often, and a store for the user's own weights."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from COVIDDetectLib.weights import ModelCard


@pytest.fixture(scope="session")
def fresh_card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Fresh weights for slices of 64×96."""
    import torch
    from COVIDDetectLib.networks.decovnet import DeCoVNet
    from COVIDDetectLib.weights import default_card, save_weights

    path = tmp_path_factory.mktemp("weights") / "fresh.json"
    card = replace(
        default_card("decovnet"),
        path=path,
        weights_file="fresh.safetensors",
        input_size=(64, 96),
        variant="paper",
        domain_file=None,
        domain_sha256=None,
    )
    torch.manual_seed(0)
    return save_weights(DeCoVNet("paper").state_dict(), card)


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user has no weights of their own."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "COVIDDetect" / "Weights"


@pytest.fixture
def mine(tmp_path: Path) -> ModelCard:
    """Weights on a disk, as a training leaves them."""
    import torch
    from COVIDDetectLib.networks.decovnet import DeCoVNet
    from COVIDDetectLib.weights import default_card, save_weights

    torch.manual_seed(3)
    card = replace(
        default_card("decovnet"),
        id="Mine 1",
        title="Mine",
        weights_file="decovnet.safetensors",
        path=tmp_path / "mine" / "card.json",
    )
    return save_weights(DeCoVNet("paper").state_dict(), card)

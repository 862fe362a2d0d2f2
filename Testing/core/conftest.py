"""A DeCoVNet that has learned nothing, small enough to ask it often."""

from __future__ import annotations

from dataclasses import replace
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

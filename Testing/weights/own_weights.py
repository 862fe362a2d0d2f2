"""What the tests of the user's own weights share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.errors import NetworkError, WeightsError
from COVIDDetectLib.weights import store
from COVIDDetectLib.weights.cards import bundled_cards

KEYS = Path(__file__).parent


def assert_untouched(folder: Path) -> None:
    """Nothing is installed, and nothing half finished lies about."""
    assert store.installed_cards() == bundled_cards()
    assert not folder.exists() or list(folder.iterdir()) == []


def refused(folder: Path, sentence: str, action: Callable[[], object]) -> None:
    """One sentence, and all is as before."""
    with pytest.raises((WeightsError, NetworkError), match=sentence) as caught:
        action()
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert_untouched(folder)


def released(network: str) -> dict[str, torch.Tensor]:
    """Random tensors under the names and shapes of the released checkpoint."""
    state = {}
    for line in (KEYS / f"released_{network}_checkpoint_keys.txt").read_text().splitlines():
        name, shape = line.split()
        state[name] = torch.tensor(7) if shape == "scalar" else torch.rand([int(edge) for edge in shape.split("x")])
    return state

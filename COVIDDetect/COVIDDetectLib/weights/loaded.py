"""Keeps networks in memory, so that the next volume need not wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cards import ModelCard, load_network

if TYPE_CHECKING:
    from torch import nn

_MOST = 4
_loaded: dict[tuple[str, str], nn.Module] = {}


def loaded_network(card: ModelCard, device: str = "cpu") -> nn.Module:
    """``load_network``, but the weights are read from disk only once.

    Weights are known by their checksum, which was compared with the file's when they were read. The network is shared:
    it is used as it is, never trained or changed.
    """
    key = (card.sha256, device)
    if key not in _loaded:
        while len(_loaded) >= _MOST:
            del _loaded[next(iter(_loaded))]
        _loaded[key] = load_network(card, device)
    return _loaded[key]

"""Networks that have forgotten, to see what a heat map owes to what was learned (Adebayo et al., NeurIPS 2018)."""

from __future__ import annotations

import torch

from .decovnet import DeCoVNet


def forgetful(network: DeCoVNet, seed: int) -> DeCoVNet:
    """A network of the same form, on the same device, that has learned nothing; the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = DeCoVNet(network.variant)
    return fresh.to(next(network.parameters()).device).eval()

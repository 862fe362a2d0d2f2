"""Random draws as a function of seed, epoch and position: the same whenever and wherever they are made.

So a training that was killed goes on with the very draws that it would have made, and nothing of a generator's inner
state has to be kept.
"""

from __future__ import annotations

import numpy as np
import torch


def random_at(*place: int) -> np.random.Generator:
    """Generator of numpy for a place."""
    return np.random.default_rng(place)


def torch_random_at(*place: int) -> torch.Generator:
    """Generator of torch, on the CPU, for a place."""
    return torch.Generator().manual_seed(_seed(*place))


def seed_dropout_at(*place: int) -> None:
    """What layers such as dropout draw next, on every device."""
    torch.manual_seed(_seed(*place))


def _seed(*place: int) -> int:
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0] >> 1)

"""The state of a training on disk: whole at any moment, read without executing anything."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..atomic import whole_file
from ..errors import InputError, WeightsError
from ..weights.checkpoint_file import load_checkpoint

LAST, BEST = "last.pt", "best.pt"


@dataclass
class State:
    """Where a training stands. Every draw of chance follows from seed, epoch and step, so that these are all of it.

    Parameters
    ----------
    network, optimizer, scaler
        Their ``state_dict``.
    epoch, step
        Where to go on: number of whole epochs, and of steps done in the next.
    loss_sum
        Of the steps done in this epoch.
    history
        One entry an epoch: training loss and what was measured on the tuning cases.
    best_epoch
        Index in ``history``, -1 before the first.
    """

    network: dict[str, Any]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1


def write_checkpoint(path: Path, state: State, plan: dict[str, Any]) -> None:
    """Write a state; the earlier file stays until the new one is whole and on the disk.

    Parameters
    ----------
    plan
        What the training was started with: a checkpoint goes on only where this is the same.
    """
    with whole_file(path) as file:
        torch.save({"plan": plan, "state": asdict(state)}, file)


def read_checkpoint(path: Path, plan: dict[str, Any]) -> State | None:
    """Read the state of an earlier run; None if there is none.

    Raises
    ------
    InputError
        If the file is not a checkpoint, or belongs to a training with other settings or cases.
    """
    if not path.exists():
        return None
    foreign = f"{path} is not a checkpoint of this program; give another folder for the training."
    if not zipfile.is_zipfile(path):
        raise InputError(foreign)
    try:
        content = load_checkpoint(path)
        state, before = State(**content["state"]), content["plan"]
    except (WeightsError, KeyError, TypeError) as error:
        raise InputError(foreign) from error
    for name in sorted(plan):
        if before.get(name) != plan[name]:
            what = "other cases" if name == "cases" else f"{name} {before.get(name)}, not {plan[name]}"
            raise InputError(
                f"{path.parent} holds a training with {what}; give its settings again to go on, or another folder."
            )
    return state

"""Where a training of the bundled weights stands, so that one that was ended goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...atomic import whole_file

_SAVE_EVERY_S = 180.0


class Course:
    """Phases and steps that are done, on the disk; without a folder only in memory.

    Parameters
    ----------
    learner
        Everything that is trained; what an earlier run left is loaded into it.
    folder
        For ``NAME-course.pt``.
    """

    def __init__(self, learner: nn.Module, folder: Path | None, name: str) -> None:
        self._learner = learner
        self._file = folder / f"{name}-course.pt" if folder else None
        self._phase, self._left, self._saved_at = 0, dict[str, Any](), time.monotonic()
        if self._file and self._file.exists():
            self._left = torch.load(self._file, weights_only=True)
            learner.load_state_dict(self._left["learner"])

    def is_over(self, phase: int) -> bool:
        """Whether an earlier run has gone through this phase."""
        return bool(self._left) and phase < self._left["phase"]

    def begin(self, phase: int, optimizer: torch.optim.Optimizer, schedule: Any) -> int:
        """The step with which a phase begins or goes on."""
        self._phase = phase
        if not self._left:
            return 0
        left, self._left = self._left, {}
        optimizer.load_state_dict(left["optimizer"])
        schedule.load_state_dict(left["schedule"])
        torch.set_rng_state(left["random"])
        return int(left["step"]) + 1

    def step_done(self, step: int, optimizer: torch.optim.Optimizer, schedule: Any) -> None:
        """Write the state now and then, and at the end of a phase."""
        is_last = step + 1 == schedule.total_steps
        if not self._file or not (is_last or time.monotonic() - self._saved_at > _SAVE_EVERY_S):
            return
        state = {
            "learner": self._learner.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "random": torch.get_rng_state(),
            "phase": self._phase,
            "step": step,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self._file) as file:
            torch.save(state, file)
        self._saved_at = time.monotonic()

"""The training loop of both networks: epochs, checkpoints, early stop, several processes, mixed precision."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..atomic import forget_unfinished
from ..device import memory_for
from ..errors import COVIDDetectError
from .chance import seed_dropout_at
from .checkpoints import BEST, LAST, State, read_checkpoint, write_checkpoint
from .logs import Logs
from .processes import Processes

_SMALLER = "train in another folder with --device cpu or a smaller --size, or with CTs of fewer slices"


@dataclass(frozen=True)
class Settings:
    """How long and how fast.

    Parameters
    ----------
    epochs
        Passes over the training cases.
    rate
        Constant learning rate of Adam.
    batch
        Samples a step and process.
    seed
        Seed of all random numbers.
    patience
        Epochs without a better score after which to stop; None goes through all epochs.
    save_every_s
        Seconds between two writings of the last checkpoint within an epoch.
    mixed_precision
        Half precision where it is safe (float16 with a scaled loss).
    """

    epochs: int
    rate: float
    batch: int
    seed: int = 0
    patience: int | None = None
    save_every_s: float = 300.0
    mixed_precision: bool = False


class Task(Protocol):
    """What is learned. Samples are numbers; the task knows what they stand for."""

    @property
    def network(self) -> nn.Module:
        """The network, on its device."""

    def order(self, epoch: int) -> Sequence[int]:
        """The samples of an epoch in the order in which they are drawn; the same for the same epoch."""

    def loss(self, network: nn.Module, samples: Sequence[int], epoch: int, position: int) -> Tensor:
        """Mean loss of samples, of which the first stands at ``position`` in the epoch's order."""

    def measure(self, tuning: int) -> tuple[float, ...]:
        """What the network in evaluation mode makes of one tuning case."""

    def tuning_count(self) -> int:
        """Number of tuning cases."""

    def name(self, sample: int) -> str:
        """What the user calls the case that a sample is from."""

    def summarize(self, measured: Sequence[tuple[float, ...]]) -> Mapping[str, float]:
        """Figures of all tuning cases."""

    def score(self, figures: Mapping[str, float]) -> float:
        """What chooses the best epoch: larger is better."""


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training has come.

    Parameters
    ----------
    epoch, epochs
        The one that runs, from 1, and how many there are.
    step, steps
        Steps done in it, and how many it has.
    loss
        Mean of its steps.
    figures
        Of the tuning cases, when the epoch is over.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    figures: Mapping[str, float] | None = None


def learn(
    task: Task,
    settings: Settings,
    folder: Path,
    plan: Mapping[str, Any],
    processes: Processes,
    report: Callable[[TrainingProgress], None] | None = None,
    begin: Callable[[], None] | None = None,
) -> State:
    """Train, or go on where an earlier run in the same folder was ended.

    On a CPU a training that was killed at any moment and started again ends with the very weights of one that was not.

    Parameters
    ----------
    folder
        For ``last.pt``, ``best.pt``, ``history.csv`` and TensorBoard's logs.
    plan
        What else decides the result, apart from ``settings``: a training with another plan is not resumed.
    report
        Called after every step by process 0; may raise, which ends the training.
    begin
        Called once by process 0 when it is sure that the folder is this training's own, before anything is written.

    Returns
    -------
    State
        Of the best epoch, as in ``best.pt``.

    Raises
    ------
    InputError
        If the folder holds another training, or cannot be written.
    DeviceError
        If the GPU has too little memory for a step.
    """
    run = _Run(task, settings, folder, plan, processes, report or (lambda _: None))
    run.resume()
    if processes.leads:
        forget_unfinished(folder)
        if begin:
            begin()
    with run.logs:
        run.logs.go_on_from(run.state.history)
        while not run.finished:
            run.epoch()
    processes.wait()
    best = read_checkpoint(folder / BEST, run.plan)
    assert best is not None
    return best


class _Run:
    def __init__(
        self,
        task: Task,
        settings: Settings,
        folder: Path,
        plan: Mapping[str, Any],
        processes: Processes,
        report: Callable[[TrainingProgress], None],
    ) -> None:
        self.task, self.settings, self.folder, self.processes, self.report = task, settings, folder, processes, report
        decisive = {name: value for name, value in asdict(settings).items() if name in ("rate", "batch", "seed")}
        self.plan = {**plan, **decisive, "processes": processes.count, "mixed precision": settings.mixed_precision}
        self.optimizer = torch.optim.Adam(task.network.parameters(), lr=settings.rate)
        self.scaler = torch.amp.GradScaler(processes.device, enabled=settings.mixed_precision)
        self.state = State({}, {}, {})
        self.logs = Logs(folder, writes=processes.leads)
        self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Take over what an earlier run left; a training without one begins here."""
        earlier = read_checkpoint(self.folder / LAST, self.plan)
        self.processes.wait()  # nobody writes before all have read
        if earlier is not None:
            self.state = earlier
            self.task.network.load_state_dict(earlier.network)
            self.optimizer.load_state_dict(earlier.optimizer)
            self.scaler.load_state_dict(earlier.scaler)
        self.network = self.processes.join(self.task.network)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or the last ones brought nothing."""
        state, patience = self.state, self.settings.patience
        return state.epoch >= self.settings.epochs or (
            patience is not None and state.best_epoch >= 0 and state.epoch - 1 - state.best_epoch >= patience
        )

    def epoch(self) -> None:
        """The rest of an epoch, its figures, and its checkpoints."""
        self.network.train()
        state = self.state
        order = self._padded(list(self.task.order(state.epoch)))
        batch, count = self.settings.batch, self.processes.count
        steps = len(order) // (batch * count)
        while state.step < steps:
            position = (state.step * count + self.processes.rank) * batch
            loss = self._step(order[position : position + batch], position)
            state.loss_sum += loss
            state.step += 1
            if self.processes.leads:
                if time.monotonic() - self.saved_at >= self.settings.save_every_s:
                    self._write(LAST)
                self._tell(steps)
        self._close_epoch(steps)

    def _step(self, samples: Sequence[int], position: int) -> float:
        seed_dropout_at(self.settings.seed, 2, self.state.epoch, position)
        self.optimizer.zero_grad()
        names = ", ".join(sorted({self.task.name(sample) for sample in samples}))
        with memory_for(names, _SMALLER):
            with self._precision():
                loss = self.task.loss(self.network, samples, self.state.epoch, position)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
        value = self.processes.mean(float(loss.detach()))
        if not math.isfinite(value):
            raise COVIDDetectError(
                f"The training diverged in epoch {self.state.epoch + 1} (the loss is {value}); start again in another "
                "folder with a smaller learning rate."
            )
        return value

    def _close_epoch(self, steps: int) -> None:
        figures = self.task.summarize(self._measure())
        state = self.state
        if self.processes.leads:
            self._tell(steps, figures)
        state.history.append({"training_loss": state.loss_sum / steps, **figures})
        if state.best_epoch < 0 or self.task.score(figures) > self.task.score(state.history[state.best_epoch]):
            state.best_epoch = state.epoch
        improved = state.best_epoch == state.epoch
        state.epoch, state.step, state.loss_sum = state.epoch + 1, 0, 0.0
        if self.processes.leads:
            # The best first: a run that ends between the two writes it again.
            for name in (BEST, LAST) if improved else (LAST,):
                self._write(name)
            self.logs.add(state.history)

    def _tell(self, steps: int, figures: Mapping[str, float] | None = None) -> None:
        state = self.state
        loss = state.loss_sum / max(state.step, 1)
        self.report(TrainingProgress(state.epoch + 1, self.settings.epochs, state.step, steps, loss, figures))

    def _measure(self) -> list[tuple[float, ...]]:
        network = self.task.network.eval()
        self.processes.agree_on_buffers(network)
        share = self.processes.share(list(range(self.task.tuning_count())))
        with memory_for("the tuning cases", _SMALLER), torch.inference_mode(), self._precision():
            measured = [self.task.measure(item) for item in share]
        return self.processes.gather(measured)

    def _write(self, name: str) -> None:
        self.state.network = self.task.network.state_dict()
        self.state.optimizer = self.optimizer.state_dict()
        self.state.scaler = self.scaler.state_dict()
        write_checkpoint(self.folder / name, self.state, self.plan)
        self.saved_at = time.monotonic()

    def _precision(self) -> AbstractContextManager[object]:
        if not self.settings.mixed_precision:
            return nullcontext()
        return torch.autocast(self.processes.device, torch.float16)

    def _padded(self, order: list[int]) -> list[int]:
        """The order with its beginning again at its end, so that every process makes the same number of full steps."""
        together = self.settings.batch * self.processes.count
        while len(order) % together:
            order += order[: together - len(order) % together]
        return order

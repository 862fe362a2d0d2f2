"""Logs of a running training: ``history.csv``, and TensorBoard's logs where that is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import whole_file

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

HISTORY, TENSORBOARD = "history.csv", "tensorboard"


def tensorboard_is_installed() -> bool:
    """Whether logs for TensorBoard can be written."""
    return find_spec("tensorboard") is not None


class Logs:
    """Figures of every epoch on disk.

    Parameters
    ----------
    folder
        Of the training.
    writes
        False in all processes but one.
    """

    def __init__(self, folder: Path, writes: bool) -> None:
        self._folder, self._writes = folder, writes
        self._tensorboard: SummaryWriter | None = None

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *error: object) -> None:
        if self._tensorboard:
            self._tensorboard.close()

    def go_on_from(self, history: Sequence[Mapping[str, float]]) -> None:
        """Begin with what ``history`` holds: an earlier run may have been ended before or after it told of an epoch."""
        if not self._writes:
            return
        if history:
            self._write_table(history)
        if tensorboard_is_installed():
            from torch.utils.tensorboard.writer import SummaryWriter

            self._tensorboard = SummaryWriter(str(self._folder / TENSORBOARD), purge_step=1)
            for epoch, figures in enumerate(history, start=1):
                self._plot(epoch, figures)

    def add(self, history: Sequence[Mapping[str, float]]) -> None:
        """Tell of the epoch that was added last."""
        self._write_table(history)
        self._plot(len(history), history[-1])

    def _write_table(self, history: Sequence[Mapping[str, float]]) -> None:
        lines = [",".join(["epoch", *history[-1]])]
        lines += [
            ",".join([str(epoch), *map(repr, figures.values())]) for epoch, figures in enumerate(history, start=1)
        ]
        with whole_file(self._folder / HISTORY) as file:
            file.write(("\n".join(lines) + "\n").encode())

    def _plot(self, epoch: int, figures: Mapping[str, float]) -> None:
        if self._tensorboard:
            for name, value in figures.items():
                self._tensorboard.add_scalar(name, value, epoch)
            self._tensorboard.flush()

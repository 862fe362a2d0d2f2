"""A training in which the second process meets a loss that is no number. Run by test_training.py."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from COVIDDetectLib.errors import COVIDDetectError
from COVIDDetectLib.training.loop import Settings, learn
from COVIDDetectLib.training.processes import joined_processes
from torch import Tensor, nn


class Diverging:
    """Process 0 has the even positions, process 1 the odd ones; at position 5 the loss is no number."""

    def __init__(self) -> None:
        self.network = nn.Linear(1, 1)

    def order(self, epoch: int) -> list[int]:
        return list(range(8))

    def loss(self, network: nn.Module, samples: Sequence[int], epoch: int, position: int) -> Tensor:
        loss: Tensor = network(torch.tensor([[float("nan") if position == 5 else 1.0]])).square().mean()
        return loss

    def measure(self, tuning: int) -> tuple[float, ...]:
        return (0.0,)

    def name(self, sample: int) -> str:
        return f"case {sample}"

    def tuning_count(self) -> int:
        return 2

    def summarize(self, measured: Sequence[tuple[float, ...]]) -> Mapping[str, float]:
        return {}

    def score(self, figures: Mapping[str, float]) -> float:
        return 0.0


folder = Path(sys.argv[1])
with joined_processes("cpu") as processes:
    try:
        learn(Diverging(), Settings(epochs=1, rate=0.1, batch=1, save_every_s=0.0), folder, {}, processes)
    except COVIDDetectError as error:
        (folder / f"rank{processes.rank}.txt").write_text(str(error))
        sys.exit(2)

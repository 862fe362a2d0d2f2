"""The command line under torchrun; each process leaves its weights and its losses. Run by test_training.py."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.training import courses

learn = courses.learn


def learn_and_leave_weights(task: Any, *more: Any, **named: Any) -> Any:
    loss_of, losses = task.loss, list[float]()

    def loss_that_is_noted(*given: Any) -> torch.Tensor:
        loss: torch.Tensor = loss_of(*given)
        losses.append(float(loss))
        return loss

    task.loss = loss_that_is_noted
    best = learn(task, *more, **named)
    folder, rank = Path(sys.argv[1]), os.environ["RANK"]
    torch.save(task.network.state_dict(), folder / f"rank{rank}.pt")
    (folder / f"losses{rank}.json").write_text(json.dumps(losses))
    return best


courses.learn = learn_and_leave_weights
app(sys.argv[2:])

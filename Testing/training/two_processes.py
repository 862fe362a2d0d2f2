"""The command line under torchrun; each process leaves the weights that it ends with. Run by test_training.py."""

import os
import sys
from pathlib import Path
from typing import Any

import torch
from COVIDDetectLib.cli import app
from COVIDDetectLib.training import courses

learn = courses.learn


def learn_and_leave_weights(task: Any, *more: Any, **named: Any) -> Any:
    best = learn(task, *more, **named)
    torch.save(task.network.state_dict(), Path(sys.argv[1]) / f"rank{os.environ['RANK']}.pt")
    return best


courses.learn = learn_and_leave_weights
app(sys.argv[2:])

"""How the paper trains both networks (Zheng et al. 2020, medRxiv 2020.03.12.20027185): the defaults of the commands.

Here, where importing costs nothing: the tasks themselves import torch.
"""

from __future__ import annotations

LUNGS_EPOCHS = 130
LUNGS_RATE = 1e-3
LUNGS_INPUT_SIZE = (368, 368)
"""Rows and columns."""
LUNGS_BATCH = 8
"""Ours: the paper names none."""

CLASSIFIER_EPOCHS = 100
CLASSIFIER_RATE = 1e-5
CLASSIFIER_BATCH = 1
CLASSIFIER_INPUT_SIZES = {"paper": (192, 288), "released": (224, 336)}
"""Rows and columns: table 1 of the paper, and what the authors' checkpoint was trained at."""

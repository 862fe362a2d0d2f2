"""Checks of option values that several commands share."""

from __future__ import annotations

import math
from typing import TypeVar

import typer

T = TypeVar("T", float, list[float], None)


def finite(value: T) -> T:
    """Callback of an option: ``nan`` and ``inf`` are numbers for Python, and never what is meant.

    Raises
    ------
    typer.BadParameter
        If the value, or one of the values, is not finite.
    """
    values: list[float] = value if isinstance(value, list) else [] if value is None else [value]
    if not all(math.isfinite(one) for one in values):
        raise typer.BadParameter("give a finite number.")
    return value

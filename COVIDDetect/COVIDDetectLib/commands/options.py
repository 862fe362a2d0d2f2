"""Checks of option values that several commands share."""

from __future__ import annotations

import math
from typing import Annotated, TypeVar

import typer

from .sentences import be_quiet


def _hush(wanted: bool) -> bool:
    if wanted:
        be_quiet(True)
    return wanted


Quiet = Annotated[bool, typer.Option("--quiet", callback=_hush, help="Print errors only.")]
"""An option that acts by itself: the command need not look at it."""

COMMAND_HELP = "A COMMAND in quotes reads the CT from {ct} and writes the mask to {mask}, both NIfTI files."
"""Of an option that takes a program which finds the lungs."""

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

"""What a reader says of a result: accepted, rejected, or accepted with a lung mask that was corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from .reading import Reading

Verdict = Literal["accepted", "rejected", "modified"]
"""As the profile AI Result Assessment of the IHE tells them apart."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Assessment:
    """A verdict and what belongs to it.

    Parameters
    ----------
    verdict
        On the whole result.
    reader
        Whose it is.
    marks
        What was said of regions, by rank: each one of ``reading.MARKS``.
    reading
        What was read before and after the result was opened; None if nothing was.
    """

    verdict: Verdict
    reader: str
    marks: Mapping[int, str] = field(default_factory=dict)
    reading: Reading | None = None

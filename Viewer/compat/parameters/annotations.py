"""What may stand in ``Annotated[type, …]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin


class Validator:
    """Refuses values that a parameter must not have."""

    def validate(self, value: Any) -> None:
        """Raise ValueError if the value is refused."""
        raise NotImplementedError


@dataclass(frozen=True)
class WithinRange(Validator):
    """From minimum to maximum, both included."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not between {self.minimum} and {self.maximum}")


@dataclass(frozen=True)
class Minimum(Validator):
    """At least."""

    minimum: float

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"{value} is less than {self.minimum}")


@dataclass(frozen=True)
class Maximum(Validator):
    """At most."""

    maximum: float

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"{value} is more than {self.maximum}")


class Choice(Validator):
    """One of these."""

    def __init__(self, choices: Any) -> None:
        self.choices = choices

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value} is none of {self.choices}")


@dataclass(frozen=True)
class Default:
    """The value of a parameter that was never set."""

    value: Any


@dataclass(frozen=True)
class Decimals:
    """Digits that a spin box shows."""

    value: int


@dataclass(frozen=True)
class SingleStep:
    """Step of a slider or spin box."""

    value: float


def split(annotated: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type and what is annotated to it."""
    if get_origin(annotated) is Annotated:
        kind, *rest = get_args(annotated)
        return kind, tuple(rest)
    return annotated, ()

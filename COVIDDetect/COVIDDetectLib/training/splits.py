"""Divides the cases into training, tuning and test set: whole patients, never slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..cohort.cases import Case
from ..errors import InputError

TUNING_SHARE = 0.15
"""Zheng et al. 2020: 15 % of the training volumes choose among the epochs."""


@dataclass(frozen=True)
class Split:
    """The parts of a cohort; no patient is in two of them.

    Parameters
    ----------
    training, tuning, test
        Cases that the network learns from, that choose the best epoch, and that it never sees.
    left_out
        Earlier CTs of patients who are in the test.
    """

    training: tuple[Case, ...]
    tuning: tuple[Case, ...]
    test: tuple[Case, ...] = ()
    left_out: tuple[Case, ...] = ()

    def parts(self) -> list[tuple[str, Case]]:
        """Every case with the name of its part, as ``split.csv`` tells."""
        named = {"training": self.training, "tuning": self.tuning, "test": self.test, "left out": self.left_out}
        return [(part, case) for part, cases in named.items() for case in cases]


def split_cases(
    cases: Sequence[Case], *, seed: int, test_after: date | None = None, test_share: float | None = None
) -> Split:
    """Divide a cohort.

    Parameters
    ----------
    seed
        Of the tuning share and the test share.
    test_after
        The paper's way: CTs taken after this day are the test.
    test_share
        Or: a share of the patients, drawn by chance within each label.

    Raises
    ------
    InputError
        If a date is missing, the share is none, or too few cases of a kind are left to learn from and to tune on.
    """
    if test_after is not None and test_share is not None:
        raise InputError("The test cases are chosen by date or by share; give one of the two.")
    rest, test = list(cases), list[Case]()
    if test_after is not None:
        undated = next((case for case in cases if case.date is None), None)
        if undated is not None:
            raise InputError(f"Case '{undated.name}' has no date; a split by date needs one for every case.")
        test = [case for case in cases if case.date is not None and case.date > test_after]
        if not test:
            raise InputError(f"No CT was taken after {test_after}; choose an earlier day.")
        rest = [case for case in cases if case not in test]
    elif test_share is not None:
        if not 0.0 < test_share < 1.0:
            raise InputError(
                f"{test_share} is not a valid share of patients for the test; give a number between 0 and 1."
            )
        rest, test = _draw(rest, test_share, np.random.default_rng([seed, 1]))
    tested = {case.patient for case in test}
    left_out = [case for case in rest if case.patient in tested]
    rest = [case for case in rest if case.patient not in tested]
    training, tuning = _draw(rest, TUNING_SHARE, np.random.default_rng([seed, 0]))
    for kind in sorted({case.label for case in cases}, key=str):
        for part, members in (("learn from", training), ("tune on", tuning)):
            if not any(case.label == kind for case in members):
                what = "cases" if kind is None else f"cases with label {kind}"
                raise InputError(f"There are too few {what} to {part}; at least two patients of each kind are needed.")
    return Split(tuple(training), tuple(tuning), tuple(test), tuple(left_out))


def _draw(cases: Sequence[Case], share: float, random: np.random.Generator) -> tuple[list[Case], list[Case]]:
    """Take a share of the patients of each label away; at least one where there are two. A patient counts as positive
    if one of his CTs is."""
    patients: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        patients[case.patient].append(case)
    kinds: dict[int, list[str]] = defaultdict(list)
    for patient, own in patients.items():
        kinds[max(-1 if case.label is None else case.label for case in own)].append(patient)
    drawn: set[str] = set()
    for kind in sorted(kinds):
        members = sorted(kinds[kind])
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        drawn |= {members[index] for index in random.permutation(len(members))[:count]}
    return [case for case in cases if case.patient not in drawn], [case for case in cases if case.patient in drawn]

"""Patients, never slices, are divided: by date or by share, the same for the same seed, with both labels everywhere."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.cohort.cases import Case
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.training.splits import TUNING_SHARE, Split, split_cases

FIRST = date(2019, 12, 13)


def cohort(count: int, seed: int = 0, patients: int | None = None) -> list[Case]:
    random = np.random.default_rng(seed)
    who = random.integers(0, patients, count) if patients else np.arange(count)
    sick = random.random(count) < 0.6
    return [
        Case(f"case{n}", Path(f"{n}"), int(sick[who[n]]), FIRST + timedelta(days=n), None, f"patient{who[n]}")
        for n in range(count)
    ]


def patients_of(cases: tuple[Case, ...]) -> set[str]:
    return {case.patient for case in cases}


def assert_nobody_is_in_two_parts(split: Split) -> None:
    parts = [patients_of(part) for part in (split.training, split.tuning, split.test)]
    assert sum(map(len, parts)) == len(set().union(*parts))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("way", ["share", "date"])
def test_no_patient_is_in_two_parts_and_no_case_is_lost(seed: int, way: str) -> None:
    cases = cohort(120, seed, patients=50)
    split = (
        split_cases(cases, seed=seed, test_share=0.2)
        if way == "share"
        else split_cases(cases, seed=seed, test_after=FIRST + timedelta(days=90))
    )
    assert_nobody_is_in_two_parts(split)
    everyone = (*split.training, *split.tuning, *split.test, *split.left_out)
    assert sorted(case.name for case in everyone) == sorted(case.name for case in cases)
    assert split.test and patients_of(split.left_out) <= patients_of(split.test)


def test_everything_after_the_day_is_the_test() -> None:
    day = FIRST + timedelta(days=60)
    split = split_cases(cohort(100), seed=0, test_after=day)
    assert min(case.date for case in split.test if case.date) == day + timedelta(days=1)
    assert max(case.date for case in (*split.training, *split.tuning) if case.date) == day
    assert not split.left_out


def test_tuning_is_15_percent_of_each_label_drawn_by_the_seed() -> None:
    cases = cohort(499)
    split = split_cases(cases, seed=0)
    assert TUNING_SHARE == 0.15
    for label in (0, 1):
        count = sum(case.label == label for case in cases)
        assert sum(case.label == label for case in split.tuning) == round(0.15 * count)
    assert split_cases(cases, seed=0) == split
    assert split_cases(list(reversed(cases)), seed=0).parts() != split.parts()  # only the order of the table
    assert patients_of(split_cases(list(reversed(cases)), seed=0).tuning) == patients_of(split.tuning)
    assert patients_of(split_cases(cases, seed=1).tuning) != patients_of(split.tuning)


def test_two_patients_of_each_kind_are_the_least() -> None:
    cases = [Case(str(n), Path(str(n)), n % 2, None, None, str(n)) for n in range(4)]
    split = split_cases(cases, seed=0)
    assert len(split.training) == len(split.tuning) == 2
    with pytest.raises(InputError, match="too few cases with label 1"):
        split_cases(cases[:3], seed=0)


def test_lungs_are_split_without_labels() -> None:
    cases = [Case(str(n), Path(str(n)), None, None, None, str(n)) for n in range(20)]
    split = split_cases(cases, seed=0, test_share=0.25)
    assert (len(split.training), len(split.tuning), len(split.test)) == (13, 2, 5)

"""What is promised for a hospital holds as often as it is said to; what cannot be promised is refused with a number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.evaluation.predictions import Predictions
from COVIDDetectLib.evaluation.site import CUTS, calibrate
from COVIDDetectLib.weights.cards import ModelCard
from COVIDDetectLib.weights.site import Site, read_site, write_site
from typer.testing import CliRunner

LEVELS = np.arange(0.0005, 1, 0.001)
"""Probabilities that a classifier may give, all equally often."""


def steep(level: np.ndarray) -> np.ndarray:
    """Share with COVID-19 at each level: a good classifier."""
    return 1 / (1 + np.exp(-12 * (level - 0.55)))


def at_the_edge(level: np.ndarray) -> np.ndarray:
    """Whatever is called unlikely has an NPV just below 0.97, whatever is called likely a PPV just below 0.9."""
    return np.where(level < 0.5, 0.0301, 0.8999)


def drawn(truth: np.ndarray, count: int, random: np.random.Generator) -> Predictions:
    levels = random.integers(0, len(LEVELS), count)
    labels = random.random(count) < truth[levels]
    return Predictions(tuple(map(str, range(count))), LEVELS[levels], labels)


def is_kept(site: Site, truth: np.ndarray) -> bool:
    """Whether the promises are true of all cases that there could be."""
    unlikely = site.unlikely is None or 1 - truth[LEVELS < site.unlikely.cut].mean() >= 0.97
    return unlikely and (site.likely is None or truth[LEVELS >= site.likely.cut].mean() >= 0.9)


def test_a_cohort_with_another_prevalence_is_told_and_one_like_those_of_the_calibration_hardly_ever(
    fresh_card: ModelCard,
) -> None:
    random, truth = np.random.default_rng(8), steep(LEVELS)
    site, _shortfalls = calibrate(drawn(truth, 2000, random), fresh_card)

    def zones(levels: np.ndarray) -> Counter[str]:
        return Counter(site.zone(level) for level in random.choice(levels, 100))

    assert sum(site.is_of_another_mix(zones(LEVELS)) for _ in range(200)) <= 8
    assert all(site.is_of_another_mix(zones(LEVELS[LEVELS > 0.4])) for _ in range(20))
    assert not site.is_of_another_mix({"likely": 20})  # too few to tell


@pytest.mark.parametrize(("kind", "count"), [(steep, 400), (steep, 2000), (at_the_edge, 700)])
def test_of_a_thousand_hospitals_at_most_a_tenth_are_promised_too_much(
    kind: Callable[[np.ndarray], np.ndarray], count: int, fresh_card: ModelCard
) -> None:
    random, truth = np.random.default_rng(6), kind(LEVELS)
    broken, helped = 0, 0
    for _ in range(1000):
        try:
            site, _shortfalls = calibrate(drawn(truth, count, random), fresh_card)
        except InputError:
            continue
        broken += not is_kept(site, truth)
        helped += site.unlikely is not None and site.likely is not None
    assert broken <= 100 + 3 * np.sqrt(1000 * 0.1 * 0.9)
    if kind is steep:
        assert helped > (700 if count == 2000 else 200)
    else:
        assert broken > 20  # here any promise is one too many: the test can fail


def cohort(negatives: int, positives: int) -> Predictions:
    """Told apart perfectly."""
    labels = np.arange(negatives + positives) >= negatives
    return Predictions(tuple(map(str, range(len(labels)))), np.where(labels, 0.985, 0.015), labels)


def test_too_few_cases_are_refused_with_the_number_that_is_missing(fresh_card: ModelCard) -> None:
    with pytest.raises(InputError, match=r"at least 41 more without COVID-19 .* at least 19 more with COVID-19"):
        calibrate(cohort(58, 10), fresh_card)
    for missing in (1, 0):
        site, shortfalls = calibrate(cohort(58 + 41 - missing, 10 + 19), fresh_card)
        assert (site.unlikely is None) == bool(missing) == (len(shortfalls) == 1)
        assert site.likely is not None


def test_probabilities_that_say_nothing_allow_no_promise(fresh_card: ModelCard) -> None:
    labels = np.arange(400) % 2 == 0
    with pytest.raises(InputError, match="An NPV of 0.97 cannot be promised"):
        calibrate(Predictions(tuple(map(str, range(400))), np.full(400, 0.5), labels), fresh_card)


def test_a_probability_is_called_by_its_zone_and_every_cut_point_can_be_printed(fresh_card: ModelCard) -> None:
    site, _ = calibrate(cohort(300, 300), fresh_card)
    assert site.unlikely and site.likely and site.unlikely.cut <= site.likely.cut
    assert [site.zone(one) for one in (0.0, 0.015, 0.985, 1.0)] == ["unlikely", "unlikely", "likely", "likely"]
    assert all(float(f"{cut:g}") == cut for cut in CUTS)


def test_a_site_file_belongs_to_its_weights(fresh_card: ModelCard, mine: ModelCard, tmp_path: Path) -> None:
    site, _ = calibrate(cohort(300, 300), fresh_card)
    write_site(site, tmp_path / "site.json")
    assert read_site(tmp_path / "site.json", fresh_card) == site
    with pytest.raises(InputError, match=r"belongs to other weights .* than Mine"):
        read_site(tmp_path / "site.json", mine)
    for content in ("{", "[]", '{"schema": "coviddetect-site-1"}'):
        (tmp_path / "site.json").write_text(content)
        with pytest.raises(InputError, match=r"site\.json is"):
            read_site(tmp_path / "site.json", fresh_card)


def test_the_command_tells_both_zones_and_writes_the_file(tmp_path: Path) -> None:
    rows = [f"{case},{0.9 if case % 2 else 0.1},{case % 2}" for case in range(300)]
    (tmp_path / "predictions.csv").write_text("\n".join(["case,probability,label", *rows]))
    result = CliRunner().invoke(app, ["calibrate", str(tmp_path / "predictions.csv")])
    assert result.exit_code == 0, result.output
    assert "Unlikely below 0.9: 150 cases, 0 of them with COVID-19; NPV 1.000 here, at least 0.97." in result.stdout
    assert "at a prevalence of 0.50 as in these 300 cases" in result.stdout
    assert (tmp_path / "site.json").is_file()
    refused = CliRunner().invoke(app, ["calibrate", str(tmp_path / "predictions.csv"), "--npv", "1.5"])
    assert refused.exit_code == 2 and "1.5 is not a valid NPV" in refused.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"unlikely": {"cut": float("nan")}},
        {"unlikely": {"cut": 0.9}, "likely": {"cut": 0.2}},
        {"likely": {"cut": 80}},
        {"likely": {"wrong": 10_000}},
        {"unlikely": {"target": 97}},
        {"positives": 0},
        {"confidence": "90 %"},
        {"unlikely": None, "likely": None},
    ],
)
def test_a_site_file_that_was_edited_by_hand_promises_nothing(
    change: dict[str, Any], fresh_card: ModelCard, tmp_path: Path
) -> None:
    file = tmp_path / "site.json"
    write_site(calibrate(cohort(300, 300), fresh_card)[0], file)
    content = json.loads(file.read_text())
    for name, value in change.items():
        content[name] = {**content[name], **value} if isinstance(value, dict) else value
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"site\.json is damaged"):
        read_site(file, fresh_card)

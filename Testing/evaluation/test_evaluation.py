"""The statistics are right, under their right names, with the right intervals; bad tables are refused."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.evaluation.figures import calibration, evaluate
from COVIDDetectLib.evaluation.files import write_together
from COVIDDetectLib.evaluation.metrics import (
    PAPER_THRESHOLDS,
    brier_score,
    named_operating_points,
    newcombe,
    operating_point,
    pr_auc,
    roc_auc,
    wilson,
)
from COVIDDetectLib.evaluation.page import write_evaluation
from COVIDDetectLib.evaluation.predictions import Predictions, read_predictions
from typer.testing import CliRunner, Result

# Zheng et al. 2020, table 2, columns under their right names: accuracy, sensitivity, specificity.
TABLE_2 = {
    0.1: (0.893, 0.933, 0.839),
    0.2: (0.908, 0.880, 0.946),
    0.3: (0.908, 0.867, 0.964),
    0.4: (0.901, 0.840, 0.982),
    0.5: (0.901, 0.840, 0.982),
    0.6: (0.878, 0.800, 0.982),
    0.7: (0.870, 0.787, 0.982),
    0.8: (0.855, 0.760, 0.982),
    0.9: (0.847, 0.733, 1.000),
}


def paper_cohort() -> Predictions:
    """75 positive and 56 negative cases whose counts at the nine thresholds are the paper's."""
    probabilities: list[float] = []
    labels: list[int] = []
    for label, size, column in ((1, 75, 1), (0, 56, 2)):
        called = [round(size * (row[column] if label else 1 - row[column])) for row in TABLE_2.values()]
        counts = [size, *called, 0]
        for tenth in range(10):
            inside = counts[tenth] - counts[tenth + 1]
            probabilities += [0.1 * tenth + 0.05] * inside
            labels += [label] * inside
    return Predictions(
        tuple(f"case{index}" for index in range(131)), np.array(probabilities), np.array(labels, dtype=bool)
    )


def predictions(probabilities: list[float], labels: list[int]) -> Predictions:
    return Predictions(tuple(map(str, range(len(labels)))), np.array(probabilities), np.array(labels, dtype=bool))


@pytest.mark.parametrize("threshold", PAPER_THRESHOLDS)
def test_table_2_of_the_paper_comes_out_under_its_right_names(threshold: float) -> None:
    point = operating_point(paper_cohort(), threshold)
    figures = (point.accuracy.value, point.sensitivity.value, point.specificity.value)
    assert figures == pytest.approx(TABLE_2[threshold], abs=6e-4)


def test_predictive_values_of_the_paper_cohort_are_not_its_sensitivity_and_specificity() -> None:
    point = operating_point(paper_cohort(), 0.5)
    assert point.ppv.value == pytest.approx(63 / 64)
    assert point.npv.value == pytest.approx(55 / 67)
    assert point.predictive_values(75 / 131) == pytest.approx((63 / 64, 55 / 67))
    ppv, npv = point.predictive_values(0.01)
    assert ppv == pytest.approx(0.84 * 0.01 / (0.84 * 0.01 + (1 / 56) * 0.99))
    assert npv > 0.998


def test_wilson_interval_of_a_published_example() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, Statistics in Medicine 1998, table I)."""
    estimate = wilson(81, 263)
    assert (estimate.low, estimate.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 10).low == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(wilson(0, 0).value)


def test_roc_auc_counts_ties_half_and_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    assert roc_auc(predictions([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0])).value == 0.5
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 200)
    probabilities = np.round(np.clip(0.3 * labels + random.random(200) * 0.7, 0, 1), 1)
    estimate = roc_auc(predictions(list(probabilities), list(labels)))
    assert estimate.value == pytest.approx(roc_auc_score(labels, probabilities))
    assert estimate.low < estimate.value < estimate.high


def test_delong_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Normal scores one standard deviation apart: the true AUC is Φ(1/√2)."""
    from scipy.stats import norm

    truth, random, covered = norm.cdf(1 / np.sqrt(2)), np.random.default_rng(1), 0
    for _ in range(300):
        scores = np.r_[random.normal(1, 1, 40), random.normal(0, 1, 40)]
        estimate = roc_auc(predictions(list(1 / (1 + np.exp(-scores))), [1] * 40 + [0] * 40))
        covered += estimate.low <= truth <= estimate.high
    assert 0.91 <= covered / 300 <= 0.98


def test_an_auc_of_one_still_has_an_interval_that_shrinks_with_the_number_of_cases() -> None:
    few, many = (
        predictions([0.9, 0.8, 0.1, 0.2], [1, 1, 0, 0]),
        predictions([0.9] * 50 + [0.1] * 50, [1] * 50 + [0] * 50),
    )
    assert roc_auc(few).value == roc_auc(many).value == 1.0
    assert 0.1 < roc_auc(few).low < 0.8 < 0.9 < roc_auc(many).low < 1.0
    assert roc_auc(predictions([0.1, 0.9, 0.8], [1, 0, 0])).high < 1.0


def test_newcombe_interval_covers_the_truth_as_often_as_it_says() -> None:
    from scipy.stats import norm

    truth, random, covered = norm.cdf(2 / np.sqrt(2)), np.random.default_rng(2), 0
    for _ in range(300):
        scores = np.r_[random.normal(2, 1, 15), random.normal(0, 1, 15)]
        area = roc_auc(predictions(list(1 / (1 + np.exp(-scores))), [1] * 15 + [0] * 15)).value
        covered += newcombe(area, 15, 15).low <= truth <= newcombe(area, 15, 15).high
    assert 0.91 <= covered / 300 <= 0.99


def test_pr_auc_interval_holds_the_value_and_repeats() -> None:
    cohort = paper_cohort()
    first, second = pr_auc(cohort, resamples=200), pr_auc(cohort, resamples=200)
    assert first == second
    assert first.low <= first.value <= first.high


def test_kinds_that_do_not_overlap_have_no_bootstrap_interval_and_the_page_says_so(tmp_path: Path) -> None:
    few = predictions([0.9, 0.8, 0.1, 0.2], [1, 1, 0, 0])
    assert pr_auc(few).value == 1.0 and np.isnan([pr_auc(few).low, pr_auc(few).high]).all()
    metrics = write_evaluation(few, tmp_path)
    assert metrics["pr_auc"] == {"value": 1.0, "low": None, "high": None}
    assert "1.000 <span class='interval'>–</span>" in (tmp_path / "evaluation.html").read_text()
    table = "case,probability,label\na,0.9,1\nb,0.8,1\nc,0.1,0\nd,0.2,0\n"
    (tmp_path / "p.csv").write_text(table)
    result = run_evaluate(tmp_path / "p.csv", "--output", tmp_path)
    assert result.exit_code == 0 and "PR AUC 1.000 (95 % interval –)" in result.stdout


def test_a_threshold_on_the_page_does_not_pass_the_case_that_it_comes_from(tmp_path: Path) -> None:
    write_evaluation(predictions([0.87656, 0.99999, 0.1, 0.00012346], [1, 1, 0, 0]), tmp_path)
    page = (tmp_path / "evaluation.html").read_text()
    assert "<td>0.8765</td>" in page and "<td>0.8766</td>" not in page


def test_named_operating_points_keep_their_promise() -> None:
    points = named_operating_points(paper_cohort())
    assert points["sensitivity at least 0.95"].sensitivity.value >= 0.95
    assert points["specificity at least 0.95"].specificity.value >= 0.95
    assert points["specificity at least 0.95"].sensitivity.value == pytest.approx(65 / 75)


def test_brier_score_is_zero_for_certainty_and_a_quarter_for_a_coin() -> None:
    assert brier_score(predictions([1.0, 0.0], [1, 0])).value == 0.0
    assert brier_score(predictions([0.5, 0.5], [1, 0])).value == 0.25


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("case,probability\na,0.5\n", "no column label"),
        ("case,probability,label\na,0.5,1\na,0.2,0\n", "more than once"),
        ("case,probability,label\na,nan,1\nb,0.2,0\n", "line 2: nan is not a probability"),
        ("case,probability,label\na,0.5,1\nb,1.2,0\n", "line 3: 1.2 is not a probability"),
        ("case,probability,label\na,high,1\n", "'high' is not a probability"),
        ("case,probability,label\na,0.5\n", "label is ''"),
        ("case,probability,label\na,0.5,yes\n", "label is 'yes'"),
        ("case,probability,label\n,0.5,1\n", "has no name"),
        ("case,probability,label\na,0.5,1\nb,0.2,1\n", "only one kind"),
        ("case,probability,label\n", "only one kind"),
        ("", "no column"),
        ("case,probability,label\na,0.5,1\n\nb,inf,0\n", "line 4: inf is not a probability"),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_predictions(tmp_path / "predictions.csv")


def test_cases_that_share_a_probability_across_labels_are_counted() -> None:
    assert evaluate(predictions([0.5, 0.5, 0.5, 0.9, 0.1], [1, 0, 0, 1, 0]))["tied_cases"] == 3


def test_calibration_of_true_probabilities_lies_on_the_diagonal() -> None:
    random = np.random.default_rng(3)
    true = random.random(5000)
    bins = calibration(predictions(list(true), list(random.random(5000) < true)))
    assert len(bins) == 10 and sum(one["cases"] for one in bins) == 5000
    inside = [one["share_positive"]["low"] <= one["mean_probability"] <= one["share_positive"]["high"] for one in bins]
    assert sum(inside) >= 8


def test_page_and_metrics_are_written_and_say_the_same(tmp_path: Path) -> None:
    metrics = write_evaluation(paper_cohort(), tmp_path / "out", prevalences=(0.03,))
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == metrics
    page = (tmp_path / "out" / "evaluation.html").read_text()
    assert f"{metrics['roc_auc']['value']:.3f}" in page
    assert "0.984" in page and "not a medical device" in page
    at_half = metrics["thresholds"][4]
    assert at_half["sensitivity"]["value"] == pytest.approx(0.84)
    assert at_half["npv"]["value"] == pytest.approx(55 / 67)
    sensitivity, specificity = 0.84, 55 / 56
    ppv = sensitivity * 0.03 / (sensitivity * 0.03 + (1 - specificity) * 0.97)
    assert at_half["predictive_values_at_prevalence"]["0.03"]["ppv"] == pytest.approx(ppv)


def run_evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_the_command_writes_both_files_and_prints_the_areas(tmp_path: Path) -> None:
    cohort = paper_cohort()
    columns = zip(cohort.cases, cohort.probabilities, cohort.labels.astype(int), strict=True)
    rows = [",".join(map(str, row)) for row in columns]
    (tmp_path / "p.csv").write_text("\n".join(["case,probability,label", *rows]))
    result = run_evaluate(tmp_path / "p.csv", "--output", tmp_path / "out", "--prevalence", "0.02")
    assert result.exit_code == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"metrics.json", "evaluation.html"}
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert f"ROC AUC {metrics['roc_auc']['value']:.3f}" in result.stdout
    assert list(metrics["thresholds"][0]["predictive_values_at_prevalence"]) == ["0.02"]


@pytest.mark.parametrize(
    ("content", "options"),
    [("case,probability,label\na,nan,1\n", ()), ("case,probability,label\na,1,1\nb,0,0\n", ("--prevalence", "2"))],
)
def test_the_command_refuses_in_one_sentence_and_writes_nothing(
    tmp_path: Path, content: str, options: tuple[str, ...]
) -> None:
    (tmp_path / "p.csv").write_text(content)
    result = run_evaluate(tmp_path / "p.csv", "--output", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("coviddetect: ") and result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_files_that_belong_together_appear_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "b.html").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_together(tmp_path, {"a.json": "{}", "b.html": "<p>", "c/d": "no such folder"})
    assert [file.name for file in tmp_path.iterdir()] == ["b.html"]


def test_points_chosen_by_one_sort_are_those_of_trying_every_threshold() -> None:
    random = np.random.default_rng(3)
    for count in (2, 5, 40, 300):
        labels = np.arange(count) % 2 == 0
        cohort = predictions((random.integers(0, 12, count) / 11).tolist(), labels.astype(int).tolist())
        points = [operating_point(cohort, one) for one in (*np.unique(cohort.probabilities), np.inf)]
        sensitive = [one for one in points if one.sensitivity.value >= 0.95]
        specific = [one for one in points if one.specificity.value >= 0.95]
        assert named_operating_points(cohort) == {
            "sensitivity at least 0.95": max(sensitive, key=lambda one: (one.specificity.value, one.threshold)),
            "specificity at least 0.95": max(specific, key=lambda one: (one.sensitivity.value, -one.threshold)),
            "best balanced": max(points, key=lambda one: one.sensitivity.value + one.specificity.value),
        }


def test_the_area_under_the_precision_recall_curve_is_scikit_learns() -> None:
    from sklearn.metrics import average_precision_score

    random = np.random.default_rng(4)
    labels = (random.random(500) < 0.2).astype(int)
    cohort = predictions((random.integers(0, 60, 500) / 59).tolist(), labels.tolist())
    assert pr_auc(cohort, resamples=2).value == pytest.approx(average_precision_score(labels, cohort.probabilities))


def test_a_hundred_thousand_cases_are_evaluated_in_seconds(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    labels = random.random(100_000) < 0.3
    probabilities = np.clip(random.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    table = tmp_path / "many.csv"
    cases = zip(probabilities.tolist(), labels.tolist(), strict=True)
    rows = [f"{case},{probability},{label:d}" for case, (probability, label) in enumerate(cases)]
    table.write_text("\n".join(["case,probability,label", *rows]))
    start = time.process_time()
    write_evaluation(read_predictions(table), tmp_path / "out")
    assert time.process_time() - start < 8.0  # 3 to 4 s here; every pair of cases would take hours
    assert (tmp_path / "out" / "evaluation.html").stat().st_size < 1_000_000

"""Sensitivity, specificity and related figures with 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .predictions import Predictions

PAPER_THRESHOLDS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 10))
"""Thresholds of Zheng et al. 2020, table 2."""

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % confidence interval; NaN where there is nothing to divide by, or no interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OperatingPoint:
    """What follows from calling every case positive whose probability is at least ``threshold``."""

    threshold: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def accuracy(self) -> Estimate:
        """Share of all cases that are classified correctly."""
        right = self.true_positives + self.true_negatives
        return wilson(right, right + self.false_positives + self.false_negatives)

    @property
    def sensitivity(self) -> Estimate:
        """Share of the cases with COVID-19 that are called positive."""
        return wilson(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> Estimate:
        """Share of the cases without COVID-19 that are called negative."""
        return wilson(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def ppv(self) -> Estimate:
        """Share of the positive calls that are right, at this cohort's prevalence."""
        return wilson(self.true_positives, self.true_positives + self.false_positives)

    @property
    def npv(self) -> Estimate:
        """Share of the negative calls that are right, at this cohort's prevalence."""
        return wilson(self.true_negatives, self.true_negatives + self.false_negatives)

    def predictive_values(self, prevalence: float) -> tuple[float, float]:
        """PPV and NPV where ``prevalence`` of the patients have COVID-19, by Bayes' theorem."""
        sensitivity, specificity = self.sensitivity.value, self.specificity.value
        called_positive = sensitivity * prevalence + (1 - specificity) * (1 - prevalence)
        called_negative = specificity * (1 - prevalence) + (1 - sensitivity) * prevalence
        ppv = sensitivity * prevalence / called_positive if called_positive else float("nan")
        npv = specificity * (1 - prevalence) / called_negative if called_negative else float("nan")
        return ppv, npv


def wilson(successes: int, trials: int) -> Estimate:
    """A proportion with Wilson's score interval (Wilson, JASA 1927)."""
    if trials == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    share = successes / trials
    denominator = 1 + _Z**2 / trials
    center = (share + _Z**2 / (2 * trials)) / denominator
    half = _Z * np.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2)) / denominator
    # Exactly 0 and 1 where the formula gives them but for rounding.
    low = 0.0 if successes == 0 else float(center - half)
    high = 1.0 if successes == trials else float(center + half)
    return Estimate(share, low, high)


def exact(successes: int, trials: int) -> Estimate:
    """A proportion with the exact interval of Clopper and Pearson (Biometrika 1934)."""
    from scipy.stats import binomtest

    if trials == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    interval = binomtest(successes, trials).proportion_ci(method="exact")
    return Estimate(successes / trials, float(interval.low), float(interval.high))


def operating_point(predictions: Predictions, threshold: float) -> OperatingPoint:
    """Count the four kinds of calls at a threshold."""
    called = predictions.probabilities >= threshold
    labels = predictions.labels
    return OperatingPoint(
        float(threshold),
        int((called & labels).sum()),
        int((called & ~labels).sum()),
        int((~called & ~labels).sum()),
        int((~called & labels).sum()),
    )


def named_operating_points(predictions: Predictions) -> dict[str, OperatingPoint]:
    """The most specific point with sensitivity ≥ 0.95, the most sensitive with specificity ≥ 0.95, and Youden's.

    Every probability that occurs is tried as a threshold, and one above all of them.
    """
    thresholds = np.append(np.unique(predictions.probabilities), np.inf)
    positive, negative = (
        np.sort(predictions.probabilities[kind]) for kind in (predictions.labels, ~predictions.labels)
    )
    sensitivity = (len(positive) - np.searchsorted(positive, thresholds)) / len(positive)
    specificity = np.searchsorted(negative, thresholds) / len(negative)
    # From threshold to threshold sensitivity never rises and specificity never falls.
    chosen = {
        "sensitivity at least 0.95": np.flatnonzero(sensitivity >= 0.95)[-1],
        "specificity at least 0.95": np.flatnonzero(specificity >= 0.95)[0],
        "best balanced": np.argmax(sensitivity + specificity),
    }
    return {name: operating_point(predictions, thresholds[index]) for name, index in chosen.items()}


def roc_auc(predictions: Predictions) -> Estimate:
    """Area under the ROC curve with DeLong's interval (DeLong et al., Biometrics 1988); ties count half.

    The interval is taken on the logit scale, so that it stays within 0…1. Where DeLong's variance says nothing (one
    case of a kind, or kinds that do not overlap) it is Newcombe's score interval, which has a width then too.
    """
    above, below = _placements(predictions)
    count_positive, count_negative = len(above), len(below)
    auc = float(above.mean())
    if min(count_positive, count_negative) < 2:
        return newcombe(auc, count_positive, count_negative)
    variance = above.var(ddof=1) / count_positive + below.var(ddof=1) / count_negative
    if not 0 < auc < 1 or variance == 0:
        return newcombe(auc, count_positive, count_negative)
    half = _Z * np.sqrt(variance) / (auc * (1 - auc))
    middle = np.log(auc / (1 - auc))
    return Estimate(auc, float(1 / (1 + np.exp(half - middle))), float(1 / (1 + np.exp(-half - middle))))


def auc_difference(first: Predictions, second: Predictions) -> Estimate:
    """How much larger the second area is on the same cases, with DeLong's interval for paired areas; NaN for no width.

    Parameters
    ----------
    first, second
        Of the same cases in the same order.
    """
    (above_1, below_1), (above_2, below_2) = _placements(first), _placements(second)
    above, below = above_2 - above_1, below_2 - below_1
    difference = float(above.mean())
    if min(len(above), len(below)) < 2:
        return Estimate(difference, float("nan"), float("nan"))
    half = _Z * float(np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))
    if half == 0:
        return Estimate(difference, float("nan"), float("nan"))
    return Estimate(difference, max(difference - half, -1.0), min(difference + half, 1.0))


def _placements(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """The share of negative cases below each positive one, and of positive cases above each negative one."""
    from scipy.stats import rankdata

    positive = predictions.probabilities[predictions.labels]
    negative = predictions.probabilities[~predictions.labels]
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[: len(positive)] - rankdata(positive)) / len(negative)
    below = 1 - (ranks[len(positive) :] - rankdata(negative)) / len(positive)
    return above, below


def newcombe(auc: float, positives: int, negatives: int) -> Estimate:
    """An area under the ROC curve with the score interval of Newcombe (Statistics in Medicine 2006), method 5.

    The limits are the areas that lie 1.96 of their own standard errors from ``auc``.
    """
    from scipy.optimize import brentq

    cases = (positives + negatives) / 2 - 1

    def excess(area: float) -> float:
        spread = 1 + cases * (1 - area) / (2 - area) + cases * area / (1 + area)
        return float((auc - area) ** 2 - _Z**2 * area * (1 - area) * spread / (positives * negatives))

    # At 0 and 1 the squared distance has a root at the area itself: the limit is the other one.
    low = brentq(excess, 0.0, min(auc, 1 - 1e-9)) if auc > 0 else 0.0
    high = brentq(excess, max(auc, 1e-9), 1.0) if auc < 1 else 1.0
    return Estimate(auc, float(low), float(high))


def pr_auc(predictions: Predictions, resamples: int = 1000, seed: int = 0) -> Estimate:
    """Area under the precision-recall curve (average precision) with a bootstrap interval, stratified by label.

    The probabilities are sorted once: a resample is how often each of them was drawn.
    """
    thresholds, ranks = np.unique(-predictions.probabilities, return_inverse=True)
    positive, negative = ranks[predictions.labels], ranks[~predictions.labels]

    def average_precision(positives: np.ndarray, negatives: np.ndarray) -> float:
        found = np.bincount(positive[positives], minlength=len(thresholds))
        true = np.cumsum(found)
        called = true + np.cumsum(np.bincount(negative[negatives], minlength=len(thresholds)))
        return float((found * (true / np.maximum(called, 1))).sum() / len(positives))

    return _bootstrap(predictions, average_precision, resamples, seed)


def brier_score(predictions: Predictions, resamples: int = 1000, seed: int = 0) -> Estimate:
    """Mean squared distance of the probability from what was true (Brier 1950), 0 is best; stratified bootstrap."""
    errors = (predictions.probabilities - predictions.labels) ** 2
    positive, negative = errors[predictions.labels], errors[~predictions.labels]

    def mean_error(positives: np.ndarray, negatives: np.ndarray) -> float:
        return float((positive[positives].sum() + negative[negatives].sum()) / len(errors))

    return _bootstrap(predictions, mean_error, resamples, seed)


def _bootstrap(
    predictions: Predictions, statistic: Callable[[np.ndarray, np.ndarray], float], resamples: int, seed: int
) -> Estimate:
    """A statistic and its percentile interval; both kinds of cases keep their numbers.

    Parameters
    ----------
    statistic
        Of which cases with COVID-19 were drawn and which without, each as numbers among its kind.
    """
    random = np.random.default_rng(seed)
    counts = (predictions.positives, predictions.negatives)
    values = [statistic(*(random.integers(0, count, count) for count in counts)) for _ in range(resamples)]
    return percentile_interval(statistic(*(np.arange(count) for count in counts)), values)


def percentile_interval(value: float, drawn: Sequence[float] | np.ndarray) -> Estimate:
    """A value with the middle 95 % of what a bootstrap drew; NaN where that has no width.

    Cases that are all alike, or kinds that do not overlap, are drawn alike each time: that says nothing of others.
    """
    low, high = np.quantile(drawn, [0.025, 0.975])
    if np.isclose(low, high, rtol=0, atol=1e-9):
        return Estimate(value, float("nan"), float("nan"))
    return Estimate(value, float(low), float(high))

"""Rounds a probability for display."""

from __future__ import annotations


def probability_text(probability: float, decision_threshold: float) -> str:
    """Two decimals, and no 1.00; more where rounding would put the number on the other side of the threshold."""
    if probability > 0.995:
        return "> 0.99"
    if probability < 0.005:
        return "< 0.01"
    return rounded(probability, decision_threshold, 2)


def rounded(probability: float, decision_threshold: float, decimals: int) -> str:
    """With as many decimals as keep the number on its side of the threshold, and at least ``decimals``."""
    while (round(probability, decimals) >= decision_threshold) != (probability >= decision_threshold):
        decimals += 1
    return f"{probability:.{decimals}f}"

"""Rounds a probability for display."""

from __future__ import annotations


def probability_text(probability: float, decision_threshold: float, decimals: int = 2) -> str:
    """So many decimals, and no 1.00; more where rounding would put the number on the other side of the threshold."""
    last = 10**-decimals
    if probability > 1 - last / 2:
        return f"> {1 - last:.{decimals}f}"
    if probability < last / 2:
        return f"< {last:.{decimals}f}"
    return rounded(probability, decision_threshold, decimals)


def rounded(probability: float, decision_threshold: float, decimals: int) -> str:
    """With as many decimals as keep the number on its side of the threshold, and at least ``decimals``."""
    while (round(probability, decimals) >= decision_threshold) != (probability >= decision_threshold):
        decimals += 1
    return f"{probability:.{decimals}f}"

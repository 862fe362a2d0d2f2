"""A probability as people read it."""

from __future__ import annotations


def probability_text(probability: float, decision_threshold: float) -> str:
    """Two decimals; a third where rounding would put the number on the other side of the threshold, and no 1.00."""
    if probability > 0.995:
        return "> 0.99"
    if probability < 0.005:
        return "< 0.01"
    rounded = round(probability, 2)
    crosses = (rounded >= decision_threshold) != (probability >= decision_threshold)
    return f"{probability:.3f}" if crosses else f"{probability:.2f}"

"""The number that is read lies on the side of the threshold on which the probability lies."""

import pytest
from COVIDDetectLib.probability import probability_text, rounded


@pytest.mark.parametrize(
    ("probability", "threshold", "text"),
    [
        (0.496, 0.5, "0.496"),
        (0.4997, 0.5, "0.4997"),
        (0.49997, 0.5, "0.49997"),
        (0.5, 0.5, "0.50"),
        (0.12344, 0.1234, "0.1234"),
    ],
)
def test_as_many_decimals_as_the_verdict_needs(probability: float, threshold: float, text: str) -> None:
    assert probability_text(probability, threshold) == text


def test_fewer_decimals_are_never_nought_or_one() -> None:
    texts = [probability_text(probability, 0.5, 1) for probability in (0.04, 0.06, 0.449, 0.496, 0.94, 0.96)]
    assert texts == ["< 0.1", "0.1", "0.4", "0.496", "0.9", "> 0.9"]


def test_the_command_line_shows_three_decimals_and_more_where_these_would_reach_the_threshold() -> None:
    assert rounded(0.87, 0.5, 3) == "0.870"
    assert rounded(0.4997, 0.5, 3) == "0.4997"


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.123456789, 0.005, 0.995])
@pytest.mark.parametrize("difference", [-1e-3, -1e-6, -1e-12, -1e-16, 0.0, 1e-16, 1e-9, 1e-4])
def test_the_text_and_the_probability_are_on_one_side(threshold: float, difference: float) -> None:
    probability = threshold + difference
    text = probability_text(probability, threshold)
    if text not in ("> 0.99", "< 0.01"):
        assert (float(text) >= threshold) == (probability >= threshold)

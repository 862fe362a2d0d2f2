"""The paragraph for an article: what computed the result, and every article that it cites, once and in order."""

from __future__ import annotations

import re
from typing import Any

import pytest
from COVIDDetectLib.analysis.attribution import METHODS
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.phantom.ideal import ideal_analysis
from COVIDDetectLib.report.method import method_text
from COVIDDetectLib.report.reported import Reported
from COVIDDetectLib.weights.cards import default_card


@pytest.fixture(scope="module")
def record(small_phantom: Phantom) -> dict[str, Any]:
    return ideal_analysis(small_phantom).to_record()


def test_weights_version_mask_and_threshold_are_those_of_the_result(record: dict[str, Any]) -> None:
    card = default_card("decovnet")
    text = method_text(Reported(record, card=card), METHODS["hires-cam"])
    assert f"COVIDDetect {record['software']['coviddetect']}" in text
    assert f"weights {card.id}, version {card.version}, SHA-256 {card.sha256}" in text
    assert "The lung mask was given" in text and card.intended_use in text
    assert f"threshold was {record['decision_threshold']:.2f}, that of the weights" in text
    assert "threshold was 0.90, set by the user" in method_text(Reported(record, threshold=0.9), METHODS["hires-cam"])
    for article in ("Zheng C, Deng X, Fu Q", "10.1109/TMI.2020.2995965", "10.48550/arXiv.2011.08891"):
        assert article in text


@pytest.mark.parametrize("method", METHODS)
def test_references_are_numbered_as_they_are_cited(record: dict[str, Any], method: str) -> None:
    unet = default_card("unet")
    entry = {"id": unet.id, "version": unet.version, "title": unet.title, "sha256": unet.sha256}
    told = {**record, "lungs": {**record["lungs"], "method": "unet", "weights": entry}}
    paragraph, references = method_text(Reported(told), METHODS[method]).split("\n\n")
    assert unet.sha256 in paragraph and "Ronneberger" in references
    cited = [int(number) for some in re.findall(r"\[([\d, ]+)\]", paragraph) for number in some.split(", ")]
    listed = [int(line.split(".")[0]) for line in references.splitlines()]
    assert cited == listed == list(range(1, len(listed) + 1))

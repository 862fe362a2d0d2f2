"""Promises for a hospital that lie beside a model card are used with its weights, and with no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.phantom.ideal import ideal_analysis
from COVIDDetectLib.report.reported import Reported
from COVIDDetectLib.report.text import report_text
from COVIDDetectLib.weights import store
from COVIDDetectLib.weights.cards import ModelCard
from COVIDDetectLib.weights.site import SITE, Promise, Site, site_beside, write_site


@pytest.fixture
def card(fresh_card: ModelCard, tmp_path: Path) -> ModelCard:
    """One that lies in a folder of its own."""
    return replace(fresh_card, path=tmp_path / fresh_card.path.name)


def made_for(card: ModelCard) -> Site:
    unlikely, likely = Promise(0.1, 0.97, 150, 1), Promise(0.8, 0.9, 40, 1)
    return Site(unlikely, likely, 0.9, 60, 240, card.title, card.sha256)


def test_a_site_is_found_beside_its_own_weights_only(card: ModelCard) -> None:
    assert site_beside(card) is None
    write_site(made_for(card), card.path.parent / SITE)
    assert site_beside(card) == made_for(card)
    assert site_beside(replace(card, sha256="0" * 64)) is None
    (card.path.parent / SITE).write_text("{")
    assert site_beside(card) is None


@pytest.mark.usefixtures("empty_store")
def test_a_site_goes_with_weights_that_are_added(mine: ModelCard) -> None:
    write_site(made_for(mine), mine.path.parent / SITE)
    assert site_beside(store.add(mine.path)) == made_for(mine)


@pytest.mark.parametrize(
    ("change", "english", "german"),
    [
        ({"probability": 0.05}, "unlikely. At least 97 %", "unwahrscheinlich. Mindestens 97 %"),
        ({"probability": 0.5}, "open. Nothing is promised", "offen. Für eine solche Wahrscheinlichkeit"),
        ({"probability": 0.95}, "likely. At least 90 %", "wahrscheinlich. Mindestens 90 %"),
        ({"probability": 0.95, "domain": {"is_inside": False, "sentence": "?"}}, "a CT unlike", "das denen des"),
    ],
)
def test_the_report_says_what_is_promised(
    change: dict[str, Any], english: str, german: str, small_phantom: Phantom, card: ModelCard
) -> None:
    write_site(made_for(card), card.path.parent / SITE)
    record = {**ideal_analysis(small_phantom).to_record(), **change}
    assert english in report_text(Reported(record, card=card))
    assert german in report_text(Reported(record, "de", card=card))
    assert "hospital" not in report_text(Reported(record, card=card, stale="The lung mask was edited after scoring."))

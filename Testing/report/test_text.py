"""The text to paste: in the order of a radiology report, with every doubt before the number, in two languages."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.analysis.attention import place_attention
from COVIDDetectLib.analysis.follow_up import Dated, FollowUp, follow_up
from COVIDDetectLib.analysis.map_checks import MEANINGS, Check, MapChecks
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.lungs.mask_checks import PartsOutside, _outside_finding, check_lung_mask
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.phantom.ideal import analysis_of, ideal_analysis
from COVIDDetectLib.report.distribution import distribution
from COVIDDetectLib.report.german_notes import in_german
from COVIDDetectLib.report.page import page_of
from COVIDDetectLib.report.reported import Reported
from COVIDDetectLib.report.text import report_text
from COVIDDetectLib.weights.cards import default_card
from COVIDDetectLib.weights.domain import _PROPERTIES
from typer.testing import CliRunner, Result

from Testing.lungs.drawn_lobes import lobes_in

FOREIGN = "This is unlike the chest CTs that the weights were trained on{}; do not rely on the probability."


@pytest.fixture(scope="module")
def record(small_phantom: Phantom) -> dict[str, Any]:
    return ideal_analysis(small_phantom).to_record()


def since(earlier: dict[str, Any], record: dict[str, Any] | None = None) -> FollowUp:
    """What has changed since the result of an earlier CT."""
    other = {**earlier, "input": {"name": "", "sha256": "0" * 64}}
    return follow_up(Dated(other, day=date(2024, 1, 31)), Dated(record or earlier, day=date(2024, 2, 23)))


def test_sections_stand_in_the_order_of_a_radiology_report(record: dict[str, Any]) -> None:
    lines = report_text(Reported(record, follow_up=since(record))).splitlines()
    titles = [line.split(" (")[0] for line in lines if line.split(" (")[0].isupper()]
    assert titles == ["TECHNIQUE", "LUNGS", "OPACITY", "DISTRIBUTION", "ASSESSMENT", "COMPARISON"]


def test_numbers_are_those_of_the_record(record: dict[str, Any]) -> None:
    text = report_text(Reported(record))
    right = record["opacity"][0]
    assert f"Right lung: {right['volume_ml'] / 1000:.2f} L, mean density {right['mean_hu']:.0f} HU." in text
    assert f"(-750 to -300 HU) {right['ground_glass_percent']:.1f} % ({right['ground_glass_ml']:.0f} mL)" in text
    assert f"by the network: {record['probability']:.2f}, at or above the decision threshold of 0.50." in text
    assert record["weights"]["sha256"] in text
    assert "have not been measured on patients" in text


def test_a_stale_or_doubtful_result_says_so_before_any_number(record: dict[str, Any]) -> None:
    foreign = FOREIGN.format(": the lungs are too small")
    doubtful = {
        **record,
        "notes": ["The GPU had too little memory; computed on the CPU.", foreign],
        "domain": {"distance": 2.0, "limit": 1.0, "is_inside": False, "sentence": foreign},
    }
    text = report_text(Reported(doubtful, stale="The lung mask was edited after scoring."))
    places = [text.index(part) for part in ("OUT OF DATE: The lung mask was edited", foreign, "The GPU", "TECHNIQUE")]
    assert places == sorted(places)
    assert text.count("do not rely on") == 1
    assert "Out of date; score again before use. Not to be relied on, see above." in text


def test_the_threshold_of_the_user_is_told_with_that_of_the_weights(record: dict[str, Any]) -> None:
    text = report_text(Reported(record, threshold=0.99))
    assert "below the decision threshold of 0.99" in text
    assert "set by the user; that of the weights is 0.50" in text


def test_measured_weights_say_what_was_measured_at_the_nearest_threshold(record: dict[str, Any]) -> None:
    points = [{"threshold": t, "sensitivity": 0.9, "specificity": s} for t, s in ((0.2, 0.6), (0.5, 0.8))]
    card = replace(default_card("decovnet"), operating_characteristics={"cohort": "Ward 3", "by_threshold": points})
    text = report_text(Reported(record, card=card))
    assert "Measured at a threshold of 0.50: sensitivity 0.90, specificity 0.80 (Ward 3)." in text


def test_width_and_reasons_stand_with_the_number(record: dict[str, Any]) -> None:
    terms = [
        {"logit": 0.6, "position_lps_mm": [1.0, 2.0, 3.0], "where": "left upper"},
        {"logit": 0.04, "position_lps_mm": [1.0, 52.0, 3.0], "where": "left upper"},
        {"logit": -0.4, "position_lps_mm": None, "where": "no single place"},
    ]
    told = {
        **record,
        "width": {"low": 0.36, "high": 0.55, "readings": [{"name": "as it is", "probability": 0.5}]},
        "evidence": {"margin": -0.76, "starting_point": -1.0, "terms": terms},
    }
    text = report_text(Reported(told))
    assert "moves it between 0.36 and 0.55; this is no confidence interval. The threshold lies between them" in text
    assert (
        "for COVID-19 left upper third +0.64; against fewer signs of disease -0.40; all else +0.00; starting point"
        in text
    )
    assert "für COVID-19 links oberes Drittel +0,64; dagegen weniger Zeichen von Krankheit -0,40" in report_text(
        Reported(told, "de")
    )
    assert "The threshold lies between them" not in report_text(Reported(told, threshold=0.7))


def test_places_of_a_map_that_failed_a_check_come_with_a_warning(record: dict[str, Any]) -> None:
    failed = MapChecks(True, Check(0.9, 0.5, True), Check(0.8, 0.3, False))
    told = {**record, "map_checks": asdict(failed)}
    lines = report_text(Reported(told)).splitlines()
    heading = next(number for number, line in enumerate(lines) if line.startswith("DISTRIBUTION"))
    assert lines[heading + 1] == "Do not read places from this map: it looks the same with weights that know nothing."
    assert "Aus dieser Heatmap keine Orte ablesen" in report_text(Reported(told, "de"))
    passed = {**record, "map_checks": asdict(replace(failed, knows_weights=None))}
    assert report_text(Reported(passed)) == report_text(Reported(record))
    assert all(in_german(sentence) != sentence for sentence in MEANINGS.values())


def test_german_has_decimal_commas_and_no_english_line(record: dict[str, Any]) -> None:
    reported = Reported(record, "de", stale="The lung mask was edited after scoring.", follow_up=since(record))
    text = report_text(reported)
    assert f"{record['opacity'][0]['volume_ml'] / 1000:.2f} L".replace(".", ",") in text
    assert "VERALTET: Die Lungenmaske wurde nach der Bewertung bearbeitet." in text
    english = report_text(replace(reported, language="en")).splitlines()
    assert set(text.splitlines()) & set(english) <= {""}


def test_each_lobe_has_its_line_and_row_where_the_mask_tells_them_apart(small_phantom: Phantom) -> None:
    lungs = LungMask(small_phantom.lung_mask, small_phantom.ct.geometry, lobes_in(small_phantom.lung_mask))
    attention = place_attention(np.ones((10, 8, 8), dtype=np.float32), small_phantom.ct.geometry)
    record = analysis_of(small_phantom.ct, lungs, attention, 1.0).to_record()
    middle = record["lobes"][1]
    english, german = (report_text(Reported(record, language)) for language in ("en", "de"))
    share, volume = f"{middle['ground_glass_percent']:.1f}", f"{middle['volume_ml'] / 1000:.2f}"
    assert f"Right middle lobe ({volume} L): ground-glass density {share} % (" in english
    assert f"Mittellappen ({volume.replace('.', ',')} L): Milchglas-Dichte {share.replace('.', ',')} % (" in german
    rows = page_of(Reported(record, "en")).measures
    both = middle["ground_glass_percent"] + middle["consolidation_percent"]
    (row,) = [row for row in rows if row[0].startswith("Middle lobe")]
    assert row[1].startswith(f"{both:.1f} % (") and row[2] == "-"


def test_every_system_can_take_the_characters(record: dict[str, Any]) -> None:
    report_text(Reported(record, "de", identity="胸部 Müller − 3")).encode("latin-1")


def test_a_text_names_nobody_unless_told(record: dict[str, Any]) -> None:
    named = {**record, "input": {**record["input"], "name": "Doe John"}}
    assert "Doe" not in report_text(Reported(named))
    assert f"CT {record['input']['sha256'][:12]}." in report_text(Reported(named))
    assert "CT Study 7." in report_text(Reported(named, identity="Study 7"))


def test_a_comparison_says_what_changed_and_what_cannot_be_compared(record: dict[str, Any]) -> None:
    weights = {**record["weights"], "sha256": "0" * 64}
    then = since({**record, "probability": 0.31, "weights": weights}, record)
    text = report_text(Reported(record, follow_up=then))
    assert f"Probability of COVID-19: 0.31 -> {record['probability']:.2f}." in text
    assert "the two probabilities cannot be compared" in text


def test_a_comparison_has_a_line_for_each_lung(record: dict[str, Any]) -> None:
    (right, left) = record["opacity"]
    less = {**right, "consolidation_ml": right["consolidation_ml"] - 20.0}
    lines = report_text(Reported(record, follow_up=since({**record, "opacity": [less, left]}, record))).splitlines()
    assert any("(CTs 23 days apart)" in line for line in lines)
    (line,) = [line for line in lines if line.startswith("Right lung: volume")]
    assert ", +20 mL; evidence" in line
    assert any(line.startswith("Left lung: volume") and ", +0 mL" in line for line in lines)


def test_small_regions_make_nothing_bilateral_or_multifocal() -> None:
    def region(side: str, ml: float, third: str = "lower", mm: float = 5.0) -> dict[str, Any]:
        return {"side": side, "volume_ml": ml, "third": third, "distance_to_pleura_mm": mm}

    one = distribution([region("right", 100), region("left", 2, "upper", 40)])
    assert (one.is_multifocal, one.sides, one.third, one.is_near_surface) == (False, ("right",), "lower", True)
    two = distribution([region("right", 50, "upper", 40), region("left", 50)])
    assert (two.is_multifocal, two.sides, two.third, two.is_near_surface) == (True, ("right", "left"), None, False)


def test_a_small_region_on_the_other_side_is_not_denied(record: dict[str, Any]) -> None:
    (large, *_others) = record["regions"]
    other = {**large, "side": {"right": "left", "left": "right"}[large["side"]], "volume_ml": 0.2}
    assert f"One region, {large['side']} lung only" in report_text(Reported({**record, "regions": [large]}))
    assert f"mostly in the {large['side']} lung" in report_text(Reported({**record, "regions": [large, other]}))


def test_no_regions_and_no_lungs_are_said(record: dict[str, Any]) -> None:
    text = report_text(Reported({**record, "regions": [], "opacity": []}))
    assert "No region of the lungs stands out" in text
    assert "The lungs were not measured." in text


def test_every_reason_for_a_foreign_ct_has_its_german() -> None:
    reasons = {words for one in _PROPERTIES.values() for words in (one.low, one.high) if words}
    for reason in reasons:
        assert reason not in in_german(FOREIGN.format(f": {reason}"))
    assert "nur 76 mm" in in_german(FOREIGN.format(": only 76 mm of lung are seen from top to bottom"))
    assert in_german(FOREIGN.format("")).startswith("Dieses CT")


def test_doubts_about_a_mask_have_their_german() -> None:
    for count in (1, 3):
        finding = _outside_finding(PartsOutside(count, 12.0, np.zeros((1, 1, 1), dtype=bool)))
        assert finding is not None and "außerhalb des Körpers (12 mL)" in in_german(finding.sentence)
    phantom = thorax(seed=1, shape=(28, 96, 96), spacing=(3.6, 3.6, 10.0))
    elsewhere = LungMask.from_labels(np.roll(phantom.lung_mask, 3, axis=2), phantom.ct.geometry)
    (finding,) = check_lung_mask(phantom.ct, elsewhere)
    assert finding.code == "mask-misplaced" and in_german(finding.sentence).startswith("Die Lungenmaske folgt")


def test_a_sentence_that_has_no_german_stays_whole() -> None:
    for sentence in ("A sentence of a later version.", FOREIGN.format(": a new reason")):
        assert in_german(sentence) == sentence


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_prints_the_text_or_writes_it(record: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "analysis.json").write_text(json.dumps(record), encoding="utf-8")
    printed = run("report", tmp_path, "--format", "text", "--language", "de")
    assert printed.exit_code == 0, printed.output
    assert printed.stdout == report_text(Reported(record, "de", card=default_card("decovnet")))
    written = run("report", tmp_path, "--language", "de", "--output", tmp_path / "report.txt")
    assert written.exit_code == 0 and (tmp_path / "report.txt").read_text("utf-8") == printed.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "damaged"), ("[]", "not of the schema"), ('{"schema": "coviddetect-analysis-1"}', "lacks")],
)
def test_a_folder_without_a_sound_record_is_refused_in_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "analysis.json").write_text(content)
    refused = run("report", tmp_path)
    assert refused.exit_code == 2 and said in refused.stderr and "Traceback" not in refused.stderr
    assert "has no analysis.json" in run("report", tmp_path / "other").stderr

"""What was measured of weights: predictive values at the cohort's prevalence, and its thresholds a click away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.steps import analyze, load_phantom

MEASURED = {
    "cohort": "131 CTs of one hospital",
    "positives": 75,
    "negatives": 56,
    "by_threshold": [
        {"threshold": threshold, "sensitivity": sensitivity, "specificity": specificity}
        for threshold, sensitivity, specificity in ((0.2, 0.88, 0.946), (0.437, 0.84, 0.982), (0.9, 0.733, 1.0))
    ],
}


def install(name: str, measured: dict[str, Any], changed_byte: int) -> None:
    """Weights like the bundled ones, but measured, in the user's folder."""
    from COVIDDetectLib.weights.cards import default_card
    from COVIDDetectLib.weights.store import user_folder

    bundled = default_card("decovnet")
    content = bytearray(bundled.weights_path.read_bytes())
    content[-changed_byte] ^= 1
    folder = user_folder() / name
    folder.mkdir(parents=True)
    (folder / "own.safetensors").write_bytes(content)
    entries = json.loads(bundled.path.read_text()) | {
        "id": name,
        "title": name,
        "weights_file": "own.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "operating_characteristics": measured,
    }
    entries = {key: value for key, value in entries.items() if not key.startswith("domain")}
    (folder / f"{name}.json").write_text(json.dumps(entries))


@pytest.fixture
def weights(panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The combo box with the bundled weights and two measured ones."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    install("measured", MEASURED, 4)
    install("rare", MEASURED | {"positives": 5, "negatives": 95}, 8)
    panel.panel.settings._on_weights("")
    combo = panel.ui.weightsComboBox
    yield combo
    monkeypatch.undo()
    combo.currentIndex = 0
    panel.panel.settings._on_weights("")


def test_the_prevalence_is_the_cohort_s_until_she_sets_one(panel: Any, weights: Any) -> None:
    load_phantom()
    weights.currentIndex = weights.findData("measured")
    analyze(panel)
    assert panel.ui.prevalenceWidget.visible
    assert panel.ui.prevalenceSpinBox.value == pytest.approx(57.3)
    assert "PPV 0.98, NPV 0.82." in panel.ui.meaningLabel.text  # those of the cohort itself: 63 of 64, 55 of 67
    weights.currentIndex = weights.findData("rare")
    analyze(panel)
    assert panel.ui.prevalenceSpinBox.value == pytest.approx(5.0)
    panel.ui.prevalenceSpinBox.value = 12.0
    assert "At this prevalence" in panel.ui.meaningLabel.text
    weights.currentIndex = weights.findData("measured")
    analyze(panel)
    assert panel.ui.prevalenceSpinBox.value == pytest.approx(12.0)


def test_measured_thresholds_are_a_click_away(panel: Any, weights: Any) -> None:
    load_phantom()
    weights.currentIndex = weights.findData("measured")
    analyze(panel)
    menu = panel.panel.result.thresholds_menu
    menu.update()
    actions = menu.menu.actions()
    assert [action.text for action in actions] == [
        "0.2: sensitivity 0.88, specificity 0.95",
        "0.437: sensitivity 0.84, specificity 0.98",
        "0.9: sensitivity 0.73, specificity 1.00",
    ]
    assert [action.checked for action in actions] == [False, True, False]
    actions[2].trigger()
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.9)
    assert "At a threshold of 0.9: sensitivity 0.73" in panel.ui.meaningLabel.text
    menu.update()
    menu.menu.actions()[1].trigger()
    assert panel.ui.decisionThresholdSlider.value == pytest.approx(0.437, abs=0.004)  # CTK keeps what it does not show
    assert "At a threshold of 0.437: sensitivity 0.84" in panel.ui.meaningLabel.text


def test_nothing_of_it_is_shown_for_weights_without_measurements(panel: Any, weights: Any) -> None:
    load_phantom()
    weights.currentIndex = weights.findData("decovnet-demonstration")
    analyze(panel)
    assert not panel.ui.prevalenceWidget.visible
    assert not panel.ui.thresholdsButton.visible


def test_the_row_fits_into_the_narrowest_panel(panel: Any, weights: Any) -> None:
    load_phantom()
    weights.currentIndex = weights.findData("measured")
    analyze(panel)
    assert panel.ui.prevalenceWidget.layout().minimumSize().width() < 300

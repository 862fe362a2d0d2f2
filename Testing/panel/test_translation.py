"""The panel in German: what is extracted from the sources is what the running panel looks up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.instant_client import InstantClient
from Testing.panel.steps import analyze, load_phantom

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "COVIDDetect" / "Resources" / "Translations" / "COVIDDetect_de-DE.ts"
LRELEASE = ROOT / ".venv" / "bin" / "pyside6-lrelease"
PANEL_WIDTH = 360
SCROLL_BAR_WIDTH = 14
WIDEST = 16777215
"""QWIDGETSIZE_MAX."""


@pytest.fixture
def german(panel: object, tmp_path: Path) -> Iterator[Any]:
    """The panel, loaded anew while German is the application's language."""
    import qt
    import slicer

    compiled = tmp_path / "COVIDDetect_de-DE.qm"
    # Slicer's own libraries are not for the Qt tool of .venv.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "PYTHON"))}
    subprocess.run([LRELEASE, GERMAN, "-qm", compiled], check=True, capture_output=True, env=environment, timeout=60)
    translator = qt.QTranslator()
    assert translator.load(str(compiled))
    slicer.app.installTranslator(translator)
    slicer.util.reloadScriptedModule("COVIDDetect")
    slicer.app.processEvents()
    slicer.modules.COVIDDetectWidget.logic.useClient(InstantClient())
    yield slicer.modules.COVIDDetectWidget
    slicer.app.removeTranslator(translator)
    slicer.util.reloadScriptedModule("COVIDDetect")
    slicer.app.processEvents()
    assert slicer.modules.COVIDDetectWidget.ui.editMaskButton.text == "Edit mask"


def test_widgets_and_sentences_are_german(german: Any) -> None:
    ui = german.ui
    assert ui.analyzeButton.text == "Analysieren"
    assert ui.displayCollapsibleButton.text == "Darstellung"
    assert "Bitte zuerst ein Thorax-CT auswählen." in ui.analyzeButton.toolTip  # Slicer wraps it in <p>
    load_phantom()
    result = analyze(german)
    assert ui.verdictLabel.text.startswith("COVID-19-Wahrscheinlichkeit über der Schwelle.")
    assert "Rechts " in ui.lungsLabel.text and "Opazitäten" in ui.lungsLabel.text
    assert "Drittel" in ui.regionsTable.item(0, 1).text()
    result.lung_mask_node.GetSegmentation().RemoveSegment(result.lung_mask_node.GetSegmentation().GetNthSegmentID(0))
    assert ui.staleLabel.text == "Die Lungenmaske wurde nach der Bewertung bearbeitet."
    assert result.stale == "The lung mask was edited after scoring."


def test_nothing_is_cut_off_in_german(german: Any) -> None:
    import slicer

    ui = german.ui
    load_phantom()
    result = analyze(german)
    result.mark_stale("The lung mask was edited after scoring.")
    german.panel.update()
    sections = [widget for name, widget in vars(ui).items() if name.endswith("CollapsibleButton")]
    were = [section.collapsed for section in sections]
    for section in sections:
        section.collapsed = False
    ui.readingWidget.visible = True
    slicer.app.processEvents()
    try:
        # Next to the panel is the scroll bar; texts that do not wrap need all of their layout's least width.
        assert ui.COVIDDetect.layout().minimumSize().width() <= PANEL_WIDTH - SCROLL_BAR_WIDTH
        ui.COVIDDetect.setFixedWidth(PANEL_WIDTH - SCROLL_BAR_WIDTH)
        slicer.app.processEvents()
        for table in (ui.regionsTable, ui.opacityTable):
            narrow = [column for column in range(table.columnCount) if is_cut_off(table, column)]
            assert narrow == [], table.objectName
    finally:
        ui.readingWidget.visible = False
        ui.COVIDDetect.setMinimumWidth(0)
        ui.COVIDDetect.setMaximumWidth(WIDEST)
        for section, was in zip(sections, were, strict=True):
            section.collapsed = was
        slicer.app.processEvents()


def is_cut_off(table: Any, column: int) -> bool:
    """Whether a column is narrower than its cells."""
    return bool(table.columnWidth(column) < table.sizeHintForColumn(column))

"""What the user sees before anything is computed."""

from __future__ import annotations

from typing import Any

from Testing.panel.steps import load_phantom


def test_without_a_ct_the_panel_says_what_to_do_and_offers_one(panel: Any) -> None:
    ui = panel.ui
    assert ui.hintWidget.visible
    assert "Load a chest CT" in ui.hintLabel.text
    assert not ui.analyzeButton.enabled
    assert "Select a chest CT first." in ui.analyzeButton.toolTip
    assert not ui.resultWidget.visible


def test_the_sample_is_selected_and_shown(panel: Any) -> None:
    import slicer

    panel.ui.sampleDataButton.click()
    ct = panel.ui.ctSelector.currentNode()
    assert "Synthetic" in ct.GetName()
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == ct.GetID()
    assert panel.ui.analyzeButton.enabled
    assert not panel.ui.hintWidget.visible


def test_the_only_ct_is_selected(panel: Any) -> None:
    ct = load_phantom()
    assert panel.ui.ctSelector.currentNode() is ct
    assert panel.ui.analyzeButton.enabled


def test_of_two_cts_none_is_guessed(panel: Any) -> None:
    import slicer

    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    load_phantom("One")
    load_phantom("Two")
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    slicer.app.processEvents()
    assert panel.ui.ctSelector.currentNode() is None
    assert panel.ui.hintLabel.text == "Select the chest CT above."


def test_it_says_quietly_that_it_is_for_research(panel: Any) -> None:
    assert panel.ui.researchLabel.text == "Research use only, not a medical device."


def test_everything_that_can_be_clicked_says_what_it_does(panel: Any) -> None:
    controls = [
        widget
        for name, widget in vars(panel.ui).items()
        if name.endswith(("Button", "CheckBox", "Slider", "ComboBox"))
        and name != "Slider"
        and "Collapsible" not in name
    ]
    silent = [widget.objectName for widget in controls if not widget.toolTip]
    assert len(controls) > 10
    assert silent == []

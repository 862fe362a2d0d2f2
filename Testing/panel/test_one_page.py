"""What a radiologist sees without scrolling in Slicer at 1500×950, and what the panel says by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import is_slicer
from Testing.panel.steps import analyze, composite, load_phantom, pixels, show, write_result
from Testing.panel.test_looks import content, least_width
from Testing.panel.test_mask import erase_a_piece, right_voxels

WIDTH, HEIGHT = 360, 635
SCROLL_BAR = 14
NARROWEST = 338
"""With more than this, and a scroll bar, Slicer widens its module panel."""


def height_of_page(panel: Any) -> int:
    """What the panel needs at the width that Slicer gives it."""
    import slicer

    slicer.app.processEvents()
    return int(content(panel).layout().totalHeightForWidth(WIDTH - SCROLL_BAR))


def test_a_result_with_five_regions_fits_on_one_page(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    assert len(result.record["regions"]) == 5
    assert height_of_page(panel) <= HEIGHT, height_of_page(panel)
    result.mark_stale("The lung mask was edited after scoring.")
    panel.panel.update()
    assert height_of_page(panel) <= HEIGHT, height_of_page(panel)


def test_the_editor_opens_at_the_panel_s_width_with_the_number_and_re_score_in_sight(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    ui = panel.ui
    erase_a_piece(panel)
    for tool in ("Paint", "Erase"):
        panel.panel.mask_editor.editor.setActiveEffectByName(tool)
        assert least_width(content(panel)) <= NARROWEST, tool
    assert ui.probabilityLabel.visible and ui.staleLabel.visible
    assert ui.rescoreEditedButton.visible and ui.rescoreEditedButton.enabled
    assert not any(widget.visible for widget in (ui.regionsTable, ui.heatMapWidget, ui.settingsCollapsibleButton))
    ui.editMaskButton.click()
    assert ui.regionsTable.visible and ui.heatMapWidget.visible and ui.settingsCollapsibleButton.visible
    assert not ui.rescoreEditedButton.visible and ui.rescoreButton.visible


def test_that_no_region_stands_out_is_one_line(panel: Any) -> None:
    write_result(load_phantom(), regions=())
    label = panel.ui.regionsLabel
    assert label.visible and not panel.ui.regionsTable.visible
    assert label.heightForWidth(WIDTH - 2 * SCROLL_BAR) < 2 * label.fontMetrics().height()
    assert label.width > panel.ui.lungsLabel.width - SCROLL_BAR, "buttons beside it would leave it four words high"


def test_what_the_weights_are_for_is_one_line_and_the_rest_a_click_away(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    ui = panel.ui
    assert ui.researchLabel.text.startswith("Demonstration weights, not for diagnosis")
    assert "trained on synthetic disease" in ui.researchLabel.toolTip
    assert not ui.meaningLabel.visible
    ui.researchLabel.linkActivated("why")
    assert ui.meaningLabel.visible
    ui.researchLabel.linkActivated("why")
    assert not ui.meaningLabel.visible


def test_a_doubtful_number_is_one_line_with_its_reason_a_click_away(panel: Any) -> None:
    from COVIDDetectLib.weights.domain import DomainFit

    sentence = "This is unlike the chest CTs that the weights were trained on; do not rely on the probability."
    write_result(load_phantom(), domain=DomainFit(9.0, 1.0, sentence), notes=(sentence,))
    ui = panel.ui
    assert ui.notesWidget.visible and "Do not rely on this number" in ui.notesLabel.text
    assert not ui.whyLabel.visible
    ui.notesLabel.linkActivated("why")
    assert ui.whyLabel.visible and ui.whyLabel.text == sentence


def test_after_a_result_the_views_stand_at_the_hottest_region_but_not_after_a_correction(panel: Any) -> None:
    import slicer

    load_phantom()
    left, posterior, superior = analyze(panel).record["regions"][0]["peak_lps"]
    crosshair = slicer.util.getNode("Crosshair")
    assert crosshair.GetCrosshairRAS() == pytest.approx((-left, -posterior, superior), abs=1e-3)
    assert panel.ui.regionsTable.currentRow() == 0
    erase_a_piece(panel)
    there = crosshair.GetCrosshairRAS()
    panel.panel.rescore()
    from Testing.panel.steps import finish

    finish(panel)
    assert crosshair.GetCrosshairRAS() == there


def test_the_number_of_a_region_stands_in_the_views_that_cut_through_it(panel: Any) -> None:
    import slicer

    load_phantom()
    analyze(panel)
    numbers = panel.panel.numbers
    assert all("1" in numbers.seen_in(name) for name in ("Red", "Green", "Yellow"))
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    red.JumpSliceByOffsetting(0.0, 0.0, 1000.0)
    assert numbers.seen_in("Red") == []
    panel.ui.regionsTable.setCurrentCell(1, 0)
    assert "2" in numbers.seen_in("Red")
    panel.ui.heatMapVisibleCheckBox.click()
    assert numbers.seen_in("Red") == []
    panel.ui.heatMapVisibleCheckBox.click()
    assert "2" in numbers.seen_in("Red")
    show(load_phantom("Other"))
    assert numbers.seen_in("Red") == []


def test_the_number_of_a_region_can_be_read_on_white_tissue(panel: Any) -> None:
    ct = load_phantom()
    analyze(panel)
    ct.GetDisplayNode().SetWindowLevel(1.0, -2000.0)  # all of the CT is white
    (actor, *_others) = panel.panel.numbers._actors["Red"]
    x, y = (round(at) for at in actor.GetPosition())
    image = pixels("Red")
    around = image[len(image) - y - 14 : len(image) - y, x : x + 10].max(axis=2)
    assert around.max() > 200 and (around < 100).mean() > 0.2, "white letters need something dark behind them"


def test_another_volume_over_the_ct_is_named_and_the_heat_map_one_click_away(panel: Any) -> None:
    load_phantom()
    result = analyze(panel)
    note, pet = panel.ui.heatMapNoteLabel, load_phantom("PET")
    assert not note.visible
    show(result.ct_node, pet)
    assert note.visible and "Another volume lies over the CT" in note.text
    note.linkActivated("show")
    assert composite("Red").GetForegroundVolumeID() == result.in_lungs_node.GetID()
    assert not note.visible


def test_a_heat_map_too_cold_to_be_seen_says_so(panel: Any) -> None:
    import slicer

    load_phantom()
    result = analyze(panel)
    for node in (result.in_lungs_node, result.heat_map_node):  # if all of the CT is dark, it does not matter where
        values = slicer.util.arrayFromVolume(node)
        values *= 0.2 / values.max()
        slicer.util.arrayFromVolumeModified(node)
        panel.panel.update()
        assert "Hardly anything in the lungs speaks for COVID-19" in panel.ui.heatMapNoteLabel.text
    result.in_lungs_node.SetAttribute("COVIDDetect.shareInLungs", "0.3")
    panel.panel.update()
    assert "Hardly anything in the lungs speaks for COVID-19" in panel.ui.heatMapNoteLabel.text
    panel.ui.heatMapThresholdSlider.value = 0.1
    assert "Most of the heat lies outside the lungs" in panel.ui.heatMapNoteLabel.text
    result.in_lungs_node.SetAttribute("COVIDDetect.shareInLungs", "0.9")
    panel.panel.update()
    assert panel.ui.heatMapNoteLabel.text == ""


def test_what_lies_outside_the_body_is_taken_away_by_one_click_and_undo_brings_it_back(panel: Any) -> None:
    from COVIDDetectLib.lungs import LungMask
    from COVIDDetectLib.lungs.mask_checks import check_lung_mask, parts_outside
    from COVIDDetectLib.mrml.nodes.ct import ct_from_node
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node, write_lung_mask_node

    ct = load_phantom()
    mask = analyze(panel).lung_mask_node
    labels = lung_mask_from_node(mask, ct).labels
    right = np.count_nonzero(labels == 1)
    labels[10:16, 2:8, 20:60] = 1  # in the air in front of the chest
    write_lung_mask_node(LungMask.from_labels(labels, ct_from_node(ct).geometry), mask)
    assert not panel.ui.outsideButton.visible
    notes = tuple(one.sentence for one in check_lung_mask(ct_from_node(ct), lung_mask_from_node(mask, ct)))
    result = write_result(ct, mask, notes=notes)
    assert panel.ui.outsideButton.visible and "outside the body" in panel.ui.notesLabel.text
    panel.ui.outsideButton.click()
    assert right_voxels(mask, ct) == right
    assert parts_outside(ct_from_node(ct), lung_mask_from_node(mask, ct)).count == 0
    assert result.stale == "The lung mask was edited after scoring."
    assert panel.ui.rescoreEditedButton.enabled and not panel.ui.outsideButton.visible
    panel.panel.mask_editor.editor.undo()
    assert right_voxels(mask, ct) > right


def test_the_keys_are_listed_and_can_be_clicked(panel: Any) -> None:
    load_phantom()
    analyze(panel)
    actions = {action.text.split("\t")[1]: action for action in panel.panel.keys_menu.menu.actions()}
    assert list(actions) == ["H", "M", "N", "Shift+N", "K", "Ctrl+R", "Alt+PgDown", "Alt+PgUp"]
    assert all(action.text.split("\t")[0] for action in actions.values())
    actions["H"].trigger()
    assert not panel.ui.heatMapVisibleCheckBox.checked


def test_patient_and_date_stand_in_the_panel(panel: Any) -> None:
    import slicer

    if not is_slicer():
        pytest.skip("the embedded viewer keeps no subject hierarchy")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    ct = load_phantom()
    assert not panel.ui.patientLabel.visible
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "A0001 (A0001)")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.SetItemAttribute(study, "DICOM.StudyDate", "20100227")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(ct), study)
    panel.panel.update()
    assert panel.ui.patientLabel.text == "A0001 · 2010-02-27"


def test_a_scale_keeps_its_colors_in_order_wherever_probability_threshold_and_band_lie() -> None:
    from COVIDDetectLib.panel.sections.scale import FILLED, LINE, scale_style

    for probability in (0.0, 0.2, 0.5, 0.51, 1.0):
        for threshold in (0.0, 0.1, 0.5, 1.0):
            for band in (None, (max(probability - 0.1, 0.0), min(probability + 0.1, 1.0))):
                stops = scale_style(probability, threshold, False, band).split("stop:")[1:]
                places = [float(stop.split()[0]) for stop in stops]
                assert places == sorted(places) and places[0] == 0.0
                assert len([stop for stop in stops if LINE in stop]) == 2
                filled = [place for place, stop in zip(places, stops, strict=True) if FILLED in stop]
                assert not filled or max(filled) <= (band[0] if band else probability)

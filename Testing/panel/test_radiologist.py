"""A radiologist's morning with one CT, from the DICOM files to the saved scene, with a picture of every step.

The pictures lie in ``build/pictures`` afterwards, one folder for each host.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pytest

from Testing.dicom_series import write_ct
from Testing.panel.host import close_scene, is_slicer, key, open_dicom, picture, wait_until
from Testing.panel.steps import (
    analyze,
    begin,
    center_of,
    drag,
    edit_with,
    finish,
    let_views_settle,
    on_screen,
    phantom,
    seen_in,
    view,
)

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures" / ("slicer" if is_slicer() else "viewer")


class Album:
    """Numbers the pictures."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, name: str) -> None:
        """What the main window shows now; it must show more than one color."""
        self.count += 1
        let_views_settle()
        picture(PICTURES / f"{self.count:02d}-{name}.png")


def test_from_dicom_to_a_saved_scene(panel: Any, real_worker: Any, tmp_path: Path) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.result import Result

    ui, album = panel.ui, Album()
    album.add("opened")
    assert ui.hintLabel.visible
    assert ui.sampleDataButton.visible

    # The radiologist opens the CT. There is only one, and so it is chosen.
    write_ct(tmp_path / "dicom", phantom().ct, "Thorax 10.0 B30f")
    open_dicom(tmp_path / "dicom")
    wait_until(lambda: ui.ctSelector.currentNode() is not None, 5, "the only CT is chosen")
    ct = ui.ctSelector.currentNode()
    assert "Thorax" in ct.GetName()
    assert "Secret" not in ct.GetName()
    album.add("ct")

    # Starts, cancels, starts again.
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    begin(panel, "unet")
    wait_until(lambda: "slice" in ui.progressLabel.text, 60, "slices are counted")
    album.add("running")
    ui.cancelButton.click()
    wait_until(lambda: not panel.logic.busy, 2, "cancelled")
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert ui.messageLabel.text == ""
    album.add("cancelled")
    result = analyze(panel, "unet")
    mask, first = result.lung_mask_node, ui.probabilityLabel.text
    album.add("result")

    # A part of the mask is wrong and is erased with the brush.
    edit_with(panel, "Erase", center_of(1))
    x, y = on_screen(center_of(1))
    drag(view(), [(x, y), (x + 15, y), (x + 15, y + 12), (x, y + 12)])
    assert result.stale == "The lung mask was edited after scoring."
    assert ui.staleLabel.visible
    assert not ui.probabilityLabel.enabled
    album.add("stale")
    ui.editMaskButton.click()
    key(panel, "Ctrl+R")
    assert panel.logic.busy
    assert finish(panel).node is result.node
    assert result.stale == ""
    assert result.lung_mask_node is mask
    history = escape(f"History: {first} → {ui.probabilityLabel.text} (lung mask changed)")
    assert ui.historyLabel.text.startswith(f"{history} (<a href=")  # which asks what did it
    album.add("scored-again")

    # Where did it look?
    regions = result.record["regions"]
    assert regions
    next_row = ui.regionsTable.currentRow() + 1  # a correction that changes no region leaves one chosen
    for step in range(min(3, len(regions))):
        region = regions[(next_row + step) % len(regions)]
        key(panel, "N")
        left, posterior, superior = region["peak_lps"]
        crosshair = slicer.util.getNode("Crosshair").GetCrosshairRAS()
        assert crosshair == pytest.approx((-left, -posterior, superior), abs=1e-3)
        assert ui.regionsTable.currentRow() == region["rank"] - 1
        album.add(f"region-{region['rank']}")
    ui.heatMapThresholdSlider.value = 0.6
    ui.opacitySlider.value = 0.8
    ui.decisionThresholdSlider.value = 0.35
    key(panel, "M")
    assert seen_in(mask) == []
    album.add("heat-map-changed")

    # Goes home, and comes back to the same scene.
    shown = {name: getattr(ui, name).text for name in ("probabilityLabel", "verdictLabel")}
    shown["historyLabel"] = history  # what did it is no longer known
    record = result.record
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    close_scene()
    album.add("closed")
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    wait_until(lambda: ui.ctSelector.currentNode() is not None, 10, "the CT is chosen again")
    again = Result.of(ui.ctSelector.currentNode())
    assert again is not None
    assert again.record == record
    assert again.stale == ""
    assert {name: getattr(ui, name).text for name in shown} == shown
    assert ui.regionsTable.rowCount == len(regions)
    assert ui.heatMapThresholdSlider.value == pytest.approx(0.6)
    assert ui.opacitySlider.value == pytest.approx(0.8)
    assert ui.decisionThresholdSlider.value == pytest.approx(0.35)
    assert seen_in(again.lung_mask_node) == []
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert composite.GetBackgroundVolumeID() == again.ct_node.GetID()
        assert composite.GetForegroundVolumeID() == again.in_lungs_node.GetID()
    album.add("opened-again")

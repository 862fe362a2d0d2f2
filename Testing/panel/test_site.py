"""Where weights were calibrated for a hospital, the panel says what is promised there; of a doubtful number nothing."""

from __future__ import annotations

from typing import Any

import pytest
from COVIDDetectLib.weights.site import Promise, Site

from Testing.panel.steps import analyze, load_phantom

HERE = Site(Promise(0.1, 0.97, 150, 1), Promise(0.2, 0.9, 40, 1), 0.9, 60, 240, "some weights", "")


def test_the_verdict_names_the_zone_and_its_tool_tip_what_was_shown(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from COVIDDetectLib.panel.sections import result_section

    monkeypatch.setattr(result_section, "site_beside", lambda card: HERE)
    load_phantom()
    result = analyze(panel)
    assert result.record["probability"] > 0.2
    assert panel.ui.verdictLabel.text.endswith("In this hospital: likely.")
    assert "At least 90 %" in panel.ui.verdictLabel.toolTip and "20 % of them" in panel.ui.verdictLabel.toolTip
    mask = result.lung_mask_node.GetSegmentation()
    mask.RemoveSegment(mask.GetNthSegmentID(0))
    assert "hospital" not in panel.ui.verdictLabel.text

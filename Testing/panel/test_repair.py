"""Repair: a stroke grows over the lung that was left out, in one step that Undo takes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.lungs.repair import REACH_MM

from Testing.lungs.simulated_strokes import within
from Testing.panel.steps import drag, edit_with, load_phantom, on_screen, phantom, view, write_result


def labels_of(mask: Any, ct: Any) -> np.ndarray:
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node

    return lung_mask_from_node(mask, ct).labels.copy()


def consolidated(orientation: str = "LPS") -> tuple[Any, Any, np.ndarray, tuple[float, float, float]]:
    """CT and mask of a patient whose right lung is airless at the back, where the mask leaves it out; what it leaves
    out, and a place in the middle of that, RAS."""
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import erase_from_lungs

    ct, made = load_phantom(disease=None, orientation=orientation), phantom(None, orientation)
    order = made.ct.geometry.reorientation_to_axial()
    lungs = order.apply(made.lung_mask)
    right = lungs == 1
    rows = np.flatnonzero(right.any(axis=(0, 2)))
    back = right & (np.arange(lungs.shape[1])[:, None] > rows[0] + 0.72 * (rows[-1] - rows[0]))
    back[:9] = back[19:] = False
    missing = np.ascontiguousarray(order.undo(back))
    hu = made.ct.hu.copy()
    hu[missing] = 45 + np.random.default_rng(0).normal(0, 15, np.count_nonzero(missing))
    slicer.util.updateVolumeFromArray(ct, hu)
    mask = write_result(ct).lung_mask_node
    erase_from_lungs(mask, ct, missing)
    inside = np.argwhere(missing)
    middle = inside[np.argmin(np.linalg.norm(inside - inside.mean(axis=0), axis=1))]
    left, posterior, superior, _ = made.ct.geometry.ijk_to_lps @ [*middle[::-1], 1.0]
    return ct, mask, missing, (-left, -posterior, superior)


def stroke(panel: Any, place: tuple[float, float, float], effect: str = "Paint", segment: str = "") -> None:
    edit_with(panel, effect, place)
    editor = panel.panel.mask_editor.editor
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 10.0)
    x, y = on_screen(place)
    drag(view(), [(x - 12, y), (x, y), (x + 12, y)])


@pytest.mark.parametrize("orientation", ["LPS", "RIA"])
def test_one_stroke_brings_back_what_the_mask_leaves_out(panel: Any, orientation: str) -> None:
    ct, mask, missing, place = consolidated(orientation)
    before = labels_of(mask, ct)
    stroke(panel, place)
    painted = labels_of(mask, ct)
    assert 0 < np.count_nonzero(painted & missing) < 0.2 * np.count_nonzero(missing)
    panel.ui.repairButton.click()
    assert panel.ui.messageLabel.text == ""
    repaired = labels_of(mask, ct)
    near = missing & within(painted != before, np.array(ct.GetSpacing()[::-1]), REACH_MM)
    assert np.count_nonzero(near & (repaired == 1)) > 0.9 * np.count_nonzero(near)
    assert np.count_nonzero((repaired > 0) & (before == 0) & ~missing) < 0.15 * np.count_nonzero(near)
    assert not ((repaired != before) & ~near & missing).any()
    assert np.array_equal(repaired == 2, before == 2)
    editor = panel.panel.mask_editor.editor
    editor.undo()
    assert np.array_equal(labels_of(mask, ct), painted)
    panel.ui.repairButton.click()  # after Undo the same stroke counts once more
    assert np.array_equal(labels_of(mask, ct), repaired)
    editor.undo()
    editor.undo()
    assert np.array_equal(labels_of(mask, ct), before)


def test_without_a_stroke_it_says_what_to_do(panel: Any) -> None:
    ct, mask, _, place = consolidated()
    edit_with(panel, "Paint", place)
    before = labels_of(mask, ct)
    panel.ui.repairButton.click()
    assert panel.ui.messageLabel.text.startswith("Paint a stroke where lung is missing")
    assert np.array_equal(labels_of(mask, ct), before)


def test_what_changes_the_mask_everywhere_is_no_stroke_but_the_next_one_is(panel: Any) -> None:
    from COVIDDetectLib.mrml.nodes.lung_mask import erase_from_lungs

    ct, mask, missing, place = consolidated()
    edit_with(panel, "Paint", place)
    half = labels_of(mask, ct) == 2
    erase_from_lungs(mask, ct, half)
    panel.ui.repairButton.click()
    assert panel.ui.messageLabel.text.startswith("Too much was changed")
    x, y = on_screen(place)
    panel.panel.mask_editor.editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 10.0)
    drag(view(), [(x - 12, y), (x, y), (x + 12, y)])
    panel.ui.repairButton.click()
    assert panel.ui.messageLabel.text == ""
    assert np.count_nonzero(missing & (labels_of(mask, ct) == 1)) > 0.5 * np.count_nonzero(missing)
    assert not (labels_of(mask, ct) == 2).any()


def test_an_eraser_stroke_takes_out_what_was_too_much(panel: Any) -> None:
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_segment_ids

    ct, mask, missing, place = consolidated()
    before = labels_of(mask, ct)
    stroke(panel, place)
    panel.ui.repairButton.click()
    repaired = labels_of(mask, ct)
    panel.panel.mask_editor.editor.setActiveEffectByName("Erase")
    x, y = on_screen(place)
    drag(view(), [(x - 12, y), (x, y), (x + 12, y)])
    erased = np.count_nonzero((repaired == 1) & (labels_of(mask, ct) == 0))
    assert erased
    panel.ui.repairButton.click()
    taken = (repaired == 1) & (labels_of(mask, ct) == 0)
    assert np.count_nonzero(taken) > 1.5 * erased
    assert np.count_nonzero(taken & (before > 0)) < 0.2 * np.count_nonzero(taken)
    assert slicer.util.arrayFromSegmentBinaryLabelmap(mask, lung_segment_ids(mask)[0], ct) is not None

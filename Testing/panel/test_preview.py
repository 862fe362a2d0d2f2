"""While the mask is edited the number follows the brush, as a preview that is stored nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.panel.host import wait_until
from Testing.panel.steps import (
    LONGEST_ANALYSIS_S,
    analyze,
    center_of,
    drag,
    edit_with,
    finish,
    load_phantom,
    on_screen,
    view,
)
from Testing.panel.test_looks import content, least_width


def edit(panel: Any) -> None:
    """Open the editor with the eraser, over the right lung."""
    edit_with(panel, "Erase", center_of(1))


def erase(columns: int) -> None:
    x, y = on_screen(center_of(1))
    drag(view(), [(x + columns, y), (x + columns + 10, y + 5)])


def is_shown(panel: Any) -> bool:
    return panel.ui.previewLabel.visible and panel.ui.previewLabel.enabled


def test_each_stroke_is_answered_and_the_score_then_says_the_same(panel: Any) -> None:
    load_phantom("covid")
    result, ui = analyze(panel), panel.ui
    scored, numbers = result.record, []
    panel.logic.previewed.connect(lambda job, number: numbers.append(number))
    edit(panel)
    assert not ui.previewLabel.visible
    least = least_width(content(panel))
    erase(0)
    wait_until(lambda: is_shown(panel), 5, "the first stroke is answered")
    first = ui.previewLabel.text
    assert least_width(content(panel)) == least, "a wider panel would move the views under the brush"
    erase(25)
    assert not ui.previewLabel.enabled and ui.previewLabel.text == first, "the number before a stroke is gray"
    wait_until(lambda: is_shown(panel), 5, "the second stroke is answered")
    previewed = ui.previewLabel.text
    assert numbers[-1] != numbers[0]
    assert result.record == scored and len(result.history) == 1 and result.stale, "nothing was stored"
    ui.rescoreEditedButton.click()
    finish(panel)
    assert not ui.previewLabel.visible
    assert previewed == f"Preview: {ui.probabilityLabel.text}"


def test_it_comes_only_for_the_mask_that_is_edited_and_where_it_is_wanted(panel: Any) -> None:
    load_phantom("covid")
    analyze(panel)
    ui = panel.ui
    edit(panel)
    erase(0)
    wait_until(lambda: is_shown(panel), 5, "the stroke is answered")
    ui.editMaskButton.click()
    assert not ui.previewLabel.visible, "who has left the editor reads that the number is out of date"
    ui.previewCheckBox.click()
    try:
        edit(panel)
        erase(25)
        panel.panel.live_preview._start()
        assert panel.logic.backgroundJob is None and not ui.previewLabel.visible
    finally:
        ui.previewCheckBox.click()
    panel.panel.live_preview._start()
    wait_until(lambda: is_shown(panel), 5, "it is wanted again")


def test_a_stroke_or_a_score_takes_the_place_of_a_preview_that_is_under_way(panel: Any, client: Any) -> None:
    load_phantom("covid")
    result = analyze(panel)
    edit(panel)
    with client.held():
        erase(0)
        wait_until(lambda: panel.logic.backgroundJob is not None, 5, "the preview is begun")
        job = panel.logic.backgroundJob
        erase(25)
        assert panel.logic.backgroundJob is not job
        wait_until(lambda: panel.logic.backgroundJob is not None, 5, "the next preview is begun")
        panel.ui.rescoreEditedButton.click()
        assert panel.logic.busy and panel.logic.backgroundJob is None
    finish(panel)
    assert result.stale == "" and not panel.ui.previewLabel.visible


def test_what_cannot_be_previewed_leaves_no_number(panel: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from COVIDDetectLib.errors import DeviceError

    load_phantom("covid")
    analyze(panel)
    edit(panel)
    erase(0)
    wait_until(lambda: is_shown(panel), 5, "the first stroke is answered")

    def fails(*_: Any) -> None:
        raise DeviceError("There is not enough memory.")

    monkeypatch.setattr(client, "preview", fails)
    erase(25)
    wait_until(lambda: not panel.ui.previewLabel.visible, 5, "the old number is gone")
    assert panel.ui.messageLabel.text == ""


def test_the_worker_gives_the_number_of_a_score(panel: Any, real_worker: Any) -> None:
    load_phantom("covid")
    analyze(panel)
    ui = panel.ui
    process = real_worker.process_id
    edit(panel)
    erase(0)
    wait_until(lambda: is_shown(panel), LONGEST_ANALYSIS_S, "the stroke is answered")
    previewed = ui.previewLabel.text
    ui.rescoreEditedButton.click()
    finish(panel)
    assert previewed == f"Preview: {ui.probabilityLabel.text}" and real_worker.process_id == process

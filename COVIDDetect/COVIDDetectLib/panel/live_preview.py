"""While a mask is edited, the number follows the brush: after each stroke the worker scores the mask as it is then."""

from __future__ import annotations

from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

from ..errors import COVIDDetectError
from ..events.later import Later
from ..events.signal import weakly
from ..mrml.job import Job
from ..mrml.nodes.result import MASK_EDITED
from ..mrml.watch import Fingerprint
from ..probability import probability_text
from .logic import Logic
from .state import PanelState

_QUIET_MS = 100
"""Nothing has been drawn for so long."""


class LivePreview:
    """The line beside *Repair*, below *Re-score*. Nothing is written into the scene.

    Parameters
    ----------
    ui
        The panel's widgets.
    logic
        What scores.
    state
        Returns what the panel shows.
    device
        Returns which processor computes.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        logic: Logic,
        state: Callable[[], PanelState],
        device: Callable[[], str],
    ) -> None:
        self._ui, self._logic, self._state, self._device = ui, logic, state, device
        self._wanted: Fingerprint | None = None
        self._scored: tuple[Fingerprint, float] | None = None
        self._later = Later(weakly(self._start), _QUIET_MS)
        logic.previewed.connect(self._on_previewed)

    def show(self, new: PanelState, old: PanelState) -> None:
        """Score once more what was drawn since; until then the last number stays, in gray."""
        wanted = self._edited(new)
        if wanted != self._wanted:
            self._wanted = wanted
            job = self._logic.backgroundJob
            if job is not None and job.kind == "preview":
                self._logic.stopBackground()
            if wanted is not None:
                self._later.start()
        if wanted is None:
            self._scored = None
        label = self._ui.previewLabel
        label.visible = self._scored is not None
        if self._scored is not None:
            of, probability = self._scored
            label.enabled = of == wanted
            label.text = _("Preview: {probability}").format(
                probability=probability_text(probability, new.decision_threshold)
            )

    def _edited(self, state: PanelState) -> Fingerprint | None:
        """CT and mask as they are, where the result's own mask is being edited and is no longer what was scored."""
        result = state.result
        if result is None or state.job is not None or not state.editor_open or not self._ui.previewCheckBox.checked:
            return None
        mask = result.result.lung_mask_node
        if result.stale != MASK_EDITED or state.lung_mask is not mask or result.card is None:
            return None
        return Fingerprint.of(state.ct, mask)

    def _start(self) -> None:
        state = self._state()
        if state.result is None or self._wanted is None or self._edited(state) != self._wanted:
            return
        try:
            self._logic.startInBackground("preview", state.result.result, self._device())
        except COVIDDetectError:
            self._fail()  # Re-score says why: nothing is left of the lungs, or packages are missing

    def _on_previewed(self, job: Job, outcome: float | COVIDDetectError) -> None:
        if job.inputs != self._wanted:  # drawn on since, or no longer edited
            return
        if isinstance(outcome, COVIDDetectError):
            self._fail()
            return
        self._scored = job.inputs, outcome
        self.show(self._state(), self._state())

    def _fail(self) -> None:
        self._scored = None
        self._ui.previewLabel.visible = False

"""The panel: what is clicked goes to the logic, what the logic and the scene say is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..analysis.attribution import METHODS
from ..analysis.opacity import OpacityBounds
from ..errors import Cancelled, COVIDDetectError
from ..mrml.job import Job
from ..mrml.nodes.densities import measure_densities, show_densities
from ..mrml.nodes.heat_map import layer_of
from ..mrml.nodes.lung_mask import is_automatic, is_from_analyze
from ..mrml.nodes.result import Result
from ..mrml.parameters import COVIDDetectParameterNode, follow_cohort
from ..mrml.sample import add_phantom
from ..mrml.scene import remove_left_behind
from ..mrml.views.display import is_shown, jump_to, lay_heat_map, redraw_legends, show_ct, volumes_shown
from ..mrml.views.own_views import keep_to_own_views, show_outlines
from ..mrml.watch import Change
from .idle_worker import IdleWorker
from .installation import ensure_packages
from .live_preview import LivePreview
from .logic import Logic
from .mask_editor import MaskEditor
from .questions import InputQuestion, which_mask
from .region_numbers import RegionNumbers
from .sections.evidence_section import EvidenceSection
from .sections.experiments_section import ExperimentsSection
from .sections.follow_up_section import FollowUpSection
from .sections.heat_map_section import HeatMapSection
from .sections.input_section import show_input
from .sections.keys_menu import KeysMenu
from .sections.mask_section import MaskSection
from .sections.opacity_section import OpacitySection
from .sections.progress_row import ProgressRow
from .sections.reading_section import ReadingSection
from .sections.regions_table import RegionsTable
from .sections.report_section import ReportSection
from .sections.result_section import ResultSection
from .sections.settings_section import SettingsSection
from .sections.worklist_section import WorklistSection
from .shortcuts import Shortcuts
from .state import PanelState, ResultState, panel_state


class Panel:
    """Wires widgets and logic.

    Parameters
    ----------
    ui
        The widgets of ``COVIDDetect.ui`` by name.
    logic
        The module's ``COVIDDetectLogic``.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, logic: Logic) -> None:
        self.ui, self.logic = ui, logic
        self.parameters: COVIDDetectParameterNode | None = None
        self.state = PanelState()
        self._updating = self._missed = False
        self._waiting: list[Callable[[], None]] = []
        self.progress, self._question = ProgressRow(ui), InputQuestion(self.say)
        self.result = ResultSection(ui, logic, lambda: self.state, self._request, lambda: self.settings.device)
        self.heat_map = HeatMapSection(ui, lambda: self.update(over_others=True))
        self.regions = RegionsTable(ui, lambda: self.state.regions, jump_to, self.update)
        self.reading = ReadingSection(ui, logic, lambda: self.state, self.update, self._request)
        self.evidence = EvidenceSection(ui, jump_to)
        self.report = ReportSection(ui, lambda: self.state, self._request, self.say)
        self.settings = SettingsSection(ui, self.update)
        self.mask_editor = MaskEditor(ui, self.update)
        self.mask = MaskSection(ui, self.mask_editor, lambda: self._parameters, self._request, self.say)
        self.experiments = ExperimentsSection(ui, self.run_experiments)
        self.follow_up = FollowUpSection(ui, lambda: self.state, self._request, logic.startComparison)
        self.worklist = WorklistSection(
            ui, lambda: self.state, self._request, lambda: self._parameters, self.regions, self.settings
        )
        measure, show_segments = (partial(self.on_densities, act) for act in (measure_densities, show_densities))
        self.opacity = OpacitySection(ui, lambda: self.state.bounds, measure, show_segments, self.say)
        keys = {
            "H": self.toggle_heat_map,
            "M": self.toggle_mask,
            "N": lambda: self.regions.step(1),
            "Shift+N": lambda: self.regions.step(-1),
            "K": self.reading.mark,
            "Ctrl+R": self.rescore,
            **self.worklist.keys,
        }
        self.shortcuts, self.keys_menu = Shortcuts(keys), KeysMenu(ui, keys)
        ui.analyzeButton.connect("clicked(bool)", lambda checked: self.analyze())
        ui.cancelButton.connect("clicked(bool)", lambda checked: self.cancel())
        for button in (ui.rescoreButton, ui.rescoreEditedButton):
            button.connect("clicked(bool)", lambda checked: self.rescore())
        ui.maskVisibleCheckBox.connect("toggled(bool)", lambda checked: self.show_mask())
        ui.layerComboBox.connect("activated(int)", self.explain)
        ui.sampleDataButton.connect("clicked(bool)", lambda checked: self.make_sample())
        ui.inViewsButton.connect("clicked(bool)", lambda checked: self.choose_ct_in_views())
        ui.leftBehindButton.connect("clicked(bool)", lambda checked: remove_left_behind())
        self.numbers = RegionNumbers()
        self.idle_worker = IdleWorker(logic, lambda: self.state, lambda: self.settings.device)
        self.live_preview = LivePreview(ui, logic, lambda: self.state, lambda: self.settings.device)
        self._sections = (
            partial(show_input, ui),
            self.progress.show,
            self.reading.show,
            self.result.show,
            self.evidence.show,
            self.heat_map.show,
            self.regions.show,
            self.experiments.show,
            self.opacity.show,
            self.follow_up.show,
            self.worklist.show,
            self.mask.show,
            self.numbers.show,
            self.idle_worker.show,
            self.live_preview.show,
        )
        logic.progressed.connect(lambda job, progress: self.progress.report(progress, self.state.name_of_other))
        logic.segmented.connect(lambda job: show_outlines(job.lungs_node, ui.maskVisibleCheckBox.checked))
        logic.finished.connect(self._on_finished)
        logic.failed.connect(self._on_failed)
        logic.resultsChanged.connect(self._on_result_changed)
        self.say("")

    # --- What is clicked ---------------------------------------------------------------------------------------------

    def analyze(self) -> None:
        """Find the lungs, or take the chosen mask, and score."""
        ct, mask = self._parameters.ct, self._parameters.lungMask
        result = self._result
        is_left_behind = result is not None and result.ct_has_changed and mask is result.lung_mask_node
        if mask is not None and (is_from_analyze(mask) or is_left_behind):
            choice = "new" if is_automatic(mask) else which_mask(mask, is_left_behind)
            if choice == "cancel":
                return
            mask = mask if choice == "mine" else None
        self._start(ct, mask)

    def rescore(self) -> None:
        """Score again with the mask as it is now."""
        result = self._result
        if result is None or self.logic.busy:
            return
        if result.ct_has_changed:  # its mask may lie anywhere by now
            self.analyze()
        else:
            own = result.lung_mask_node
            self._start(result.ct_node, self._parameters.lungMask or (own if own and is_automatic(own) else None))

    def cancel(self) -> None:
        """End what is computed."""
        self.progress.cancelling(self.state.name_of_other)
        self.logic.cancel()

    def show_mask(self) -> None:
        """Show or hide the outlines."""
        if not self._updating:
            self._show_outlines(self._result)
            if self.state.waits and self.logic.job:
                show_outlines(self.logic.job.lungs_in_scene, self.ui.maskVisibleCheckBox.checked)

    def choose_ct_in_views(self) -> None:
        """Go on with the CT that the views show."""
        self._parameters.ct = self.state.in_views

    def toggle_heat_map(self) -> None:
        """By its key, where there is a heat map."""
        if self._result is not None:
            self.ui.heatMapVisibleCheckBox.toggle()

    def toggle_mask(self) -> None:
        """By its key, where there is a mask that is not being painted."""
        if (self._result is not None or self.state.waits) and not self.mask_editor.is_open:
            self.ui.maskVisibleCheckBox.toggle()

    def explain(self, index: int) -> None:
        """Compute the heat map by another method."""
        method, result = list(METHODS)[index], self._result
        if result is not None and not result.stale and layer_of(result.heat_map_node) != METHODS[method]:
            self._request(lambda: self.logic.startExplanation(result, method, self.settings.device))

    def run_experiments(self) -> None:
        """One lung alone, and the chosen region made healthy."""
        result, region = self._result, self.state.region
        if result is not None:
            self._request(lambda: self.logic.startExperiments(result, region, self.settings.device))

    def on_densities(self, act: Callable[[Result, OpacityBounds], object], bounds: OpacityBounds) -> None:
        """Measure densities within other bounds, or show them; those of a stale result stay what they were."""
        result = self._result
        if result is not None and not result.stale:
            self._request(lambda: act(result, bounds))

    def make_sample(self) -> None:
        """A synthetic CT to try the module with."""
        with slicer.util.tryWithErrorDisplay(_("The sample could not be made."), waitCursor=True):
            self._parameters.ct = add_phantom()

    # --- What the logic says -----------------------------------------------------------------------------------------

    def _on_finished(self, job: Job, outcome: Any) -> None:
        if self._updating:
            self._waiting.append(partial(self._on_finished, job, outcome))
            return
        is_new_score = job.kind == "analyze" and self.parameters is not None and job.ct_node is self.parameters.ct
        self.update(over_others=is_new_score)  # whatever lay over this CT
        if is_new_score and job.lung_mask_node is None and is_shown(job.ct_node):
            self.regions.visit_hottest()  # but not after a correction, which is looked at
        if job.kind == "experiment" and job.result is not None:
            self.experiments.answer(self.state, job.result, outcome)

    def _on_failed(self, job: Job, error: COVIDDetectError) -> None:
        if self._updating:
            self._waiting.append(partial(self._on_failed, job, error))
            return
        name = replace(self.state, job=job).name_of_other
        sentence = f"{name}: {error}" if name else str(error)
        self.say("" if isinstance(error, Cancelled) else sentence)
        lungs, chosen = job.lungs_in_scene if job else None, self.parameters
        if lungs and chosen and chosen.ct is job.ct_node and chosen.lungMask is None:
            chosen.lungMask = lungs  # worked on since they were found
        self.update()

    def _on_result_changed(self, result: Result | None, change: Change) -> None:
        """Whoever scored, its mask is the one to go on with; but one that is being edited is not exchanged."""
        if change == "scored" and result is not None and self.parameters and result.ct_node is self.parameters.ct:
            self._show_outlines(result)
            if not self.mask_editor.is_any_open():
                self.parameters.lungMask = result.lung_mask_node
        if not slicer.mrmlScene.IsBatchProcessing():
            self.update()

    # --- Showing the state -------------------------------------------------------------------------------------------

    def set_parameters(self, parameters: COVIDDetectParameterNode | None) -> None:
        """Show another parameter node; None while there is no scene."""
        self.parameters = parameters
        self.state = replace(self.state, ct=parameters.ct if parameters else None)  # chosen there already
        if parameters is None:
            self.ui.maskVisibleCheckBox.checked = True  # the masks of the next scene are seen at first
            self._question.drop()
            self.say("")
        self.update()

    def on_parameters_changed(self) -> None:
        """The user chose something, or a script did."""
        if not slicer.mrmlScene.IsImporting():  # half of what the parameters refer to is not there yet
            self.mask_editor.keep_to(self._parameters.lungMask)
            self.update()

    def on_scene_added(self) -> None:
        """Outlines of what was chosen before are those of another CT; the result's own mask where none is chosen."""
        result = self._result
        self._show_outlines(result)
        if result is not None and self._parameters.lungMask is None:
            self._parameters.lungMask = result.lung_mask_node

    def on_view_changed(self, view: slicer.vtkMRMLNode | None = None) -> None:
        """Whatever came into the views: the heat map and the outlines lie over their own CT only."""
        if view is not None and view.IsA("vtkMRMLSliceNode") and volumes_shown() == self.state.volumes:
            self.numbers.place(view)  # only scrolled
            return
        if self.parameters is not None and not slicer.mrmlScene.IsBatchProcessing():
            self.update()

    def update(self, over_others: bool = False) -> None:
        """Do what follows from what has changed, then show it.

        Parameters
        ----------
        over_others
            Whether the heat map may replace another foreground over its CT.
        """
        if self._updating:
            self._missed = True
            return
        self._updating = True  # what is written here comes back as an event, which is not followed
        try:
            self._missed = False
            self._show(over_others)
            # But Slicer's wait cursor lets other events through: a choice or a stroke may have come meanwhile.
            if self._missed and self._read() != self.state:
                self._show(over_others)
        finally:
            self._updating = False
            waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _show(self, over_others: bool) -> None:
        old = self.state
        if self.parameters is not None and not slicer.mrmlScene.IsImporting():
            self._write_parameters(self.parameters, old)
            self.state = self._read()
            self._write_views(self.state, old, over_others)
            self.state = replace(self.state, volumes=volumes_shown())
        else:
            self.state = self._read()
        for section in self._sections:
            section(self.state, old)

    def _read(self) -> PanelState:
        return panel_state(
            self.parameters,
            self.logic.job,
            self.settings.weights_sha256,
            waits=self.logic.gate.waits,
            asked_about=self._question.asked_about,
            editing=self.mask_editor.is_any_open(),
            editor_open=self.mask_editor.is_open,
            region=self.regions.current(),
            opened=self.follow_up.opened,
        )

    # --- What follows from a change, in the scene --------------------------------------------------------------------

    def _write_parameters(self, parameters: COVIDDetectParameterNode, old: PanelState) -> None:
        """Each CT has its own mask, result and decision threshold: never those of one over the slices of another."""
        result = Result.of(parameters.ct)
        if parameters.ct is not old.ct:
            self._question.drop()
            self._show_outlines(result)
            self.mask_editor.close()
            self.say("")
            parameters.lungMask = result.lung_mask_node if result else None
            if parameters.ct is not None:
                show_ct(parameters.ct)
        if result is None:
            return
        state = ResultState.of(result)
        if old.result is None or state.judged != old.result.judged:
            parameters.decisionThreshold = result.decision_threshold
        else:
            result.keep_decision_threshold(parameters.decisionThreshold)
        if state.measured:
            follow_cohort(parameters, state.measured["positives"], state.measured["negatives"])

    def _write_views(self, new: PanelState, old: PanelState, over_others: bool) -> None:
        """The heat map and the outlines lie over their own CT; while the views show others, neither is seen."""
        assert new.look is not None, "there are parameters"
        is_new = over_others or new.overlay != old.overlay
        result = new.result.result if new.result else None
        lay_heat_map(result, new.look, is_new=is_new, known=old.views_of_ct(), over_others=over_others)
        keep_to_own_views(new.ct, new.lung_mask, new.editing)
        if new.volumes != old.volumes:
            redraw_legends()

    def _show_outlines(self, result: Result | None) -> None:
        """Show or hide the outlines of the scored lungs, as the check box says."""
        show_outlines(result.lung_mask_node if result else None, self.ui.maskVisibleCheckBox.checked)

    # --- Helpers -----------------------------------------------------------------------------------------------------

    def say(self, sentence: str) -> None:
        """What went wrong and what to do; empty when all is well."""
        self.ui.messageLabel.text = sentence
        self.ui.messageLabel.visible = bool(sentence)

    @property
    def _parameters(self) -> COVIDDetectParameterNode:
        assert self.parameters is not None, "widgets are clicked only while there is a scene"
        return self.parameters

    @property
    def _result(self) -> Result | None:
        result = Result.of(self.parameters.ct) if self.parameters else None
        return result.beside(self._parameters.lungMask, self.settings.weights_sha256) if result else None

    def _start(self, ct: slicer.vtkMRMLScalarVolumeNode, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        def start() -> None:
            # While packages are installed, a script may have removed the CT.
            if not ensure_packages() or ct.GetScene() is None or not self._question.is_settled(ct):
                return
            settings = self.settings
            self.logic.startAnalysis(ct, mask, lungs=settings.lungs, device=settings.device, card=settings.card)
            if mask is None:
                self.mask_editor.close_all()  # it would go on with a mask that is no longer meant
            if ct is self._parameters.ct and not is_shown(ct):
                show_ct(ct)

        self._request(start)

    def _request(self, compute: Callable[[], object]) -> None:
        """Do something short, or begin what the worker answers later."""
        self.say("")
        try:
            compute()
        except COVIDDetectError as error:
            self.say(str(error))
        self.update()

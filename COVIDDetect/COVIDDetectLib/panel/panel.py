"""The panel: what is clicked goes to the logic, what the logic and the scene say is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..analysis.attribution import METHODS
from ..errors import Cancelled, COVIDDetectError
from ..mrml.job import Job
from ..mrml.nodes.densities import measure_densities, show_densities
from ..mrml.nodes.heat_map import layer_of
from ..mrml.nodes.lung_mask import is_automatic, is_from_analyze, lung_segment_ids
from ..mrml.nodes.result import Result, Scored
from ..mrml.parameters import COVIDDetectParameterNode, follow_cohort
from ..mrml.sample import add_phantom
from ..mrml.scene import load_lung_mask_file
from ..mrml.views.display import is_shown, jump_to, set_lung_window, show_ct, views_on_screen, window_level
from ..mrml.views.own_views import outlines_shown
from .installation import ensure_packages
from .logic import Logic
from .mask_editor import MaskEditor
from .questions import InputQuestion, which_mask, which_mask_file
from .sections.experiments_section import ExperimentsSection
from .sections.heat_map_section import HeatMapSection
from .sections.input_section import show_input
from .sections.opacity_section import OpacitySection
from .sections.progress_row import ProgressRow
from .sections.regions_table import RegionsTable
from .sections.result_section import ResultSection, measured_of
from .sections.settings_section import SettingsSection
from .shortcuts import Shortcuts


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
        self._ct_shown: slicer.vtkMRMLScalarVolumeNode | None = None
        self._scores: list[Scored] = []  # of this CT, as far as they were seen
        self._views_on_screen: tuple[str, ...] = ()
        self._updating = False
        self.progress = ProgressRow(ui)
        self._question = InputQuestion(self.say)
        self.result = ResultSection(ui)
        self.heat_map = HeatMapSection(ui)
        self.regions = RegionsTable(ui, jump_to, self.update)
        self.settings = SettingsSection(ui, self.update)
        self.mask_editor = MaskEditor(ui, self.update)
        self.experiments = ExperimentsSection(ui, self.run_experiments)
        self.opacity = OpacitySection(ui, self.measure_opacity, self.show_opacity, self.say)
        self.shortcuts = Shortcuts(
            {
                "H": self.toggle_heat_map,
                "M": self.toggle_mask,
                "N": lambda: self.regions.step(1),
                "Shift+N": lambda: self.regions.step(-1),
                "Ctrl+R": self.rescore,
            }
        )
        ui.analyzeButton.connect("clicked(bool)", lambda checked: self.analyze())
        ui.cancelButton.connect("clicked(bool)", lambda checked: self.cancel())
        ui.rescoreButton.connect("clicked(bool)", lambda checked: self.rescore())
        ui.editMaskButton.connect("clicked(bool)", self.edit_mask)
        ui.maskFileButton.connect("clicked(bool)", lambda checked: self.load_mask())
        ui.maskVisibleCheckBox.connect("toggled(bool)", lambda checked: self.show_mask())
        ui.layerComboBox.connect("activated(int)", self.explain)
        ui.sampleDataButton.connect("clicked(bool)", lambda checked: self.make_sample())
        logic.progressed.connect(lambda job, progress: self.progress.show(progress))
        logic.finished.connect(self._on_finished)
        logic.failed.connect(self._on_failed)
        logic.resultsChanged.connect(self.update)
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
        self.progress.cancelling()
        self.logic.cancel()

    def edit_mask(self, checked: bool) -> None:
        """Open or close the Segment Editor."""
        if not checked:
            self.mask_editor.close()
            return
        mask = self._parameters.lungMask
        lungs = lung_segment_ids(mask)
        if lungs:
            self.mask_editor.open(mask, self._parameters.ct, lungs[0])
        else:
            self.ui.editMaskButton.checked = False
            self.say(_("{name} has no lung segment; choose another mask.").format(name=mask.GetName()))

    def load_mask(self) -> None:
        """Choose a file with a lung mask and score with that."""
        file, parameters = which_mask_file(), self._parameters
        if file:

            def load() -> None:
                parameters.lungMask = load_lung_mask_file(Path(file), parameters.ct)

            self._request_now(load)

    def show_mask(self) -> None:
        """Show or hide the outlines."""
        if not self._updating:
            self.heat_map.show_outlines(self._result)

    def toggle_heat_map(self) -> None:
        """By its key, where there is a heat map."""
        if self._result is not None:
            self.ui.heatMapVisibleCheckBox.toggle()

    def toggle_mask(self) -> None:
        """By its key, where there is a mask that is not being painted."""
        if self._result is not None and not self.mask_editor.is_open:
            self.ui.maskVisibleCheckBox.toggle()

    def explain(self, index: int) -> None:
        """Compute the heat map by another method."""
        method = list(METHODS)[index]
        result = self._result
        if result is not None and not result.stale and layer_of(result.heat_map_node) != METHODS[method]:
            device = self.settings.device
            self._request(lambda: self.logic.startExplanation(result, method, device))

    def run_experiments(self) -> None:
        """One lung alone, and the chosen region made healthy."""
        result, region = self._result, self.regions.current()
        if result is not None:
            device = self.settings.device
            self._request(lambda: self.logic.startExperiments(result, region, device))

    def measure_opacity(self, bounds: Any) -> None:
        """Measure densities within other bounds; those of a stale result stay what they were."""
        result = self._result
        if result is not None and not result.stale:
            self._request_now(lambda: measure_densities(result, bounds))

    def show_opacity(self, bounds: Any) -> None:
        """Densities as segments in the views."""
        result = self._result
        if result is not None and not result.stale:
            self._request_now(lambda: show_densities(result, bounds))

    def make_sample(self) -> None:
        """A synthetic CT to try the module with."""
        with slicer.util.tryWithErrorDisplay(_("The sample could not be made."), waitCursor=True):
            ct = add_phantom()
            set_lung_window(ct)
            self._parameters.ct = ct

    # --- What the logic says -----------------------------------------------------------------------------------------

    def _on_finished(self, job: Job, outcome: Any) -> None:
        self.progress.hide()
        if job.kind == "analyze" and self.parameters and job.ct_node is self.parameters.ct:
            if len(outcome.history) == 1 and window_level(job.ct_node) == job.window_level:
                set_lung_window(job.ct_node)
            with self._writing():
                editing = self.mask_editor.is_any_open()
                self.heat_map.show(
                    outcome, self.parameters, editing=editing, over_others=True
                )  # over whatever lay over this CT
        elif job.kind == "experiment" and job.result is not None:
            self.experiments.show(job.result, outcome)
        self.update()

    def _on_failed(self, job: Job, error: COVIDDetectError) -> None:
        self.progress.hide()
        name = self._name_of_other(job)
        sentence = f"{name}: {error}" if name else str(error)
        self.say("" if isinstance(error, Cancelled) else sentence)
        self.update()

    # --- Showing the state -------------------------------------------------------------------------------------------

    def set_parameters(self, parameters: COVIDDetectParameterNode | None) -> None:
        """Show another parameter node; None while there is no scene."""
        self.parameters = parameters
        self._ct_shown = parameters.ct if parameters else None
        self._scores = _scores_of(self._result)
        if parameters is None:
            self.opacity.stop()
            self._question.drop()
            self.say("")
        self.update()

    def on_parameters_changed(self) -> None:
        """The user chose something, or a script did."""
        if slicer.mrmlScene.IsImporting():  # half of what the parameters refer to is not there yet
            return
        if self._parameters.ct is not self._ct_shown:
            self._on_ct_selected(self._parameters.ct)
        self.mask_editor.keep_to(self._parameters.lungMask)
        self.update()

    def _on_ct_selected(self, ct: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        """Each CT has its own mask and result: never those of one over the slices of another."""
        self._ct_shown = ct
        self._question.drop()
        result = Result.of(ct)
        self.heat_map.show_outlines(result)  # before anything asks whether they are shown
        self.mask_editor.close()
        self.say("")
        self._parameters.lungMask = result.lung_mask_node if result else None
        self._scores = _scores_of(result)
        if ct is not None:
            show_ct(ct)

    def on_scene_added(self) -> None:
        """Outlines of what was chosen before are those of another CT; the result's own mask where none is chosen."""
        result = self._result
        self.heat_map.show_outlines(result)
        if result is not None and self._parameters.lungMask is None:
            self._parameters.lungMask = result.lung_mask_node

    def update(self) -> None:
        """Show the state of scene and logic."""
        if not self._updating:
            with self._writing():
                self._update()

    def _update(self) -> None:
        self._take_mask_of_new_score()
        ui, parameters, result, busy = self.ui, self.parameters, self._result, self.logic.busy
        ct = parameters.ct if parameters else None
        other_ct = self._name_of_other(self.logic.job)
        show_input(ui, ct, busy=busy, other_ct=other_ct, asks=self._question.is_open(ct))
        self.progress.name(other_ct)
        ui.rescoreButton.enabled = not busy
        ui.lungMaskCollapsibleButton.visible = ct is not None
        self.heat_map.update(result, busy)
        if parameters is None:
            self.result.show(None, 0.5, 50.0, False)
            ui.maskVisibleCheckBox.checked = True  # the masks of the next scene are seen at first
            return
        self.result.keep_threshold(result, parameters)
        measured = measured_of(result) if result else None
        if measured:
            follow_cohort(parameters, measured["positives"], measured["negatives"])
        self.heat_map.show(result, parameters, editing=self.mask_editor.is_any_open())
        self.result.show(result, parameters.decisionThreshold, parameters.prevalencePercent, self.heat_map.is_elsewhere)
        self.regions.show(result.record["regions"] if result else ())
        self.experiments.update(result, self.regions.current(), busy)
        self.opacity.show(result, parameters)
        mask = parameters.lungMask
        ui.editMaskButton.enabled = mask is not None and ct is not None and (not busy or self.mask_editor.is_open)
        ui.maskFileButton.enabled = ct is not None and not busy
        ui.maskVisibleCheckBox.enabled = mask is not None
        if result is not None:
            ui.maskVisibleCheckBox.checked = outlines_shown(result.lung_mask_node)

    def update_overlay(self, view: slicer.vtkMRMLNode | None = None) -> None:
        """Whatever came into the views: the heat map and the outlines lie over their own CT only."""
        before, self._views_on_screen = self._views_on_screen, views_on_screen()
        if view is not None and view.IsA("vtkMRMLSliceNode") and before == self._views_on_screen:
            return  # only scrolled
        if self.parameters is not None and not slicer.mrmlScene.IsBatchProcessing():
            self.update()

    def say(self, sentence: str) -> None:
        """What went wrong and what to do; empty when all is well."""
        self.ui.messageLabel.text = sentence
        self.ui.messageLabel.visible = bool(sentence)

    # --- Helpers -----------------------------------------------------------------------------------------------------

    @property
    def _parameters(self) -> COVIDDetectParameterNode:
        assert self.parameters is not None, "widgets are clicked only while there is a scene"
        return self.parameters

    @property
    def _result(self) -> Result | None:
        result = Result.of(self.parameters.ct) if self.parameters else None
        return result.beside(self._parameters.lungMask, self.settings.weights_sha256) if result else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What is written here into the scene comes back as an event, which is not followed."""
        self._updating = True
        try:
            yield
        finally:
            self._updating = False

    def _start(self, ct: slicer.vtkMRMLScalarVolumeNode, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        def start() -> bool:
            # While packages are installed, a script may have removed the CT.
            if not ensure_packages() or ct.GetScene() is None or not self._question.is_settled(ct):
                return False
            settings = self.settings
            self.logic.startAnalysis(ct, mask, lungs=settings.lungs, device=settings.device, card=settings.card)
            if mask is None:
                self.mask_editor.close_all()  # it would go on with a mask that is no longer meant
            if ct is self._parameters.ct and not is_shown(ct):
                show_ct(ct)
            return True

        self._request(start)

    def _name_of_other(self, job: Job | None) -> str:
        """The name of the CT of a job while another one is selected; else empty."""
        if job is None or self.parameters is None or job.ct_node is self.parameters.ct:
            return ""
        return str(job.ct_node.GetName())

    def _request(self, start: Callable[[], bool | None]) -> None:
        """Begin something in the worker, which answers later; False if the user cancelled."""
        self.say("")
        try:
            begun = start() is not False
        except COVIDDetectError as error:
            self.say(str(error))
        else:
            if begun:
                self.progress.begin()
        self.update()

    def _request_now(self, compute: Callable[[], object]) -> None:
        """Something short."""
        self.say("")
        try:
            compute()
        except COVIDDetectError as error:
            self.say(str(error))
        self.update()

    def _take_mask_of_new_score(self) -> None:
        """Whoever scored; but a script does not take away a mask that is being edited."""
        result = self._result
        before, self._scores = self._scores, _scores_of(result)
        if result is not None and self._scores != before:
            self.heat_map.show_outlines(result)
            if not self.mask_editor.is_any_open():
                self._parameters.lungMask = result.lung_mask_node


def _scores_of(result: Result | None) -> list[Scored]:
    return result.history if result else []

"""COVIDDetect for 3D Slicer: COVID-19 detection on chest CT with a weakly supervised 3D network."""

import logging

import qt
import slicer
import vtk
from COVIDDetectLib.checks import check_ct
from COVIDDetectLib.errors import Cancelled, COVIDDetectError, InputError
from COVIDDetectLib.mrml.ct import ct_from_node
from COVIDDetectLib.mrml.display import jump_to, set_lung_window, show_ct, show_result
from COVIDDetectLib.mrml.heat_map import heat_map_ids
from COVIDDetectLib.mrml.lung_mask import lung_mask_from_node, lung_segment_ids
from COVIDDetectLib.mrml.parameters import COVIDDetectParameterNode
from COVIDDetectLib.mrml.result import Result
from COVIDDetectLib.mrml.scene import chest_cts, is_automatic, is_edited, write_analysis
from COVIDDetectLib.mrml.watch import ResultWatch
from COVIDDetectLib.panel.installation import ensure_packages
from COVIDDetectLib.panel.mask_editor import MaskEditor
from COVIDDetectLib.panel.progress_row import ProgressRow
from COVIDDetectLib.panel.regions_table import RegionsTable
from COVIDDetectLib.panel.result_section import ResultSection
from COVIDDetectLib.panel.settings_section import SettingsSection
from COVIDDetectLib.worker.client import WorkerClient
from COVIDDetectLib.worker.signal import Signal
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin


class COVIDDetect(ScriptedLoadableModule):
    """Introduces the module to Slicer."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("COVIDDetect")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["Segmentations", "Volumes", "Colors"]
        self.parent.contributors = ["COVIDDetect contributors"]
        self.parent.helpText = _(
            "Open a chest CT and click Analyze. The lungs are outlined, a 3D network gives a probability of COVID-19, "
            "and a heat map shows where it looked. Research use only, not a medical device."
        )
        self.parent.acknowledgementText = _(
            "The network was published by Zheng, Deng, Fu, Zhou et al. (medRxiv 2020.03.12.20027185) and Wang et al. "
            "(IEEE Transactions on Medical Imaging 2020, doi 10.1109/TMI.2020.2995965)."
        )


class COVIDDetectWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: connects widgets, logic and scene."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._ctShown = None
        self._shortcuts = []

    def setup(self):
        """Build the panel; called when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/COVIDDetect.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = COVIDDetectLogic()
        self.logic.progressed.connect(self.onProgressed)
        self.logic.finished.connect(self.onFinished)
        self.logic.failed.connect(self.onFailed)
        self.logic.resultsChanged.connect(self.updatePanel)

        self._progress = ProgressRow(self.ui)
        self._result = ResultSection(self.ui)
        self._regions = RegionsTable(self.ui, jump_to)
        self._settings = SettingsSection(self.ui, self.updatePanel)
        self._maskEditor = MaskEditor(self.ui, self.updatePanel)

        self.ui.analyzeButton.connect("clicked(bool)", self.onAnalyze)
        self.ui.cancelButton.connect("clicked(bool)", self.onCancel)
        self.ui.rescoreButton.connect("clicked(bool)", self.onRescore)
        self.ui.editMaskButton.connect("clicked(bool)", self.onEditMask)
        self.ui.maskVisibleCheckBox.connect("toggled(bool)", self.onMaskVisibleToggled)
        self.ui.sampleDataButton.connect("clicked(bool)", self.onSampleData)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.EndBatchProcessEvent, self.onSceneEndBatchProcess)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        self.initializeParameterNode()

    def cleanup(self):
        """Called when the module is reloaded or the application closes."""
        self.exit()
        self.setParameterNode(None)
        self.removeObservers()
        if self.logic:
            self.logic.stop()

    def enter(self):
        """Called each time the module is opened."""
        self.initializeParameterNode()
        self._addShortcuts()

    def exit(self):
        """Called each time another module is opened."""
        self._maskEditor.close()
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

    # --- The scene ---------------------------------------------------------------------------------------------------

    def onSceneStartClose(self, caller, event):
        self.logic.cancel()
        self._maskEditor.close()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        self.initializeParameterNode()

    def onSceneEndImport(self, caller, event):
        self.initializeParameterNode()

    def onSceneEndBatchProcess(self, caller, event):
        if not caller.IsBatchProcessing():
            self.selectDefaultCT()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, caller, event, node):
        if node.IsA("vtkMRMLScalarVolumeNode") and not slicer.mrmlScene.IsBatchProcessing():
            # The voxels of a volume that is being loaded come after its node.
            qt.QTimer.singleShot(0, self.selectDefaultCT)

    def initializeParameterNode(self):
        """Make sure that there is a parameter node and that it is observed."""
        self.setParameterNode(self.logic.getParameterNode())
        self.selectDefaultCT()

    def setParameterNode(self, parameterNode):
        """Show and observe a parameter node; None lets go of the last one."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(
                self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged
            )
        self._parameterNode = parameterNode
        self._ctShown = parameterNode.ct if parameterNode else None
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self.updatePanel()

    def selectDefaultCT(self):
        """Choose the CT when there is only one."""
        if self._parameterNode and not self._parameterNode.ct:
            cts = chest_cts()
            if len(cts) == 1:
                self._parameterNode.ct = cts[0]
        self.updatePanel()

    def onParametersChanged(self, caller, event):
        if self._parameterNode.ct is not self._ctShown:
            self.onCTSelected(self._parameterNode.ct)
        self.updatePanel()

    def onCTSelected(self, ct):
        """Each CT has its own mask and result: never those of one over the slices of another."""
        self._ctShown = ct
        self._maskEditor.close()
        self._say("")
        result = Result.of(ct)
        self._parameterNode.lungMask = result.lung_mask_node if result else None
        if ct is not None:
            show_ct(ct)

    # --- What she clicks ---------------------------------------------------------------------------------------------

    def onAnalyze(self, checked=False):
        ct, mask = self._parameterNode.ct, self._parameterNode.lungMask
        if mask is not None and is_edited(mask):
            mask = self._askWhichMask(mask)
            if mask == "cancel":
                return
        elif mask is not None and is_automatic(mask):
            mask = None
        self._start(ct, mask)

    def onRescore(self, checked=False):
        result = Result.of(self._parameterNode.ct)
        if result and not self.logic.busy:
            self._start(result.ct_node, self._parameterNode.lungMask or result.lung_mask_node)

    def onCancel(self, checked=False):
        self._progress.cancelling()
        self.logic.cancel()

    def onEditMask(self, checked):
        if not checked:
            self._maskEditor.close()
            return
        mask = self._parameterNode.lungMask
        lungs = lung_segment_ids(mask)
        if lungs:
            self._maskEditor.open(mask, self._parameterNode.ct, lungs[0])
        else:
            self.ui.editMaskButton.checked = False
            self._say(_("{name} has no lung segment; choose another mask.").format(name=mask.GetName()))

    def onMaskVisibleToggled(self, visible):
        mask = self._parameterNode.lungMask if self._parameterNode else None
        if mask and mask.GetDisplayNode():
            mask.GetDisplayNode().SetVisibility(visible)

    def onSampleData(self, checked=False):
        with slicer.util.tryWithErrorDisplay(_("The sample could not be made."), waitCursor=True):
            self._parameterNode.ct = self.logic.makeSampleCT()
            set_lung_window(self._parameterNode.ct)

    # --- What the logic says -----------------------------------------------------------------------------------------

    def onProgressed(self, progress):
        self._progress.show(progress)

    def onFinished(self, result):
        self._progress.hide()
        if self._parameterNode:
            with slicer.util.NodeModify(self._parameterNode.parameterNode):
                self._parameterNode.lungMask = result.lung_mask_node
                self._parameterNode.decisionThreshold = result.record["decision_threshold"]
        self.updatePanel()

    def onFailed(self, error):
        self._progress.hide()
        self._say("" if isinstance(error, Cancelled) else str(error))
        self.updatePanel()

    def updatePanel(self):
        """Show the state of scene and logic."""
        parameters = self._parameterNode
        ct = parameters.ct if parameters else None
        result = Result.of(ct)
        busy = self.logic.busy
        # Our heat maps are scalar volumes too, but no CTs to choose.
        self.ui.ctSelector.sortFilterProxyModel().hiddenNodeIDs = heat_map_ids()
        self.ui.hintWidget.visible = ct is None
        self.ui.hintLabel.text = (
            _("Select the chest CT above.")
            if chest_cts()
            else _("Load a chest CT, or try the module with a synthetic one.")
        )
        self.ui.analyzeButton.enabled = ct is not None and not busy
        self.ui.analyzeButton.toolTip = (
            _("An analysis is running.")
            if busy
            else _("Find the lungs, score the CT, and show where the network looked.")
            if ct
            else _("Select a chest CT first.")
        )
        self.ui.rescoreButton.enabled = not busy
        for section in (self.ui.lungMaskCollapsibleButton, self.ui.heatMapCollapsibleButton):
            section.visible = ct is not None
        self.ui.heatMapCollapsibleButton.enabled = result is not None
        if parameters is None:
            self._result.show(None, 0.5)
            return
        self._compareWithChoices(result)
        self._result.show(result, parameters.decisionThreshold)
        self._regions.show(result.record.get("regions", ()) if result else ())
        mask = parameters.lungMask
        self.ui.editMaskButton.enabled = mask is not None and ct is not None and (not busy or self._maskEditor.is_open)
        self.ui.maskVisibleCheckBox.enabled = mask is not None
        show_result(
            result if parameters.heatMapVisible else None,
            only_in_lungs=parameters.onlyInLungs,
            opacity=parameters.heatMapOpacity,
            threshold=parameters.heatMapThreshold,
            colors=parameters.heatMapColors,
        )

    # --- Helpers -----------------------------------------------------------------------------------------------------

    def _start(self, ct, mask):
        self._say("")
        isFirst = Result.of(ct) is None
        try:
            if not ensure_packages() or not self._acceptsFindings(ct):
                return
            self.logic.startAnalysis(
                ct, mask, lungs=self._settings.lungs, device=self._settings.device, card=self._settings.card
            )
        except COVIDDetectError as error:
            self._say(str(error))
        else:
            if isFirst:
                set_lung_window(ct)
            show_ct(ct)
            self._progress.begin()
        self.updatePanel()

    def _say(self, sentence):
        self.ui.messageLabel.text = sentence
        self.ui.messageLabel.visible = bool(sentence)

    def _askWhichMask(self, mask):
        """Her corrected mask, None for a new one, or "cancel"."""
        box = qt.QMessageBox(slicer.util.mainWindow())
        box.setIcon(qt.QMessageBox.Question)
        box.setWindowTitle(_("COVIDDetect"))
        box.setText(_("The lung mask {name} was corrected by hand.").format(name=mask.GetName()))
        box.setInformativeText(_("A new mask goes into a segmentation of its own; yours is kept."))
        keep = box.addButton(_("Score with my mask"), qt.QMessageBox.AcceptRole)
        new = box.addButton(_("Make a new mask"), qt.QMessageBox.ActionRole)
        box.addButton(qt.QMessageBox.Cancel)
        box.setDefaultButton(keep)
        box.exec_()
        clicked = box.clickedButton()
        return mask if clicked == keep else None if clicked == new else "cancel"

    def _acceptsFindings(self, ct):
        """Whether nothing is wrong with a CT, or she wants its result all the same; asked once for each CT."""
        findings = check_ct(ct_from_node(ct))
        for finding in findings:
            if not finding.computable:
                raise InputError(finding.sentence)
        codes = " ".join(finding.code for finding in findings)
        if not findings or ct.GetAttribute("COVIDDetect.acceptedFindings") == codes:
            return True
        text = "\n\n".join(finding.sentence for finding in findings)
        if not slicer.util.confirmOkCancelDisplay(text, _("Analyze all the same?")):
            return False
        ct.SetAttribute("COVIDDetect.acceptedFindings", codes)
        return True

    def _compareWithChoices(self, result):
        if result is None:
            return
        try:
            result.compare_with(self._parameterNode.lungMask, self._settings.card.sha256)
        except COVIDDetectError as error:
            self._say(str(error))

    def _addShortcuts(self):
        """Only while the module is open; the slice views keep their own keys."""
        if self._shortcuts:
            return
        keys = {
            "H": lambda: self.ui.heatMapVisibleCheckBox.toggle(),
            "M": lambda: self.ui.maskVisibleCheckBox.toggle(),
            "N": lambda: self._regions.step(1),
            "Shift+N": lambda: self._regions.step(-1),
            "Ctrl+R": self.onRescore,
        }
        for key, slot in keys.items():
            shortcut = qt.QShortcut(qt.QKeySequence(key), slicer.util.mainWindow() or self.parent)
            shortcut.connect("activated()", slot)
            self._shortcuts.append(shortcut)


class COVIDDetectLogic(ScriptedLoadableModuleLogic):
    """Analyzes volume nodes and writes what comes of it into the scene; needs no panel.

    Signals
    -------
    progressed(Progress), finished(Result), failed(COVIDDetectError)
        Exactly one of the last two follows every ``startAnalysis``.
    resultsChanged()
        A result in the scene became stale, or a scene was loaded.

    Examples
    --------
    >>> result = slicer.modules.coviddetect.widgetRepresentation().self().logic.analyze(volumeNode)
    >>> result.record["probability"]
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.progressed, self.finished, self.failed, self.resultsChanged = Signal(), Signal(), Signal(), Signal()
        self._watch = ResultWatch(self.resultsChanged.emit)
        self._client = WorkerClient()
        self._client.progressed.connect(self.progressed.emit)
        self._client.finished.connect(self._onFinished)
        self._client.failed.connect(self._onFailed)
        self._running = None
        self._stopped = False
        slicer.app.connect("aboutToQuit()", self.stop)

    def getParameterNode(self):
        """The choices of the panel, typed."""
        return COVIDDetectParameterNode(super().getParameterNode())

    @property
    def busy(self):
        """Whether an analysis is under way."""
        return self._client.busy

    def startAnalysis(self, ctNode, lungMaskNode=None, lungs="unet", device="auto", card=None):
        """Begin to analyze a CT in the worker process.

        Parameters
        ----------
        ctNode : vtkMRMLScalarVolumeNode
        lungMaskNode : vtkMRMLSegmentationNode, optional
            The mask to score with; without one the lungs are found by ``lungs`` (``"unet"`` or ``"threshold"``).
        device : str
            ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        card : ModelCard, optional
            The weights that score; the bundled ones if None.

        Raises
        ------
        COVIDDetectError
            If the CT or the mask cannot be used, with the sentence that the user reads.
        """
        ct = ct_from_node(ctNode)
        mask = lung_mask_from_node(lungMaskNode, ctNode) if lungMaskNode else lungs
        self._client.analyze(ct, mask, device, card)
        self._running = ctNode, lungMaskNode
        self._watch.begin(ctNode, lungMaskNode)

    def analyze(self, ctNode, lungMaskNode=None, lungs="unet", device="auto", card=None):
        """Analyze a CT and wait for it, while the application stays alive; arguments as for ``startAnalysis``.

        Returns
        -------
        Result
            The result in the scene, with its lung mask, heat map and table node.

        Raises
        ------
        COVIDDetectError
            With the sentence that the user reads.
        """
        outcome = []
        self.finished.connect(outcome.append)
        self.failed.connect(outcome.append)
        try:
            self.startAnalysis(ctNode, lungMaskNode, lungs, device, card)
            while not outcome:
                slicer.app.processEvents()
        finally:
            self.finished.disconnect(outcome.append)
            self.failed.disconnect(outcome.append)
        if isinstance(outcome[0], COVIDDetectError):
            raise outcome[0]
        return outcome[0]

    def cancel(self):
        """End the analysis under way; the scene stays as it was."""
        self._client.cancel()

    def stop(self):
        """Let go of the scene and of the worker process."""
        if not self._stopped:
            self._stopped = True
            slicer.app.disconnect("aboutToQuit()", self.stop)
            self._watch.stop()
            self._client.stop()

    def makeSampleCT(self):
        """A synthetic chest CT with COVID-like disease as a new volume node."""
        from COVIDDetectLib.mrml.sample import add_phantom

        return add_phantom()

    def _onFinished(self, analysis):
        ctNode, lungMaskNode = self._running
        self._running = None
        if ctNode.GetScene() is None or (lungMaskNode and lungMaskNode.GetScene() is None):
            self.failed.emit(Cancelled(_("The CT or its mask was removed during the analysis.")))
            return
        with self._watch.paused():
            result = write_analysis(analysis, ctNode, lungMaskNode)
        self._watch.observe_results()
        if self._watch.disturbance:
            result.mark_stale(self._watch.disturbance)
        self.finished.emit(result)

    def _onFailed(self, error):
        self._running = None
        if not isinstance(error, Cancelled):
            logging.info("COVIDDetect: %s", error)  # the panel shows it
        self.failed.emit(error)


class COVIDDetectTest(ScriptedLoadableModuleTest):
    """What the module must do in any Slicer: analyze a synthetic CT, correct its mask, score again."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_AnalyzeAndRescore()

    def test_AnalyzeAndRescore(self):
        logic = COVIDDetectLogic()
        try:
            ct = logic.makeSampleCT()
            result = logic.analyze(ct, lungs="threshold")
            self.assertGreater(result.record["probability"], 0.5)
            self.assertEqual(result.stale, "")
            mask = result.lung_mask_node
            mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))
            self.assertNotEqual(result.stale, "")
            again = logic.analyze(ct, mask)
            self.assertEqual(again.node, result.node)
            self.assertEqual(again.stale, "")
            self.assertEqual(again.record["lungs"]["right_ml"], 0.0)
        finally:
            logic.stop()
        self.delayDisplay("Test passed")

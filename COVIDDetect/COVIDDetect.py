"""COVIDDetect for 3D Slicer: COVID-19 detection on chest CT with a weakly supervised 3D network."""

import logging
import tempfile
import time
from pathlib import Path

import slicer
import vtk
from COVIDDetectLib.analysis.opacity import OpacityBounds
from COVIDDetectLib.analysis.regions import Region
from COVIDDetectLib.errors import UNEXPECTED, Cancelled, COVIDDetectError
from COVIDDetectLib.events.later import Later
from COVIDDetectLib.events.lifetime import Stopping
from COVIDDetectLib.events.signal import Signal, weakly
from COVIDDetectLib.installation import missing_packages
from COVIDDetectLib.mrml.ct_checks import accepted_findings, note_findings
from COVIDDetectLib.mrml.job import Job
from COVIDDetectLib.mrml.nodes.ct import ct_from_node
from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node
from COVIDDetectLib.mrml.nodes.result import Result
from COVIDDetectLib.mrml.outcome import show_lungs, take_back_lungs, write_noted, write_outcome
from COVIDDetectLib.mrml.parameters import COVIDDetectParameterNode, let_go_of
from COVIDDetectLib.mrml.sample import DISEASED, add_phantom, make_phantom, register_samples
from COVIDDetectLib.mrml.scene import chest_cts, write_analysis_nodes
from COVIDDetectLib.mrml.watch import Fingerprint, scene_watch
from COVIDDetectLib.panel.panel import Panel
from COVIDDetectLib.panel.view_watch import ViewWatch
from COVIDDetectLib.worker.client import WorkerClient
from COVIDDetectLib.worker.folder import sweep
from COVIDDetectLib.worker.reading_gate import ReadingGate
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
        self.parent.dependencies = ["Segmentations", "Volumes", "VolumeRendering", "Cameras", "Colors"]
        self.parent.contributors = ["COVIDDetect contributors"]
        self.parent.helpText = _(
            "Open a chest CT and click Analyze. The lungs are outlined, a 3D network estimates the probability of"
            " COVID-19, and a heat map shows where it looked. Research use only, not a medical device."
        )
        home, documentation = "https://github.com/coviddetect/SlicerCOVIDDetect#readme", _("Documentation")
        self.parent.helpText += f'<p><a href="{home}">{documentation}</a></p>'
        self.parent.acknowledgementText = _(
            "The network was published by Zheng, Deng, Fu, Zhou et al. (medRxiv 2020.03.12.20027185) and Wang et al. "
            "(IEEE Transactions on Medical Imaging 2020, doi 10.1109/TMI.2020.2995965)."
        )
        slicer.app.connect("startupCompleted()", self.registerSampleData)
        slicer.app.connect("startupCompleted()", sweep)

    def registerSampleData(self):
        """Called when all modules are there; the embedded viewer has no Sample Data."""
        if hasattr(slicer.modules, "sampledata"):
            register_samples(Path(self.resourcePath("Icons")))


class COVIDDetectWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel's life in Slicer: opened, left, reloaded, and scenes that are opened and closed."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = COVIDDetectLogic()
        self.ui = self.panel = self._viewWatch = self._parameterNodeGuiTag = None
        self._selectCTLater, self._volumeCame = Later(self.selectDefaultCT), False  # voxels come after their node

    def setup(self):
        """Build the panel; called when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/COVIDDetect.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.panel = Panel(self.ui, self.logic)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.EndBatchProcessEvent, self.onSceneEndBatchProcess)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self._viewWatch = ViewWatch(self.panel.on_view_changed)
        self.initializeParameterNode()
        if self.parent.isEntered:  # reloaded: Slicer does not enter it again
            self.panel.shortcuts.enable()

    def cleanup(self):
        """Called when the module is reloaded or the application closes."""
        self._selectCTLater.stop()
        if self._viewWatch:  # else setup failed, and to reload what was mended must not fail too
            for each in (self._viewWatch, self.panel.settings.weights_menu, self.panel.worklist.batch):
                each.stop()
            self.exit()
            self.panel.mask_editor.release()
            self.setParameterNode(None)
        self.removeObservers()
        self.logic.stop()

    def enter(self):
        """Called each time the module is opened."""
        self.initializeParameterNode()
        self.panel.shortcuts.enable()

    def exit(self):
        """Called each time another module is opened."""
        self.panel.mask_editor.close()
        self.panel.shortcuts.disable()

    def onSceneStartClose(self, caller, event):
        self.logic.cancel()
        self.panel.mask_editor.close()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        self.initializeParameterNode()

    def onSceneStartImport(self, caller, event):
        self.panel.mask_editor.close()
        self.setParameterNode(None)  # until all of it is there, nothing is shown by choices whose nodes are not

    def onSceneEndImport(self, caller, event):
        self.initializeParameterNode()
        self.panel.on_scene_added()

    def onSceneEndBatchProcess(self, caller, event):
        if not caller.IsBatchProcessing():
            came, self._volumeCame = self._volumeCame, False
            self.selectDefaultCT() if came else self.panel.update()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, caller, event, node):
        if node.IsA("vtkMRMLScalarVolumeNode") and caller.IsBatchProcessing():
            self._volumeCame = True
        elif node.IsA("vtkMRMLScalarVolumeNode") and self.parent.isEntered:
            self._selectCTLater.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node):
        if self._parameterNode:
            let_go_of(node, self._parameterNode)

    @property
    def _parameterNode(self):
        """The one that is shown; None while there is no scene."""
        return self.panel.parameters

    def initializeParameterNode(self):
        """Make sure that there is a parameter node and that it is observed."""
        self.setParameterNode(self.logic.getParameterNode())
        self.selectDefaultCT()

    def setParameterNode(self, parameterNode):
        """Show and observe a parameter node; None releases the last one."""
        if last := self._parameterNode:
            last.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(last.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParameterNodeModified)
        if parameterNode:
            self._parameterNodeGuiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParameterNodeModified)
        self.panel.set_parameters(parameterNode)

    def onParameterNodeModified(self, caller, event):
        self.panel.on_parameters_changed()

    def selectDefaultCT(self):
        """Choose the CT when there is only one."""
        if not self._parameterNode:  # closed since this was put off
            return
        cts = chest_cts() if not self._parameterNode.ct and self.parent.isEntered else []
        if len(cts) == 1:
            self._parameterNode.ct = cts[0]
        self.panel.update()


class COVIDDetectLogic(ScriptedLoadableModuleLogic, Stopping):
    """Analyzes volume nodes and writes what comes of it into the scene; needs no panel.

    The process that computes stays warm for the next CT, until ``stop`` or as long as the logic lives. What cannot be
    done raises ``COVIDDetectError`` with the sentence that the user reads, or ends in ``failed`` with it.

    Parameters
    ----------
    client : worker.interface.Client, optional
        What computes; by default a process of its own.

    ``job`` is what is being computed, ``backgroundJob`` what nobody waits for; signals as in ``panel.logic.Logic``.
    ``gate`` may let an answer wait until the user has read the CT.

    Examples
    --------
    >>> logic = COVIDDetectLogic()
    >>> logic.analyze(volumeNode).record["probability"]
    """

    def __init__(self, client=None):
        ScriptedLoadableModuleLogic.__init__(self)
        self.progressed, self.segmented, self.resultsChanged = Signal(), Signal(), Signal()
        self.finished, self.failed, self.previewed = Signal(), Signal(), Signal()
        self.gate = self._client = ReadingGate(client or WorkerClient())
        for name in ("progressed", "segmented", "finished", "failed", "noted"):
            getattr(self.gate, name).connect(weakly(getattr(self, f"_on{name.title()}")))
        self.job, self.backgroundJob, self._stopped = None, None, False
        self._onChange = weakly(self._onResultChanged)
        scene_watch().follow(self._onChange)
        scene_watch().verify(Result.all())
        self._stopBeforeQuitting = weakly(self.stop)
        slicer.app.connect("aboutToQuit()", self._stopBeforeQuitting)
        self.start_stopping()

    def getParameterNode(self):
        """The choices of the panel, typed."""
        return COVIDDetectParameterNode(super().getParameterNode())

    def useClient(self, client):
        """Let another client compute from now on; nothing may be under way."""
        self.gate.use(client)

    @property
    def busy(self):
        """Whether anything is being computed."""
        return self.job is not None

    def startAnalysis(self, ctNode, lungMaskNode=None, lungs="unet", device="auto", card=None):
        """Begin to analyze a CT in the worker process; whether anything is wrong with it is the caller's to ask.

        Parameters
        ----------
        lungMaskNode : vtkMRMLSegmentationNode, optional
            The mask to score with; without one the lungs are found by ``lungs`` (``"unet"`` or ``"threshold"``).
        card : ModelCard, optional
            The weights that score; the bundled ones if None.
        """
        mask = lung_mask_from_node(lungMaskNode, ctNode) if lungMaskNode else lungs
        self._client.analyze(ct_from_node(ctNode), mask, device, card, accepted_findings(ctNode))
        self.job = Job("analyze", ctNode, lungMaskNode, Fingerprint.of(ctNode, lungMaskNode))

    def analyze(self, ctNode, lungMaskNode=None, lungs="unet", device="auto", card=None):
        """Analyze a CT, and return its ``Result`` in the scene; meanwhile the application stays alive.

        Arguments are those of ``startAnalysis``. Nobody is asked: what is wrong with the CT stands in the notes.
        """
        note_findings(ctNode)
        outcome = {}  # the job and how it ended
        with self.finished.connected(outcome.setdefault), self.failed.connected(outcome.setdefault):
            self.startAnalysis(ctNode, lungMaskNode, lungs, device, card)
            while not outcome:
                if self._stopped:
                    raise COVIDDetectError(_("The module was closed or reloaded during the analysis; analyze again."))
                slicer.app.processEvents()
                time.sleep(0.005)  # the processor is the worker's
        (end,) = outcome.values()
        if isinstance(end, COVIDDetectError):
            raise end
        return end

    def startExplanation(self, result, method, device="auto"):
        """Begin to make the heat map of a result anew, by one of ``attribution.METHODS``."""
        self._begin(Job.with_result("explain", result), self._client.explain, method, device, result.card)

    def startExperiments(self, result, region=None, device="auto"):
        """Begin to score what is not so: one lung only, and with ``region``, an entry of the record, made healthy."""
        job, region = Job.with_result("experiment", result), region and Region.from_entry(region)
        self._begin(job, self._client.experiment, region, device, result.card)

    def startCorrection(self, result, device="auto"):
        """Begin to find out what each piece of the last correction of the lung mask did to the score."""
        job = Job.with_result("correction", result)
        self._begin(job, self._client.correction, job.before, device, result.card)

    def startComparison(self, result, earlier):
        """Begin to lay the CT of an earlier result over that of a result, by their lungs."""
        job = Job.with_two_results(result, earlier)
        self._begin(job, self._client.compare, job.earlier.scan, OpacityBounds.from_levels(result.opacity_bounds))

    def _begin(self, job, compute, *more):
        compute(*job.scan, *more)
        self.job = job

    def startInBackground(self, kind, result, device="auto"):
        """Begin a ``"width"``, ``"checks"`` or ``"preview"``: whatever else is begun takes its place."""
        job, method = Job.with_result(kind, result), {"width": "read_again", "checks": "check_map"}.get(kind, kind)
        getattr(self._client, method)(ct_from_node(job.ct_node), job.lung_mask, device, result.card)
        self.backgroundJob = job

    def stopBackground(self):
        """End that; nothing is written."""
        self._client.stop_background()

    def cancel(self):
        """End what is being computed; the scene stays as it was."""
        self._client.cancel()

    def stop(self):
        """Release the scene and the worker process."""
        if not self._stopped:
            take_back_lungs(self.job)
            self._stopped, self.job, self.backgroundJob = True, None, None
            slicer.app.disconnect("aboutToQuit()", self._stopBeforeQuitting)
            scene_watch().leave(self._onChange)
            self._client.stop()

    def _onResultChanged(self, result, change):
        if change == "gone":
            self._client.forget()
        self.resultsChanged.emit(result, change)

    def _onProgressed(self, progress):
        self.progressed.emit(self.job, progress)

    def _onSegmented(self, lungMask):
        if self.job is not None:
            self.job = show_lungs(self.job, lungMask)
            self.segmented.emit(self.job)

    def _onFinished(self, value):
        job, self.job = self.job, None
        if job is None:  # this logic was stopped, and the client answers another one
            return
        # Whatever goes wrong has to end in a signal: else panel or script would wait for ever.
        try:
            outcome = write_outcome(job, value)
        except COVIDDetectError as error:
            self.failed.emit(job, error)
        except Exception:
            self.failed.emit(job, COVIDDetectError(UNEXPECTED))
            raise
        else:
            self.finished.emit(job, outcome)

    def _onNoted(self, value):
        job, self.backgroundJob = self.backgroundJob, None
        if job is not None:
            self.previewed.emit(job, value) if job.kind == "preview" else write_noted(job, value)

    def _onFailed(self, error):
        job, self.job = self.job, None
        if not isinstance(error, Cancelled):
            logging.info("COVIDDetect: %s", error)  # the panel shows it
        take_back_lungs(job)
        self.failed.emit(job, error)


class COVIDDetectTest(ScriptedLoadableModuleTest):
    """What the module must do in any Slicer."""

    def setUp(self):
        slicer.mrmlScene.Clear()
        self.logic = COVIDDetectLogic()
        self.addCleanup(self.logic.stop)

    def test_ResultInScene(self):
        """All but the computing, for which Slicer lacks packages: a result is written, saved, loaded and corrected."""
        from COVIDDetectLib.phantom.ideal import ideal_analysis

        phantom, ct = make_phantom(), add_phantom()
        result = write_analysis_nodes(ideal_analysis(phantom), ct, None)
        record, labels = result.record, lung_mask_from_node(result.lung_mask_node, ct).labels
        self.assertTrue((labels == phantom.lung_mask).all())
        with tempfile.TemporaryDirectory() as folder:
            slicer.util.saveScene(f"{folder}/Scene.mrb")
            slicer.mrmlScene.Clear()
            slicer.util.loadScene(f"{folder}/Scene.mrb")
        (loaded,) = Result.all()
        self.assertEqual((loaded.stale, loaded.record), ("", record))
        lungs = loaded.lung_mask_node.GetSegmentation()
        lungs.RemoveSegment(lungs.GetNthSegmentID(0))
        self.assertNotEqual(loaded.stale, "")

    def test_AnalyzeAndRescore(self):
        """The straight way of a synthetic CT, as Sample Data brings it, and back with a corrected mask."""
        if missing := missing_packages():
            self.delayDisplay(f"Not tested: this Slicer lacks {', '.join(missing.names)}; Analyze installs them.")
            return  # not skipped: in Reload and Test that would look like an error
        if hasattr(slicer.modules, "sampledata"):
            import SampleData

            ct = SampleData.downloadSample(DISEASED)
        else:
            ct = add_phantom()
        result = self.logic.analyze(ct, lungs="threshold")
        self.assertGreater(result.record["probability"], 0.5)
        self.assertEqual(result.stale, "")
        mask = result.lung_mask_node
        mask.GetSegmentation().RemoveSegment(mask.GetSegmentation().GetNthSegmentID(0))
        self.assertNotEqual(result.stale, "")
        again = self.logic.analyze(ct, mask)
        self.assertEqual((again.node, again.stale), (result.node, ""))
        self.assertEqual(again.record["lungs"]["right_ml"], 0.0)

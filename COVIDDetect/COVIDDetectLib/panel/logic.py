"""What the panel needs of the module's logic: ``COVIDDetectLogic`` in COVIDDetect.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import slicer

from ..events.signal import Signal
from ..mrml.job import Job, Kind
from ..mrml.nodes.result import Result
from ..weights.cards import ModelCard
from ..worker.reading_gate import ReadingGate


class Logic(Protocol):
    """Begins what the user asks for, and says how it goes on. Methods are named as in any Slicer logic.

    Signals
    -------
    progressed(Job, Progress)
    segmented(Job)
        The lungs of a job were found and are in the scene, while the rest is computed.
    finished(Job, outcome)
        ``outcome`` is the ``Result`` in the scene, of an experiment a tuple of ``Experiment``, of a correction the
        ``Correction``, of two results the ``Comparison`` in the scene.
    failed(Job, COVIDDetectError)
        ``Cancelled`` after a cancel. Every ``start…`` that raises nothing ends in ``finished`` or ``failed``.
    previewed(Job, probability or COVIDDetectError)
        ``Cancelled`` where something else took its place.
    resultsChanged(Result or None, mrml.watch.Change)
        A result in the scene changed, whoever did it; None where it is the scene that did.
    """

    progressed: Signal
    segmented: Signal
    finished: Signal
    failed: Signal
    previewed: Signal
    resultsChanged: Signal

    gate: ReadingGate

    @property
    def job(self) -> Job | None:
        """What is being computed."""

    @property
    def backgroundJob(self) -> Job | None:
        """What is computed while nobody waits."""

    @property
    def busy(self) -> bool:
        """Whether anything is."""

    def startAnalysis(
        self,
        ctNode: slicer.vtkMRMLScalarVolumeNode,
        lungMaskNode: slicer.vtkMRMLSegmentationNode | None = None,
        lungs: str | ModelCard = "unet",
        device: str = "auto",
        card: ModelCard | None = None,
    ) -> None:
        """Begin to analyze a CT, or to score it with a mask."""

    def startExplanation(self, result: Result, method: str, device: str = "auto") -> None:
        """Begin another heat map of a result."""

    def startExperiments(self, result: Result, region: Mapping[str, Any] | None = None, device: str = "auto") -> None:
        """Begin the experiments with a result."""

    def startCorrection(self, result: Result, device: str = "auto") -> None:
        """Begin to find out what each piece of the last correction of the mask did; ``finished`` has ``Correction``."""

    def startComparison(self, result: Result, earlier: Result) -> None:
        """Begin to lay the CT of an earlier result on that of a result; ``finished`` has the ``Comparison``."""

    def startInBackground(self, kind: Kind, result: Result, device: str = "auto") -> None:
        """Begin what nobody waits for, as long as nothing else is begun.

        Parameters
        ----------
        kind
            ``"width"``: read a result's CT again, nudged; ``"checks"``: check its heat map; ``"preview"``: score its
            mask as it is being edited, which ends in ``previewed``.
        """

    def stopBackground(self) -> None:
        """End that."""

    def cancel(self) -> None:
        """End what is being computed."""

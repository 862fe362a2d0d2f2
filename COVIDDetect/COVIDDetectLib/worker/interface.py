"""What the module's logic needs of whatever computes: ``client.WorkerClient``, or in tests one that answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..analysis.opacity import OpacityBounds
from ..analysis.regions import Region
from ..ct.volume import CTVolume
from ..events.signal import Signal
from ..lungs import LungMask
from ..weights.cards import ModelCard

IN_BACKGROUND = frozenset({"width", "checks", "preview"})
"""Kinds of requests that nobody waits for."""


class Client(Protocol):
    """Computes one request at a time, without ever blocking the event loop.

    Requests
    --------
    analyze(ct, lungs, device, weights, findings)
        Lungs, probability and heat map; with a ``LungMask`` for ``lungs`` only the latter two: a re-score.
    explain(ct, lung_mask, method, device, weights)
        Another heat map of the same score; ``attribution.METHODS`` names the methods.
    experiment(ct, lung_mask, region, device, weights)
        Probabilities with one lung in the mask, and with a region replaced by healthy-looking lung.
    correction(ct, lung_mask, before, device, weights)
        What each piece of a correction of the mask did to the score.
    compare(ct, lung_mask, earlier, bounds)
        How an earlier CT of the patient lies on this one, and where opacity came or went.

    Each raises COVIDDetectError while another is under way (``busy``), or where packages or room on the disk are
    missing; else it ends in exactly one of ``finished`` and ``failed``, never from within the call.

    read_again(ct, lung_mask, device, weights)
        How far the probability moves when scan and mask are nudged.
    check_map(ct, lung_mask, device, weights)
        Whether the heat map can be relied on.
    preview(ct, lung_mask, device, weights)
        The probability with a mask that is being edited.

    For these three nobody waits: ``busy`` stays false, any request that is made meanwhile takes their place, and they
    end in ``noted``.

    Signals
    -------
    progressed(Progress)
        With ``seconds_left`` as soon as it can be told.
    segmented(LungMask)
        After ``analyze`` without a mask, as soon as the lungs are found and while the rest is computed; ``finished``
        has the same ones. Not if there is no time for it before that.
    finished(value)
        After ``analyze`` an ``Analysis``, after ``explain`` a ``HeatMap``, after ``experiment`` a tuple of
        ``Experiment``, after ``correction`` a ``Correction``, after ``compare`` an ``Alignment``.
    failed(COVIDDetectError)
        After any; after a cancel with ``Cancelled``.
    noted(Width, MapChecks, probability or COVIDDetectError)
        After ``read_again``, ``check_map`` and ``preview``; with ``Cancelled`` from within the call that ends them.
    """

    progressed: Signal
    segmented: Signal
    finished: Signal
    failed: Signal
    noted: Signal

    @property
    def busy(self) -> bool:
        """Whether a request is under way that somebody waits for."""

    def analyze(
        self,
        ct: CTVolume,
        lungs: str | LungMask = "unet",
        device: str = "auto",
        weights: ModelCard | None = None,
        findings: Sequence[str] = (),
    ) -> None:
        """Begin an analysis; the arguments are those of ``analyze.analyze``."""

    def explain(
        self, ct: CTVolume, lung_mask: LungMask, method: str, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Begin to make another heat map; the arguments are those of ``attribution.explain``."""

    def experiment(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        region: Region | None = None,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """Begin the experiments; the arguments are those of ``experiments.run_experiments``."""

    def correction(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        before: LungMask,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """Begin to explain a correction; the arguments are those of ``correction.explain_correction``."""

    def compare(
        self, ct: CTVolume, lung_mask: LungMask, earlier: tuple[CTVolume, LungMask], bounds: OpacityBounds
    ) -> None:
        """Begin to lay an earlier CT, which comes with its mask, on a later one; as ``registration.align``."""

    def read_again(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Begin to read a CT again; the arguments are those of ``width.read_again``."""

    def check_map(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Begin to check the heat map; the arguments are those of ``map_checks.check_map``."""

    def preview(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Begin to score with a mask that is being edited; the arguments are those of ``preview.preview``."""

    def stop_background(self) -> None:
        """End what nobody waits for, where it is under way."""

    def cancel(self) -> None:
        """End what is waited for; ``failed(Cancelled)`` follows within half a second, never from within this call."""

    def forget(self) -> None:
        """Remove the CT that lies ready for another request, here and in the worker, once nothing is under way."""

    def stop(self) -> None:
        """End all that runs, and remove all that was stored; nothing is emitted."""


REQUESTS = frozenset(name for name in vars(Client) if not name.startswith("_")) - {
    *("busy", "cancel", "forget", "stop", "stop_background"),
    *("progressed", "segmented", "finished", "failed", "noted"),
}
"""Names of the methods that begin to compute something."""

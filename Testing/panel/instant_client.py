"""A client that computes no network: it answers in the next turn of the event loop what the worker answers in seconds.

What becomes of an answer in scene and panel is the same. What the networks say is not: tests of that ask for the
fixture ``real_worker``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import numpy as np
from COVIDDetectLib.analysis.analyze import Analysis, Progress, check_hounsfield_units
from COVIDDetectLib.analysis.attention import Attention, place_attention
from COVIDDetectLib.analysis.attribution import METHODS
from COVIDDetectLib.analysis.correction import Correction, Share, pieces_of
from COVIDDetectLib.analysis.experiments import Experiment
from COVIDDetectLib.analysis.healthy_lung import with_healthy_lung
from COVIDDetectLib.analysis.heat_map import LEAST_IN_LUNGS, HeatMap
from COVIDDetectLib.analysis.map_checks import Check, MapChecks
from COVIDDetectLib.analysis.opacity import OpacityBounds, measure_lobes
from COVIDDetectLib.analysis.regions import SIDES, Region, region_voxels
from COVIDDetectLib.analysis.registration import align
from COVIDDetectLib.analysis.width import Reading, Width
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, COVIDDetectError
from COVIDDetectLib.events.signal import Signal
from COVIDDetectLib.lungs import LEFT, RIGHT, LungMask, segment_lungs
from COVIDDetectLib.phantom.ideal import analysis_of
from COVIDDetectLib.weights.cards import ModelCard, read_card
from scipy.ndimage import binary_erosion

DENSE_HU = -650
"""Healthy lung of a phantom is below it, diseased lung above."""

DENSE_SHARE = 0.1
"""Between a healthy phantom (0.04) and one with disease (0.19)."""


_Step = Progress | Callable[[], LungMask]
"""What is said on the way: how far it is, or the lungs."""


class InstantClient:
    """Does what ``worker.interface.Client`` describes.

    Lungs are found by thresholds, as by the worker. The score is the share of dense lung, and the heat map shows where
    the lungs are dense. A request that is ``held`` reports once and waits for what the test does next.
    """

    def __init__(self) -> None:
        from COVIDDetectLib.events.later import Later  # needs qt, which is there once the host is

        self.progressed, self.segmented, self.noted = Signal(), Signal(), Signal()
        self.finished, self.failed = Signal(), Signal()
        self.kept_ct: CTVolume | None = None
        """What the worker would keep for another request, and lies in a file meanwhile."""
        self._compute: Callable[[], Any] | None = None
        self._steps: list[_Step] = []
        self._is_held = self._forgets = False
        self._answer_later = Later(self._answer)
        self._background: Callable[[], Width | MapChecks | float] | None = None
        self._background_later = Later(self._answer_background)

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._compute is not None

    def analyze(
        self,
        ct: CTVolume,
        lungs: str | LungMask = "unet",
        device: str = "auto",
        weights: ModelCard | None = None,
        findings: Sequence[str] = (),
    ) -> None:
        """Lungs, probability and heat map."""
        slices = len(ct.hu)
        steps: list[_Step] = [Progress("score", slices, slices), Progress("attention", 1, 1)]
        if isinstance(lungs, str):
            found = partial(_lungs_found, ct)
            steps = [Progress("lungs", slices // 2, slices), Progress("lungs", slices, slices), found, *steps]
        self._begin(ct, lambda: _analysis(ct, lungs, weights, findings), steps)

    def explain(
        self, ct: CTVolume, lung_mask: LungMask, method: str, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """Another heat map: flatter than the first."""

        def compute() -> HeatMap:
            first = _attention(ct, lung_mask)
            flatter = replace(first, values=np.sqrt(first.values), layer=METHODS[method])
            return HeatMap.of(flatter, lung_mask.axial())

        self._begin(ct, compute, [Progress("attention", 1, 2)])

    def experiment(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        region: Region | None = None,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """One lung alone, and a region without disease."""
        self._begin(ct, lambda: _experiments(ct, lung_mask, region), [Progress("score", 1, 2)])

    def correction(
        self,
        ct: CTVolume,
        lung_mask: LungMask,
        before: LungMask,
        device: str = "auto",
        weights: ModelCard | None = None,
    ) -> None:
        """Its pieces, each with the same share."""
        self._begin(ct, lambda: _correction(ct, before, lung_mask), [Progress("correction", 1, 4)])

    def compare(
        self, ct: CTVolume, lung_mask: LungMask, earlier: tuple[CTVolume, LungMask], bounds: OpacityBounds
    ) -> None:
        """The same as the worker does: it needs no network."""
        self._begin(ct, lambda: align((ct, lung_mask), earlier, bounds), [Progress("align", 0, 2)])

    def read_again(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """As it is, and with a pixel less of the mask."""
        self._begin_background(ct, lambda: _width(ct, lung_mask))

    def check_map(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """How much of the heat lies in the lungs; all else as it should be."""
        self._begin_background(ct, lambda: _map_checks(ct, lung_mask))

    def preview(
        self, ct: CTVolume, lung_mask: LungMask, device: str = "auto", weights: ModelCard | None = None
    ) -> None:
        """The probability that a score would give."""
        self._begin_background(ct, lambda: _probability(ct, lung_mask))

    def stop_background(self) -> None:
        """End what nobody waits for."""
        if self._background is not None:
            self._background = None
            self.noted.emit(Cancelled("The analysis was cancelled."))

    def cancel(self) -> None:
        """End what is under way, in the next turn."""
        if self.busy:
            self._steps, self._compute = [], _cancelled
            self._answer_later.start()

    def forget(self) -> None:
        """Keep no CT, once nothing is under way."""
        self._forgets = self.busy
        if not self.busy:
            self.kept_ct = None

    def stop(self) -> None:
        """End what is under way and keep nothing; nothing is emitted."""
        self._compute = self._background = self.kept_ct = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within this block a request reports once, and is answered only after it."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self.busy:
                self._answer_later.start()
            if self._background is not None:
                self._background_later.start()

    def report(self) -> None:
        """A held request says how far it is."""
        if self.busy and self._steps:
            self._say(self._steps.pop(0))

    def fail(self, error: COVIDDetectError) -> None:
        """The request under way goes wrong, now."""
        self._end()
        self.failed.emit(error)

    def _begin(self, ct: CTVolume, compute: Callable[[], Any], steps: Sequence[_Step]) -> None:
        if self.busy:
            raise COVIDDetectError("An analysis is running; wait for it, or cancel it.")
        self.stop_background()
        self.kept_ct, self._compute, self._steps, self._forgets = ct, compute, [*steps], False
        self._answer_later.start()

    def _answer(self) -> None:
        try:
            while self._steps and self._compute is not None:
                self._say(self._steps.pop(0))
                if self._is_held:
                    return
            if self._compute is None or (self._is_held and self._compute is not _cancelled):
                return
            value = self._compute()
        except COVIDDetectError as error:
            self.fail(error)
        else:
            self._end()
            self.finished.emit(value)

    def _say(self, step: _Step) -> None:
        self.progressed.emit(step) if isinstance(step, Progress) else self.segmented.emit(step())

    def _begin_background(self, ct: CTVolume, compute: Callable[[], Width | MapChecks | float]) -> None:
        if self.busy:
            raise COVIDDetectError("An analysis is running; wait for it, or cancel it.")
        self.stop_background()
        self.kept_ct, self._background = ct, compute
        self._background_later.start()

    def _answer_background(self) -> None:
        if self._background is not None and not self._is_held:
            value, self._background = self._background(), None
            self.noted.emit(value)

    def _end(self) -> None:
        self._compute = None
        if self._forgets:
            self.forget()


def _cancelled() -> None:
    raise Cancelled("The analysis was cancelled.")


def _analysis(ct: CTVolume, lungs: str | LungMask, weights: ModelCard | None, findings: Sequence[str]) -> Analysis:
    check_hounsfield_units(ct)
    card = read_card(lungs) if isinstance(lungs, str) and lungs.endswith(".json") else None
    method = "given" if isinstance(lungs, LungMask) else "unet" if card else lungs
    lung_mask = lungs if isinstance(lungs, LungMask) else _lungs_found(ct)
    measured = _measured(_Voxels(ct), _Voxels(CTVolume(lung_mask.labels, lung_mask.geometry)))
    weights = weights or measured.card
    lobes = measure_lobes(ct, lung_mask)
    return replace(
        measured, lung_mask=lung_mask, lobes=lobes, ct_name=ct.name, card=weights, lungs_card=card, lungs_method=method,
        decision_threshold=weights.decision_threshold or 0.5, notes=tuple(findings),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def _lungs_found(ct: CTVolume) -> LungMask:
    check_hounsfield_units(ct)
    return LungMask(_lungs_by_threshold(_Voxels(ct)), ct.geometry)


class _Voxels:
    """A CT wherever it lies, as the key of a cache."""

    def __init__(self, ct: CTVolume) -> None:
        self.ct = ct
        self._key = ct.hu.tobytes(), ct.geometry

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Voxels) and self._key == other._key


@lru_cache(maxsize=24)
def _lungs_by_threshold(voxels: _Voxels) -> np.ndarray:
    axial, order = voxels.ct.axial()
    return np.ascontiguousarray(order.undo(segment_lungs(axial, "threshold").labels))


@lru_cache(maxsize=24)
def _measured(voxels: _Voxels, labels: _Voxels) -> Analysis:
    ct, lung_mask = voxels.ct, LungMask(labels.ct.hu, labels.ct.geometry)
    return analysis_of(ct, lung_mask, _attention(ct, lung_mask), _logit(ct, lung_mask))


def _logit(ct: CTVolume, lung_mask: LungMask) -> float:
    """Positive where more of the lungs is dense than in a healthy phantom."""
    dense = ct.hu[lung_mask.labels > 0] > DENSE_HU
    return 20.0 * (float(dense.mean()) - DENSE_SHARE)


def _attention(ct: CTVolume, lung_mask: LungMask) -> Attention:
    """How much of each cell of 2 slices by 8 by 8 pixels is dense lung; cells lie as those of the network."""
    axial = ct.axial()[0]
    raw = ((axial.hu > DENSE_HU) & (lung_mask.axial().labels > 0)).astype(np.float32)
    for axis, (size, first) in enumerate(((2, 2), (8, 4), (8, 4))):
        raw = np.add.reduceat(raw, [0, *range(first, raw.shape[axis], size)], axis=axis)
    return place_attention(raw, axial.geometry)


def _experiments(ct: CTVolume, lung_mask: LungMask, region: Region | None) -> tuple[Experiment, ...]:
    ct, lung_mask = ct.axial()[0], lung_mask.axial()
    changed = []
    for side in (RIGHT, LEFT):
        only = replace(lung_mask, labels=np.where(lung_mask.labels == side, lung_mask.labels, 0))
        changed.append((f"{SIDES[side].capitalize()} lung only", ct, only))
    if region is not None:
        voxels = region_voxels(HeatMap.of(_attention(ct, lung_mask), lung_mask), lung_mask, region)
        healthy = with_healthy_lung(ct, lung_mask, voxels)
        changed.append((f"Region {region.rank} replaced by healthy-looking lung", healthy, lung_mask))
    as_it_is = _probability(ct, lung_mask)
    probabilities = [(name, _probability(*what)) for name, *what in changed]
    return tuple(Experiment(name, probability, probability - as_it_is) for name, probability in probabilities)


def _correction(ct: CTVolume, before: LungMask, after: LungMask) -> Correction:
    first, last = (2 * _logit(ct, mask) for mask in (before, after))
    pieces = pieces_of(before.axial(), after.axial())
    shares = [Share(one.ml, one.position_lps_mm, one.where, (last - first) / len(pieces)) for one in pieces]
    return Correction(first, last, tuple(shares))


def _width(ct: CTVolume, lung_mask: LungMask) -> Width:
    smaller = replace(lung_mask, labels=lung_mask.labels * binary_erosion(lung_mask.labels > 0))
    readings = (
        Reading("as it is", _probability(ct, lung_mask)),
        Reading("mask a pixel smaller", _probability(ct, smaller)),
    )
    probabilities = [reading.probability for reading in readings]
    return Width(min(probabilities), max(probabilities), readings)


def _map_checks(ct: CTVolume, lung_mask: LungMask) -> MapChecks:
    share = HeatMap.of(_attention(ct, lung_mask), lung_mask.axial()).share_in_lungs
    return MapChecks(
        has_heat=share > 0,
        in_lungs=Check(share, LEAST_IN_LUNGS, share >= LEAST_IN_LUNGS),
        knows_weights=Check(0.1, 0.3, passes=True),
        does_what_it_says=Check(0.05, 0.05, passes=True),
    )


def _probability(ct: CTVolume, lung_mask: LungMask) -> float:
    return float(1 / (1 + np.exp(-2 * _logit(ct, lung_mask))))

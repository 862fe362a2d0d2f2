"""The analysis of one CT: lungs, CT-Mask volume, DeCoVNet, probability and heat map, and the record of it."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .. import __version__
from ..ct.ct_mask import CTMask, make_ct_mask
from ..ct.layout_checks import check_values
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..errors import InputError, MaskError
from ..lungs import LungMask, lung_mask_sha256, segment_lungs, slices_per_batch_on
from ..lungs.mask_checks import check_lung_mask
from ..weights.cards import ModelCard, default_card, scoring_card
from ..weights.domain import DomainFit, healthy_activations, judge
from ..weights.loaded import loaded_network
from .attention import Attention, place_attention
from .evidence import Evidence
from .features import LastFeatures, features_of
from .heat_map import HeatMap
from .opacity import LobeOpacity, LungOpacity, measure_lobes, measure_opacity
from .regions import Region, hottest_regions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from ..networks.decovnet import DeCoVNet
    from ..networks.receipt import Receipt
    from .map_checks import MapChecks
    from .width import Width

SCHEMA = "coviddetect-analysis-1"


@dataclass(frozen=True)
class Progress:
    """How far an analysis has come.

    Parameters
    ----------
    stage
        ``"lungs"`` and ``"score"``, counted by slices; ``"attention"``, counted by maps; ``"align"``, by steps.
    done, total
        Of this stage.
    seconds_left
        Until the end of the whole, where the process that shows the progress has an estimate.
    """

    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Score:
    """What DeCoVNet says of one CT and mask.

    Parameters
    ----------
    probability
        Softmax of the COVID-positive class.
    logits
        COVID-negative and COVID-positive, before softmax.
    """

    probability: float
    logits: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that was computed from one CT, with its inputs and the weights.

    Parameters
    ----------
    score, decision_threshold
        The probability of COVID-19, and the one from which the model card calls it positive.
    lung_mask
        On the CT's own grid.
    heat_map
        Where the network looked; in axial order, whatever the CT's is.
    evidence
        What the margin of the logits is the sum of.
    regions
        Where the network looked, hottest first.
    opacity
        Densities in each lung of the mask, the right one first.
    lobes
        The same in each lobe, the right upper one first; empty where the mask does not tell them apart.
    card, lungs_card
        Weights of DeCoVNet, and of the UNet where it made the mask.
    lungs_method
        ``"unet"``, ``"threshold"`` or ``"given"``.
    device
        What computed, as the user reads it.
    seconds
        Duration of each stage.
    ct_sha256, lung_mask_sha256
        Of the voxels in axial order: the same for any order of storage.
    time
        When, ISO 8601, UTC.
    software
        Versions of this program, Python, torch, numpy and SimpleITK.
    notes
        Sentences that the user must read with the result: of the device, of the weights' domain, and the findings.
    domain
        Whether the CT is of the kind that the weights were trained on; None if their card does not tell.
    width
        How far the probability moves when the CT is read again (``width.read_again``); None if it was read once.
    map_checks
        Whether the heat map can be relied on (``map_checks.check_map``); None if that was not asked.
    """

    score: Score
    decision_threshold: float
    lung_mask: LungMask
    heat_map: HeatMap
    evidence: Evidence
    regions: tuple[Region, ...]
    opacity: tuple[LungOpacity, ...]
    card: ModelCard
    lungs_card: ModelCard | None
    lungs_method: str
    device: str
    seconds: Mapping[str, float]
    ct_name: str
    ct_sha256: str
    lung_mask_sha256: str
    time: str
    software: Mapping[str, str]
    notes: tuple[str, ...] = ()
    domain: DomainFit | None = None
    width: Width | None = None
    map_checks: MapChecks | None = None
    lobes: tuple[LobeOpacity, ...] = ()

    @property
    def probability(self) -> float:
        """Probability of COVID-19."""
        return self.score.probability

    @property
    def attention(self) -> Attention:
        """The whole heat map, on its coarse grid."""
        return self.heat_map.whole

    def to_record(self) -> dict[str, Any]:
        """The content of ``analysis.json``; its schema is described in ``Docs/use/analysis-schema.md``."""
        right_ml, left_ml = self.lung_mask.volumes_ml
        return {
            "schema": SCHEMA,
            "research_use_only": True,
            "probability": self.score.probability,
            "logits": {"negative": self.score.logits[0], "positive": self.score.logits[1]},
            "width": asdict(self.width) if self.width else None,
            "map_checks": asdict(self.map_checks) if self.map_checks else None,
            "decision_threshold": self.decision_threshold,
            "weights": _card_entry(self.card),
            "lungs": {
                "method": self.lungs_method,
                "weights": _card_entry(self.lungs_card) if self.lungs_card else None,
                "right_ml": round(right_ml, 1),
                "left_ml": round(left_ml, 1),
                "sha256": self.lung_mask_sha256,
            },
            "attention": {
                "layer": self.attention.layer,
                "raw_maximum": self.attention.raw_maximum,
                "share_in_lungs": round(self.heat_map.share_in_lungs, 3),
            },
            "evidence": asdict(self.evidence),
            "regions": [_rounded(asdict(region)) for region in self.regions],
            "opacity": [_rounded(asdict(lung)) for lung in self.opacity],
            "lobes": [_rounded(asdict(lobe)) for lobe in self.lobes],
            "input": {"name": self.ct_name, "sha256": self.ct_sha256},
            "device": self.device,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "time": self.time,
            "software": dict(self.software),
            "notes": list(self.notes),
            "domain": _domain_entry(self.domain) if self.domain else None,
        }


def analyze(
    ct: CTVolume,
    *,
    lungs: str | LungMask | ModelCard = "unet",
    device: str = "auto",
    weights: ModelCard | None = None,
    findings: Sequence[str] = (),
    progress: Callable[[Progress], None] | None = None,
    last_features: LastFeatures | None = None,
    on_lungs: Callable[[LungMask], object] | None = None,
) -> Analysis:
    """Segment the lungs, score the CT and say where the network looked.

    Parameters
    ----------
    ct
        A chest CT in any orientation.
    lungs
        ``"unet"``, ``"threshold"``, the model card of another UNet, or a mask on the CT's grid, taken as it is.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    weights
        Model card of a DeCoVNet; the bundled one if None.
    findings
        What is wrong with the CT and was accepted, as sentences (``lungs.anatomy_checks.check_ct``): part of the notes.
    progress
        Called before and after each step; may raise ``Cancelled``, which ends the analysis.
    last_features
        What the last score has left behind: where few slices have changed since, this one takes less time.
    on_lungs
        Called with the lungs as soon as they are found, before the score; not with a mask that was given.

    Raises
    ------
    InputError, MaskError, WeightsError, DeviceError
        With the sentence that the user reads.

    Examples
    --------
    >>> from COVIDDetectLib.phantom import thorax
    >>> analysis = analyze(thorax(seed=1).ct, lungs="threshold")
    >>> 0.0 <= analysis.probability <= 1.0
    True
    """
    from ..networks.decovnet import SLICES_PER_CHUNK
    from ..networks.receipt import take_apart

    report = progress or (lambda _: None)
    clock = _Clock()
    check_hounsfield_units(ct)
    card = scoring_card(weights)
    where = trusted_device(device)
    axial, reorientation = ct.axial()

    with clock.stage("lungs"):
        if isinstance(lungs, LungMask):
            if not lungs.geometry.same_grid(ct.geometry) or lungs.labels.shape != ct.hu.shape:
                raise MaskError("The lung mask does not have the voxel grid of the CT; choose a mask made on this CT.")
            lung_mask, axial_mask = lungs, lungs.axial()
        else:

            def find_lungs(device: str, batch: int) -> LungMask:
                return segment_lungs(
                    axial, lungs, device=device, progress=_counting("lungs", report), slices_per_batch=batch
                )

            axial_mask, where = within_memory(find_lungs, where, slices_per_batch_on(where.name))
            lung_mask = LungMask(np.ascontiguousarray(reorientation.undo(axial_mask.labels)), ct.geometry)
            if on_lungs is not None:
                on_lungs(lung_mask)
        doubts = tuple(finding.sentence for finding in check_lung_mask(axial, axial_mask))

    with clock.stage("score"):
        backbone = last_features.of if last_features else features_of
        ct_mask = make_ct_mask(axial, axial_mask.labels > 0, card.input_form)

        def score_on(device: str, slices: int) -> tuple[Score, Attention, Receipt, DomainFit | None]:
            network = cast("DeCoVNet", loaded_network(card, device))
            features = backbone(network, ct_mask, device, slices, _counting("score", report))
            return (
                *score_features(network, features, ct_mask, card),
                take_apart(network, features),
                judge(card, features, ct_mask),
            )

        (score, attention, receipt, domain), where = within_memory(score_on, where, SLICES_PER_CHUNK)

    with clock.stage("attention"):
        report(Progress("attention", 0, 1))
        heat_map = HeatMap.of(attention, axial_mask)
        regions = hottest_regions(heat_map, axial, axial_mask)
        opacity, lobes = measure_opacity(axial, axial_mask), measure_lobes(axial, axial_mask)
        report(Progress("attention", 1, 1))

    return Analysis(
        score=score,
        decision_threshold=cast(float, card.decision_threshold),
        lung_mask=lung_mask,
        heat_map=heat_map,
        evidence=Evidence.of(receipt, healthy_activations(card), attention.geometry, axial_mask),
        regions=regions,
        opacity=opacity,
        lobes=lobes,
        card=card,
        lungs_card=lungs if isinstance(lungs, ModelCard) else default_card("unet") if lungs == "unet" else None,
        lungs_method=lungs if isinstance(lungs, str) else "given" if isinstance(lungs, LungMask) else "unet",
        device=where.title,
        seconds=clock.seconds,
        ct_name=ct.name,
        ct_sha256=ct.sha256,
        lung_mask_sha256=lung_mask_sha256(axial_mask),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        software=software_versions(),
        notes=(*where.notes, *doubts, *((domain.sentence,) if domain and domain.sentence else ()), *findings),
        domain=domain,
    )


def score_ct_mask(network: DeCoVNet, ct_mask: CTMask, device: str = "cpu") -> tuple[Score, Attention]:
    """Probability and heat map of a CT-Mask volume."""
    return score_features(network, features_of(network, ct_mask, device), ct_mask)


def score_features(
    network: DeCoVNet, features: Tensor, ct_mask: CTMask, card: ModelCard | None = None
) -> tuple[Score, Attention]:
    """Probability and heat map from the second ResBlock's output for a CT-Mask volume; the card says what heat is."""
    import torch

    from ..networks.hires_cam import score_with_hires_cam

    logits, hires_cam = score_with_hires_cam(network, features, healthy_activations(card) if card else None)
    probability = float(torch.softmax(logits.double(), dim=0)[1])
    return Score(probability, (float(logits[0]), float(logits[1]))), place_attention(
        hires_cam, ct_mask.geometry, card.full_heat or 0.0 if card else 0.0
    )


def check_hounsfield_units(ct: CTVolume) -> None:
    """Refuse volumes whose values cannot be HU of a chest: without air or lung there is nothing to score.

    Raises
    ------
    InputError
        If less than 1 % of the voxels are below −400 HU.
    """
    if finding := check_values(ct):
        raise InputError(finding.sentence)


def software_versions() -> dict[str, str]:
    """Versions of what computes."""
    import SimpleITK
    import torch

    return {
        "coviddetect": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "SimpleITK": SimpleITK.Version.VersionString(),
    }


def _counting(stage: str, report: Callable[[Progress], None]) -> Callable[[int, int], None]:
    return lambda done, total: report(Progress(stage, done, total))


class _Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def _domain_entry(domain: DomainFit) -> dict[str, Any]:
    return {
        "distance": round(domain.distance, 3),
        "limit": domain.limit,
        "is_inside": domain.is_inside,
        "sentence": domain.sentence,
    }


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    """Lengths, volumes, densities and percentages to a tenth, peaks to a thousandth."""
    rounded = {}
    for key, value in entry.items():
        if isinstance(value, float):
            value = round(value, 3 if key == "peak" else 1)
        elif isinstance(value, tuple):
            value = [round(mm, 1) for mm in value]
        rounded[key] = value
    return rounded


def _card_entry(card: ModelCard) -> dict[str, str]:
    return {"id": card.id, "version": card.version, "title": card.title, "sha256": card.sha256}

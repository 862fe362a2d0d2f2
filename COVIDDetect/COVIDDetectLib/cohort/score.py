"""One case of a cohort: read, analyzed and written, or refused with a sentence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .. import __version__
from ..analysis.analyze import Analysis, analyze
from ..ct.reading import read_ct
from ..ct.volume import CTVolume
from ..errors import COVIDDetectError, DeviceError, DiskError, InputError, MaskError
from ..lungs import LungMask
from ..lungs.anatomy_checks import accepted_findings
from ..report.files import read_lung_mask, write_analysis_files
from ..report.lungs_by_command import command_of, lungs_by_command
from ..weights.cards import ModelCard, default_card
from .cases import Case, check_files
from .fingerprint import hash_of

REFUSALS = (InputError, MaskError, DeviceError, MemoryError)
"""What ends one case and not the others."""

_KINDS = {InputError: "input", MaskError: "mask", DeviceError: "device", MemoryError: "memory"}
_NO_MEMORY = "The memory does not suffice; close other programs, or take a smaller CT."


@dataclass(frozen=True)
class Scoring:
    """How the CTs of a cohort are scored.

    Parameters
    ----------
    weights
        Model card of a DeCoVNet; the bundled one if None.
    lungs
        ``"unet"``, ``"threshold"``, the model card of another UNet, or the command of another program
        (``report.lungs_by_command``), for cases without a mask of their own.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    skip
        Files that are not written: ``report.files.ATTENTION``, ``OVERVIEW``.
    """

    weights: ModelCard | None = None
    lungs: str | ModelCard = "unet"
    device: str = "auto"
    skip: tuple[str, ...] = ()

    @cached_property
    def card(self) -> ModelCard:
        """Of the weights that score."""
        return self.weights or default_card("decovnet")

    @cached_property
    def key(self) -> str:
        """Hash of all that decides what comes of the same CT and mask."""
        lungs = default_card("unet") if self.lungs == "unet" else self.lungs
        known_by = lungs if isinstance(lungs, str) else lungs.sha256
        return hash_of([__version__, self.card.sha256, self.card.decision_threshold, known_by])


@dataclass(frozen=True)
class Outcome:
    """What became of one case.

    Parameters
    ----------
    case
        Its name.
    probability, threshold
        Of COVID-19, and the one from which the model card calls it positive; None where the case failed.
    right_ml, left_ml
        Volume of each lung of the mask.
    notes
        Sentences that must be read with the probability.
    ct_sha256, lung_mask_sha256
        Of the voxels in axial order.
    is_in_domain
        Whether the CT is of the kind that the weights were trained on; None where that is not known.
    seconds
        For reading, computing and writing.
    kind, sentence
        Why the case failed, in a word (``input``, ``mask``, ``device``, ``memory`` or ``process``) and for the user;
        empty where it did not.
    """

    case: str
    probability: float | None = None
    threshold: float | None = None
    right_ml: float | None = None
    left_ml: float | None = None
    notes: tuple[str, ...] = ()
    ct_sha256: str = ""
    lung_mask_sha256: str = ""
    is_in_domain: bool | None = None
    seconds: float = 0.0
    kind: str = ""
    sentence: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is no probability."""
        return bool(self.kind)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A case in memory; ``seconds`` went by for reading it."""

    ct: CTVolume
    mask: LungMask | None
    findings: tuple[str, ...]
    seconds: float


def score_case(case: Case, scoring: Scoring | None = None, folder: Path | None = None) -> Outcome:
    """Read a CT and its mask, analyze it, and write the files of the analysis.

    It needs nothing but what it is given and keeps nothing but the networks: it may run in any process, on any computer
    that sees the files.

    Parameters
    ----------
    scoring
        By default the bundled weights, and lungs by the UNet where the case has no mask.
    folder
        For the files; None writes none.

    Returns
    -------
    Outcome
        With a sentence instead of a probability where the case cannot be used.

    Raises
    ------
    DiskError, WeightsError
        If no other case could be scored either.

    Examples
    --------
    >>> from pathlib import Path
    >>> outcome = score_case(Case("A-17", Path("nothing.nrrd")))
    >>> outcome.kind, outcome.failed
    ('input', True)
    """
    scoring = scoring or Scoring()
    try:
        loaded = load_case(case, scoring)
        analysis = analyze_case(loaded, scoring)
        return store_case(case, loaded, analysis, scoring, folder)
    except REFUSALS as error:
        return refused(case, error)


def load_case(case: Case, scoring: Scoring) -> Loaded:
    """Read the CT and the mask of a case, or let another program make one, and see whether they can be computed.

    Raises
    ------
    InputError, MaskError
        If not.
    """
    start = time.perf_counter()
    check_files(case)
    ct = read_ct(case.path)
    command = command_of(scoring.lungs) if isinstance(scoring.lungs, str) else None
    mask = read_lung_mask(case.mask) if case.mask else lungs_by_command(ct, command) if command else None
    findings = (*ct.notes, *accepted_findings(ct))
    return Loaded(ct, mask, findings, time.perf_counter() - start)


def analyze_case(loaded: Loaded, scoring: Scoring) -> Analysis:
    """The analysis of a case in memory."""
    return analyze(
        loaded.ct,
        lungs=loaded.mask or scoring.lungs,
        device=scoring.device,
        weights=scoring.card,
        findings=loaded.findings,
    )


def store_case(case: Case, loaded: Loaded, analysis: Analysis, scoring: Scoring, folder: Path | None) -> Outcome:
    """Write the files of an analysis, and say what came of the case."""
    start = time.perf_counter()
    if folder is not None:
        write_analysis_files(loaded.ct, analysis, folder, scoring.skip)
    right_ml, left_ml = analysis.lung_mask.volumes_ml
    seconds = loaded.seconds + sum(analysis.seconds.values()) + time.perf_counter() - start
    return Outcome(
        case.name,
        analysis.probability,
        analysis.decision_threshold,
        round(right_ml, 1),
        round(left_ml, 1),
        analysis.notes,
        analysis.ct_sha256,
        analysis.lung_mask_sha256,
        analysis.domain.is_inside if analysis.domain else None,
        round(seconds, 2),
    )


def refused(case: Case, error: BaseException) -> Outcome:
    """The outcome of a case that an error ended.

    Raises
    ------
    DiskError
        The error itself, if the disk is full: what follows would be lost, too.
    """
    if isinstance(error, DiskError):
        raise error
    kind = next((name for one, name in _KINDS.items() if isinstance(error, one)), "other")
    sentence = str(error) if isinstance(error, COVIDDetectError) else _NO_MEMORY
    return Outcome(case.name, kind=kind, sentence=sentence)

"""Two results of one patient: what has changed of lungs, opacity and evidence, and what makes that doubtful."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ..lungs import LungMask
from ..lungs.lobes import LOBES, Lobe
from .evidence import Evidence
from .regions import SIDES, Side
from .registration import LEAST_OVERLAP, Registration
from .width import width_of

Record = Mapping[str, Any]

TWO_PATIENTS = "The two CTs are of different patients, as their headers name them."

_MOST_BREATH = 0.15
"""Change of the lungs' volume from which breath explains part of a change of density."""
_LEAST_SEEN = 0.9
_NEAR_TERM_MM = 15.0
_LEAST_EVIDENCE, _LEAST_LESS = 0.5, 0.1
"""Evidence, in log-odds, and share of the opacity, from which less is a change."""


@dataclass(frozen=True)
class Change:
    """One quantity in the earlier and in the later CT."""

    before: float
    now: float

    @property
    def difference(self) -> float:
        """Positive where it has grown."""
        return self.now - self.before

    @property
    def percent(self) -> float | None:
        """Of what it was; None where there was nothing."""
        return 100 * self.difference / self.before if self.before else None


@dataclass(frozen=True)
class PartChange:
    """What has changed in a lung, or in one of its lobes.

    Parameters
    ----------
    lobe
        None for the whole lung.
    opacity_ml, opacity_percent
        Ground-glass and consolidation density together; percent of this part.
    evidence
        Sum of what lies there, in log-odds; None where that is not known, or other weights scored.
    """

    side: Side
    lobe: Lobe | None
    volume_ml: Change
    opacity_ml: Change
    opacity_percent: Change
    evidence: Change | None


@dataclass(frozen=True)
class FollowUp:
    """What has changed between two results of one patient.

    Parameters
    ----------
    earlier_time
        When the earlier result was computed, ISO 8601.
    days
        Between both CTs; None if a date is not known.
    thresholds
        The decision thresholds of the earlier and of the later result.
    logit
        The margins of the logits; None where other weights scored.
    lungs, lobes
        Of those that both results have measured, the right ones and the upper ones first.
    doubts
        Sentences that must be read with it.
    """

    earlier_time: str
    days: int | None
    probability: Change
    thresholds: tuple[float, float]
    logit: Change | None
    lungs: tuple[PartChange, ...]
    lobes: tuple[PartChange, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class Dated:
    """One of two results.

    Parameters
    ----------
    record
        The content of ``analysis.json``.
    stale
        Why it no longer holds; empty while it does.
    day
        When the CT was taken, if that is known.
    levels
        ``OpacityBounds.levels`` in which its densities were measured, if these are not the usual ones.
    lobe_logits
        ``lobe_logits`` of it, where the lobes are known.
    """

    record: Record
    stale: str = ""
    day: date | None = None
    levels: tuple[float, ...] = ()
    lobe_logits: Mapping[tuple[Side, Lobe], float] | None = None


def follow_up(earlier: Dated, later: Dated, registration: Registration | None = None) -> FollowUp:
    """Compare two results.

    Parameters
    ----------
    registration
        How their CTs lie on each other, where that was found out: it tells whether they show one chest.

    Raises
    ------
    InputError
        If one of them is out of date, both are of one CT, densities were measured within different limits, or the
        earlier CT was taken later.
    """
    _refuse(earlier, later)
    then, now = earlier.record, later.record
    are_comparable = then["weights"]["sha256"] == now["weights"]["sha256"]
    terms = [_logits_by_side(one) if are_comparable else None for one in (then, now)]
    by_lobe = [one.lobe_logits if are_comparable else None for one in (earlier, later)]
    lungs = _parts(then.get("opacity", ()), now.get("opacity", ()), terms[0], terms[1])
    return FollowUp(
        earlier_time=then["time"],
        days=(later.day - earlier.day).days if earlier.day and later.day else None,
        probability=Change(then["probability"], now["probability"]),
        thresholds=(then["decision_threshold"], now["decision_threshold"]),
        logit=Change(_margin(then), _margin(now)) if are_comparable and "logits" in then and "logits" in now else None,
        lungs=lungs,
        lobes=_parts(then.get("lobes", ()), now.get("lobes", ()), by_lobe[0], by_lobe[1]),
        doubts=tuple(_doubts(then, now, lungs, registration)),
    )


def lobe_logits(record: Record, lung_mask: LungMask) -> dict[tuple[Side, Lobe], float] | None:
    """What lies in each lobe, in log-odds: that of a term's lung which fills most within 15 mm of it.

    Parameters
    ----------
    lung_mask
        The one that was scored.

    Returns
    -------
    dict or None
        By side and lobe; None if the mask does not tell the lobes apart, or the record has no evidence.
    """
    if lung_mask.lobes is None or not record.get("evidence"):
        return None
    axial = lung_mask.axial()
    assert axial.lobes is not None
    to_index = np.linalg.inv(axial.geometry.ijk_to_lps)
    reach = np.ceil(_NEAR_TERM_MM / np.array(axial.geometry.spacing[::-1])).astype(int)
    sums: dict[tuple[Side, Lobe], float] = {(SIDES[side], lobe): 0.0 for side, lobe in LOBES.values()}
    for term in Evidence.from_entry(record["evidence"]).terms:
        side = term.where.split()[0]
        if term.position_lps_mm is None or side not in SIDES.values():
            continue
        middle = np.rint((to_index @ [*term.position_lps_mm, 1.0])[2::-1]).astype(int)
        box = tuple(slice(max(0, at - by), max(0, at + by + 1)) for at, by in zip(middle, reach, strict=True))
        counts = np.bincount(axial.lobes[box].ravel(), minlength=len(LOBES) + 1)
        own = [label for label, (number, _lobe) in LOBES.items() if SIDES[number] == side and counts[label]]
        if own:
            number, lobe = LOBES[max(own, key=lambda label: int(counts[label]))]
            sums[SIDES[number], lobe] += term.logit
    return sums


def _refuse(earlier: Dated, later: Dated) -> None:
    for title, one in (("earlier", earlier), ("later", later)):
        if one.stale:
            raise InputError(f"The {title} result is out of date: {one.stale} Score that CT again, then compare.")
    if earlier.record["input"]["sha256"] == later.record["input"]["sha256"]:
        raise InputError("Both results are of one CT; choose the result of an earlier CT of the patient.")
    if earlier.levels != later.levels:
        raise InputError(
            "The densities of both CTs were measured within different limits; set the same ones for both, then compare."
        )
    if earlier.day and later.day and earlier.day > later.day:
        raise InputError("The earlier CT was taken after the later one; exchange the two.")


def _margin(record: Record) -> float:
    return float(record["logits"]["positive"] - record["logits"]["negative"])


def _logits_by_side(record: Record) -> Mapping[tuple[Side, None], float] | None:
    if not record.get("evidence"):
        return None
    terms = Evidence.from_entry(record["evidence"]).terms
    return {(side, None): sum(one.logit for one in terms if one.where.startswith(side)) for side in SIDES.values()}


def _parts(
    then: Any, now: Any, logits_then: Mapping[Any, float] | None, logits_now: Mapping[Any, float] | None
) -> tuple[PartChange, ...]:
    """Of the lungs, or the lobes, that both have."""
    before = {(one["side"], one.get("lobe")): one for one in then}
    changes = []
    for one in now:
        key = one["side"], one.get("lobe")
        if key not in before:
            continue
        both = before[key], one
        opacity = {unit: Change(*(_opacity(each, unit) for each in both)) for unit in ("ml", "percent")}
        evidence = Change(logits_then[key], logits_now[key]) if logits_then and logits_now else None
        volume = Change(*(each["volume_ml"] for each in both))
        changes.append(PartChange(*key, volume, opacity["ml"], opacity["percent"], evidence))
    return tuple(changes)


def _opacity(part: Mapping[str, Any], unit: Literal["ml", "percent"]) -> float:
    return float(part[f"ground_glass_{unit}"] + part[f"consolidation_{unit}"])


def _doubts(then: Record, now: Record, lungs: tuple[PartChange, ...], registration: Registration | None) -> list[str]:
    doubts = []
    if registration and registration.overlap < LEAST_OVERLAP:
        doubts.append(
            "The two do not look like the same chest: laid over each other the lungs overlap by "
            f"{registration.overlap:.2f} (Dice), as those of different people do; check that both CTs are of one "
            "patient."
        )
    if then["weights"]["sha256"] != now["weights"]["sha256"]:
        doubts.append("Other weights scored then: the two probabilities cannot be compared.")
    elif any(one.get("domain") and not one["domain"]["is_inside"] for one in (then, now)):
        doubts.append("One of the two probabilities is not to be relied on, and neither is their difference.")
    elif _ranges_overlap(then, now):
        doubts.append("Nudging the CTs alone moves the probability as far: do not read a change out of it.")
    if {one["lungs"]["method"] for one in (then, now)} == {"unet", "threshold"}:
        doubts.append("The lungs were found in another way then, and dense lung may be counted in one CT alone.")
    seen = registration.seen_in_both if registration else 1.0
    if seen < _LEAST_SEEN:
        doubts.append(
            f"Only {100 * seen:.0f} % of the lungs are seen in both CTs; volumes are those of all that each CT shows."
        )
    for one in lungs:
        fell = one.evidence is not None and one.evidence.difference < -_LEAST_EVIDENCE
        if fell and one.opacity_ml.difference > -_LEAST_LESS * one.opacity_ml.before:
            doubts.append(
                f"The evidence in the {one.side} lung has fallen, its opacity has not: each feature counts once, where "
                "it is strongest, and may lie elsewhere now."
            )
    total = Change(*(sum(getattr(one.volume_ml, when) for one in lungs) for when in ("before", "now")))
    if total.percent is not None and abs(total.percent) > 100 * _MOST_BREATH and seen >= _LEAST_SEEN:
        doubts.append(
            f"The lungs hold {total.now / 1000:.1f} L, and held {total.before / 1000:.1f} L then: the depth of breath "
            "alone changes density and opacity."
        )
    return doubts


def _ranges_overlap(then: Record, now: Record) -> bool:
    """Whether the probabilities of both CTs as they are and as nudged have some in common."""
    before, after = (width_of(one) for one in (then, now))
    return bool(before and after and before.low <= after.high and after.low <= before.high)

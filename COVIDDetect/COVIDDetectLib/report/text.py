"""A result as plain text, in the order of a radiology report: to be pasted into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analysis.evidence import LEAST_FOR, NOWHERE, Evidence
from ..analysis.follow_up import Change, PartChange
from ..analysis.map_checks import MapChecks
from ..analysis.width import width_of
from ..probability import probability_text
from ..weights.site import site_beside
from .distribution import NEAR_SURFACE_MM, distribution
from .reported import Reported
from .words import LESS_AGAINST, LESS_FOR

OPACITIES = ("ground_glass", "consolidation", "emphysema")
OPAQUE = OPACITIES[:2]
"""Those that are counted together as opacity."""


def report_text(reported: Reported) -> str:
    """The text; its characters are Latin-1, and it ends with a line break.

    What is doubtful or out of date stands first, then technique, lungs, opacity, distribution, assessment and, where
    an earlier analysis is given, comparison.
    """
    words = reported.words
    sections = [
        (f"{words.title}\n{words.research}", []),
        (words.read_first, [f"! {doubt}" for doubt in reported.doubts]),
        (words.technique, technique(reported)),
        (words.lungs, lungs(reported)),
        (words.opacity, opacity(reported)),
        (words.regions, regions(reported)),
        (words.assessment, assessment(reported)),
        (words.comparison, comparison(reported)),
    ]
    blocks = ["\n".join([title, *lines]) for number, (title, lines) in enumerate(sections) if lines or number == 0]
    text = "\n\n".join(blocks) + "\n"
    # Names of series and cohorts can hold any character.
    return text.encode("latin-1", "replace").decode("latin-1")


def technique(reported: Reported) -> list[str]:
    """Which CT, and how it was computed."""
    words, record = reported.words, reported.record
    return [
        words.technique_text.format(identity=reported.title, method=lungs_method(reported)),
        *(f"{name}: {value}." for name, value in reported.acquisition),
        words.computed.format(time=reported.moment(record["time"]), version=record["software"]["coviddetect"]),
    ]


def lungs_method(reported: Reported) -> str:
    """How the lungs were found."""
    entry = reported.record["lungs"]
    title = entry["weights"]["title"] if entry["weights"] else ""
    return reported.words.methods[entry["method"]].format(title=title)


def lungs(reported: Reported) -> list[str]:
    """Volume and density of each lung."""
    words, sides = reported.words, reported.record.get("opacity", ())
    lines = [
        words.lung_line.format(
            lung=words.sides[side["side"]],
            liters=words.number(side["volume_ml"] / 1000, 2),
            hu=words.number(side["mean_hu"]),
        )
        for side in sides
    ]
    if len(sides) > 1:
        total_ml = sum(side["volume_ml"] for side in sides)
        lines.append(words.total_line.format(liters=words.number(total_ml / 1000, 2)))
    return lines or [words.no_lungs]


def opacity(reported: Reported) -> list[str]:
    """What of each lung, and of each lobe where the mask tells them apart, has which density."""
    words = reported.words
    lines = []
    for side in reported.record.get("opacity", ()):
        parts = [f"{density_title(reported, kind)} {amount(reported, side, kind)}" for kind in OPACITIES]
        lines.append(f"{words.sides[side['side']]}: {'; '.join(parts)}.")
    lines += [
        words.lobe_line.format(
            lobe=words.lobes[f"{lobe['side']} {lobe['lobe']}"],
            liters=words.number(lobe["volume_ml"] / 1000, 2),
            parts="; ".join(f"{getattr(words, kind)} {amount(reported, lobe, kind)}" for kind in OPACITIES),
        )
        for lobe in reported.record.get("lobes", ())
    ]
    return [*lines, words.opacity_note] if lines else [words.no_lungs]


def density_title(reported: Reported, kind: str) -> str:
    """A kind of density and its range."""
    return f"{getattr(reported.words, kind)} ({reported.range_of(kind)})"


def amount(reported: Reported, side: Mapping[str, Any], kind: str) -> str:
    """How much of a lung or lobe has it."""
    words = reported.words
    percent, ml = (words.number(side[f"{kind}_{unit}"], decimals) for unit, decimals in (("percent", 1), ("ml", 0)))
    return words.amount.format(percent=percent, ml=ml)


def regions(reported: Reported) -> list[str]:
    """Where the regions of the heat map lie, in words and one by one; first of all if the map cannot be relied on."""
    words, found = reported.words, reported.record.get("regions", ())
    if not found:
        return [words.no_regions]
    where = distribution(found)
    count = words.one_focus if where.count == 1 else words.several_foci.format(count=where.count)
    one_sided = words.one_sided if len({one["side"] for one in found}) == 1 else words.mostly_one_sided
    sides = words.bilateral if len(where.sides) > 1 else one_sided[where.sides[0]]
    parts = [
        count,
        *([words.multifocal] if where.is_multifocal else []),
        sides,
        *([words.zone.format(third=words.thirds[where.third])] if where.third else []),
        *([words.near_surface.format(mm=words.number(NEAR_SURFACE_MM))] if where.is_near_surface else []),
    ]
    lines = [
        words.region_line.format(
            rank=region["rank"],
            lung=words.sides[region["side"]],
            third=words.thirds[region["third"]],
            ml=words.number(region["volume_ml"], 1),
            hu=words.number(region["mean_hu"]),
            mm=words.number(region["distance_to_pleura_mm"]),
        )
        for region in found
    ]
    share = words.share.format(percent=words.number(100 * reported.record["attention"]["share_in_lungs"]))
    checks = MapChecks.of(reported.record)
    doubt = [reported.sentence(checks.meaning)] if checks and checks.failed else []
    return [*doubt, f"{', '.join(parts)}.", *lines, f"{share} {words.regions_note}"]


def assessment(reported: Reported) -> list[str]:
    """The probability with all that limits it."""
    words, record, weights = reported.words, reported.record, reported.record["weights"]
    threshold = words.number(reported.decision_threshold, 2)
    first = [words.probability_is.format(number=reported.probability, side=reported.side, threshold=threshold)]
    if reported.stale:
        first.append(words.out_of_date)
    if reported.is_doubtful:
        first.append(words.not_reliable)
    own = words.number(record["decision_threshold"], 2)
    return [
        " ".join(first),
        *([words.own_threshold.format(threshold=own)] if own != threshold else []),
        *width(reported),
        *evidence(reported),
        words.caveat,
        measured(reported),
        *promised(reported),
        words.weights.format(**weights),
    ]


def width(reported: Reported) -> list[str]:
    """How far the probability moves when it is computed again on nudged scans; empty where that was not done."""
    words, found, threshold = reported.words, width_of(reported.record), reported.decision_threshold
    if not found:
        return []
    low, high = (words.spoken(probability_text(one, threshold, found.decimals)) for one in (found.low, found.high))
    spans = [words.width_spans] if found.spans(threshold) else []
    return [" ".join([words.width.format(low=low, high=high), *spans])]


def evidence(reported: Reported) -> list[str]:
    """What speaks for COVID-19 and what against; empty for a record without it."""
    words, entry = reported.words, reported.record.get("evidence")
    if not entry:
        return []
    found = Evidence.from_entry(entry)
    terms, rest = found.largest()
    speak_for, speak_against = dict[str, float](), dict[str, float]()
    for term in terms:  # two places in one third of a lung are one for a reader
        told = speak_for if term.logit > 0 else speak_against
        name = _place(reported, term.where if term.where != NOWHERE else LESS_FOR if term.logit > 0 else LESS_AGAINST)
        told[name] = told.get(name, 0.0) + term.logit
    parts = [
        *([words.evidence_none] if found.speaks_for < LEAST_FOR else []),
        *(
            form.format(terms=", ".join(f"{name} {_signed(reported, logit)}" for name, logit in some.items()))
            for form, some in ((words.evidence_for, speak_for), (words.evidence_against, speak_against))
            if any(round(logit, 2) for logit in some.values())
        ),
        words.evidence_rest.format(rest=_signed(reported, rest), start=_signed(reported, found.starting_point)),
    ]
    return [words.evidence.format(parts="; ".join(parts))]


def _place(reported: Reported, where: str) -> str:
    words = reported.words
    if where in words.places:
        return words.places[where]
    side, third = where.split()
    return f"{words.sides_in_short[side]} {words.thirds[third]}"


def _signed(reported: Reported, value: float, decimals: int = 2) -> str:
    number = reported.words.number(value, decimals)
    return number if number.startswith("-") else f"+{number}"


def measured(reported: Reported) -> str:
    """What was measured of the weights at the nearest threshold; for most weights nothing was."""
    words, card = reported.words, reported.card
    points = (card.operating_characteristics or {}).get("by_threshold") if card else None
    if card is None or not points:
        return words.unmeasured
    nearest = min(points, key=lambda point: abs(point["threshold"] - reported.decision_threshold))
    return words.measured.format(
        threshold=words.number(nearest["threshold"], 2),
        sensitivity=words.number(nearest["sensitivity"], 2),
        specificity=words.number(nearest["specificity"], 2),
        cohort=(card.operating_characteristics or {})["cohort"],
    )


def promised(reported: Reported) -> list[str]:
    """What may be said of such a probability in this hospital; empty where nobody has calibrated these weights."""
    words, site = reported.words, site_beside(reported.card) if reported.card else None
    if site is None or reported.stale:
        return []
    if reported.is_doubtful:
        return [words.site_outside]
    zone = site.zone(reported.record["probability"])
    promise = site.promise(zone)
    sentence = words.site_zone[zone].format(share=words.number(100 * promise.target) if promise else "")
    cases, confidence = site.positives + site.negatives, words.number(100 * site.confidence)
    shown = words.site_shown.format(cases=cases, percent=words.number(100 * site.prevalence), confidence=confidence)
    return [f"{sentence} {shown}"]


def comparison(reported: Reported) -> list[str]:
    """What has changed since an earlier analysis; empty without one."""
    words, found = reported.words, reported.follow_up
    if found is None:
        return []
    apart = words.days_apart.format(days=found.days) if found.days is not None else ""
    numbers = zip((found.probability.before, found.probability.now), found.thresholds, strict=True)
    before, after = (words.spoken(probability_text(*number)) for number in numbers)
    lines = [words.comparison_with.format(time=reported.moment(found.earlier_time), apart=apart)]
    lines += [f"! {reported.sentence(doubt)}" for doubt in found.doubts]
    lines.append(f"{words.change.format(name=words.probability, before=before, after=after)}.")
    if found.logit is not None:
        lines.append(f"{_change(reported, words.log_odds, found.logit)}.")
    return [*lines, *(_part_change(reported, part) for part in (*found.lungs, *found.lobes)), words.opacity_together]


def _part_change(reported: Reported, part: PartChange) -> str:
    """One line of a lung or lobe."""
    words, ml, percent = reported.words, part.opacity_ml, part.opacity_percent
    amounts = [
        words.amount.format(percent=words.number(share, 1), ml=words.number(volume))
        for share, volume in ((percent.before, ml.before), (percent.now, ml.now))
    ]
    liters = [f"{words.number(volume / 1000, 2)} L" for volume in (part.volume_ml.before, part.volume_ml.now)]
    by = _signed(reported, round(ml.now) - round(ml.before), 0)
    told = [
        words.change.format(name=words.volume, before=liters[0], after=liters[1]),
        f"{words.change.format(name=words.opacity_short, before=amounts[0], after=amounts[1])}, {by} mL",
        *([_change(reported, words.evidence_short, part.evidence)] if part.evidence else []),
    ]
    name = words.lobes[f"{part.side} {part.lobe}"] if part.lobe else words.sides[part.side]
    return f"{name}: {'; '.join(told)}."


def _change(reported: Reported, name: str, change: Change) -> str:
    """Of log-odds."""
    before, now = (_signed(reported, value) for value in (change.before, change.now))
    return reported.words.change.format(name=name, before=before, after=now)

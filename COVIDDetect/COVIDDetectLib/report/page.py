"""The content of a one-page report: what HTML and PDF show alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..probability import probability_text
from .key_pictures import KeyPicture
from .reported import Reported
from .text import OPACITIES, OPAQUE, amount, assessment, comparison, density_title, lungs_method, regions

Rows = list[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Page:
    """Texts in the order in which they are read.

    Parameters
    ----------
    title, research, study
        The head: what this is, that it is no medical device, and whose it is.
    doubts
        What must be read before the number.
    number, number_title, is_gray, verdict
        The probability, what it is called, whether it is not to be relied on, and the sentences that belong to it.
    acquisition
        How the CT was scanned, and how the lungs were found.
    measures_title, measures
        Table: heading, then rows of a quantity and its value in each lung.
    opacity_note
        Below the table.
    regions_title, regions
        Where they lie, in lines.
    comparison
        Lines; none without an earlier analysis.
    pictures_title, pictures_note, pictures
        Heading, key, captions and pictures.
    details
        Model, software, checksums and limits: name and text.
    """

    title: str
    research: str
    study: str
    doubts: tuple[str, ...]
    number: str
    number_title: str
    is_gray: bool
    verdict: tuple[str, ...]
    acquisition: Rows
    measures_title: str
    measures: tuple[tuple[str, ...], ...]
    opacity_note: str
    regions_title: str
    regions: tuple[str, ...]
    comparison: tuple[str, ...]
    pictures_title: str
    pictures_note: str
    pictures: tuple[tuple[str, KeyPicture], ...]
    details: Rows


def page_of(reported: Reported, pictures: Sequence[KeyPicture] = ()) -> Page:
    """Put a report together."""
    words, record = reported.words, reported.record
    return Page(
        title=words.title,
        research=words.research,
        study=f"{words.identity} {reported.title}",
        doubts=tuple(reported.doubts),
        number=reported.probability,
        number_title=words.probability,
        is_gray=bool(reported.stale) or reported.is_doubtful,
        verdict=tuple(assessment(reported)[:-1]),
        acquisition=[
            *reported.acquisition,
            (words.lungs_found, lungs_method(reported)),
            (words.computed_at, reported.moment(record["time"])),
            *([(words.history, history)] if (history := _history(reported)) else []),
        ],
        measures_title=words.lungs_and_opacity,
        measures=_measures(reported),
        opacity_note=words.opacity_note,
        regions_title=words.regions_title,
        regions=tuple(regions(reported)),
        comparison=tuple(comparison(reported)),
        pictures_title=words.pictures,
        pictures_note=words.pictures_note,
        pictures=tuple((_caption(reported, picture), picture) for picture in pictures),
        details=_details(reported),
    )


def _measures(reported: Reported) -> tuple[tuple[str, ...], ...]:
    """The lungs side by side, then their lobes where the mask tells them apart."""
    words, lungs = reported.words, reported.record.get("opacity", ())
    if not lungs:
        return ((words.no_lungs,),)
    liters = [f"{words.number(lung['volume_ml'] / 1000, 2)} L" for lung in lungs]
    densities = [f"{words.number(lung['mean_hu'])} {words.unit}" for lung in lungs]
    return (
        ("", *(words.sides[lung["side"]] for lung in lungs)),
        (_capital(words.volume), *liters),
        (_capital(words.mean_density), *densities),
        *(
            (_capital(density_title(reported, kind)), *(amount(reported, lung, kind) for lung in lungs))
            for kind in OPACITIES
        ),
        *_lobes(reported),
    )


def _lobes(reported: Reported) -> list[tuple[str, ...]]:
    """How much of each lobe is opaque, right and left side by side; nothing for a mask without lobes."""
    shares = {
        (one["side"], one["lobe"]): {
            f"opaque_{unit}": sum(one[f"{kind}_{unit}"] for kind in OPAQUE) for unit in ("ml", "percent")
        }
        for one in reported.record.get("lobes", ())
    }
    rows = [
        (title, [shares.get((side, lobe)) for side in ("right", "left")])
        for lobe, title in reported.words.opaque_lobe.items()
    ]
    return [
        (title, *(amount(reported, one, "opaque") if one else "-" for one in both)) for title, both in rows if any(both)
    ]


def _history(reported: Reported) -> str:
    """All scores of this CT, oldest first; empty for a single one."""
    if len(reported.history) < 2:
        return ""
    numbers = [probability_text(one.probability, reported.decision_threshold) for one in reported.history]
    return " -> ".join(reported.words.spoken(number) for number in numbers)


def _caption(reported: Reported, picture: KeyPicture) -> str:
    words = reported.words
    ranks = ", ".join(map(str, picture.ranks))
    position = words.spoken(picture.position).replace("\N{MINUS SIGN}", "-")
    if picture.added:
        return f"{words.key_image} {picture.added}: {words.planes[picture.axis]} {position}"
    about = f"{words.one_region if len(picture.ranks) == 1 else words.regions_plural} {ranks}: " if ranks else ""
    overlay = words.with_overlay if picture.has_overlay else words.without_overlay
    return f"{about}{words.planes[picture.axis]} {position}, {overlay}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _details(reported: Reported) -> Rows:
    words, record, card = reported.words, reported.record, reported.card
    software = record["software"]
    versions = [f"{name} {version}" for name, version in software.items() if name != "coviddetect"]
    sums = [("CT", record["input"]["sha256"]), (words.lung_mask, record["lungs"]["sha256"])]
    sums += [(words.model, record["weights"]["sha256"])]
    if record["lungs"]["weights"]:
        sums.append(("UNet", record["lungs"]["weights"]["sha256"]))
    weights = record["weights"]
    model = f"{weights['title']} ({weights['id']}, version {weights['version']})."
    return [
        (words.model, " ".join([model, *([card.intended_use] if card else [])])),
        (words.software, ", ".join([f"COVIDDetect {software['coviddetect']}", *versions, record["device"]])),
        *((f"{words.checksums} {name}", value) for name, value in sums),
        (words.limits, " ".join(words.limits_text)),
    ]

"""The record of an analysis as rows of a table, and as one entry in the history of a CT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .evidence import Evidence
from .map_checks import MapChecks


@dataclass(frozen=True)
class Scored:
    """One entry of the history: when, the probability, and what was different from the entry before."""

    time: str
    probability: float
    change: str


def table_rows(record: Mapping[str, Any], stale: str) -> list[tuple[str, str]]:
    """What the table says: quantity and value."""
    rows = [
        ("Status", f"Out of date: {stale}" if stale else "Current"),
        ("Probability of COVID-19", f"{record['probability']:.3f}"),
        *(("When nudged", f"{width['low']:.3f} to {width['high']:.3f}") for width in [record.get("width")] if width),
        *(
            ("Heat map", one.meaning or "No heat to check")
            for one in [MapChecks.of(record)]
            if one and (one.failed or not one.has_heat)
        ),
        *(("Note", note) for note in record["notes"]),
        ("Decision threshold", f"{record['decision_threshold']:.2f}"),
        *(("What decided", Evidence.from_entry(entry).in_words()) for entry in [record.get("evidence")] if entry),
        ("Weights", f"{record['weights']['title']} ({record['weights']['sha256'][:12]})"),
    ]
    for side in record.get("opacity", ()):
        lung = f"{side['side'].capitalize()} lung"
        rows += [
            (f"{lung}, volume", f"{side['volume_ml']:.0f} mL"),
            (f"{lung}, mean density", f"{side['mean_hu']:.0f} HU"),
        ]
        rows += [
            (f"{lung}, {title}", f"{side[f'{key}_ml']:.0f} mL, {side[f'{key}_percent']:.1f} %")
            for key, title in (
                ("ground_glass", "ground-glass"),
                ("consolidation", "consolidation"),
                ("emphysema", "emphysema-like"),
            )
        ]
    rows += [
        (
            f"{lobe['side'].capitalize()} {lobe['lobe']} lobe",
            f"{lobe['volume_ml']:.0f} mL, ground-glass {lobe['ground_glass_percent']:.1f} %, "
            f"consolidation {lobe['consolidation_percent']:.1f} %",
        )
        for lobe in record.get("lobes", ())
    ]
    rows += [
        (
            f"Region {region['rank']}",
            f"{region['side']} {region['third']} third, peak {region['peak']:.2f}, {region['volume_ml']:.1f} mL, "
            f"{region['mean_hu']:.0f} HU",
        )
        for region in record.get("regions", ())
    ]
    return [
        *rows,
        ("Lung mask", record["lungs"]["method"]),
        ("Computed on", record["device"]),
        ("Time", record["time"]),
        ("Software", f"COVIDDetect {record['software']['coviddetect']}"),
        ("Use", "Research use only, not a medical device"),
    ]


def score_of(record: Mapping[str, Any], earlier: Mapping[str, Any] | None = None) -> Scored:
    """The entry that a record makes in the history; ``earlier`` is the record before it."""
    changes = []
    if earlier is not None:
        if earlier["input"]["sha256"] != record["input"]["sha256"]:
            changes.append("CT changed")
        if earlier["lungs"]["sha256"] != record["lungs"]["sha256"]:
            changes.append("lung mask changed")
        if earlier["weights"]["sha256"] != record["weights"]["sha256"]:
            changes.append("other weights")
    return Scored(record["time"], record["probability"], ", ".join(changes))

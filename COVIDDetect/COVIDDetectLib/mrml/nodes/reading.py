"""What the user read in a CT, and said of its regions, kept with the result in the scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...report.reading import Reading
from .result import Result

_READING, _MARKS = "COVIDDetect.reading", "COVIDDetect.marks"


def reading_of(result: Result) -> Reading | None:
    """The reading of a result's CT; None if it was opened without one."""
    kept = result.node.GetAttribute(_READING)
    return Reading(**json.loads(kept)) if kept else None


def write_reading(result: Result, reading: Reading) -> None:
    """Keep it; later scores of the CT leave it as it is."""
    result.node.SetAttribute(_READING, json.dumps(asdict(reading)))


def marks_of(result: Result) -> Mapping[int, str]:
    """Which regions are marked, by rank, with one of ``report.reading.MARKS``.

    A mark belongs to a place: after another score a region has that of one that was hottest at the same point.
    """
    marks = json.loads(result.node.GetAttribute(_MARKS) or "{}")
    regions = result.record["regions"]
    return {region["rank"]: marks[_place(region)] for region in regions if marks.get(_place(region))}


def mark_region(result: Result, region: Mapping[str, Any], mark: str) -> None:
    """Mark a region; empty takes its mark away."""
    marks = json.loads(result.node.GetAttribute(_MARKS) or "{}")
    result.node.SetAttribute(_MARKS, json.dumps({**marks, _place(region): mark}))


def _place(region: Mapping[str, Any]) -> str:
    return " ".join(f"{mm:.1f}" for mm in region["peak_lps"])

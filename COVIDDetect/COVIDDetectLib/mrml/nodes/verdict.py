"""What the user says of a result, kept with it in the scene."""

from __future__ import annotations

import json

from ...report.assessment import Assessment, Verdict
from .lung_mask import is_from_analyze
from .reading import marks_of, reading_of
from .result import Result

_VERDICT = "COVIDDetect.verdict"


def verdict_of(result: Result) -> str:
    """``"accepted"``, ``"rejected"``, or empty while nothing was said of this number."""
    kept = json.loads(result.node.GetAttribute(_VERDICT) or "{}")
    return str(kept.get("verdict", "")) if kept.get("of") == result.number_of else ""


def write_verdict(result: Result, verdict: str) -> None:
    """Keep it; empty takes it back. It is of this number: after another score nothing has been said."""
    result.node.SetAttribute(_VERDICT, json.dumps({"verdict": verdict, "of": result.number_of}))


def assessment_of(result: Result, reader: str) -> Assessment | None:
    """The verdict with all that the user said of the result; None while there is none.

    To accept a result that was scored with a corrected mask is to accept it modified.
    """
    said, mask = verdict_of(result), result.lung_mask_node
    if not said:
        return None
    is_corrected = result.record["lungs"]["method"] == "given" and mask is not None and is_from_analyze(mask)
    verdict: Verdict = "rejected" if said == "rejected" else "modified" if is_corrected else "accepted"
    return Assessment(verdict, reader, marks_of(result), reading_of(result))

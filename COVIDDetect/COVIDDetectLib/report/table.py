"""A result as one row of a table, to collect those of many CTs."""

from __future__ import annotations

import csv
import io

from ..analysis.regions import SIDES
from ..lungs.lobes import LOBES
from .reported import Reported
from .text import OPACITIES

_MEASURES = ("volume_ml", "mean_hu", *(f"{kind}_{unit}" for kind in OPACITIES for unit in ("ml", "percent")))

_PARTS = ("right", "left", *(f"{SIDES[side]}_{lobe}" for side, lobe in LOBES.values()))
"""All of them have columns in every table, so that rows go together; those of lobes stay empty for a mask without."""


def csv_table(reported: Reported) -> str:
    """Names of the columns and one row: numbers as in ``analysis.json``, with a decimal point in any language."""
    record = reported.record
    parts = {lung["side"]: lung for lung in record.get("opacity", ())}
    parts |= {f"{lobe['side']}_{lobe['lobe']}": lobe for lobe in record.get("lobes", ())}
    hottest = record["regions"][0] if record.get("regions") else {}
    row = {
        "study": reported.title,
        "probability": record["probability"],
        **{f"width_{end}": (record.get("width") or {}).get(end, "") for end in ("low", "high")},
        "decision_threshold": reported.decision_threshold,
        "status": "stale" if reported.stale else "doubtful" if reported.is_doubtful else "current",
        "notes": " | ".join([*([reported.stale] if reported.stale else []), *record["notes"]]),
        **{f"{part}_{measure}": parts.get(part, {}).get(measure, "") for part in _PARTS for measure in _MEASURES},
        "regions": len(record.get("regions", ())),
        **{f"hottest_{name}": hottest.get(name, "") for name in ("side", "third", "volume_ml", "mean_hu")},
        "heat_share_in_lungs": record["attention"]["share_in_lungs"],
        "domain_distance": (record.get("domain") or {}).get("distance", ""),
        "lungs_method": record["lungs"]["method"],
        "weights": record["weights"]["id"],
        "weights_version": record["weights"]["version"],
        "weights_sha256": record["weights"]["sha256"],
        "ct_sha256": record["input"]["sha256"],
        "lungs_sha256": record["lungs"]["sha256"],
        "software": record["software"]["coviddetect"],
        "time": record["time"],
    }
    stream = io.StringIO()
    writer = csv.DictWriter(stream, row)
    writer.writeheader()
    # Spreadsheets take what begins with these for a formula.
    writer.writerow({name: f"'{value}" if str(value)[:1] in "=+@" and value else value for name, value in row.items()})
    return stream.getvalue()

"""Reads what ``coviddetect analyze`` wrote into a folder, to report it or to send it on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..analysis.analyze import SCHEMA
from ..analysis.attention import Attention
from ..analysis.evidence import Evidence
from ..analysis.regions import Region
from ..analysis.width import width_of
from ..ct.volume import CTVolume
from ..ct.volume_files import read_back
from ..errors import InputError
from ..lungs import LungMask, lung_mask_sha256
from ..text import printable
from .files import ATTENTION, LUNGS, RECORD, read_lung_mask

_LARGEST_BYTES = 10_000_000
_ROUNDING = 1e-3
_NEEDED = {
    *("probability", "decision_threshold", "weights", "lungs", "attention", "regions", "opacity", "input", "time"),
    *("software", "notes"),
}


@dataclass(frozen=True, eq=False)
class Results:
    """A record with the lung mask and the heat map that belong to it.

    Parameters
    ----------
    record
        The content of ``analysis.json``.
    lung_mask
        On the grid of the CT, in its own order.
    attention
        The whole heat map, in axial order.
    """

    record: Mapping[str, Any]
    lung_mask: LungMask
    attention: Attention


def read_record(folder: Path) -> dict[str, Any]:
    """Read ``analysis.json``.

    Raises
    ------
    InputError
        If the folder has none, or it is damaged or of another schema.
    """
    file = folder / RECORD
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{printable(str(file))} is too large for a result; give a folder of coviddetect analyze.")
        record = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise InputError(
            f"{printable(str(folder))} has no {RECORD} that can be read; give a folder that coviddetect analyze wrote."
        ) from error
    except ValueError as error:
        raise InputError(f"{printable(str(file))} is damaged; analyze the CT again.") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise InputError(f"{printable(str(file))} is not of the schema {SCHEMA}; analyze the CT again.")
    if missing := sorted(_NEEDED - record.keys()):
        raise InputError(f"{printable(str(file))} lacks the entry {missing[0]}; analyze the CT again.")
    try:
        _check_entries(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{printable(str(file))} is not as coviddetect wrote it, but changed or damaged; analyze the CT again."
        ) from error
    return record


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _check_entries(record: Mapping[str, Any]) -> None:
    """Whether all that a report rests on can be read and is a number where it must be, and agrees with itself.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If not.
    """
    probability, threshold = float(record["probability"]), float(record["decision_threshold"])
    logits, evidence, parts = (
        record.get("logits"),
        record.get("evidence"),
        (*record["opacity"], *record.get("lobes", ())),
    )
    margin = logits["positive"] - logits["negative"] if logits else None
    amounts = [amount for part in parts for name, amount in part.items() if name.endswith(("_ml", "_percent"))]
    texts = [record["time"], record["input"]["sha256"], record["input"]["name"], record["lungs"]["sha256"]]
    texts += [record["lungs"]["method"], *(record["weights"][name] for name in ("title", "sha256")), *record["notes"]]
    texts += [record["attention"]["layer"], *(part["side"] for part in parts)]
    for region in record["regions"]:
        Region.from_entry(region)
    if evidence:
        Evidence.from_entry(evidence)
    width_of(record)
    if not (
        0 <= probability <= 1
        and 0 <= threshold <= 1
        and (margin is None or abs(probability - 1 / (1 + math.exp(-max(-700.0, margin)))) < _ROUNDING)
        and all(amount >= 0 for amount in amounts)
        and all(isinstance(text, str) for text in texts)
        and datetime.fromisoformat(record["time"]).tzinfo
    ):
        raise ValueError("not as it was written")


def read_results(folder: Path) -> Results:
    """Read the record, the lung mask and the heat map.

    Raises
    ------
    InputError, MaskError
        If one is missing or damaged, or the mask is not the one that was scored.
    """
    record = read_record(folder)
    lung_mask = read_lung_mask(folder / LUNGS)
    if lung_mask_sha256(lung_mask.axial()) != record["lungs"]["sha256"]:
        raise InputError(f"{LUNGS} is not the mask that was scored; analyze the CT again with it.")
    if not (folder / ATTENTION).is_file():
        raise InputError(f"{printable(str(folder))} has no {ATTENTION}; analyze the CT again.")
    values, geometry = read_back(folder / ATTENTION)
    entry = record["attention"]
    attention = Attention(values.astype(np.float32), geometry, entry["raw_maximum"], entry["layer"])
    return Results(record, lung_mask, attention)


def check_source(record: Mapping[str, Any], ct: CTVolume) -> None:
    """Refuse a CT that is not the one of a record.

    Raises
    ------
    InputError
        If its voxels differ.
    """
    if ct.sha256 != record["input"]["sha256"]:
        raise InputError("This is not the CT that was analyzed: its voxels differ; give the CT of these results.")


def check_case(results: Results, ct: CTVolume) -> None:
    """Refuse a CT that is not the one of a result, or lies elsewhere: mask and heat map would lie beside it.

    Raises
    ------
    InputError
        If its voxels or its place differ.
    """
    check_source(results.record, ct)
    if not ct.axial()[0].geometry.same_grid(results.lung_mask.axial().geometry):
        raise InputError("This CT lies elsewhere than when it was analyzed; analyze it again.")

"""CT, lung mask and analysis as files in the folder that panel and worker share, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis import Analysis, Score
from ..attention import Attention
from ..geometry import Geometry
from ..lungs import LungMask
from ..opacity import LungOpacity
from ..regions import Region
from ..volume import CTVolume
from ..weights import ModelCard, read_card

Entry = dict[str, Any]


def store_ct(ct: CTVolume, folder: Path) -> Entry:
    """Write the voxels; the entry of the message tells where."""
    return {"array": _store(ct.hu, folder / "ct.npy"), "geometry": asdict(ct.geometry), "name": ct.name}


def load_ct(entry: Entry) -> CTVolume:
    """The CT, its voxels mapped from the file, not copied."""
    return CTVolume(np.load(entry["array"], mmap_mode="r"), _geometry(entry["geometry"]), entry["name"])


def store_lung_mask(lung_mask: LungMask, folder: Path, name: str) -> Entry:
    """Write the labels."""
    return {"array": _store(lung_mask.labels, folder / f"{name}.npy"), "geometry": asdict(lung_mask.geometry)}


def load_lung_mask(entry: Entry) -> LungMask:
    """The labels, in memory: the file may go."""
    return LungMask(np.load(entry["array"]), _geometry(entry["geometry"]))


def store_analysis(analysis: Analysis, folder: Path) -> Entry:
    """Write mask and heat map; all else is in the entry."""
    attention = analysis.attention
    return {
        "score": asdict(analysis.score),
        "decision_threshold": analysis.decision_threshold,
        "lung_mask": store_lung_mask(analysis.lung_mask, folder, "lungs"),
        "attention": {
            "array": _store(attention.values, folder / "attention.npy"),
            "geometry": asdict(attention.geometry),
            "raw_maximum": attention.raw_maximum,
            "layer": attention.layer,
        },
        "regions": [asdict(region) for region in analysis.regions],
        "opacity": [asdict(lung) for lung in analysis.opacity],
        "card": str(analysis.card.path),
        "lungs_card": str(analysis.lungs_card.path) if analysis.lungs_card else None,
        "lungs_method": analysis.lungs_method,
        "device": analysis.device,
        "seconds": dict(analysis.seconds),
        "ct_name": analysis.ct_name,
        "ct_sha256": analysis.ct_sha256,
        "lung_mask_sha256": analysis.lung_mask_sha256,
        "time": analysis.time,
        "software": dict(analysis.software),
        "notes": list(analysis.notes),
    }


def load_analysis(entry: Entry) -> Analysis:
    """The analysis with all its arrays in memory."""
    score, attention = entry["score"], entry["attention"]
    return Analysis(
        **{
            **entry,
            "score": Score(score["probability"], (score["logits"][0], score["logits"][1])),
            "lung_mask": load_lung_mask(entry["lung_mask"]),
            "attention": Attention(
                np.load(attention["array"]),
                _geometry(attention["geometry"]),
                attention["raw_maximum"],
                attention["layer"],
            ),
            "regions": tuple(
                Region(**{**region, "peak_lps": tuple(region["peak_lps"])}) for region in entry["regions"]
            ),
            "opacity": tuple(LungOpacity(**lung) for lung in entry["opacity"]),
            "notes": tuple(entry["notes"]),
            "card": read_card(entry["card"]),
            "lungs_card": _card(entry["lungs_card"]),
        }
    )


def _card(path: str | None) -> ModelCard | None:
    return read_card(path) if path else None


def _store(array: np.ndarray, file: Path) -> str:
    np.save(file, array)
    return str(file)


def _geometry(entry: Entry) -> Geometry:
    rows = [(row[0], row[1], row[2]) for row in entry["direction"]]
    return Geometry(tuple(entry["origin"]), tuple(entry["spacing"]), (rows[0], rows[1], rows[2]))

"""Stores CT, lung mask and results in the folder that panel and worker share, and loads them.

What is large is written and read step by step (``Steps``): the panel does so between the events of its loop.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..analysis.analyze import Analysis
from ..analysis.attention import Attention
from ..analysis.correction import Correction
from ..analysis.experiments import Experiment
from ..analysis.heat_map import HeatMap
from ..analysis.map_checks import MapChecks
from ..analysis.registration import Alignment, OpacityChange, Registration
from ..analysis.width import Width
from ..ct.geometry import Geometry
from ..ct.volume import CTVolume
from ..errors import COVIDDetectError
from ..lungs import LungMask
from ..weights.cards import read_card
from .entries import fields_of, part_of, value_of

Entry = dict[str, Any]
Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work that can be interrupted after each few milliseconds; its result is what the generator returns."""

_STEP_BYTES = 4_000_000
_MADE_FROM_FILES = frozenset({"lung_mask", "heat_map", "card", "lungs_card"})


def at_once(steps: Steps[Result]) -> Result:
    """Do all the work now."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def unusable_folder(error: OSError) -> COVIDDetectError:
    """What the user reads when a file of this folder could not be written or read."""
    return COVIDDetectError(f"The folder for temporary files cannot be used ({error.strerror}); free some space there.")


def store_ct(ct: CTVolume, file: Path) -> Steps[Entry]:
    """Write the voxels; the entry of the message tells where."""
    array = yield from _store(ct.hu, file)
    return {"array": array, "geometry": asdict(ct.geometry), "name": ct.name}


def holds_ct(entry: Entry, ct: CTVolume) -> Steps[bool]:
    """Whether a stored CT is this one, voxel by voxel: much faster than to write it again, or to hash both."""
    if value_of(Geometry, entry["geometry"]) != ct.geometry or entry["name"] != ct.name:
        return False
    try:
        stored = np.load(entry["array"], mmap_mode="r")
    except OSError:  # somebody has emptied the folder for temporary files
        return False
    if stored.shape != ct.hu.shape or stored.dtype != ct.hu.dtype:
        return False
    for part in _parts(ct.hu):
        if not np.array_equal(stored[part], ct.hu[part]):
            return False
        yield
    return True


def load_ct(entry: Entry) -> CTVolume:
    """The CT, its voxels mapped from the file, not copied; but in Windows nobody could remove a file that is mapped."""
    name, geometry = part_of(entry, "name", str), value_of(Geometry, part_of(entry, "geometry", dict))
    return CTVolume(np.load(part_of(entry, "array", str), mmap_mode=None if os.name == "nt" else "r"), geometry, name)


def store_lung_mask(lung_mask: LungMask, file: Path) -> Steps[Entry]:
    """Write the labels, and the lobes where they are told apart."""
    array, lobes = (yield from _store(lung_mask.labels, file)), None
    if lung_mask.lobes is not None:
        lobes = yield from _store(lung_mask.lobes, file.with_name(f"{file.stem}-lobes.npy"))
    return {"array": array, "geometry": asdict(lung_mask.geometry), "lobes": lobes}


def load_lung_mask(entry: Entry) -> Steps[LungMask]:
    """The labels, in memory: the file may go."""
    geometry = value_of(Geometry, part_of(entry, "geometry", dict))
    labels = yield from _load(part_of(entry, "array", str))
    lobes = (yield from _load(part_of(entry, "lobes", str))) if entry.get("lobes") is not None else None
    return LungMask(labels, geometry, lobes)


def store_heat_map(heat_map: HeatMap, folder: Path) -> Entry:
    """Write the whole heat map and the part of it that lies in the lungs."""
    return {
        "whole": _store_attention(heat_map.whole, folder / "attention.npy"),
        "in_lungs": _store_attention(heat_map.in_lungs, folder / "attention-in-lungs.npy"),
        "share_in_lungs": heat_map.share_in_lungs,
    }


def load_heat_map(entry: Entry) -> HeatMap:
    """The heat map, in memory."""
    whole, in_lungs = (_load_attention(part_of(entry, name, dict)) for name in ("whole", "in_lungs"))
    return HeatMap(whole, in_lungs, part_of(entry, "share_in_lungs", float))


def _store_attention(attention: Attention, file: Path) -> Entry:
    return {
        "array": at_once(_store(attention.values, file)),
        "geometry": asdict(attention.geometry),
        "raw_maximum": attention.raw_maximum,
        "layer": attention.layer,
    }


def _load_attention(entry: Entry) -> Attention:
    geometry, maximum = value_of(Geometry, part_of(entry, "geometry", dict)), part_of(entry, "raw_maximum", float)
    return Attention(np.load(part_of(entry, "array", str)), geometry, maximum, part_of(entry, "layer", str))


def store_analysis(analysis: Analysis, folder: Path, lung_mask: Entry | None = None) -> Entry:
    """Write the heat map; all else is in the entry.

    Parameters
    ----------
    lung_mask
        Where its mask was stored as soon as it was found; None where it was given, and is not sent back.
    """
    return {
        "score": asdict(analysis.score),
        "decision_threshold": analysis.decision_threshold,
        "lung_mask": lung_mask,
        "heat_map": store_heat_map(analysis.heat_map, folder),
        "evidence": asdict(analysis.evidence),
        "regions": [asdict(region) for region in analysis.regions],
        "opacity": [asdict(lung) for lung in analysis.opacity],
        "lobes": [asdict(lobe) for lobe in analysis.lobes],
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
        "domain": asdict(analysis.domain) if analysis.domain else None,
        "width": asdict(analysis.width) if analysis.width else None,
        "map_checks": asdict(analysis.map_checks) if analysis.map_checks else None,
    }


def load_analysis(entry: Entry, given: LungMask | None = None) -> Steps[Analysis]:
    """The analysis with all its arrays in memory.

    Parameters
    ----------
    given
        The mask that was handed in, if one was.
    """
    made = fields_of(Analysis, entry, without=_MADE_FROM_FILES, knows={"Width": Width, "MapChecks": MapChecks})
    lung_mask = given or (yield from load_lung_mask(part_of(entry, "lung_mask", dict)))
    return Analysis(
        **made,
        lung_mask=lung_mask,
        heat_map=load_heat_map(entry["heat_map"]),
        card=read_card(part_of(entry, "card", str)),
        lungs_card=read_card(part_of(entry, "lungs_card", str)) if entry["lungs_card"] else None,
    )


def store_alignment(alignment: Alignment, folder: Path) -> Entry:
    """Write where opacity has changed; all else is in the entry."""
    change = alignment.change
    array = at_once(_store(change.labels, folder / "change.npy"))
    return {
        "registration": asdict(alignment.registration),
        "change": {"array": array, "geometry": asdict(change.geometry)},
    }


def load_alignment(entry: Entry) -> Steps[Alignment]:
    """The alignment, in memory."""
    change, registration = part_of(entry, "change", dict), part_of(entry, "registration", dict)
    labels = yield from _load(part_of(change, "array", str))
    geometry = value_of(Geometry, part_of(change, "geometry", dict))
    return Alignment(value_of(Registration, registration), OpacityChange(labels, geometry))


def load_answer(kind: str, value: Any, given: LungMask | None) -> Steps[Any]:
    """The answer to a request: the value that ``interface.Client`` names."""
    if kind == "analyze":
        return (yield from load_analysis(value, given))
    if kind == "explain":
        return load_heat_map(value)
    if kind == "compare":
        return (yield from load_alignment(value))
    if kind == "correction":
        return value_of(Correction, value)
    if kind == "width":
        return value_of(Width, value)
    if kind == "checks":
        return value_of(MapChecks, value)
    if kind == "preview":
        return part_of(value, "probability", float)
    return tuple(value_of(Experiment, entry) for entry in value)


def _parts(array: np.ndarray) -> list[slice]:
    """Runs of slices of a few megabytes."""
    run = max(1, _STEP_BYTES * len(array) // max(1, array.nbytes))
    return [slice(start, start + run) for start in range(0, len(array), run)]


def _load(file: str) -> Steps[np.ndarray]:
    """An array in memory."""
    stored = np.load(file, mmap_mode="r")
    array = np.empty(stored.shape, stored.dtype)
    for part in _parts(array):
        array[part] = stored[part]
        yield
    return array


def _store(array: np.ndarray, file: Path) -> Steps[str]:
    """Write a .npy file. Not through a memory map: where the disk is full, that ends the process without an error."""
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    with file.open("wb") as stored:
        np.lib.format.write_array_header_1_0(stored, header)
        for part in _parts(array):
            stored.write(np.ascontiguousarray(array[part]).data)
            yield
    return str(file)

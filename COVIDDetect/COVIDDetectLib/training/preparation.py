"""From a CT to what a network reads, by the functions that inference uses; kept on disk under its content's hash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import __version__
from ..analysis.analyze import check_hounsfield_units
from ..atomic import whole_file
from ..cohort.cases import Case, check_files
from ..cohort.fingerprint import hash_of, stamps
from ..ct.ct_mask import HU_WINDOW, CTMask, InputForm, make_ct_mask, resample_in_plane
from ..ct.geometry import Geometry
from ..ct.reading import read_ct
from ..ct.volume import CTVolume
from ..device import Device, within_memory
from ..errors import InputError, MaskError
from ..lungs import LungMask, lung_mask_sha256, segment_lungs
from ..lungs.unet import slices_per_batch_on, unet_slices
from ..report.files import read_lung_mask
from ..weights.cards import ModelCard, NetworkName, default_card

SEEN = "seen"
"""Folder in the cache: what was made of files of a certain size and time of change."""

_FORMAT = 1


@dataclass(frozen=True)
class Recipe:
    """How a CT becomes the input of a network.

    Parameters
    ----------
    network
        ``"decovnet"``: a CT-Mask volume cropped to the lungs. ``"unet"``: whole slices and their lung masks.
    input_size
        Rows and columns.
    lungs
        ``"unet"``, ``"threshold"`` or the card of another UNet: how lungs are found where no mask is given.
    """

    network: NetworkName
    input_size: tuple[int, int]
    lungs: str | ModelCard

    @property
    def lungs_id(self) -> str:
        """What the way to find lungs is known by: its name, or the checksum of the UNet's weights."""
        if self.lungs == "unet":
            return default_card("unet").sha256
        return self.lungs if isinstance(self.lungs, str) else self.lungs.sha256

    def settings(self) -> dict[str, object]:
        """All that decides what comes of the same CT and mask."""
        return {
            "format": _FORMAT,
            "version": __version__,
            "network": self.network,
            "input_size": self.input_size,
            "hu_window": HU_WINDOW,
        }


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case as the network reads it.

    Parameters
    ----------
    key
        Hash of CT, mask and settings.
    file
        uint8 ``.npy`` file ``(2, slice, row, column)``: image 0…255, lung mask 0 or 1.
    geometry
        Where that grid lies, LPS.
    ct_sha256
        Of the CT's voxels.
    lungs_ml
        Volume of the lung mask; 0 where none were found.
    """

    case: Case
    key: str
    file: Path
    geometry: Geometry
    ct_sha256: str
    lungs_ml: float

    def open(self) -> np.ndarray:
        """The file as an array; only what is touched is read."""
        return np.load(self.file, mmap_mode="r")

    def ct_mask(self) -> CTMask:
        """The whole CT-Mask volume."""
        image, mask = np.load(self.file)
        return CTMask(image, mask, self.geometry)


def prepare(case: Case, recipe: Recipe, cache: Path, device: str = "auto") -> Prepared:
    """Take a case from the cache, or read, segment and resample it.

    Files of the same size and time of change as before count as unchanged and are not read again.

    Raises
    ------
    InputError, MaskError
        If the CT or its mask cannot be used; the sentence begins with the name of the case. Lungs that the threshold
        does not find are no error for a UNet's training: such a case has 0 mL.
    """
    files = hash_of([recipe.settings(), stamps(case.path), stamps(case.mask) if case.mask else recipe.lungs_id])
    seen = cache / SEEN / f"{files}.json"
    try:
        if seen.is_file():
            prepared = _load(case, json.loads(seen.read_text(encoding="utf-8"))["key"], cache)
            if prepared is not None:
                return prepared
        check_files(case)
        ct = read_ct(case.path)
        mask = read_lung_mask(case.mask) if case.mask else None
        if mask is not None and not (mask.geometry.same_grid(ct.geometry) and mask.labels.shape == ct.shape):
            raise MaskError("The lung mask does not have the voxel grid of the CT; choose a mask made on this CT.")
        key = _key(ct, mask, recipe)
        prepared = _load(case, key, cache) or _make(case, key, ct, mask, recipe, cache, device)
    except (InputError, MaskError) as error:
        raise type(error)(f"Case '{case.name}': {error}") from error
    _write_json(seen, {"key": key})
    return prepared


def _key(ct: CTVolume, mask: LungMask | None, recipe: Recipe) -> str:
    lungs = lung_mask_sha256(mask) if mask is not None else recipe.lungs_id
    return hash_of([ct.sha256, lungs, recipe.settings()])


def _make(
    case: Case, key: str, ct: CTVolume, mask: LungMask | None, recipe: Recipe, cache: Path, device: str
) -> Prepared:
    check_hounsfield_units(ct)
    axial, reorientation = ct.axial()

    def find_lungs(device: str, slices: int) -> LungMask:
        return segment_lungs(axial, recipe.lungs, device=device, slices_per_batch=slices)

    if mask is not None:
        labels = np.ascontiguousarray(reorientation.apply(mask.labels))
    else:
        try:
            labels = within_memory(find_lungs, Device(device), slices_per_batch_on(device))[0].labels
        except MaskError:
            if recipe.network == "decovnet":
                raise
            labels = np.zeros(axial.shape, dtype=np.uint8)
    if recipe.network == "decovnet":
        ct_mask = make_ct_mask(axial, labels > 0, InputForm(recipe.input_size))
        image, lungs, geometry = ct_mask.image, ct_mask.mask, ct_mask.geometry
    else:
        image = unet_slices(axial.hu, recipe.input_size, HU_WINDOW)
        lungs = (resample_in_plane((labels > 0).astype(np.float32), *recipe.input_size) >= 0.5).astype(np.uint8)
        geometry = axial.geometry
    with whole_file(_array_file(cache, key)) as file:
        np.save(file, np.stack([image, lungs]))
    entry = {
        "ct_sha256": ct.sha256,
        "lungs_ml": np.count_nonzero(labels) * axial.geometry.voxel_ml,
        "ijk_to_lps": geometry.ijk_to_lps.tolist(),
    }
    _write_json(_entry_file(cache, key), entry)  # last: an entry stands for a complete array
    prepared = _load(case, key, cache)
    assert prepared is not None
    return prepared


def _load(case: Case, key: str, cache: Path) -> Prepared | None:
    if not (_entry_file(cache, key).is_file() and _array_file(cache, key).is_file()):
        return None
    entry = json.loads(_entry_file(cache, key).read_text(encoding="utf-8"))
    geometry = Geometry.from_ijk_to_lps(np.array(entry["ijk_to_lps"]))
    return Prepared(case, key, _array_file(cache, key), geometry, entry["ct_sha256"], entry["lungs_ml"])


def _array_file(cache: Path, key: str) -> Path:
    return cache / f"{key}.npy"


def _entry_file(cache: Path, key: str) -> Path:
    return cache / f"{key}.json"


def _write_json(path: Path, content: object) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(content).encode())

"""What a CT looks like apart from disease: its grid, its noise, its scanner. None of it may tell the label."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..ct.dicom import quiet_pydicom
from ..ct.reading import read_ct
from ..ct.series import files_below, files_beside, find_series
from ..ct.volume import AIR_HU, CTVolume
from ..ct.volume_files import is_volume_file
from ..lungs.body import TISSUE_ABOVE_HU, inside_body
from .cases import Case, check_files

Value = float | str | None
"""A number, a word, or None where it is not known."""

TITLES = {
    "slice_mm": "distance between slices",
    "slices": "number of slices",
    "height_mm": "height of the CT",
    "pixel_mm": "pixel size",
    "rows": "rows",
    "columns": "columns",
    "width_mm": "field of view",
    "stored_axial": "order of storage",
    "padding": "share of padding",
    "air_hu": "HU of the air around",
    "air_noise_hu": "noise in the air around",
    "tissue_noise_hu": "noise in soft tissue",
    "smoothness": "sharpness of soft tissue",
    "tissue_hu": "HU of soft tissue",
    "body_share": "share of the body in the picture",
    "body_place": "place of the body in the picture",
    "outside": "table and clothes",
    "highest_hu": "highest HU",
    "kind": "kind of file",
    "manufacturer": "manufacturer",
    "model": "scanner",
    "kernel": "reconstruction kernel",
    "kvp": "tube voltage",
    "thickness_mm": "slice thickness",
    "contrast": "contrast agent",
    "date": "date",
}
"""What each property is called."""

_TAGS = {
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "kernel": "ConvolutionKernel",
    "contrast": "ContrastBolusAgent",
    "kvp": "KVP",
    "thickness_mm": "SliceThickness",
}
_NUMBERS = ("kvp", "thickness_mm")
_SLICES = 7
_AIR_HU, _TISSUE_HU = (AIR_HU + 1, -900), (-100, 150)
_LEAST_PIXELS = 500
_COARSE_MM = 2.0


def appearance(case: Case) -> dict[str, Value]:
    """All properties of a case, by the names of ``TITLES``.

    Raises
    ------
    InputError
        If the CT cannot be read.
    """
    check_files(case)
    ct = read_ct(case.path)
    date = float(case.date.toordinal()) if case.date else None
    return {**of_voxels(ct), **_of_files(case.path), "date": date}


def of_voxels(ct: CTVolume) -> dict[str, Value]:
    """What grid and voxels tell, on a few slices."""
    axial, order = ct.axial()
    slices, rows, columns = axial.shape
    pixel_mm, row_mm, slice_mm = axial.geometry.spacing
    hu = axial.hu[np.linspace(0, slices - 1, min(slices, _SLICES)).astype(int)]
    step = max(1, round(_COARSE_MM / pixel_mm))
    coarse = hu[:, ::step, ::step].astype(float)
    body = inside_body(coarse, np.array([slice_mm, row_mm * step, pixel_mm * step]))
    air_hu, air_noise_hu, _ = _texture(hu, _AIR_HU)
    tissue_hu, tissue_noise_hu, smoothness = _texture(hu, _TISSUE_HU)
    place = float(np.nonzero(body)[1].mean() / body.shape[1]) if body.any() else None
    return {
        "slice_mm": round(slice_mm, 2),
        "slices": float(slices),
        "height_mm": slices * slice_mm,
        "pixel_mm": round(pixel_mm, 3),
        "rows": float(rows),
        "columns": float(columns),
        "width_mm": columns * pixel_mm,
        "stored_axial": "axial" if order.is_identity else "other",
        "padding": float((hu <= AIR_HU).mean()),
        "air_hu": air_hu,
        "air_noise_hu": air_noise_hu,
        "tissue_hu": tissue_hu,
        "tissue_noise_hu": tissue_noise_hu,
        "smoothness": smoothness,
        "body_share": float(body.mean()),
        "body_place": place,
        "outside": float(((coarse > TISSUE_ABOVE_HU) & ~body).mean()),
        "highest_hu": float(hu.max()),
    }


def _texture(hu: np.ndarray, limits: tuple[int, int]) -> tuple[float | None, float | None, float | None]:
    """Mean, noise and correlation of neighbors in a row, of pixels within limits; None of too few."""
    left, right = hu[..., :-1].astype(float), hu[..., 1:].astype(float)
    inside = (left >= limits[0]) & (left <= limits[1]) & (right >= limits[0]) & (right <= limits[1])
    if np.count_nonzero(inside) < _LEAST_PIXELS:
        return None, None, None
    left, right = left[inside], right[inside]
    spread = left.std() * right.std()
    noise = float((right - left).std() / np.sqrt(2))
    alike = float(((left - left.mean()) * (right - right.mean())).mean() / spread) if spread > 0 else None
    return float(left.mean()), noise, alike


def _of_files(path: Path) -> dict[str, Value]:
    if not path.is_dir() and is_volume_file(path):
        return {"kind": "".join(path.suffixes[-2:]).lower() if path.name.endswith(".gz") else path.suffix.lower()}
    import pydicom

    series = find_series(files_below(path) if path.is_dir() else files_beside(path)).series
    with quiet_pydicom():
        header = pydicom.dcmread(series[0].images[0].file, stop_before_pixels=True)
        words = {name: str(header.get(tag) or "").strip() for name, tag in _TAGS.items()}
    found: dict[str, Value] = {"kind": "DICOM"}
    for name, word in words.items():
        found[name] = _number(word) if name in _NUMBERS else word or None
    found["contrast"] = "yes" if words["contrast"] else "no"
    return found


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def column(rows: list[Mapping[str, Value]], name: str) -> list[Value]:
    """One property of all cases."""
    return [row.get(name) for row in rows]

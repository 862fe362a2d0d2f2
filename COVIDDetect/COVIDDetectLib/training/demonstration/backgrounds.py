"""CTs without COVID-19 to paint into: public ones and phantoms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...ct.ct_mask import bounding_box
from ...ct.geometry import Geometry
from ...ct.volume import CTVolume
from ...errors import COVIDDetectError
from ...phantom import thorax

CITATIONS = {
    "acrin-flt-breast-001-chest-thighs": "ACRIN-FLT-Breast 001, chest to thighs (doi 10.7937/K9/TCIA.2017.OL20ZMXG, "
    "CC BY 3.0)",
    "acrin-flt-breast-001-head-chest": "ACRIN-FLT-Breast 001, head to chest (doi 10.7937/K9/TCIA.2017.OL20ZMXG, "
    "CC BY 3.0)",
    "acrin-flt-breast-013": "ACRIN-FLT-Breast 013 (doi 10.7937/K9/TCIA.2017.OL20ZMXG, CC BY 3.0)",
    "cmb-crc-msb-01068": "CMB-CRC MSB-01068 (doi 10.7937/DJG7-GZ87, CC BY 4.0)",
    "cptac-lscc-c3n-00247": "CPTAC-LSCC C3N-00247 (doi 10.7937/K9/TCIA.2018.6EMUB5L2, CC BY 4.0)",
    "cptac-pda-c3l-00189": "CPTAC-PDA C3L-00189 (doi 10.7937/K9/TCIA.2018.SC20FO18, CC BY 4.0)",
    "lidc-idri-0001": "LIDC-IDRI 0001 (doi 10.7937/K9/TCIA.2015.LO9QL9SX, CC BY 3.0)",
    "lung-dx-a0001": "Lung-PET-CT-Dx A0001 (doi 10.7937/TCIA.2020.NNC2-0461, CC BY 4.0)",
    "lungfcp-01-0001": "Lung Fused-CT-Pathology LungFCP-01-0001 (doi 10.7937/K9/TCIA.2018.SMT36LPN, CC BY 3.0)",
}
"""The public CTs by the names of their folders: data set, subject, DOI and licence."""

HARD_TO_TELL = frozenset(
    (
        "acrin-flt-breast-001-chest-thighs",
        "acrin-flt-breast-001-head-chest",
        "acrin-flt-breast-013",
        "cptac-pda-c3l-00189",
    )
)
"""CTs of free breathing, a very smooth kernel or the lung bases alone; few are among them, so each is drawn twice as
often."""

UNSURE_SLICES = {"lung-dx-a0001": range(43, 48)}
"""Slices in which nobody knows what is lung: a mass between aorta and chest wall. The UNet does not learn from them."""


@dataclass(frozen=True, eq=False)
class Background:
    """A CT without COVID-19 in axial order.

    Parameters
    ----------
    hu
        int16 ``[slice, row, column]``.
    labels
        uint8, 0, 1 right lung, 2 left.
    spacing
        Millimetres from slice to slice, row to row, column to column.
    """

    hu: np.ndarray
    labels: np.ndarray
    spacing: tuple[float, float, float]
    name: str

    @property
    def is_real(self) -> bool:
        """Whether it is a patient's CT."""
        return not self.name.startswith("phantom-")


def real_background(path: Path) -> Background:
    """A real CT without COVID-19 with the unsupervised mask of its lungs."""
    from ...ct.reading import read_ct
    from ...lungs import segment_lungs

    ct, _ = read_ct(path).axial()
    i_mm, j_mm, k_mm = ct.geometry.spacing
    return Background(ct.hu, segment_lungs(ct, "threshold").labels, (k_mm, j_mm, i_mm), path.name)


def phantom_background(seed: int) -> Background:
    """A healthy phantom; its grid varies with the seed as those of scanners do."""
    random = np.random.default_rng([seed, 1])
    thickness_mm = float(random.choice([2.5, 3.0, 4.0, 5.0]))
    slices = max(24, int(random.uniform(270, 330) / thickness_mm))
    pixel_mm = float(random.uniform(1.2, 1.6))
    phantom = thorax(seed=seed, shape=(slices, 256, 256), spacing=(pixel_mm, pixel_mm, thickness_mm))
    return Background(phantom.ct.hu, phantom.lung_mask, (thickness_mm, pixel_mm, pixel_mm), f"phantom-{seed}")


def store_backgrounds(folder: Path, real: list[Path], phantoms: int, first_seed: int) -> None:
    """Make all backgrounds, one ``NAME.npz`` each; those already there are left as they are.

    Raises
    ------
    COVIDDetectError
        If a real CT cannot be read or segmented, or nothing was asked for.
    """
    from rich.progress import track

    folder.mkdir(parents=True, exist_ok=True)
    plans: list[tuple[str, Path | int]] = [(path.name, path) for path in real]
    plans += [(f"phantom-{seed}", seed) for seed in range(first_seed, first_seed + phantoms)]
    if not plans:
        raise COVIDDetectError("There is nothing to paint into; give real CTs or a number of phantoms.")
    for name, origin in track(plans, "Backgrounds"):
        if (folder / f"{name}.npz").exists():
            continue
        made = real_background(origin) if isinstance(origin, Path) else phantom_background(origin)
        unfinished = folder / f"{name}.part"
        with unfinished.open("wb") as file:
            np.savez(file, hu=made.hu, labels=made.labels, spacing=made.spacing)
        unfinished.rename(folder / f"{name}.npz")


def load_backgrounds(folder: Path, but: tuple[str, ...] = ()) -> list[Background]:
    """All stored backgrounds, by name, but those named in ``but``."""
    found = []
    for file in sorted(folder.glob("*.npz")):
        if file.stem in but:
            continue
        with np.load(file) as stored:
            k_mm, j_mm, i_mm = (float(mm) for mm in stored["spacing"])
            found.append(Background(stored["hu"], stored["labels"], (k_mm, j_mm, i_mm), file.stem))
    if not found:
        raise COVIDDetectError(f"There are no backgrounds in {folder}; make them first.")
    return found


def lungs_box(background: Background) -> tuple[slice, slice, slice]:
    """Where the lungs are."""
    return bounding_box(background.labels)


def as_ct(background: Background) -> CTVolume:
    """The background as a CT somewhere."""
    k_mm, j_mm, i_mm = background.spacing
    return CTVolume.from_array(background.hu, Geometry.axial((i_mm, j_mm, k_mm)), background.name)

"""A cohort of eight tiny phantoms in mixed formats, two of them broken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import SimpleITK as sitk
from COVIDDetectLib.phantom import Phantom, thorax

from Testing.dicom_series import write_ct


@dataclass(frozen=True)
class Cohort:
    """A folder with CTs, and the table that names them."""

    folder: Path
    table: Path


@cache
def tiny_phantom(seed: int) -> Phantom:
    disease = "covid" if seed % 2 else None
    return thorax(seed=seed, shape=(12, 64, 64), spacing=(5.4, 5.4, 22.0), disease=disease)


def write_volume(phantom: Phantom, path: Path, of_lungs: bool = False) -> Path:
    image = sitk.GetImageFromArray(phantom.lung_mask if of_lungs else phantom.ct.hu)
    phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture(scope="session")
def mixed_cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Six CTs, one of them as DICOM and one with a mask; a file that holds no volume, and one that is not there."""
    folder = tmp_path_factory.mktemp("mixed")
    names = ["a.nrrd", "b.nii.gz", "c.mha", "d", "broken.nrrd", "e.nii", "gone.nrrd", "f/g.nrrd"]
    rows = []
    for seed, name in enumerate(names):
        path, mask = folder / name, ""
        if name == "broken.nrrd":
            path.write_text("no volume")
        elif name != "gone.nrrd":
            path.parent.mkdir(exist_ok=True)
            if name == "d":
                write_ct(path, tiny_phantom(seed).ct)
            else:
                write_volume(tiny_phantom(seed), path)
        if name == "c.mha":
            mask = write_volume(tiny_phantom(seed), folder / "lungs of c.nrrd", of_lungs=True).name
        label = "" if name == "e.nii" else seed % 2
        rows.append(f"patient {name},{name},{label},{mask}")
    table = folder / "cohort.csv"
    table.write_text("\n".join(["case,path,label,mask", *rows]) + "\n")
    return Cohort(folder, table)

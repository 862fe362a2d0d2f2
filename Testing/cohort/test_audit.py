"""Shortcuts that are planted into CTs are named, and tables without any are left alone."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
import scipy.ndimage
from COVIDDetectLib.cohort.appearance import TITLES, Value, appearance, of_voxels
from COVIDDetectLib.cohort.audit import Audit
from COVIDDetectLib.cohort.cases import Case, read_cases
from COVIDDetectLib.cohort.shortcuts import find_shortcuts, matched_cases
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.evaluation.metrics import Estimate
from typer.testing import CliRunner

from Testing.dicom_series import write_ct

from .conftest import tiny_phantom, write_volume

COUNT = 40
LABELS = [number % 2 for number in range(COUNT)]


@pytest.fixture(scope="module")
def cts() -> list[CTVolume]:
    """Of patients and scanners that differ, whatever their labels."""
    random = np.random.default_rng(1)
    thoraxes = [tiny_phantom(2 * seed).ct for seed in range(5)]
    made = []
    for number in range(COUNT):
        hu = thoraxes[number % 5].hu + random.normal(0, random.uniform(8, 20), thoraxes[0].hu.shape)
        spacing = (random.uniform(4.8, 5.8), random.uniform(18, 24))
        geometry = Geometry.axial((spacing[0], spacing[0], spacing[1]))
        made.append(CTVolume.from_array(hu[: random.integers(9, 13)], geometry))
    return made


def changed(ct: CTVolume, change: Callable[[np.ndarray], np.ndarray]) -> CTVolume:
    return CTVolume.from_array(change(ct.hu.astype(float)), ct.geometry)


def with_spacing(ct: CTVolume, x: float, z: float) -> CTVolume:
    pixel_mm, row_mm, slice_mm = ct.geometry.spacing
    return replace(ct, geometry=Geometry.axial((pixel_mm * x, row_mm * x, slice_mm * z)))


def with_table(hu: np.ndarray) -> np.ndarray:
    hu[:, -2:, 8:-8] = 100.0
    return hu


def padded(hu: np.ndarray) -> np.ndarray:
    rows, columns = np.mgrid[: hu.shape[1], : hu.shape[2]]
    hu[:, np.hypot(rows - hu.shape[1] / 2, columns - hu.shape[2] / 2) > 0.49 * hu.shape[1]] = -3024
    return hu


def stored_downwards(ct: CTVolume) -> CTVolume:
    return CTVolume(ct.hu[::-1], Geometry((0.0, 0.0, 0.0), ct.geometry.spacing, ((1, 0, 0), (0, 1, 0), (0, 0, -1))))


def noisy(hu: np.ndarray) -> np.ndarray:
    return hu + np.random.default_rng(2).normal(0, 25, hu.shape)


PLANTED: dict[str, tuple[set[str], Callable[[CTVolume], CTVolume]]] = {
    "thicker slices": ({"slice_mm", "height_mm"}, lambda ct: with_spacing(ct, 1.0, 1.5)),
    "larger pixels": ({"pixel_mm", "width_mm"}, lambda ct: with_spacing(ct, 1.3, 1.0)),
    "fewer slices": ({"slices", "height_mm"}, lambda ct: replace(ct, hu=ct.hu[:7])),
    "padding": ({"padding"}, lambda ct: changed(ct, padded)),
    "noise": ({"air_noise_hu", "tissue_noise_hu", "smoothness"}, lambda ct: changed(ct, noisy)),
    "smoothing": (
        {"air_noise_hu", "tissue_noise_hu", "smoothness", "highest_hu"},
        lambda ct: changed(ct, lambda hu: scipy.ndimage.gaussian_filter(hu, (0, 0.8, 0.8))),
    ),
    "calibration": ({"air_hu", "tissue_hu", "padding"}, lambda ct: changed(ct, lambda hu: hu + 12)),
    "table": ({"outside"}, lambda ct: changed(ct, with_table)),
    "crop": ({"columns", "rows", "width_mm", "body_share"}, lambda ct: replace(ct, hu=ct.hu[:, 4:-4, 4:-4])),
    "order": ({"stored_axial"}, stored_downwards),
}


def labeled(random: np.random.Generator | None = None) -> list[Case]:
    labels = LABELS if random is None else random.permutation(LABELS).tolist()
    return [Case(str(number), Path(f"{number}"), label, patient=str(number)) for number, label in enumerate(labels)]


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_shortcut_is_named(plant: str, cts: list[CTVolume]) -> None:
    names, change = PLANTED[plant]
    rows = [of_voxels(change(ct) if label else ct) for ct, label in zip(cts, LABELS, strict=True)]
    found = {one.name for one in find_shortcuts(labeled(), rows) if one.is_found}
    assert found & names, found
    assert len(found) <= 6  # what follows from it, not everything


def test_of_twenty_tables_without_a_shortcut_at_most_one_raises_an_alarm(cts: list[CTVolume]) -> None:
    rows = [of_voxels(ct) for ct in cts]
    random = np.random.default_rng(3)
    alarms = [any(one.is_found for one in find_shortcuts(labeled(random), rows)) for _ in range(20)]
    assert sum(alarms) <= 1


def test_matched_cases_have_the_shortcut_equally_often() -> None:
    random = np.random.default_rng(4)
    rows: list[dict[str, Value]] = [
        {
            "slice_mm": float(random.normal(5 - 2 * label)),
            "kernel": "B" if random.random() < 0.15 + 0.7 * label else "L",
        }
        for label in LABELS * 5
    ]
    cases = [Case(str(number), Path(), label, patient=str(number)) for number, label in enumerate(LABELS * 5)]
    found = find_shortcuts(cases, rows)
    assert {one.name for one in found if one.is_found} == {"slice_mm", "kernel"}
    matched = matched_cases(cases, rows, found)
    kept = [rows[int(case.name)] for case in matched]
    assert 20 < len(matched) < 200 and sum(case.label or 0 for case in matched) * 2 == len(matched)
    again = find_shortcuts(matched, kept)
    assert max(one.auc.value for one in again) < 0.7
    nothing = Audit(tuple(cases), tuple(rows), (), {})
    assert nothing.matched() == cases and isinstance(found[0].auc, Estimate)


def test_scanner_kernel_and_date_are_read_from_dicom_files(tmp_path: Path) -> None:
    write_ct(tmp_path / "ct", tiny_phantom(0).ct)
    for file in (tmp_path / "ct").iterdir():
        image = pydicom.dcmread(file)
        image.Manufacturer, image.ConvolutionKernel, image.KVP = "ACME", ["B70f", "3"], 120
        image.save_as(file)
    row = appearance(Case("a", tmp_path / "ct", 1, date(2020, 1, 5)))
    assert set(row) == set(TITLES)
    assert (row["manufacturer"], row["kvp"], row["contrast"]) == ("ACME", 120.0, "no") and "B70f" in str(row["kernel"])
    assert row["kind"] == "DICOM" and row["date"] == float(date(2020, 1, 5).toordinal()) and row["slices"] == 12.0
    assert appearance(Case("b", write_volume(tiny_phantom(0), tmp_path / "ct.nii.gz")))["kind"] == ".nii.gz"


def test_the_command_writes_a_page_and_a_matched_table_and_goes_on_after_a_bad_ct(tmp_path: Path) -> None:
    rows, phantoms = ["bad,none.nrrd,1"], [tiny_phantom(seed) for seed in range(3)]
    for number in range(24):
        phantom = phantoms[number % 3]
        name = f"{number}.nrrd" if number % 2 else f"{number}.mha"
        rows.append(f"{number},{write_volume(phantom, tmp_path / name).name},{number % 2}")
    (tmp_path / "table.csv").write_text("\n".join(["case,path,label", *rows]))
    result = CliRunner().invoke(app, ["audit", str(tmp_path / "table.csv"), "--output", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "The kind of file alone tells the labels (ROC AUC 1.00" in result.stdout and "Case 'bad': " in result.stdout
    assert "kind of file" in (tmp_path / "out" / "audit.html").read_text()
    with (tmp_path / "out" / "audit.csv").open(newline="") as file:
        assert [row["kind"] for row in csv.DictReader(file)][:2] == [".mha", ".nrrd"]
    with pytest.raises(InputError, match="no cases"):
        read_cases(tmp_path / "out" / "matched.csv")  # the two kinds share nothing


def test_too_few_patients_are_no_table_to_audit() -> None:
    with pytest.raises(InputError, match="four patients of each label"):
        find_shortcuts(labeled()[:6], [{"slices": float(number)} for number in range(6)])

"""Writes a result as DICOM objects that belong to the study of its CT."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...analysis.heat_map import HeatMap
from ...analysis.regions import Region
from ...atomic import whole_file
from ...errors import InputError, InstallationError
from ...lungs import LungMask
from ..results import Results, check_source
from .parametric_map import parametric_map
from .segmentations import density_segments, lung_segments, region_segments, segmentation
from .source import Source
from .structured_report import structured_report

if TYPE_CHECKING:
    from highdicom.sc import SCImage
    from pydicom import Dataset

FILES = ("lungs.dcm", "densities.dcm", "regions.dcm", "heat-map.dcm", "report.dcm", "overview.dcm")
"""What may be written; without regions there is no file of them."""

_FIRST_SERIES_NUMBER = 9701
_TRACKED = ("right", "left", "ground_glass", "consolidation", "emphysema", "score", "device")


@dataclass(frozen=True)
class _Series:
    """UIDs of one object; each has a series of its own, which every archive can show."""

    number: int
    description: str

    def arguments(self) -> dict[str, Any]:
        from pydicom.uid import generate_uid

        return {
            "series_instance_uid": generate_uid(),
            "sop_instance_uid": generate_uid(),
            "series_number": _FIRST_SERIES_NUMBER + self.number,
            "instance_number": 1,
            "series_description": f"COVIDDetect {self.description} (research)",
        }


def check_highdicom() -> None:
    """Refuse to begin without the library that makes the objects.

    Raises
    ------
    InstallationError
        If it is missing.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise InstallationError(
            'DICOM objects need the package highdicom; install it with: pip install "coviddetect[dicom]".'
        ) from error


def dicom_objects(results: Results, source: Source, overview: Path | None = None) -> dict[str, Dataset]:
    """Segmentations, parametric map, structured report and overview of a result.

    Parameters
    ----------
    results
        Record, lung mask and heat map.
    source
        The CT of the result; patient, study and frame of reference are taken from it.
    overview
        The picture; none if None.

    Returns
    -------
    dict
        Objects by the names of ``FILES``.

    Raises
    ------
    InputError
        If the CT is another one, or the mask does not lie on its grid.
    """
    check_highdicom()
    record = results.record
    check_source(record, source.ct)
    mask = _on_grid(results.lung_mask, source)
    axial_mask = results.lung_mask.axial()
    uids = tracking_uids(record)
    regions = [Region.from_entry(entry) for entry in record["regions"]]
    objects: dict[str, Dataset] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values in the CT's own header
        lungs = segmentation(source, lung_segments(mask, uids), record, "lungs", _Series(0, "lungs").arguments())
        parts = {"lungs": lungs}
        objects["lungs.dcm"] = lungs
        if densities := density_segments(source, mask, uids):
            series = _Series(1, "densities").arguments()
            objects["densities.dcm"] = segmentation(source, densities, record, "densities", series)
        if regions:
            heat_map = HeatMap.of(results.attention, axial_mask)
            segments = region_segments(source, heat_map, axial_mask, regions, uids)
            parts["regions"] = segmentation(source, segments, record, "regions", _Series(2, "regions").arguments())
            objects["regions.dcm"] = parts["regions"]
        objects["heat-map.dcm"] = parametric_map(source, results.attention, record, _Series(3, "heat map").arguments())
        objects["report.dcm"] = structured_report(source, record, parts, uids, _Series(4, "report").arguments())
        if overview is not None:
            objects["overview.dcm"] = _secondary_capture(source, overview, record, _Series(5, "overview").arguments())
    return objects


def write_dicom(results: Results, source: Source, output: Path, overview: Path | None = None) -> list[Path]:
    """Write all objects into a folder, and say which files they are.

    Parameters
    ----------
    overview
        The picture; none if None.

    Raises
    ------
    InputError
        If the CT is another one or the folder cannot be written; DiskError if the disk is full.
    """
    objects = dicom_objects(results, source, overview)
    for name, dataset in objects.items():
        with whole_file(output / name) as file:
            dataset.save_as(file, enforce_file_format=True)
    return [output / name for name in objects]


def instance_uid(file: Path) -> str:
    """SOP Instance UID of a file that was written."""
    from pydicom import dcmread

    return str(dcmread(file, stop_before_pixels=True).SOPInstanceUID)


def tracking_uids(record: Mapping[str, Any]) -> dict[str, str]:
    """UIDs under which segments and measurements are found again: the same for the same CT, mask and weights."""
    from pydicom.uid import generate_uid

    inputs = [record["input"]["sha256"], record["lungs"]["sha256"], record["weights"]["sha256"]]
    names = [*_TRACKED, *(f"region {region['rank']}" for region in record["regions"])]
    return {
        name: str(generate_uid(entropy_srcs=[hashlib.sha256("/".join([*inputs, name]).encode()).hexdigest()]))
        for name in names
    }


def _on_grid(lung_mask: LungMask, source: Source) -> LungMask:
    """The mask in the order of the DICOM slices; the results may have been made from another file of the same CT."""
    axial, geometry = lung_mask.axial(), source.ct.geometry
    order = geometry.reorientation_to_axial()
    if not source.ct.axial()[0].geometry.same_grid(axial.geometry):
        raise InputError("The lung mask does not lie on the grid of this CT; analyze the DICOM series itself.")
    return LungMask(np.ascontiguousarray(order.undo(axial.labels)), geometry)


def _secondary_capture(source: Source, picture: Path, record: Mapping[str, Any], series: Mapping[str, Any]) -> SCImage:
    from highdicom.sc import SCImage
    from PIL import Image

    from .identity import equipment

    first = source.first
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    capture = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=first.StudyInstanceUID,
        patient_id=first.PatientID,
        patient_name=first.PatientName,
        patient_birth_date=first.PatientBirthDate,
        patient_sex=first.PatientSex,
        accession_number=first.AccessionNumber,
        study_id=first.StudyID,
        study_date=first.StudyDate,
        study_time=first.StudyTime,
        referring_physician_name=first.ReferringPhysicianName,
        specific_character_set=first.get("SpecificCharacterSet"),
        patient_orientation=("L", "P"),
        **series,
        **equipment(record),
    )
    capture.BodyPartExamined = "CHEST"
    capture.PatientOrientation = None  # several planes are in the picture, for which there is no orientation
    return capture

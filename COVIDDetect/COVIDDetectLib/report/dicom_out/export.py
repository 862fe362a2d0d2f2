"""Writes a result as DICOM objects that belong to the study of its CT."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...analysis.heat_map import HeatMap
from ...analysis.regions import Region
from ...atomic import whole_file
from ...errors import InputError, InstallationError
from ...lungs import LungMask
from ..assessment import Assessment
from ..results import Results, check_source
from .assessment_report import assessment_report
from .parametric_map import parametric_map
from .secondary_capture import secondary_capture
from .segmentations import density_segments, lung_segments, region_segments, segmentation
from .source import Source
from .structured_report import structured_report

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom import Dataset

FILES = (
    *("lungs.dcm", "densities.dcm", "regions.dcm", "heat-map.dcm", "report.dcm", "assessment.dcm", "overview.dcm"),
)
"""What may be written: regions where there are any, an assessment once there is a verdict."""

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


@dataclass(frozen=True, eq=False)
class Additions:
    """What goes with a result.

    Parameters
    ----------
    overview
        The picture of ``files.OVERVIEW``; none if None.
    assessment
        What its reader says of it; None if nobody did.
    key_images
        What the user added.
    """

    overview: Image | None = None
    assessment: Assessment | None = None
    key_images: Sequence[Image] = ()


def dicom_objects(results: Results, source: Source, additions: Additions = Additions()) -> dict[str, Dataset]:
    """Segmentations, parametric map, structured reports and pictures of a result.

    Parameters
    ----------
    results
        Record, lung mask and heat map.
    source
        The CT of the result; patient, study and frame of reference are taken from it.
    additions
        What was added to them.

    Returns
    -------
    dict
        Objects by the names of ``FILES``, and key images as ``key-image-1.dcm``.

    Raises
    ------
    InputError
        If the CT is another one, or the mask does not lie on its grid.
    """
    check_highdicom()
    from pydicom.uid import generate_uid

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
        report = structured_report(source, record, parts, uids, _Series(4, "report").arguments())
        objects["report.dcm"] = report
        if additions.assessment is not None:
            series = _Series(6, "assessment").arguments()
            objects["assessment.dcm"] = assessment_report(report, record, additions.assessment, uids, series)
        if additions.overview is not None:
            series = _Series(5, "overview").arguments()
            objects["overview.dcm"] = secondary_capture(source, additions.overview, record, series)
        series = _Series(7, "key images").arguments()
        for number, picture in enumerate(additions.key_images, 1):
            instance = {"sop_instance_uid": generate_uid(), "instance_number": number}
            objects[f"key-image-{number}.dcm"] = secondary_capture(source, picture, record, {**series, **instance})
    return objects


def write_dicom(results: Results, source: Source, output: Path, additions: Additions = Additions()) -> list[Path]:
    """Write all objects into a folder, and say which files they are.

    Raises
    ------
    InputError
        If the CT is another one or the folder cannot be written; DiskError if the disk is full.
    """
    objects = dicom_objects(results, source, additions)
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
    names = [
        *_TRACKED,
        *(f"{lobe['side']} {lobe['lobe']}" for lobe in record.get("lobes", ())),
        *(f"region {region['rank']}" for region in record["regions"]),
    ]
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

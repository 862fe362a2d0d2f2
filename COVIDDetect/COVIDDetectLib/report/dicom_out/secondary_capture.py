"""Pictures as DICOM secondary captures, which every archive can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .identity import equipment
from .source import Source

if TYPE_CHECKING:
    from highdicom.sc import SCImage
    from PIL.Image import Image


def secondary_capture(source: Source, picture: Image, record: Mapping[str, Any], series: Mapping[str, Any]) -> SCImage:
    """Write one picture.

    Parameters
    ----------
    series
        UIDs, number and description of series and instance.
    """
    from highdicom.sc import SCImage

    first = source.first
    capture = SCImage(
        pixel_array=np.asarray(picture.convert("RGB")),
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
        patient_orientation=("L", "P"),
        **series,
        **equipment(record),
    )
    if "SpecificCharacterSet" in first:  # Slicer's highdicom, 0.27, takes none above
        capture.SpecificCharacterSet = first.SpecificCharacterSet
    capture.BodyPartExamined = "CHEST"
    capture.PatientOrientation = None  # several planes are in the picture, for which there is no orientation
    return capture

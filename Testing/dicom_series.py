"""DICOM CT series as a scanner writes them, for the tests of everything that reads DICOM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from COVIDDetectLib.ct.volume import CTVolume
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SPACING_MM = (0.9, 0.8, 4.0)


def write_series(
    folder: Path,
    hu: np.ndarray,
    *,
    spacing_mm: Sequence[float] = SPACING_MM,
    origin_mm: Sequence[float] = (-5.0, -7.0, 0.0),
    description: str = "Chest 4mm",
    modality: str = "CT",
    z_mm: Sequence[float] | None = None,
    tilt_mm: float = 0.0,
    number: int = 2,
) -> str:
    """Write axial images, one file each, in no order: stored values from 0, rescaled by −1024.

    Parameters
    ----------
    hu
        int16 ``[slice, row, column]``, from the feet to the head, rows to the back, columns to the patient's left.
    spacing_mm
        Between columns, rows and slices.
    origin_mm
        Center of the first voxel, LPS.
    z_mm
        Place of each image along the body, instead of even distances from the origin.
    tilt_mm
        How far each image lies behind the one before it: a tilted gantry.

    Returns
    -------
    str
        Series Instance UID.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    positions = z_mm or [origin_mm[2] + spacing_mm[2] * k for k in range(len(hu))]
    for index in np.random.default_rng(1).permutation(len(hu)):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientName, image.PatientID = "Secret^Name", "1"
        image.StudyDate, image.StudyTime, image.StudyID = "20200301", "120000", "1"
        image.PatientBirthDate, image.PatientSex, image.AccessionNumber = "", "", ""
        image.ReferringPhysicianName, image.Manufacturer, image.PositionReferenceIndicator = "", "Synthetic", ""
        image.Modality, image.SeriesDescription, image.SeriesNumber = modality, description, number
        image.InstanceNumber = int(index) + 1
        image.ImagePositionPatient = [origin_mm[0], origin_mm[1] + tilt_mm * index, positions[index]]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.PixelSpacing = [spacing_mm[1], spacing_mm[0]]
        image.SliceThickness = spacing_mm[2]
        image.Rows, image.Columns = hu.shape[1:]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
        image.RescaleSlope, image.RescaleIntercept = 1, -1024
        image.PixelData = (hu[index].astype(np.int32) + 1024).astype("<u2").tobytes()
        image.save_as(folder / f"{image.SOPInstanceUID}.dcm", enforce_file_format=True)
    return str(series)


def write_ct(folder: Path, ct: CTVolume, description: str = "Chest") -> str:
    """Write a CT whose grid is in axial LPS order; returns its Series Instance UID."""
    return write_series(
        folder, ct.hu, spacing_mm=ct.geometry.spacing, origin_mm=ct.geometry.origin, description=description
    )

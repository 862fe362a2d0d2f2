"""DICOM CT series as a scanner writes them, for the tests of everything that reads DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from COVIDDetectLib.ct.volume import CTVolume
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

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
    series_uid: str = "",
    names: str = "",
    change: Callable[[Dataset, int], None] = lambda image, index: None,
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
    series_uid
        Of a series that these images join.
    names
        Beginning of the files' names, which are numbered from the feet then; else they are named by their UIDs.
    change
        Alters each image before it is written, told its place from the feet.

    Returns
    -------
    str
        Series Instance UID.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series, study, frame = series_uid or generate_uid(), generate_uid(), generate_uid()
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
        change(image, int(index))
        name = f"{names}{index:03}" if names else image.SOPInstanceUID
        image.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    return str(series)


def write_enhanced(
    file: Path,
    hu: np.ndarray,
    order: Sequence[int],
    *,
    spacing_mm: Sequence[float] = SPACING_MM,
    intercept: Callable[[int], int] = lambda k: -1024,
    series_uid: str = "",
) -> None:
    """Write an enhanced CT: several slices in one file.

    Parameters
    ----------
    hu
        int16 ``[slice, row, column]``, as for ``write_series``.
    order
        Which slice each frame shows.
    intercept
        Of the slice of a number.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = EnhancedCTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
    image.StudyInstanceUID, image.FrameOfReferenceUID = generate_uid(), generate_uid()
    image.SeriesInstanceUID = series_uid or generate_uid()
    image.PatientName, image.PatientID = "Secret^Name", "1"
    image.Modality, image.SeriesDescription, image.SeriesNumber = "CT", "Chest enhanced", 3
    image.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    image.Rows, image.Columns = hu.shape[1:]
    image.NumberOfFrames, image.SamplesPerPixel, image.PhotometricInterpretation = len(order), 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    measures = _item(PixelSpacing=[spacing_mm[1], spacing_mm[0]], SliceThickness=spacing_mm[2])
    image.SharedFunctionalGroupsSequence = [
        _item(
            PixelMeasuresSequence=[measures],
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        )
    ]
    image.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[_item(ImagePositionPatient=[-5.0, -7.0, spacing_mm[2] * k])],
            PixelValueTransformationSequence=[_item(RescaleIntercept=intercept(k), RescaleSlope=1, RescaleType="HU")],
        )
        for k in order
    ]
    image.PixelData = np.stack([hu[k].astype(int) - intercept(k) for k in order]).astype("<i2").tobytes()
    image.save_as(file, enforce_file_format=True)


def _item(**elements: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def write_ct(folder: Path, ct: CTVolume, description: str = "Chest") -> str:
    """Write a CT whose grid is in axial LPS order; returns its Series Instance UID."""
    return write_series(
        folder, ct.hu, spacing_mm=ct.geometry.spacing, origin_mm=ct.geometry.origin, description=description
    )

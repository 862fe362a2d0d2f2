"""Who a CT is of and when it was taken, as the subject hierarchy knows it."""

from __future__ import annotations

from datetime import date, datetime

import slicer


def patient_of(ct_node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """The patient as the Data module names them, and the date of the study; empty for a CT that is not from DICOM.

    For the eyes of whoever sits in front of the screen: it belongs into no file and no log.
    """
    name, study_date = _name_and_date(ct_node)
    return " · ".join(part for part in (_once(name), _iso(study_date)) if part)


def day_of(ct_node: slicer.vtkMRMLScalarVolumeNode) -> date | None:
    """The date of the study; None where that is not known."""
    try:
        return datetime.strptime(_name_and_date(ct_node)[1], "%Y%m%d").date()
    except ValueError:
        return None


def are_of_two_patients(one: slicer.vtkMRMLScalarVolumeNode, other: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether the Data module names a patient for both, and not the same one."""
    names = {_name_and_date(node)[0] for node in (one, other)}
    return len(names) == 2 and "" not in names


def _name_and_date(ct_node: slicer.vtkMRMLScalarVolumeNode) -> tuple[str, str]:
    """As they stand in the subject hierarchy; empty where they do not."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(ct_node) if hierarchy is not None else 0
    if not item:
        return "", ""
    levels = slicer.vtkMRMLSubjectHierarchyConstants
    patient = hierarchy.GetItemAncestorAtLevel(item, levels.GetDICOMLevelPatient())
    study = hierarchy.GetItemAncestorAtLevel(item, levels.GetDICOMLevelStudy())
    name = hierarchy.GetItemName(patient) if patient else ""
    study_date = hierarchy.GetItemAttribute(study, levels.GetDICOMStudyDateAttributeName()) if study else ""
    return str(name or ""), str(study_date or "")


def _once(name: str) -> str:
    """Slicer writes “name (ID)”; where both are the same, as in most anonymized data, once is enough."""
    first, _, rest = name.partition(" (")
    return first if rest == f"{first})" else name


def _iso(date: str) -> str:
    """20240131 as 2024-01-31; anything else as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date

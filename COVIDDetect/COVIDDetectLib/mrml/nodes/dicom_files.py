"""The DICOM files of a CT in Slicer's database."""

from __future__ import annotations

from pathlib import Path

import slicer


def dicom_files_of(ct_node: slicer.vtkMRMLScalarVolumeNode) -> list[Path]:
    """The files that a CT was loaded from; empty if this computer does not have them all, or Slicer no database."""
    database = getattr(slicer, "dicomDatabase", None)
    if not database or not database.isOpen:
        return []
    uids = (ct_node.GetAttribute("DICOM.instanceUIDs") or "").split()
    files = [Path(database.fileForInstance(uid) or "") for uid in uids]
    return files if all(file.is_file() for file in files) else []

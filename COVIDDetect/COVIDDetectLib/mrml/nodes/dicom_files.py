"""The DICOM files of a CT: in Slicer's database, or where the viewer opened them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from ...errors import InputError

if TYPE_CHECKING:
    from ...report.dicom_out.source import Source

OPENED_FROM = "COVIDDetect.openedFrom"
"""Attribute of a CT in a host without a database: the folder or file that it was read from."""


def dicom_files_of(ct_node: slicer.vtkMRMLScalarVolumeNode) -> list[Path]:
    """The files that a CT was loaded from; empty if this computer does not have them all, or Slicer no database."""
    database = getattr(slicer, "dicomDatabase", None)
    if not database or not database.isOpen:
        return []
    uids = (ct_node.GetAttribute("DICOM.instanceUIDs") or "").split()
    files = [Path(database.fileForInstance(uid) or "") for uid in uids]
    return files if all(file.is_file() for file in files) else []


def dicom_source_of(ct_node: slicer.vtkMRMLScalarVolumeNode | None) -> Source:
    """The CT as its files hold it, with the headers of its images.

    Raises
    ------
    InputError
        If this computer does not have them, or they are no DICOM.
    """
    from ...report.dicom_out.source import read_source, source_of_files

    files = dicom_files_of(ct_node) if ct_node is not None else []
    opened_from = str(ct_node.GetAttribute(OPENED_FROM) or "") if ct_node is not None else ""
    if not files and not opened_from:
        raise InputError(
            _(
                "The CT is not in Slicer's DICOM database, to whose study DICOM objects belong; import it there, load "
                "it and analyze it again."
            )
        )
    return source_of_files(files) if files else read_source(Path(opened_from))

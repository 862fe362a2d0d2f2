"""CTs and scenes from what the user opens or drops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import slicer.util
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.mrml.nodes.ct import place
from COVIDDetectLib.mrml.nodes.dicom_files import OPENED_FROM
from COVIDDetectLib.mrml.views.display import show_ct

_SCENES = (".mrb", ".mrml")


def open_ct(path: Path) -> Any:
    """Load a DICOM folder or a volume file as a scalar volume node and show it in a lung window.

    Raises
    ------
    InputError
        With the sentence that the user reads, if there is no CT.
    """
    ct = read_ct(path)
    name = ct.name or path.name
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    slicer.util.updateVolumeFromArray(node, ct.hu)
    place(node, ct.geometry)
    node.SetAttribute(OPENED_FROM, str(path.absolute()))
    node.CreateDefaultDisplayNodes()
    show_ct(node)
    slicer.app.layoutManager().resetSliceViews()
    return node


def open_scene(path: Path) -> None:
    """Load a scene in place of the present one.

    Raises
    ------
    InputError
        If the file is no scene.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; choose a scene file (.mrb).")
    try:
        slicer.util.loadScene(str(path), {"clear": True})
    except RuntimeError as error:
        raise InputError(
            f"{path.name} cannot be read as a scene; choose a .mrb file saved here or in Slicer."
        ) from error


def open_path(path: Path) -> str:
    """Open a CT or a scene; returns what to say about it."""
    if path.name.lower().endswith(_SCENES):
        open_scene(path)
        return f"Scene {path.name} opened."
    return f"Opened {open_ct(path).GetName()}."


def save_scene(path: Path) -> None:
    """Save the scene with all its data as one file.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    if not path.parent.is_dir() or not slicer.util.saveScene(str(path)):
        raise InputError(f"The scene could not be saved as {path}; choose another place.")

"""The MRML scene with the logics that 3D Slicer has when it has started; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
import vtk

from .colors import write_color_files

_MODULE_LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
}
"""Slicer's module and its logic; in this order, since some look for the earlier ones."""


@dataclass(frozen=True)
class Core:
    """What every view and every module shares.

    Parameters
    ----------
    scene
        The vtkMRMLScene, also ``slicer.mrmlScene``.
    application_logic
        The vtkSlicerApplicationLogic.
    logics
        Module name → its logic.
    """

    scene: Any
    application_logic: Any
    logics: dict[str, Any]


def make_core(temporary_folder: str) -> Core:
    """Make the scene, its singleton nodes, and the logics; publish the scene as ``slicer.mrmlScene``."""
    output = vtk.vtkOutputWindow()
    output.SetDisplayModeToAlwaysStdErr()
    vtk.vtkOutputWindow.SetInstance(output)

    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene = scene
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)

    application_logic = slicer.vtkSlicerApplicationLogic()
    application_logic.SetHomeDirectory(temporary_folder)
    application_logic.SetShareDirectory("share")
    application_logic.SetTemporaryPath(temporary_folder)
    write_color_files(Path(temporary_folder) / "share" / "ColorFiles")
    application_logic.SetSliceLogics(vtk.vtkCollection())
    application_logic.SetViewLogics(vtk.vtkCollection())
    application_logic.SetMRMLScene(scene)
    remote_io = _bundle_reader(scene, application_logic, Path(temporary_folder) / "cache")

    logics = {"RemoteIO": remote_io}
    for name, class_name in _MODULE_LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        application_logic.SetModuleLogic(name, logic)
        if name == "Colors":
            application_logic.SetColorLogic(logic)
        logic.SetMRMLScene(scene)
        logics[name] = logic

    patient_right_is_screen_left = True
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, patient_right_is_screen_left)
    for factory in (
        slicer.vtkMRMLSliceViewDisplayableManagerFactory,
        slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
    ):
        factory.GetInstance().SetMRMLApplicationLogic(application_logic)
    return Core(scene, application_logic, logics)


def _bundle_reader(scene: Any, application_logic: Any, folder: Path) -> Any:
    """What ``ReadFromMRB`` needs: the place where a scene bundle is unpacked."""
    folder.mkdir()
    (folder / ".slicer-cache").touch()  # vtkCacheManager removes nothing from a folder without it
    remote_io = slicer.vtkMRMLRemoteIOLogic()
    remote_io.SetMRMLScene(scene)
    remote_io.SetMRMLApplicationLogic(application_logic)
    remote_io.GetCacheManager().SetRemoteCacheDirectory(str(folder))
    remote_io.AddDataIOToScene()
    return remote_io

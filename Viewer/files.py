"""``slicer.app.coreIOManager()``: nodes and scenes from files and into files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import slicer

from .scene import Core

_WRITERS = {
    "vtkMRMLSegmentationNode": "SegmentationFile",
    "vtkMRMLTableNode": "TableFile",
    "vtkMRMLVolumeNode": "VolumeFile",
    "vtkMRMLColorTableNode": "ColorTableFile",
}
_READERS = {
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".seg.nrrd": "SegmentationFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
}
_NODES = {"TableFile": "vtkMRMLTableNode", "ColorTableFile": "vtkMRMLColorTableNode"}


class CoreIOManager:
    """The part of qSlicerCoreIOManager that ``slicer.util`` calls."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def fileType(self, path: str) -> str:
        name = str(path).lower()
        return next((kind for suffix, kind in _READERS.items() if name.endswith(suffix)), "VolumeFile")

    def fileWriterFileType(self, node: Any) -> str:
        return next((kind for class_name, kind in _WRITERS.items() if node.IsA(class_name)), "")

    def loadNodes(self, kind: str, properties: dict[str, Any], loaded: Any = None, messages: Any = None) -> bool:
        """Load a file; the new nodes go into the vtkCollection ``loaded``."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._load_scene(path, clear=bool(properties.get("clear", False)))
        node = self._load_node(kind, path, properties)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def saveNodes(self, kind: str, properties: dict[str, Any], messages: Any = None) -> bool:
        """Save a node, or with the kind SceneFile the scene."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node is None or not node.AddDefaultStorageNode():
            return False
        storage = node.GetStorageNode()
        storage.SetFileName(path)
        return bool(storage.WriteData(node))

    def _load_scene(self, path: str, clear: bool) -> bool:
        scene = self._core.scene
        if path.lower().endswith(".mrb"):
            # Of a file that is no archive ReadFromMRB leaves the process in a folder that is gone.
            return zipfile.is_zipfile(path) and bool(scene.ReadFromMRB(path, clear))
        scene.SetURL(path)
        return bool(scene.Connect() if clear else scene.Import())

    def _save_scene(self, path: str) -> bool:
        scene = self._core.scene
        if path.lower().endswith(".mrb"):
            return bool(scene.WriteToMRB(path))
        if path.lower().endswith(".mrml"):
            scene.SetURL(path)
            return bool(scene.Commit())
        return bool(self._core.application_logic.SaveSceneToSlicerDataBundleDirectory(path, None))

    def _load_node(self, kind: str, path: str, properties: dict[str, Any]) -> Any:
        if not Path(path).is_file():
            return None
        name = properties.get("name") or Path(path).name.split(".")[0]
        if kind == "SegmentationFile":
            return self._core.logics["Segmentations"].LoadSegmentationFromFile(path, True, name)
        if kind == "VolumeFile":
            volumes = self._core.logics["Volumes"]
            options = (volumes.LabelMap if properties.get("labelmap") else 0) | volumes.SingleFile
            node = volumes.AddArchetypeVolume(path, name, options)
            if node is not None and properties.get("show", True):
                slicer.util.setSliceViewerLayers(background=node, fit=True)
            return node
        node = self._core.scene.AddNewNodeByClass(_NODES[kind], name)
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(path)
        if not node.GetStorageNode().ReadData(node):
            self._core.scene.RemoveNode(node)
            return None
        return node

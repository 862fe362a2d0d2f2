"""What a Slicer with other segmentation modules beside ours is asked; runs inside it, for ``test_neighbours.py``."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer

from Testing.panel.steps import begin, finish, let_views_settle, load_phantom, phantom
from Testing.panel.test_segmentations_of_others import parts

NEIGHBOURS = ("TotalSegmentator", "MONAIAuto3DSeg", "SlicerNNUNet")
LOBES = {
    1: ("lung_upper_lobe_left", "Left Upper lobe of lung", "left upper", ("45653009", "Upper lobe of lung", "Left")),
    2: ("lung_lower_lobe_left", "Left Lower lobe of lung", "left lower", ("90572001", "Lower lobe of lung", "Left")),
    3: (
        "lung_upper_lobe_right",
        "Right Upper lobe of lung",
        "right upper",
        ("45653009", "Upper lobe of lung", "Right"),
    ),
    4: ("lung_middle_lobe_right", "Middle lobe of right lung", "right middle", ("72481006", "Middle lobe", "")),
    5: (
        "lung_lower_lobe_right",
        "Right Lower lobe of lung",
        "right lower",
        ("90572001", "Lower lobe of lung", "Right"),
    ),
    6: ("spleen", "Spleen", "elsewhere", ("78961009", "Spleen", "")),
}
"""Label value: name in TotalSegmentator, name in MONAI Auto3DSeg, what it marks in the phantom, code."""
_LATERALITY = {"Left": "7771000", "Right": "24028007"}


def open_all() -> None:
    """Every module opens; none is hidden by another of its name, and only ours listens to our keys."""
    module_files = {name: Path(slicer.util.modulePath(name)).resolve() for name in (*NEIGHBOURS, "COVIDDetect")}
    assert len({path.parent for path in module_files.values()}) == len(module_files)
    for name in (*NEIGHBOURS, "COVIDDetect", *NEIGHBOURS):
        slicer.util.selectModule(name)
        slicer.app.processEvents()
        assert slicer.util.selectedModule() == name
        assert len(keys_of_window()) == len(set(keys_of_window())), keys_of_window()
    libraries = {name for name in sys.modules if name.startswith("COVIDDetectLib")}
    ours = module_files["COVIDDetect"].parent
    assert all(Path(sys.modules[name].__file__ or ours).is_relative_to(ours) for name in libraries)
    titles = [slicer.app.moduleManager().module(name).title for name in slicer.app.moduleManager().modulesNames()]
    assert titles.count("COVIDDetect") == 1


def keys_of_window() -> list[str]:
    """Keys that the main window answers to by shortcuts of panels and by its menus."""
    window = slicer.util.mainWindow()
    shortcuts = [key.key.toString() for key in window.findChildren(qt.QShortcut) if key.enabled]
    actions = [action.shortcut.toString() for action in window.findChildren(qt.QAction) if action.enabled]
    ours = {"H", "M", "N", "Shift+N", "Ctrl+R", "Alt+PgDown", "Alt+PgUp"}
    return [key for key in shortcuts + actions if key in ours]


def labels_on_disk(folder: Path, suffix: str) -> Path:
    """The phantom's lobes as the labels that a network writes."""
    import SimpleITK as sitk

    made = parts()
    labels = np.zeros(phantom().lung_mask.shape, dtype=np.uint8)
    for value, (*_, part, _code) in LOBES.items():
        labels[made[part]] = value
    image = sitk.GetImageFromArray(labels)
    phantom().ct.geometry.apply_to(image)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"segmentation{suffix}"
    sitk.WriteImage(image, str(path))
    return path


def new_node() -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    node.CreateDefaultDisplayNodes()
    return node


def by_total_segmentator(ct: Any, folder: Path) -> Any:
    """Names and codes by its own logic; the labels' names come with its Python package, which is not there."""
    logic = slicer.util.getModuleLogic("TotalSegmentator")
    node = new_node()
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    made = parts()
    for name, _, part, _ in LOBES.values():
        node.GetSegmentation().AddEmptySegment(name, name)
        slicer.util.updateSegmentBinaryLabelmapFromArray(made[part].astype(np.uint8), node, name, ct)
        logic.setTerminology(node, name, name)
    return node


def by_monai(ct: Any, folder: Path) -> Any:
    """A label file and a table of labels, as its models bring it, read by its own logic."""
    kinds = ("SegmentedPropertyCategory", "SegmentedPropertyType", "SegmentedPropertyTypeModifier")
    sequences = [f"{kind}CodeSequence" for kind in kinds] + ["AnatomicRegionSequence", "AnatomicRegionModifierSequence"]
    fields = ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["LabelValue", "Name", *(f"{sequence}.{field}" for sequence in sequences for field in fields)])
        for value, (_, name, _, (code, meaning, side)) in LOBES.items():
            modifier = ["SCT", _LATERALITY[side], side] if side else [""] * 3
            category = ["SCT", "123037004", "Anatomical Structure"]
            table.writerow([value, name, *category, "SCT", code, meaning, *modifier, *[""] * 6])
    logic = slicer.util.getModuleLogic("MONAIAuto3DSeg")
    logic.labelDescriptions = lambda model: logic._labelDescriptions(folder / "labels.csv")
    node = new_node()
    logic.readSegmentation(node, str(labels_on_disk(folder, ".nrrd")), "lungs")
    return node


def by_nnunet(ct: Any, folder: Path) -> Any:
    """A label file and the names of a data set, read by its own logic: names alone, no codes."""
    from SlicerNNUNetLib import Parameter, SegmentationLogic

    folder.mkdir(parents=True)
    names = {"background": 0} | {name: value for value, (name, *_) in LOBES.items()}
    (folder / "dataset.json").write_text(json.dumps({"labels": names, "file_ending": ".nii.gz"}))
    logic = SegmentationLogic()
    logic.setParameter(Parameter(modelPath=folder))
    labels_on_disk(logic.nnUNetOutDir, ".nii.gz")
    return logic.loadSegmentation()


def check(folder: Path) -> None:
    """Open all, and score with the lungs that each of them makes."""
    folder.mkdir(parents=True, exist_ok=True)
    slicer.util.mainWindow().resize(1600, 1000)
    open_all()
    slicer.util.selectModule("COVIDDetect")
    panel = slicer.modules.COVIDDetectWidget
    made_by: dict[str, Callable[[Any, Path], Any]] = {
        "TotalSegmentator": by_total_segmentator, "MONAIAuto3DSeg": by_monai, "SlicerNNUNet": by_nnunet,
    }  # fmt: skip
    for name, make in made_by.items():
        slicer.mrmlScene.Clear(0)
        ct = load_phantom()
        node = make(ct, folder / name)
        slicer.util.selectModule(name)
        slicer.util.selectModule("COVIDDetect")
        panel.ui.maskSelector.setCurrentNode(node)
        begin(panel, "threshold")
        record = finish(panel).record
        lungs, lobes = record["lungs"], {f"{one['side']} {one['lobe']}": one["volume_ml"] for one in record["lobes"]}
        voxel_ml = phantom().ct.geometry.voxel_ml
        for side, label in (("right_ml", 1), ("left_ml", 2)):
            assert abs(lungs[side] - np.count_nonzero(phantom().lung_mask == label) * voxel_ml) < 0.1, (name, lungs)
        assert len(lobes) == 5, (name, lobes)
        for lobe, volume_ml in lobes.items():
            assert abs(volume_ml - np.count_nonzero(parts()[lobe]) * voxel_ml) < 0.1, (name, lobe)
        segmentation = node.GetSegmentation()
        segments = [segmentation.GetNthSegment(index).GetName() for index in range(segmentation.GetNumberOfSegments())]
        print("scored", name, lungs["method"], segments)
        let_views_settle()
        assert slicer.util.mainWindow().grab().save(str(folder / f"{name}.png"))
    print("good neighbours")

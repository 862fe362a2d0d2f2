"""A scored case in the scene: its CT loaded and its result written from files, and both taken out again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer

from ..ct.reading import read_ct
from ..ct.volume_files import is_volume_file
from ..errors import COVIDDetectError, InputError
from ..report.results import Results, check_case, read_results
from .nodes.ct import ct_from_node, ct_of, place
from .nodes.densities import drop_densities
from .nodes.result import Result
from .scene import write_results_nodes
from .watch import Fingerprint, scene_watch

_CASE = "COVIDDetect.case"
"""Attribute of a CT: the folder of the results that came with it."""


@dataclass(frozen=True)
class OpenCase:
    """A case that was opened from its files, and what it was like then.

    Parameters
    ----------
    folder
        Of its results.
    ct_id
        ID of its CT.
    inputs, scores
        Of CT and mask; of ``Result.scores``.
    """

    folder: str
    ct_id: str
    inputs: Fingerprint
    scores: str

    @classmethod
    def open(cls, name: str, ct: Path, folder: Path) -> OpenCase:
        """Load a CT, and write the result that lies in ``folder`` over it.

        Raises
        ------
        InputError, MaskError
            If a file is missing or damaged, or the CT is not the one that was scored; then the scene is as before.
        """
        results = read_results(folder)
        node = _load(ct, results)
        node.SetName(name)
        node.SetAttribute(_CASE, str(folder))
        with scene_watch().writing():
            result = write_results_nodes(results, node)
        return cls(str(folder), node.GetID(), Fingerprint.of(node, result.lung_mask_node), result.scores)

    @classmethod
    def left_in_scene(cls, folder: Path) -> OpenCase | None:
        """The same case from before, which stayed because somebody had worked on it, and stays again."""
        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            if node.GetAttribute(_CASE) == str(folder) and Result.of(node) is not None:  # and so not a clone
                return cls(str(folder), node.GetID(), Fingerprint.of(None, None), "")
        return None

    @property
    def ct_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """Its CT; None if that is no longer in the scene."""
        node = slicer.mrmlScene.GetNodeByID(self.ct_id)
        return node if node is not None and node.GetAttribute(_CASE) == self.folder else None

    @property
    def is_worked_on(self) -> bool:
        """Whether CT or mask were changed, it was scored again, or has another mask: that is the user's, and stays."""
        result = Result.of(self.ct_node)
        if result is None or result.scores != self.scores:
            return True
        own = result.lung_mask_node, result.opacity_node
        others = [node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if node not in own]
        is_changed = Fingerprint.of(self.ct_node, result.lung_mask_node) != self.inputs
        return is_changed or any(ct_of(node) is self.ct_node for node in others)

    def remove(self) -> None:
        """Take the CT and its result out of the scene."""
        ct, result = self.ct_node, Result.of(self.ct_node)
        if result is not None:
            drop_densities(result)
            for node in (result.node, result.heat_map_node, result.in_lungs_node, result.lung_mask_node):
                _remove(node)
        _remove(ct)


def _load(path: Path, results: Results) -> slicer.vtkMRMLScalarVolumeNode:
    """The volume at a place that was scored; of others that come with it nothing stays."""
    wrong: COVIDDetectError | None = None
    with closing(_volumes(path)) as loaded:
        for nodes in loaded:
            fitting = None
            for node in nodes:
                try:
                    _check(node, results)
                    fitting = node
                except COVIDDetectError as error:
                    wrong = wrong or error
                    _remove(node)
            if fitting is not None:
                return fitting
    raise wrong or InputError(f"{path} holds no CT that could be loaded.")


def _check(node: slicer.vtkMRMLScalarVolumeNode, results: Results) -> None:
    check_case(results, ct_from_node(node))


def _volumes(path: Path) -> Generator[list[slicer.vtkMRMLScalarVolumeNode]]:
    """What lies there, loaded one series after the other as the host does; of DICOM the largest first."""
    if is_volume_file(path):
        try:
            yield [slicer.util.loadVolume(str(path), {"show": False})]
        except RuntimeError as error:
            raise InputError(f"{path} cannot be loaded; bring the CT back, and open the case again.") from error
    elif getattr(slicer, "dicomDatabase", None) is not None:
        yield from _dicom_volumes(path if path.is_dir() else path.parent)
    else:  # the embedded viewer
        ct = read_ct(path)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", path.name)
        slicer.util.updateVolumeFromArray(node, ct.hu)
        place(node, ct.geometry)
        node.CreateDefaultDisplayNodes()
        yield [node]


def _dicom_volumes(folder: Path) -> Generator[list[slicer.vtkMRMLScalarVolumeNode]]:
    """By way of a database of its own: the user's does not get a cohort."""
    from DICOMLib import DICOMUtils

    with DICOMUtils.TemporaryDICOMDatabase() as database:
        DICOMUtils.importDicom(str(folder), database)
        studies = [study for patient in database.patients() for study in database.studiesForPatient(patient)]
        series = [one for study in studies for one in database.seriesForStudy(study)]
        for uid in sorted(series, key=lambda uid: -len(database.filesForSeries(uid))):
            loaded = [slicer.mrmlScene.GetNodeByID(node) for node in DICOMUtils.loadSeriesByUID([uid])]
            yield [node for node in loaded if node is not None and node.IsA("vtkMRMLScalarVolumeNode")]


def _remove(node: Any) -> None:
    """Take a node out of the scene with what shows and stores it, and its patient where nothing else is of them."""
    if node is None or node.GetScene() is None:
        return
    scene = slicer.mrmlScene
    used = [node.GetStorageNode()]
    if node.IsA("vtkMRMLDisplayableNode"):
        used += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    above = []
    item = hierarchy.GetItemByDataNode(node) if hierarchy else 0
    while item and (item := hierarchy.GetItemParent(item)) and item != hierarchy.GetSceneItemID():
        above.append(item)
    scene.RemoveNode(node)
    for one in used:
        if one is not None and one.GetScene() is not None:
            scene.RemoveNode(one)
    for item in above:
        if not hierarchy.GetNumberOfItemChildren(item):
            hierarchy.RemoveItem(item)

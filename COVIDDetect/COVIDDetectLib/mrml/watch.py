"""Watches what results were computed from: they are out of date the moment that it changes."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..errors import COVIDDetectError
from ..lungs import lung_mask_sha256
from .nodes.ct import ct_from_node, ct_of, place_of, voxels_of
from .nodes.heat_map import heat_maps, is_heat_map
from .nodes.lung_mask import labelmaps_of, lung_mask_from_node, sides_of
from .nodes.result import CT_CHANGED, MASK_EDITED, MASK_MOVED, MASK_REMOVED, Result
from .views.display import take_out_of_views
from .views.own_views import outlines_shown


class ResultWatch(VTKObservationMixin):
    """Observes the CT and the mask of every result in the scene.

    Parameters
    ----------
    changed
        Called without arguments when a result became stale, or the outlines of its mask were shown or hidden.
    gone
        Called without arguments when a CT that was analyzed left the scene, or all did.

    Examples
    --------
    >>> watch = ResultWatch(changed=panel.update)   # doctest: +SKIP
    >>> with watch.writing():                       # doctest: +SKIP
    ...     write_lung_mask_node(...)                    # what the program itself writes makes nothing stale
    """

    _all: ClassVar[weakref.WeakSet[ResultWatch]] = weakref.WeakSet()
    _writing: ClassVar[int] = 0

    def __init__(self, changed: Callable[[], None], gone: Callable[[], None] = lambda: None) -> None:
        VTKObservationMixin.__init__(self)
        # The mixin keeps in memory whatever it has once observed, until all its observations end together.
        self._nodes = VTKObservationMixin()
        self._changed, self._gone = changed, gone
        self._voxels: dict[str, tuple[object, ...]] = {}
        self._places: dict[str, bytes] = {}
        self._sides: dict[str, dict[str, int]] = {}
        self._outlines: dict[str, bool] = {}
        self._labelmaps: dict[str, tuple[int, ...]] = {}
        self._remembered: tuple[dict[str, Any], ...] = (
            self._voxels, self._places, self._sides, self._outlines, self._labelmaps
        )  # fmt: skip
        self._running: tuple[slicer.vtkMRMLNode | None, slicer.vtkMRMLNode | None] = (None, None)
        self._is_writing = False
        self.disturbance = ""
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._on_node_about_to_be_removed)
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_node_removed)
        self.addObserver(scene, scene.EndImportEvent, self._on_end_import)
        self.addObserver(scene, scene.EndCloseEvent, self._on_end_close)
        self._observe_results()
        self._all.add(self)

    def _observe_results(self) -> None:
        for result in Result.all():
            self._remember(result.ct_node, result.lung_mask_node)
            self._observe(result.ct_node, result.lung_mask_node)

    @staticmethod
    def verify(results: list[Result]) -> None:
        """Compare CT and mask of each result with what was scored: edits made while nobody watched count too."""
        different = False
        for result in results:
            reason = "" if result.stale or result.ct_node is None else _difference(result)
            if reason:
                result.mark_stale(reason)
                different = True
        if different:
            ResultWatch._tell(ResultWatch._all)

    def begin(self, ct: slicer.vtkMRMLScalarVolumeNode, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        """An analysis of these begins; what changes of them from now on stands in ``disturbance``."""
        self._running, self.disturbance = (ct, mask), ""
        self._remember(ct, mask)
        self._observe(ct, mask)

    def stop(self) -> None:
        """Observe nothing any more."""
        self._all.discard(self)
        self.removeObservers()
        self._nodes.removeObservers()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Changes inside this block are the program's own; what was written is watched from then on.

        By every watch: the panel shows what the logic of a script wrote, and has to say when that no longer holds. Only
        the others call ``changed``, and what they are about to score is disturbed by it. After an error nobody knows
        how much was written: then the result of what was analyzed is compared with what was scored.
        """
        ResultWatch._writing += 1
        self._is_writing, is_whole = True, False
        try:
            yield
            is_whole = True
        finally:
            ResultWatch._writing -= 1
            self._is_writing = False
            for watch in tuple(self._all):
                watch._observe_results()
            if not is_whole:
                self.verify([result for result in Result.all() if result.ct_node in self._running])
            self._tell(self._all - {self})

    def _remember(self, ct: slicer.vtkMRMLScalarVolumeNode | None, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        """What changes are told by: nodes report much that is none."""
        if mask is not None:
            self._places[mask.GetID()] = place_of(mask)
            self._sides[mask.GetID()] = sides_of(mask)
            self._outlines[mask.GetID()] = outlines_shown(mask)
            self._labelmaps[mask.GetID()] = labelmaps_of(mask)
        if ct is not None:
            self._voxels[ct.GetID()] = voxels_of(ct)

    def _observe(self, ct: slicer.vtkMRMLScalarVolumeNode | None, mask: slicer.vtkMRMLSegmentationNode | None) -> None:
        if mask is not None:
            for event in _mask_events():
                self._observe_once(mask, event, self._on_mask_changed)
            self._observe_once(mask, slicer.vtkSegmentation.SegmentModified, self._on_segment_modified)
            self._observe_once(mask, slicer.vtkMRMLTransformableNode.TransformModifiedEvent, self._on_mask_moved)
            self._observe_once(mask, slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent, self._on_mask_shown)
        if ct is not None:
            for event in (
                vtk.vtkCommand.ModifiedEvent,
                slicer.vtkMRMLScalarVolumeNode.ImageDataModifiedEvent,
                slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
            ):
                self._observe_once(ct, event, self._on_ct_changed)

    def _observe_once(self, node: vtk.vtkObject, event: int, slot: Callable[..., None]) -> None:
        if not self._nodes.hasObserver(node, event, slot):
            self._nodes.addObserver(node, event, slot)

    def _observe_anew(self) -> None:
        """Forget nodes that are no longer in the scene."""
        self._nodes.removeObservers()
        ct, mask = (node if node and node.GetScene() else None for node in self._running)
        self._running = ct, mask
        for result in Result.all():
            self._observe(result.ct_node, result.lung_mask_node)
        self._observe(ct, mask)

    def _on_mask_changed(self, mask: slicer.vtkMRMLSegmentationNode, event: str) -> None:
        self._disturb(mask, MASK_EDITED)
        self._mark(lambda result: result.lung_mask_node is mask, MASK_EDITED)

    def _on_segment_modified(self, mask: slicer.vtkMRMLSegmentationNode, event: str) -> None:
        # Name and terminology tell which lung a segment is; its color does not.
        sides, labelmaps = sides_of(mask), labelmaps_of(mask)
        if sides != self._sides.get(mask.GetID()):
            self._sides[mask.GetID()] = sides
            self._on_mask_changed(mask, event)
        elif labelmaps != self._labelmaps.get(mask.GetID()):
            # The Segment Editor's undo says no more than this; what else touches a labelmap need not change it.
            self._labelmaps[mask.GetID()] = labelmaps
            self._disturb(mask, MASK_EDITED)
            if not self._is_our_own_change():
                self.verify([result for result in Result.all() if result.lung_mask_node is mask])

    def _on_mask_moved(self, mask: slicer.vtkMRMLSegmentationNode, event: str) -> None:
        place = place_of(mask)
        if place != self._places.get(mask.GetID()):
            self._places[mask.GetID()] = place
            self._disturb(mask, MASK_MOVED)
            self._mark(lambda result: result.lung_mask_node is mask, MASK_MOVED)

    def _on_mask_shown(self, mask: slicer.vtkMRMLSegmentationNode, event: str) -> None:
        shown = outlines_shown(mask)
        if shown != self._outlines.get(mask.GetID()):
            self._outlines[mask.GetID()] = shown
            if not self._is_our_own_change():
                self._changed()

    def _on_ct_changed(self, ct: slicer.vtkMRMLScalarVolumeNode, event: str) -> None:
        # A volume reports being renamed or shown otherwise as well; only its voxels and their place count.
        voxels = voxels_of(ct)
        if voxels == self._voxels.get(ct.GetID()):
            return
        self._voxels[ct.GetID()] = voxels
        self._disturb(ct, CT_CHANGED)
        self._mark(lambda result: result.ct_node is ct, CT_CHANGED)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_about_to_be_removed(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        if scene.IsClosing():
            return
        if node.IsA("vtkMRMLSegmentationNode"):
            self._mark(lambda result: result.lung_mask_node is node, MASK_REMOVED)
        elif is_heat_map(node) or any(ct_of(heat_map) is node for heat_map in heat_maps()):
            take_out_of_views(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        is_known_ct = node.GetID() in self._voxels
        for what in self._remembered:  # another node may get its ID
            what.pop(node.GetID(), None)
        if scene.IsClosing():
            return
        if any(observed is node for observed, *_ in self._nodes.Observations):
            self._observe_anew()
        if is_known_ct:
            self._gone()

    def _on_end_import(self, scene: slicer.vtkMRMLScene, event: str) -> None:
        # Those that were here before were watched, and to compare voxels takes a second for each.
        new = [
            result for result in Result.all() if result.ct_node is None or result.ct_node.GetID() not in self._voxels
        ]
        self._observe_results()
        self.verify(new)
        self._changed()

    def _disturb(self, node: slicer.vtkMRMLNode, reason: str) -> None:
        if node in self._running and not self._is_writing and not _is_loading():
            # A CT that changed cannot be scored at all, whatever else happened.
            self.disturbance = CT_CHANGED if CT_CHANGED in (reason, self.disturbance) else self.disturbance or reason

    def _is_our_own_change(self) -> bool:
        return ResultWatch._writing > 0 or _is_loading()

    def _on_end_close(self, scene: slicer.vtkMRMLScene, event: str) -> None:
        for what in self._remembered:
            what.clear()
        self._observe_anew()
        self._gone()

    def _mark(self, concerns: Callable[[Result], bool], reason: str) -> None:
        if self._is_our_own_change():
            return
        stale = [result for result in Result.all() if result.stale != reason and concerns(result)]
        for result in stale:
            result.mark_stale(reason)
        if stale:
            # The others find it marked when they are told of the same change, or were told before.
            self._tell(self._all)

    @staticmethod
    def _tell(watches: Iterable[ResultWatch]) -> None:
        """One that fails keeps nobody else from knowing; its error goes where those of observers go."""
        for watch in tuple(watches):
            try:
                watch._changed()
            except Exception:  # noqa: BLE001 - it is reported
                sys.excepthook(*sys.exc_info())


def _is_loading() -> bool:
    """While a scene is loaded or closed its nodes report changes that nobody made."""
    return bool(slicer.mrmlScene.IsImporting() or slicer.mrmlScene.IsClosing())


def _difference(result: Result) -> str:
    """What of a result's CT and mask is not what was scored, as a sentence; empty if they are the same."""
    ct_node, mask_node = result.ct_node, result.lung_mask_node
    if mask_node is None:
        return MASK_REMOVED
    try:
        ct = ct_from_node(ct_node)
    except COVIDDetectError:
        return CT_CHANGED
    if ct.sha256 != result.record["input"]["sha256"]:
        return CT_CHANGED
    try:
        mask = lung_mask_from_node(mask_node, ct_node)
    except COVIDDetectError:
        return MASK_EDITED
    return MASK_EDITED if lung_mask_sha256(mask) != result.record["lungs"]["sha256"] else ""


def _mask_events() -> tuple[int, ...]:
    """What changes a mask; showing it in 3D or renaming it does not."""
    segmentation = slicer.vtkSegmentation
    replaced = slicer.vtkMRMLSegmentationNode.SegmentationChangedEvent
    return segmentation.SourceRepresentationModified, segmentation.SegmentAdded, segmentation.SegmentRemoved, replaced

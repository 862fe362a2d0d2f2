"""Watches what results were computed from: they are out of date when that changes, and hold again when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..analysis.opacity import has_lobes
from ..errors import COVIDDetectError
from ..events.signal import Signal
from ..lungs import lung_mask_sha256
from .comparison import Comparison, end_comparison, is_comparison, take_apart
from .nodes.ct import ct_from_node, ct_of, place_of, voxels_of
from .nodes.heat_map import heat_maps, is_heat_map
from .nodes.lung_mask import lung_mask_from_node, segments_of
from .nodes.result import CT_CHANGED, MASK_EDITED, MASK_MOVED, MASK_REMOVED, Result
from .views.display import take_out_of_views
from .views.own_views import outlines_shown

_STROKE = slicer.vtkSegmentation.SourceRepresentationModified


Change = Literal["scored", "stale", "edited", "shown", "loaded", "gone"]
"""What happened: a result was written, by whichever logic; it became out of date, or holds again; its mask was edited
once more; outlines of its mask were shown or hidden, or something else of it was written; a scene was loaded; a volume
or a result left the scene."""


@dataclass(frozen=True)
class Fingerprint:
    """What tells whether a CT or its mask may have changed, without looking at a voxel: nodes report much that is none.

    Parameters
    ----------
    ct
        Of the voxels and where they lie; None without a CT.
    place, segments
        Where a transform takes the mask; each segment's side and voxels. Empty without a mask.
    """

    ct: tuple[object, ...] | None
    place: bytes
    segments: tuple[object, ...]

    @classmethod
    def of(
        cls, ct_node: slicer.vtkMRMLScalarVolumeNode | None, lung_mask_node: slicer.vtkMRMLSegmentationNode | None
    ) -> Fingerprint:
        """Of these as they are now."""
        ct = voxels_of(ct_node) if ct_node is not None else None
        if lung_mask_node is None:
            return cls(ct, b"", ())
        return cls(ct, place_of(lung_mask_node), segments_of(lung_mask_node))


@dataclass(frozen=True)
class _Known:
    """A result as it was when it was looked at last."""

    inputs: Fingerprint
    outlines: bool
    scores: str

    @classmethod
    def of(cls, result: Result) -> _Known:
        mask = result.lung_mask_node
        return cls(Fingerprint.of(result.ct_node, mask), outlines_shown(mask), result.scores)


class SceneWatch:
    """Observes the CT and the mask of every result in the scene, as long as somebody follows it.

    Examples
    --------
    >>> scene_watch().follow(lambda result, change: panel.update())     # doctest: +SKIP
    >>> with scene_watch().writing():                                   # doctest: +SKIP
    ...     write_analysis_nodes(...)            # what the program itself writes makes nothing stale
    """

    def __init__(self) -> None:
        self._changed = Signal()
        # A mixin keeps in memory whatever it has once observed, until all its observations end together.
        self._scene, self._nodes = VTKObservationMixin(), VTKObservationMixin()
        self._known: dict[str, _Known] = {}
        self._is_writing = False
        # To compare voxels at each stroke would take too long: it is taken for an edit.
        self._on_change, self._on_stroke = partial(self._judge, is_stroke=False), partial(self._judge, is_stroke=True)

    def follow(self, slot: Callable[[Result | None, Change], None]) -> None:
        """Call ``slot`` with each result that changed, None where it is the scene, and with how it did."""
        if not self._changed.has_slots:
            scene = slicer.mrmlScene
            for event, on_event in (
                (scene.NodeAboutToBeRemovedEvent, self._on_node_about_to_be_removed),
                (scene.NodeRemovedEvent, self._on_node_removed),
                (scene.EndImportEvent, self._on_end_import),
                (scene.StartCloseEvent, self._on_start_close),
                (scene.EndCloseEvent, self._on_end_close),
            ):
                self._scene.addObserver(scene, event, on_event)
            self._look()
        self._changed.connect(slot)

    def leave(self, slot: Callable[[Result | None, Change], None]) -> None:
        """Call it no more; when nobody is left, nothing is observed."""
        self._changed.disconnect(slot)
        if not self._changed.has_slots:
            self._scene.removeObservers()
            self._nodes.removeObservers()

    @property
    def observation_count(self) -> int:
        """How many observations it keeps."""
        return len(self._scene.Observations) + len(self._nodes.Observations)

    def verify(self, results: list[Result]) -> None:
        """Compare CT and mask of each result with what was scored: edits made while nobody watched count too."""
        for result in results:
            if not result.stale and result.ct_node is not None and result.mark_stale(difference(result)):
                self._changed.emit(result, "stale")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Changes inside this block are the program's own; what was written is watched from then on.

        After an error nobody knows how much was written: then what was touched is compared with what was scored.
        """
        is_whole, outer, self._is_writing = False, self._is_writing, True
        try:
            yield
            is_whole = True
        finally:
            self._is_writing = outer
            before = self._known
            touched = self._look()
            if not is_whole:
                self.verify(touched)
            for result in touched:
                was = before.get(result.node.GetID())
                is_new = was is None or was.scores != result.scores
                self._changed.emit(result, "scored" if is_new else "shown")
            if not touched:
                self._changed.emit(None, "shown")

    def _look(self) -> list[Result]:
        """Observe all results as they are now; returns those that are not as they were when this was done last."""
        before, self._known = self._known, {}
        self._nodes.removeObservers()
        touched = []
        for result in Result.all():
            key = result.node.GetID()
            self._known[key] = _Known.of(result)
            if before.get(key) != self._known[key]:
                touched.append(result)
            for node, events in ((result.ct_node, _ct_events()), (result.lung_mask_node, _mask_events())):
                for event in events if node is not None else ():
                    slot = self._on_stroke if event == _STROKE else self._on_change
                    if not self._nodes.hasObserver(node, event, slot):
                        self._nodes.addObserver(node, event, slot)
        return touched

    def _judge(self, node: slicer.vtkMRMLNode, event: str, is_stroke: bool) -> None:
        if self._is_writing or _is_loading():
            return
        for result in Result.all():
            if node is not result.ct_node and node is not result.lung_mask_node:
                continue
            now = _Known.of(result)
            before, self._known[result.node.GetID()] = self._known.get(result.node.GetID(), now), now
            reason = None
            if now.inputs.ct != before.inputs.ct:
                reason = CT_CHANGED
            elif now.inputs.place != before.inputs.place:
                reason = MASK_MOVED
            elif is_stroke:
                reason = MASK_EDITED
            elif now.inputs.segments != before.inputs.segments:
                reason = mask_difference(result)  # an undo may bring back what was scored
            if reason is not None and result.mark_stale(reason):
                self._changed.emit(result, "stale")
            elif is_stroke and reason == MASK_EDITED:
                self._changed.emit(result, "edited")
            elif now.outlines != before.outlines:
                self._changed.emit(result, "shown")

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_about_to_be_removed(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        if scene.IsClosing():
            return
        if is_comparison(node) and not self._is_writing:
            with self.writing():
                take_apart(Comparison(node))
        elif node.IsA("vtkMRMLSegmentationNode") and not self._is_writing:
            for result in Result.all():
                if result.lung_mask_node is node and result.mark_stale(MASK_REMOVED):
                    self._changed.emit(result, "stale")
        elif is_heat_map(node) or any(ct_of(heat_map) is node for heat_map in heat_maps()):
            take_out_of_views(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, scene: slicer.vtkMRMLScene, event: str, node: slicer.vtkMRMLNode) -> None:
        if scene.IsClosing():
            return
        if any(observed is node for observed, *_ in self._nodes.Observations) or node.GetID() in self._known:
            self._look()  # another node may get its ID
        if node.IsA("vtkMRMLScalarVolumeNode") or node.IsA("vtkMRMLTableNode"):
            self._changed.emit(None, "gone")

    def _on_end_import(self, scene: slicer.vtkMRMLScene, event: str) -> None:
        # Those that were here before were watched, and to compare voxels takes a second for each.
        new = [result for result in Result.all() if result.node.GetID() not in self._known]
        self._look()
        self.verify(new)
        self._changed.emit(None, "loaded")

    def _on_start_close(self, scene: slicer.vtkMRMLScene, event: str) -> None:
        if comparison := Comparison.current():  # else the next scene comes into its layout
            with self.writing():
                end_comparison(comparison)

    def _on_end_close(self, scene: slicer.vtkMRMLScene, event: str) -> None:
        self._look()
        self._changed.emit(None, "gone")


@cache
def scene_watch() -> SceneWatch:
    """The one that watches the scene."""
    return SceneWatch()


def difference(result: Result) -> str:
    """What of a result's CT and mask is not what was scored, as a sentence; empty if they are the same."""
    if result.lung_mask_node is None:
        return MASK_REMOVED
    try:
        is_same = ct_from_node(result.ct_node).sha256 == result.record["input"]["sha256"]
    except COVIDDetectError:
        is_same = False
    return mask_difference(result) if is_same else CT_CHANGED


def mask_difference(result: Result) -> str:
    """The same of its mask alone; takes up to a second for a large CT, without which nothing can be compared."""
    if result.ct_node is None:
        return MASK_EDITED
    try:
        mask = lung_mask_from_node(result.lung_mask_node, result.ct_node)
    except COVIDDetectError:
        return MASK_EDITED
    is_same = lung_mask_sha256(mask) == result.record["lungs"]["sha256"] and has_lobes(mask, result.record)
    return "" if is_same else MASK_EDITED


def _is_loading() -> bool:
    """While a scene is loaded or closed its nodes report changes that nobody made."""
    return bool(slicer.mrmlScene.IsImporting() or slicer.mrmlScene.IsClosing())


def _ct_events() -> tuple[int, ...]:
    volume = slicer.vtkMRMLScalarVolumeNode
    return vtk.vtkCommand.ModifiedEvent, volume.ImageDataModifiedEvent, volume.TransformModifiedEvent


def _mask_events() -> tuple[int, ...]:
    """What may change a mask, move, show or hide it."""
    segments, node = slicer.vtkSegmentation, slicer.vtkMRMLSegmentationNode
    edits = segments.SegmentAdded, segments.SegmentRemoved, segments.SegmentModified, node.SegmentationChangedEvent
    return *edits, _STROKE, node.TransformModifiedEvent, node.DisplayModifiedEvent

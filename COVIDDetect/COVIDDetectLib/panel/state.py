"""What the panel shows, as one value: read from the scene, the parameters, the settings and the job, in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..analysis.follow_up import Dated
from ..analysis.result_table import Scored
from ..errors import WeightsError
from ..mrml.comparison import Comparison, earlier_results
from ..mrml.job import Job
from ..mrml.nodes.heat_map import heat_maps, hottest_of, is_empty, layer_of, share_of, tells_against
from ..mrml.nodes.lung_mask import lung_colors
from ..mrml.nodes.patient import patient_of
from ..mrml.nodes.reading import marks_of
from ..mrml.nodes.result import Result
from ..mrml.parameters import COVIDDetectParameterNode
from ..mrml.scene import chest_cts, results_left_behind, why_no_ct
from ..mrml.views.display import Look, backgrounds, volumes_shown
from ..mrml.views.own_views import outlines_shown
from ..weights.cards import ModelCard


@dataclass(frozen=True)
class ResultState:
    """The result of the chosen CT, as it is for the mask and the weights that are chosen.

    Parameters
    ----------
    card
        Of the weights that scored; None if they are not installed here.
    outlines, colors
        Whether the outlines of its mask are shown, and the color of each side's, as ``lung_mask.lung_colors``.
    layer, share, hottest, hottest_anywhere, is_map_empty, tells_against, is_map_unreliable
        Of its heat map: how it was made, the part of the heat that lies in the lungs, the highest value there and
        anywhere, whether there is none at all, whether it tells what speaks against COVID-19, and whether a check of
        it has failed.
    map_ids
        IDs of its heat map and of that in the lungs, as they were when this was read.
    marks
        What the user said of its regions, by rank.
    """

    result: Result
    record: Mapping[str, Any]
    stale: str
    history: tuple[Scored, ...]
    card: ModelCard | None
    opacity_bounds: tuple[float, ...]
    outlines: bool
    colors: tuple[str, str]
    layer: str
    share: float | None
    hottest: float
    hottest_anywhere: float
    is_map_empty: bool
    tells_against: bool
    is_map_unreliable: bool
    map_ids: tuple[str | None, str | None]
    marks: Mapping[int, str]

    @classmethod
    def of(cls, result: Result) -> ResultState:
        """Read a result from the scene."""
        in_lungs = result.in_lungs_node
        return cls(
            result,
            result.record,
            result.stale,
            tuple(result.history),
            _card_of(result),
            tuple(result.opacity_bounds),
            outlines_shown(result.lung_mask_node),
            lung_colors(result.lung_mask_node),
            layer_of(result.heat_map_node),
            share_of(in_lungs),
            hottest_of(in_lungs) if in_lungs is not None else 0.0,
            hottest_of(result.heat_map_node) if result.heat_map_node is not None else 0.0,
            in_lungs is not None and is_empty(in_lungs),
            tells_against(result.heat_map_node),
            result.is_map_unreliable,
            (_id_of(result.heat_map_node), _id_of(in_lungs)),
            marks_of(result),
        )

    @property
    def is_doubtful(self) -> bool:
        """Whether the CT is so unlike those of the training that the number says nothing."""
        return bool(self.record.get("domain")) and not self.record["domain"]["is_inside"]

    @property
    def measured(self) -> Mapping[str, Any] | None:
        """What was measured of the weights; for most weights nothing was."""
        return self.card.operating_characteristics if self.card else None

    @property
    def judged(self) -> tuple[str, str]:
        """What a decision threshold belongs to: a CT's result, by certain weights."""
        return self.result.node.GetID(), self.record["weights"]["sha256"]


@dataclass(frozen=True)
class PanelState:
    """What the panel shows. Two that are equal look the same; by default, what it shows without a scene.

    Parameters
    ----------
    ct, lung_mask
        What is chosen.
    patient
        Whose CT that is and when it was taken, where that is known.
    waits
        Whether it is computed, and its answer waits for the user's reading.
    asks
        Whether something was found wrong with the CT, and a second click analyzes it all the same.
    editing, editor_open
        Whether a mask is being edited, in whichever panel, and in this one.
    bounds
        Those of the densities that are chosen, in HU, as ``OpacityBounds.levels``.
    region
        The entry of the record that is selected.
    volumes
        What each slice view on screen shows (``views.display.volumes_shown``).
    backgrounds
        The volume behind each slice view, on screen or not.
    hint
        What to do while no CT is chosen.
    no_cts
        IDs of the volumes that are not offered as CT.
    in_views
        Another CT, while the views show that and not the chosen one.
    earlier
        The results in the scene that this CT's may be compared with.
    comparison, opened
        What is compared in the scene, or the earlier result from a file.
    left_behind
        Names of the CTs that were removed while their results are still there.
    """

    ct: slicer.vtkMRMLScalarVolumeNode | None = None
    lung_mask: slicer.vtkMRMLSegmentationNode | None = None
    patient: str = ""
    result: ResultState | None = None
    job: Job | None = None
    waits: bool = False
    asks: bool = False
    editing: bool = False
    editor_open: bool = False
    look: Look | None = None
    decision_threshold: float = 0.5
    prevalence: float = 0.5
    bounds: tuple[float, ...] = ()
    region: Mapping[str, Any] | None = None
    volumes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    backgrounds: Mapping[str, str | None] = field(default_factory=dict)
    hint: str = ""
    no_cts: Sequence[str] = ()
    in_views: slicer.vtkMRMLScalarVolumeNode | None = None
    earlier: Sequence[Result] = ()
    comparison: Comparison | None = None
    opened: Dated | None = None
    left_behind: Sequence[str] = ()

    @property
    def is_elsewhere(self) -> bool:
        """Whether the slice views on screen show volumes, and none of them is the chosen CT."""
        ct_id = self.ct.GetID() if self.ct else ""
        return bool(ct_id and self.volumes) and all(ct_id not in volumes for volumes in self.volumes.values())

    @property
    def is_covered(self) -> bool:
        """Whether the user wants to see the heat map, and another volume lies over the CT in its place."""
        if self.ct is None or self.result is None or self.look is None or not self.look.visible:
            return False
        over = [shown[1] for shown in self.volumes.values() if shown[0] == self.ct.GetID() and len(shown) > 1]
        return any(volume not in self.result.map_ids for volume in over)

    @property
    def regions(self) -> Sequence[Mapping[str, Any]]:
        """Those of the result, hottest first."""
        return self.result.record["regions"] if self.result else ()

    @property
    def name_of_other(self) -> str:
        """The name of the CT that is computed while another one is chosen; else empty."""
        return self.job.ct_node.GetName() if self.job and self.job.ct_node is not self.ct else ""

    @property
    def overlay(self) -> tuple[object, ...]:
        """What the heat map over the slice views depends on."""
        if self.result is None:
            return self.look, None
        map_ids = self.result.map_ids if self.look and self.look.visible else None
        return self.look, map_ids, self.ct, self.result.is_map_unreliable

    def views_of_ct(self) -> set[str]:
        """The slice views that have the chosen CT in the background."""
        return self.views_of(self.ct)

    def views_of(self, volume: slicer.vtkMRMLScalarVolumeNode | None) -> set[str]:
        """The slice views that have a volume in the background."""
        volume_id = volume.GetID() if volume else None
        return {view for view, shown in self.backgrounds.items() if volume_id and shown == volume_id}


def panel_state(
    parameters: COVIDDetectParameterNode | None,
    job: Job | None,
    weights_sha256: str,
    *,
    waits: bool = False,
    asked_about: slicer.vtkMRMLScalarVolumeNode | None = None,
    editing: bool = False,
    editor_open: bool = False,
    region: Mapping[str, Any] | None = None,
    opened: Dated | None = None,
) -> PanelState:
    """Read it. Nothing is written.

    Parameters
    ----------
    parameters
        None while there is no scene.
    weights_sha256
        Of the weights that would score.
    asked_about
        The CT of an open question.
    region
        The entry of a record that was selected; dropped if it is not one of this result's.
    opened
        The earlier result that was opened from its files.
    """
    if parameters is None:
        return PanelState(job=job, hint=_hint(chest_cts()))
    ct, mask, volumes, cts = parameters.ct, parameters.lungMask, volumes_shown(), chest_cts()
    result = Result.of(ct)
    state = ResultState.of(result.beside(mask, weights_sha256)) if result else None
    shown = [slicer.mrmlScene.GetNodeByID(volume) for each in volumes.values() for volume in each]
    return PanelState(
        ct=ct,
        lung_mask=mask,
        patient=patient_of(ct) if ct is not None else "",
        result=state,
        job=job,
        waits=waits,
        asks=ct is not None and asked_about is ct,
        editing=editing,
        editor_open=editor_open,
        look=Look(
            parameters.heatMapVisible,
            parameters.heatMapIn3D,
            parameters.onlyInLungs,
            parameters.heatMapOpacity,
            parameters.heatMapThreshold,
            parameters.heatMapColors,
        ),
        decision_threshold=parameters.decisionThreshold,
        prevalence=parameters.prevalencePercent / 100,
        bounds=(
            parameters.emphysemaBelow,
            parameters.groundGlassFrom,
            parameters.consolidationFrom,
            parameters.consolidationTo,
        ),
        region=region if state and region in state.record["regions"] else None,
        volumes=volumes,
        backgrounds=backgrounds(),
        hint=_hint(cts),
        no_cts=[heat_map.GetID() for heat_map in heat_maps()],
        in_views=next((one for one in shown if one in cts), None) if ct is None or ct not in shown else None,
        earlier=earlier_results(ct) if state else (),
        comparison=Comparison.current(),
        opened=opened,
        left_behind=[result.ct_name for result in results_left_behind()],
    )


def _hint(cts: Sequence[slicer.vtkMRMLScalarVolumeNode]) -> str:
    if cts:
        return _("Select the chest CT above.")
    return why_no_ct() or _("Load a chest CT, or try the module with a synthetic one.")


def _id_of(node: slicer.vtkMRMLNode | None) -> str | None:
    return node.GetID() if node is not None else None


def _card_of(result: Result) -> ModelCard | None:
    try:
        return result.card
    except WeightsError:
        return None

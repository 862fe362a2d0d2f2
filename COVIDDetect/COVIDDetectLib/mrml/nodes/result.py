"""The result in the scene: one table node for each CT that was scored, with all that the panel shows of it.

The table is what the user reads in the scene; its attributes hold the same as JSON, so that a saved scene comes back
exactly: ``COVIDDetect.record`` (``analysis.json``), ``COVIDDetect.stale`` (why the result no longer holds; empty while
it does) and ``COVIDDetect.history``. Node references lead to the CT, the lung mask and the heat map.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import slicer
import vtk

from ...analysis.attention import DEFAULT_LAYER
from ...analysis.map_checks import MapChecks
from ...analysis.opacity import OpacityBounds, measure_lobes, measure_opacity
from ...analysis.result_table import Scored, score_of, table_rows
from ...analysis.width import Width, width_of
from ...ct.volume import CTVolume
from ...errors import WeightsError
from ...lungs import LungMask
from ...weights.cards import ModelCard
from ...weights.store import installed_cards
from .ct import ct_name_of, ct_of, give_to, mark_as_of
from .heat_map import layer_of
from .lung_mask import is_from_analyze

_RECORD, _HISTORY = "COVIDDetect.record", "COVIDDetect.history"
_STALE = "COVIDDetect.stale"
_OPACITY_BOUNDS = "COVIDDetect.opacityBounds"
_DECISION_THRESHOLD = "COVIDDetect.decisionThreshold"
_LUNG_MASK, _HEAT_MAP, _IN_LUNGS, _OPACITY = (
    f"COVIDDetect.{role}" for role in ("lungMask", "heatMap", "heatMapInLungs", "opacity")
)
_LONGEST_HISTORY = 10

MASK_EDITED = "The lung mask was edited after scoring."
MASK_MOVED = "The lung mask was moved after scoring."
MASK_REMOVED = "The lung mask was removed after scoring."
CT_CHANGED = "The CT was changed after scoring."
OTHER_MASK = "Another lung mask was chosen after scoring."
OTHER_WEIGHTS = "Other weights were chosen after scoring."
MISSING_WEIGHTS = "The weights of this score are not installed on this computer."


@dataclass(frozen=True)
class Result:
    """A result as it lies in the scene.

    Parameters
    ----------
    node
        Its table node.
    other_choice
        What somebody chose that was not scored, as a sentence (``beside``).
    """

    node: slicer.vtkMRMLTableNode
    other_choice: str = ""

    @classmethod
    def of(cls, ct_node: slicer.vtkMRMLScalarVolumeNode | None) -> Result | None:
        """The result of a CT; None if it was not scored yet."""
        if ct_node is None:
            return None
        return next((one for one in cls.all() if one.ct_node is ct_node), None)

    @classmethod
    def all(cls) -> list[Result]:
        """All results in the scene."""
        nodes = slicer.util.getNodesByClass("vtkMRMLTableNode")
        return [cls(node) for node in nodes if node.GetAttribute(_RECORD)]

    @classmethod
    def write(
        cls,
        record: Mapping[str, Any],
        ct_node: slicer.vtkMRMLScalarVolumeNode,
        lung_mask_node: slicer.vtkMRMLSegmentationNode,
        heat_map_node: slicer.vtkMRMLScalarVolumeNode,
        in_lungs_node: slicer.vtkMRMLScalarVolumeNode,
    ) -> Result:
        """Make what ``analysis.json`` would hold the result of ``ct_node``, in its table if there is one already."""
        earlier = cls.of(ct_node)
        node = earlier.node if earlier else slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        if not earlier:
            give_to(ct_node, node)
        earlier_weights = earlier.record["weights"]["sha256"] if earlier else ""
        history = [*earlier.history, score_of(record, earlier.record)] if earlier else [score_of(record)]
        with slicer.util.NodeModify(node):
            node.SetName(f"{ct_node.GetName()} COVID-19 result")
            node.SetAttribute(_RECORD, json.dumps(record))
            node.SetAttribute(_STALE, "")
            node.RemoveAttribute(_OPACITY_BOUNDS)
            if not earlier or earlier_weights != record["weights"]["sha256"]:
                node.RemoveAttribute(_DECISION_THRESHOLD)
            node.SetAttribute(_HISTORY, json.dumps([vars(one) for one in history[-_LONGEST_HISTORY:]]))
            node.SetNodeReferenceID(_LUNG_MASK, lung_mask_node.GetID())
            cls(node).refer_to_heat_maps(heat_map_node, in_lungs_node)
        if ct_of(lung_mask_node) is None:  # the user's own
            mark_as_of(ct_node, lung_mask_node)
        result = cls(node)
        result._write_table()
        return result

    @property
    def ct_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The CT that was scored; None if it was removed from the scene."""
        return ct_of(self.node)

    @property
    def ct_name(self) -> str:
        """Its name when it was scored."""
        return ct_name_of(self.node)

    @property
    def lung_mask_node(self) -> slicer.vtkMRMLSegmentationNode | None:
        """The mask it was scored with."""
        return self.node.GetNodeReference(_LUNG_MASK)

    @property
    def heat_map_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The whole heat map, on the network's grid."""
        return self.node.GetNodeReference(_HEAT_MAP)

    @property
    def in_lungs_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The heat map as it is shown: only in the lungs."""
        return self.node.GetNodeReference(_IN_LUNGS)

    @property
    def opacity_node(self) -> slicer.vtkMRMLSegmentationNode | None:
        """Densities as segments, if the user asked for them."""
        return self.node.GetNodeReference(_OPACITY)

    def refer_to_heat_maps(
        self, heat_map_node: slicer.vtkMRMLScalarVolumeNode, in_lungs_node: slicer.vtkMRMLScalarVolumeNode
    ) -> None:
        """Remember the nodes of the whole heat map and of that in the lungs."""
        self.node.SetNodeReferenceID(_HEAT_MAP, heat_map_node.GetID())
        self.node.SetNodeReferenceID(_IN_LUNGS, in_lungs_node.GetID())

    def refer_to_opacity(self, node: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Remember the node with the densities; None forgets it."""
        self.node.SetNodeReferenceID(_OPACITY, node.GetID() if node is not None else None)

    @property
    def record(self) -> Mapping[str, Any]:
        """What ``analysis.json`` would hold, to be read only (``Docs/use/analysis-schema.md``)."""
        return _parsed(self.node.GetAttribute(_RECORD))

    @property
    def number_of(self) -> list[str]:
        """What the number is of: checksums of CT, lung mask and weights. What was said of it is of no other number."""
        record = self.record
        return [record[name]["sha256"] for name in ("input", "lungs", "weights")]

    @property
    def card(self) -> ModelCard:
        """The card of the weights that scored.

        Raises
        ------
        WeightsError
            If they are not installed here.
        """
        weights = self.record["weights"]
        for card in installed_cards():
            if card.sha256 == weights["sha256"]:
                return card
        raise WeightsError(f"{weights['title']} are not installed here; choose other weights and score again.")

    @property
    def decision_threshold(self) -> float:
        """The one that the user set for this CT and these weights, else the weights' own."""
        return float(self.node.GetAttribute(_DECISION_THRESHOLD) or self.record["decision_threshold"])

    def keep_decision_threshold(self, threshold: float) -> None:
        """Keep the user's threshold: later scores with the same weights are judged by it, too."""
        if abs(threshold - self.decision_threshold) > 1e-6:
            self.node.SetAttribute(_DECISION_THRESHOLD, repr(threshold))

    @property
    def history(self) -> list[Scored]:
        """The last scores of this CT, oldest first."""
        return [Scored(**entry) for entry in json.loads(self.node.GetAttribute(_HISTORY) or "[]")]

    @property
    def scores(self) -> str:
        """The same as it is kept: each further score makes it another."""
        return self.node.GetAttribute(_HISTORY) or ""

    @property
    def opacity_bounds(self) -> list[float]:
        """``OpacityBounds.levels`` of ``record["opacity"]``."""
        return json.loads(self.node.GetAttribute(_OPACITY_BOUNDS) or json.dumps(OpacityBounds().levels))

    def write_opacity(self, ct: CTVolume, lung_mask: LungMask, bounds: OpacityBounds) -> None:
        """Exchange the densities of each lung and lobe for those within other bounds."""
        measured = {
            "opacity": measure_opacity(ct, lung_mask, bounds),
            "lobes": measure_lobes(ct, lung_mask, bounds),
        }
        entries = {
            name: [
                {key: round(value, 2) if isinstance(value, float) else value for key, value in vars(part).items()}
                for part in parts
            ]
            for name, parts in measured.items()
        }
        record = {**self.record, **entries}
        with slicer.util.NodeModify(self.node):
            self.node.SetAttribute(_RECORD, json.dumps(record))
            self.node.SetAttribute(_OPACITY_BOUNDS, json.dumps(bounds.levels))
            self._write_table()

    def write_width(self, width: Width) -> None:
        """Add how far the number moves when scan and mask are nudged."""
        self._add_to_record("width", asdict(width))

    @property
    def map_checks(self) -> MapChecks | None:
        """Whether the heat map can be relied on; None while nobody knows, and of a map that another method made."""
        return MapChecks.of(self.record) if layer_of(self.heat_map_node) == DEFAULT_LAYER else None

    @property
    def is_map_unreliable(self) -> bool:
        """Whether one of these checks has failed."""
        return self.map_checks is not None and bool(self.map_checks.failed)

    def write_map_checks(self, checks: MapChecks) -> None:
        """Add whether the heat map can be relied on; how repeatable it is, the readings of the nudged CT tell."""
        self._add_to_record("map_checks", asdict(checks.with_readings(width_of(self.record))))

    def _add_to_record(self, name: str, entry: dict[str, Any]) -> None:
        with slicer.util.NodeModify(self.node):
            self.node.SetAttribute(_RECORD, json.dumps({**self.record, name: entry}))
            self._write_table()

    @property
    def stale(self) -> str:
        """Why the result no longer holds, as a sentence; empty while it does."""
        return self.node.GetAttribute(_STALE) or self.other_choice

    @property
    def ct_has_changed(self) -> bool:
        """Whether the CT was changed or moved after scoring, and its mask stayed where it was."""
        return self.node.GetAttribute(_STALE) == CT_CHANGED

    def mark_stale(self, reason: str) -> bool:
        """Say that what was scored has changed, so that the result no longer holds; with no reason, that it does again.

        The last reason counts. But to edit a mask, or to undo that, brings it neither to where a changed CT is nor back
        from where it was moved.

        Returns
        -------
        bool
            Whether that is new.
        """
        earlier = self.node.GetAttribute(_STALE) or ""
        if reason == earlier or (reason in (MASK_EDITED, "") and earlier not in (MASK_EDITED, "")):
            return False
        self.node.SetAttribute(_STALE, reason)
        self._write_table()
        return True

    def beside(self, lung_mask_node: slicer.vtkMRMLSegmentationNode | None, weights_sha256: str) -> Result:
        """The result as it is for somebody who chose this mask and these weights: out of date if others were scored.

        Nothing is written: the choice can be taken back, and for a script that scored otherwise the result holds.
        """
        own, sha256 = self.lung_mask_node, self.record["weights"]["sha256"]
        # Without a mask Analyze makes one, as it made its own.
        is_own = lung_mask_node is own or (lung_mask_node is None and (own is None or is_from_analyze(own)))
        reason = ""
        if not is_own:
            reason = OTHER_MASK
        elif weights_sha256 != sha256:
            is_here = any(card.sha256 == sha256 for card in installed_cards())
            reason = OTHER_WEIGHTS if is_here else MISSING_WEIGHTS
        return Result(self.node, reason)

    def _write_table(self) -> None:
        rows = table_rows(self.record, self.node.GetAttribute(_STALE) or "")
        table = vtk.vtkTable()
        for title, column in zip(("Quantity", "Value"), zip(*rows, strict=True), strict=True):
            values = vtk.vtkStringArray()
            values.SetName(title)
            for value in column:
                values.InsertNextValue(value)
            table.AddColumn(values)
        self.node.SetAndObserveTable(table)
        self.node.SetUseColumnTitleAsColumnHeader(True)


@lru_cache(maxsize=32)
def _parsed(record: str) -> dict[str, Any]:
    """A record is read many times between two that differ."""
    return json.loads(record)

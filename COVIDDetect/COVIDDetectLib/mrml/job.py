"""What is being computed, as one value, from the click until its outcome is in the scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import slicer

from ..analysis.result_table import Scored
from ..ct.volume import CTVolume
from ..lungs import LungMask
from .nodes.ct import ct_from_node
from .nodes.lung_mask import lung_mask_from_node
from .nodes.result import Result
from .scored_masks import scored_masks
from .watch import Fingerprint

Kind = Literal["analyze", "explain", "experiment", "correction", "width", "checks", "preview", "compare"]


@dataclass(frozen=True, eq=False)
class Job:
    """What the worker computes now, and of what. The logic makes it, and hands it out with every answer.

    Parameters
    ----------
    kind
        ``"analyze"``: lungs, score and heat map; ``"explain"``: another heat map of a result; ``"experiment"``: what
        the score would be with one lung, or without a region; ``"correction"``: what each piece of the last correction
        of the mask did to it; ``"compare"``: how an earlier CT lies on this one. And for these three nobody waits:
        ``"width"``: how far it moves when scan and mask are nudged; ``"checks"``: whether the heat map can be relied
        on; ``"preview"``: what the score would be with the mask that is being edited.
    ct_node
        The CT.
    lung_mask_node
        The mask that is scored; None while the analysis makes one.
    inputs
        How CT and mask were when the job began, or its lungs were found: what comes of it is only as good as they
        still are at its end.
    lungs_node
        The lungs that it has found, shown while the rest is computed.
    earlier
        Of ``"compare"``: the same of the earlier CT.
    before
        Of ``"correction"``: the mask that was scored before.
    result, scores, lung_mask
        Of all but ``"analyze"``: the result in the scene, its history when the job began, and its mask.
    """

    kind: Kind
    ct_node: slicer.vtkMRMLScalarVolumeNode
    lung_mask_node: slicer.vtkMRMLSegmentationNode | None
    inputs: Fingerprint
    result: Result | None = None
    scores: tuple[Scored, ...] = ()
    lung_mask: LungMask | None = None
    lungs_node: slicer.vtkMRMLSegmentationNode | None = None
    earlier: Job | None = None
    before: LungMask | None = None

    @classmethod
    def with_result(cls, kind: Kind, result: Result) -> Job:
        """To compute more of a result, with its mask as it is now.

        Raises
        ------
        COVIDDetectError
            If CT or mask are gone, there are no lungs in the mask, or it is not known how it was before.
        """
        ct, mask = result.ct_node, result.lung_mask_node
        lung_mask = lung_mask_from_node(mask, ct)
        inputs = Fingerprint.of(ct, mask)
        before = scored_masks().before(result) if kind == "correction" else None
        return cls(kind, ct, mask, inputs, result, tuple(result.history), lung_mask, before=before)

    @classmethod
    def with_two_results(cls, result: Result, earlier: Result) -> Job:
        """To lay the CT of an earlier result on that of another; errors as for ``with_result``."""
        return replace(cls.with_result("compare", result), earlier=cls.with_result("compare", earlier))

    @property
    def scan(self) -> tuple[CTVolume, LungMask]:
        """Of a job with a result: its CT as it is now, and the mask."""
        assert self.lung_mask is not None, "a result has a mask"
        return ct_from_node(self.ct_node), self.lung_mask

    def with_lungs(self, node: slicer.vtkMRMLSegmentationNode) -> Job:
        """The same job with the lungs that it has found."""
        inputs = Fingerprint.of(None, node)
        return replace(self, lungs_node=node, inputs=replace(inputs, ct=self.inputs.ct))

    @property
    def lungs_in_scene(self) -> slicer.vtkMRMLSegmentationNode | None:
        """The lungs that it has found, unless somebody has removed them."""
        node = self.lungs_node
        return node if node is not None and node.GetScene() is not None else None

    def goes_on_from(self, earlier: Job | None) -> bool:
        """Whether it is the same job as that, which perhaps has found lungs since."""
        return earlier is not None and self.inputs.ct is earlier.inputs.ct  # each job has read it anew

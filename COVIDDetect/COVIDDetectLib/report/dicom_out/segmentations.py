"""Lungs, densities and regions as DICOM segmentations on the grid of the CT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...analysis.heat_map import HeatMap
from ...analysis.opacity import opacity_labels
from ...analysis.regions import Region, region_voxels
from ...lungs import LEFT, RIGHT, LungMask
from ..text import OPACITIES
from .identity import algorithm, equipment, lung_code, private, standard
from .source import Source

if TYPE_CHECKING:
    from highdicom import Volume
    from highdicom.seg import Segmentation
    from highdicom.sr import CodedConcept


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment before it is written.

    Parameters
    ----------
    label
        What viewers show.
    category, kind
        Codes of what it is.
    voxels
        bool, on the grid and in the order of the CT.
    tracking_uid
        Under which a report speaks of it.
    """

    label: str
    category: CodedConcept
    kind: CodedConcept
    voxels: np.ndarray
    tracking_uid: str


def lung_segments(lung_mask: LungMask, uids: Mapping[str, str]) -> list[Segment]:
    """The lungs that are in the mask, the right one first."""
    category = standard("123037004", "SCT", "Anatomical Structure")
    return [
        Segment(f"{side.capitalize()} lung", category, lung_code(side), lung_mask.labels == label, uids[side])
        for label, side in ((RIGHT, "right"), (LEFT, "left"))
        if (lung_mask.labels == label).any()
    ]


def density_segments(source: Source, lung_mask: LungMask, uids: Mapping[str, str]) -> list[Segment]:
    """Lung of the densities of ground glass, consolidation and emphysema, as far as there is any."""
    category = standard("309825002", "SCT", "Spatial and Relational Concept")
    labels = opacity_labels(source.ct, lung_mask)
    return [
        Segment(private(kind).CodeMeaning, category, private(kind), labels == label, uids[kind])
        for label, kind in enumerate(OPACITIES, 1)
        if (labels == label).any()
    ]


def region_segments(
    source: Source, heat_map: HeatMap, axial_mask: LungMask, regions: Sequence[Region], uids: Mapping[str, str]
) -> list[Segment]:
    """The regions of the heat map.

    Parameters
    ----------
    axial_mask
        The lungs in axial order.
    """
    category = standard("309825002", "SCT", "Spatial and Relational Concept")
    undo = source.ct.geometry.reorientation_to_axial().undo
    return [
        Segment(
            f"Region {region.rank}",
            category,
            private("region"),
            undo(region_voxels(heat_map, axial_mask, region)),
            uids[f"region {region.rank}"],
        )
        for region in regions
    ]


def segmentation(
    source: Source, segments: Sequence[Segment], record: Mapping[str, Any], what: str, series: Mapping[str, Any]
) -> Segmentation:
    """Write segments, each voxel 0 or 1, into one object.

    Parameters
    ----------
    what
        ``"lungs"``, ``"densities"`` or ``"regions"``: which algorithm made them.
    series
        UIDs, number and description of series and instance.
    """
    from highdicom.seg import Segmentation, SegmentDescription

    made_by = algorithm(record, "regions" if what == "regions" else "lungs")
    descriptions = [
        SegmentDescription(
            segment_number=number,
            segment_label=segment.label,
            segmented_property_category=segment.category,
            segmented_property_type=segment.kind,
            algorithm_type="AUTOMATIC" if record["lungs"]["method"] != "given" else "SEMIAUTOMATIC",
            algorithm_identification=made_by,
            tracking_uid=segment.tracking_uid,
            tracking_id=segment.label,
        )
        for number, segment in enumerate(segments, 1)
    ]
    return Segmentation(
        source_images=source.images,
        pixel_array=volume(
            np.stack([segment.voxels for segment in segments], axis=-1).astype(np.uint8),
            source.ct.geometry.ijk_to_lps,
            source.frame_of_reference_uid,
        ),
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        content_label=what.upper(),
        content_description="Research use only, not a medical device",
        **series,
        **equipment(record),
    )


def volume(array: np.ndarray, ijk_to_lps: np.ndarray, frame_of_reference_uid: str) -> Volume:
    """Voxels ``[slice, row, column]``, perhaps with segments behind, and where they lie.

    highdicom's indices run in the order of the array, ours the other way round.
    """
    from highdicom import Volume

    affine = ijk_to_lps[:, [2, 1, 0, 3]]
    channels = {"SegmentNumber": list(range(1, array.shape[3] + 1))} if array.ndim == 4 else None
    return Volume(array, affine, "PATIENT", frame_of_reference_uid, channels)

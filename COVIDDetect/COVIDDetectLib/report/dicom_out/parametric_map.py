"""The heat map as a DICOM parametric map: floating-point values on the network's own grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...analysis.attention import Attention
from .identity import equipment, standard
from .segmentations import volume
from .source import Source

if TYPE_CHECKING:
    from highdicom.pm import ParametricMap
    from pydicom import Dataset

LABEL = "HEATMAP"


def parametric_map(
    source: Source, attention: Attention, record: Mapping[str, Any], series: Mapping[str, Any]
) -> ParametricMap:
    """Write the whole heat map, relative to its full scale: what speaks for COVID-19 up to 1, against it below 0.

    Parameters
    ----------
    series
        UIDs, number and description of series and instance.
    """
    from highdicom.pm import ParametricMap, RealWorldValueMapping

    mapping = RealWorldValueMapping(
        lut_label=LABEL,
        lut_explanation="HiResCAM, relative to its full scale; below 0 against",
        unit=standard("1", "UCUM", "no units"),
        value_range=(min(0.0, float(attention.values.min())), 1.0),
        slope=1.0,
        intercept=0.0,
        quantity_definition=standard("130402", "DCM", "Class activation"),
    )
    grid = volume(attention.values, attention.geometry.ijk_to_lps, source.frame_of_reference_uid)
    # Slicer's highdicom, 0.27, takes neither a volume here nor a list of windows.
    made = ParametricMap(
        source_images=source.images,
        pixel_array=grid.array,
        pixel_measures=grid.get_pixel_measures(),
        plane_orientation=grid.get_plane_orientation(),
        plane_positions=grid.get_plane_positions(),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0.5,
        window_width=1.0,
        content_label=LABEL,
        content_description="Research use only, not a medical device",
        **series,
        **equipment(record),
    )
    # dcmqi, with which Slicer reads parametric maps, crashes without an anatomy, takes the first frame for the lowest
    # one, and asks for a name; highdicom writes the first frame highest, and neither of the others.
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_anatomy()]
    made.ContentCreatorName = ""
    _turn_upwards(made, attention.values)
    return made


def _turn_upwards(made: ParametricMap, values: np.ndarray) -> None:
    """Put the frames into the order of the heat map, the lowest first."""
    from pydicom import Sequence

    frames = sorted(
        made.PerFrameFunctionalGroupsSequence,
        key=lambda frame: float(frame.PlanePositionSequence[0].ImagePositionPatient[2]),
    )
    for number, frame in enumerate(frames, 1):
        frame.FrameContentSequence[0].DimensionIndexValues = number
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    made.FloatPixelData = np.ascontiguousarray(values, dtype="<f4").tobytes()


def _anatomy() -> Dataset:
    """Both lungs."""
    from pydicom import Dataset

    anatomy = Dataset()
    anatomy.FrameLaterality = "B"
    anatomy.AnatomicRegionSequence = [standard("39607008", "SCT", "Lung")]
    return anatomy

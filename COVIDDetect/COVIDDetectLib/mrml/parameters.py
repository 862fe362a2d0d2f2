"""What she chose, kept in the scene."""

from __future__ import annotations

from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

from .heat_map import COLORS


@parameterNodeWrapper
class COVIDDetectParameterNode:
    """The choices of the panel.

    ct - The CT to analyze.
    lungMask - The lung mask to score with; none lets Analyze make one.
    heatMapVisible, heatMapOpacity, heatMapThreshold, heatMapColors, onlyInLungs - How the heat map is shown.
    decisionThreshold - The probability from which the result counts as positive; below 0 that of the weights' card.
    """

    ct: vtkMRMLScalarVolumeNode
    lungMask: vtkMRMLSegmentationNode
    heatMapVisible: bool = True
    heatMapOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    heatMapThreshold: Annotated[float, WithinRange(0.0, 0.95)] = 0.3
    heatMapColors: Annotated[str, Choice(list(COLORS)), Default(COLORS[0])]
    onlyInLungs: bool = True
    decisionThreshold: Annotated[float, WithinRange(0.0, 1.0)] = 0.5

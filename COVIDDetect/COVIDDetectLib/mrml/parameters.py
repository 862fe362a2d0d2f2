"""What she chose, kept in the scene."""

from __future__ import annotations

from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

from ..opacity import OpacityBounds
from .heat_map import COLORS

DENSITIES = OpacityBounds()


@parameterNodeWrapper
class COVIDDetectParameterNode:
    """The choices of the panel.

    ct - The CT to analyze.
    lungMask - The lung mask to score with; none lets Analyze make one.
    heatMapVisible, heatMapOpacity, heatMapThreshold, heatMapColors, onlyInLungs - How the heat map is shown.
    decisionThreshold - The probability from which the result counts as positive; each new score sets the card's.
    prevalencePercent - How many of 100 patients have COVID-19, for predictive values.
    emphysemaBelow, groundGlassFrom, consolidationFrom, consolidationTo - Bounds of the densities, in HU.
    """

    ct: vtkMRMLScalarVolumeNode
    lungMask: vtkMRMLSegmentationNode
    heatMapVisible: bool = True
    heatMapOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    heatMapThreshold: Annotated[float, WithinRange(0.0, 0.95)] = 0.3
    heatMapColors: Annotated[str, Choice(list(COLORS)), Default(COLORS[0])]
    onlyInLungs: bool = True
    decisionThreshold: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    prevalencePercent: Annotated[float, WithinRange(0.1, 99.9)] = 50.0
    emphysemaBelow: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.emphysema_below
    groundGlassFrom: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.ground_glass[0]
    consolidationFrom: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.consolidation[0]
    consolidationTo: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.consolidation[1]

"""What the user chose, kept in the scene."""

from __future__ import annotations

from typing import Annotated

import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

from ..analysis.heat_map import LEAST_SHOWN
from ..analysis.opacity import OpacityBounds
from .nodes.heat_map import COLORS

DENSITIES = OpacityBounds()
PREVALENCES = (0.1, 99.9)
"""Percent, in tenths: what the panel's spin box holds."""


@parameterNodeWrapper
class COVIDDetectParameterNode:
    """The choices of the panel.

    ct - The CT to analyze.
    lungMask - The lung mask to score with; none lets Analyze make one.
    heatMapVisible, heatMapOpacity, heatMapThreshold, heatMapColors, onlyInLungs - How the heat map is shown.
    heatMapIn3D - Whether heat map and lungs are shown in the 3D views too.
    decisionThreshold - The probability from which the result counts as positive; each new score sets the card's.
    prevalencePercent - How many of 100 patients have COVID-19, for predictive values.
    cohortPrevalencePercent - The same in the cohort that the weights were measured on; while both are equal, each new
        result sets both, and so nothing that the user set is lost.
    emphysemaBelow, groundGlassFrom, consolidationFrom, consolidationTo - Bounds of the densities, in HU.
    """

    ct: vtkMRMLScalarVolumeNode
    lungMask: vtkMRMLSegmentationNode
    heatMapVisible: bool = True
    heatMapOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    heatMapThreshold: Annotated[float, WithinRange(0.0, 0.95)] = LEAST_SHOWN
    heatMapColors: Annotated[str, Choice(list(COLORS)), Default(COLORS[0])]
    onlyInLungs: bool = True
    heatMapIn3D: bool = False
    decisionThreshold: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    prevalencePercent: Annotated[float, WithinRange(*PREVALENCES)] = 50.0
    cohortPrevalencePercent: Annotated[float, WithinRange(*PREVALENCES)] = 50.0
    emphysemaBelow: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.emphysema_below
    groundGlassFrom: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.ground_glass[0]
    consolidationFrom: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.consolidation[0]
    consolidationTo: Annotated[float, WithinRange(-1024.0, 3000.0)] = DENSITIES.consolidation[1]


def follow_cohort(parameters: COVIDDetectParameterNode, positives: int, negatives: int) -> None:
    """Take the prevalence of a cohort, unless the user set another one than the last cohort's."""
    least, most = PREVALENCES
    percent = min(max(round(100 * positives / (positives + negatives), 1), least), most)
    if parameters.prevalencePercent == parameters.cohortPrevalencePercent != percent:
        with slicer.util.NodeModify(parameters):
            parameters.prevalencePercent = parameters.cohortPrevalencePercent = percent


def let_go_of(node: slicer.vtkMRMLNode, parameters: COVIDDetectParameterNode) -> None:
    """Before a node is removed that is chosen: selectors would go on to the next, the CT or mask of another patient."""
    if node is parameters.ct:
        parameters.ct = None
    elif node is parameters.lungMask:
        parameters.lungMask = None

"""The colors of a heat map with a sign: yellow and red for COVID-19, blue against it, nothing where neither counts."""

from __future__ import annotations

import numpy as np
import slicer

_ROLE, _FOR_AND_AGAINST = "COVIDDetect.role", "forAndAgainst"
_COLORS = 256
"""As many as Slicer tells apart: a volume's values become one byte before they meet a table."""
_FOR = "vtkMRMLColorTableNodeFileInferno.txt"
_AGAINST = ((0.03, 0.06, 0.25), (0.08, 0.28, 0.75), (0.25, 0.60, 1.00), (0.75, 0.94, 1.00))
"""From 0 to −1, dark to bright as the colors for it."""


def table_for_and_against(threshold: float) -> slicer.vtkMRMLColorTableNode:
    """The table of the scene for −1 to 1, without color where values are smaller than a threshold, whatever their sign.

    A volume's own threshold has two ends but no gap: what lies between must be missing from the table.
    """
    tables = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    node = next((table for table in tables if table.GetAttribute(_ROLE) == _FOR_AND_AGAINST), None)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", "For and against COVID-19")
        node.SetAttribute(_ROLE, _FOR_AND_AGAINST)
        node.SetHideFromEditors(True)
        node.SetTypeToUser()
        node.SetNumberOfColors(_COLORS)
    values = np.linspace(-1, 1, _COLORS)
    with slicer.util.NodeModify(node):
        for entry, (value, color) in enumerate(zip(values, _colors(values), strict=True)):
            node.SetColor(entry, f"{value:+.2f}", *color, float(abs(value) >= threshold))
    return node


def _colors(values: np.ndarray) -> list[list[float]]:
    speak_for = slicer.mrmlScene.GetNodeByID(_FOR).GetLookupTable()
    last = speak_for.GetNumberOfTableValues() - 1
    steps = np.linspace(0, 1, len(_AGAINST))
    against = np.stack([np.interp(-values, steps, channel) for channel in np.transpose(_AGAINST)], axis=1)
    return [
        list(speak_for.GetTableValue(round(value * last))[:3]) if value >= 0 else color
        for value, color in zip(values, against.tolist(), strict=True)
    ]

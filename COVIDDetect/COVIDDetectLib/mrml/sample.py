"""A synthetic chest CT as sample data: made here, nothing is downloaded."""

from __future__ import annotations

import slicer

from ..phantom import thorax
from .ct import place

_SHAPE, _SPACING = (56, 192, 192), (2.0, 2.0, 5.5)


def add_phantom(seed: int = 15, disease: str | None = "covid") -> slicer.vtkMRMLScalarVolumeNode:
    """A synthetic thorax, with COVID-like disease or healthy (None), as a new volume node.

    The default patient got no contrast agent, so that nothing is asked before the first analysis.
    """
    phantom = thorax(seed=seed, shape=_SHAPE, spacing=_SPACING, disease=disease)
    name = "Synthetic chest CT with disease" if disease else "Synthetic chest CT, healthy"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    place(node, phantom.ct.geometry)
    slicer.util.updateVolumeFromArray(node, phantom.ct.hu)
    node.CreateDefaultDisplayNodes()
    return node

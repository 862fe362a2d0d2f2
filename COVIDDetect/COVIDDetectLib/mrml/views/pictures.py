"""What the slice views show, as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ...report.key_pictures import KeyPicture
from ...report.planes import Axis, position_text
from .display import volumes_shown

if TYPE_CHECKING:
    from PIL.Image import Image

_AXES: tuple[Axis, ...] = ("sagittal", "coronal", "axial")
"""By the axis of the patient, in RAS, that runs across the plane."""
_LARGEST = 800
"""Pixels along the longer side that are kept."""


def slice_pictures(ct_node: slicer.vtkMRMLScalarVolumeNode) -> list[KeyPicture]:
    """Each slice view on screen that shows a CT, as it is, but without its corner texts: they name the patient."""
    pictures = []
    for view_id, volumes in volumes_shown().items():
        node = slicer.mrmlScene.GetNodeByID(view_id)
        widget = slicer.app.layoutManager().sliceWidget(node.GetLayoutName())
        if volumes[0] == ct_node.GetID() and widget is not None:
            to_ras = node.GetSliceToRAS()
            across = int(np.argmax([abs(to_ras.GetElement(axis, 2)) for axis in range(3)]))
            position_mm = to_ras.GetElement(across, 3) * (-1 if across == 0 else 1)  # towards left, as reports count
            image = _grabbed(widget.sliceView().renderWindow())
            axis = _AXES[across]
            pictures.append(KeyPicture(axis, position_text(axis, position_mm), (), True, image))
    return pictures


def _grabbed(window: vtk.vtkRenderWindow) -> Image:
    from PIL import Image

    with _without_corner_texts(window):
        window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(window)
        grab.ReadFrontBufferOff()
        grab.Update()
    shown = grab.GetOutput()
    columns, rows, _ = shown.GetDimensions()
    pixels = vtk_to_numpy(shown.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1, :, :3]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((_LARGEST, _LARGEST))
    return image


@contextmanager
def _without_corner_texts(window: vtk.vtkRenderWindow) -> Iterator[None]:
    renderers = window.GetRenderers()
    props = [
        prop for number in range(renderers.GetNumberOfItems()) for prop in _props(renderers.GetItemAsObject(number))
    ]
    texts = [prop for prop in props if prop.IsA("vtkCornerAnnotation") and prop.GetVisibility()]
    for text in texts:
        text.SetVisibility(False)
    try:
        yield
    finally:
        for text in texts:
            text.SetVisibility(True)
        window.Render()


def _props(renderer: vtk.vtkRenderer) -> list[vtk.vtkProp]:
    props = renderer.GetViewProps()
    return [props.GetItemAsObject(number) for number in range(props.GetNumberOfItems())]

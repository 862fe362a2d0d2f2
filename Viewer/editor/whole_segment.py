"""Effects that work on the whole segment at the press of a button."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QPushButton, QSpinBox, QWidget
from scipy import ndimage

from .effect import ADD, SET, Effect
from .grid import voxels


class _WholeSegment(Effect):
    """Shows its settings and a button *Apply*."""

    def options(self) -> QWidget:
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.add_settings(form)
        apply = QPushButton("Apply")
        apply.clicked.connect(lambda: self.onApply())
        form.addRow(apply)
        return widget

    def add_settings(self, form: QFormLayout) -> None:
        """Rows above the button."""

    def onApply(self) -> None:
        """Do it."""
        raise NotImplementedError


class Islands(_WholeSegment):
    """Parts of the segment that do not touch each other (by their faces)."""

    name = "Islands"
    defaults = {"Operation": "KEEP_LARGEST_ISLAND", "MinimumSize": 1000}

    def add_settings(self, form: QFormLayout) -> None:
        operation = QComboBox()
        operation.addItem("Keep the largest island", "KEEP_LARGEST_ISLAND")
        operation.addItem("Remove small islands", "REMOVE_SMALL_ISLANDS")
        operation.setCurrentIndex(max(0, operation.findData(self.parameter("Operation"))))
        operation.currentIndexChanged.connect(lambda: self.setParameter("Operation", operation.currentData()))
        size = QSpinBox()
        size.setRange(1, 10_000_000)
        size.setSuffix(" voxels")
        size.setValue(self.integerParameter("MinimumSize"))
        size.valueChanged.connect(lambda value: self.setParameter("MinimumSize", value))
        form.addRow("Operation:", operation)
        form.addRow("Smallest:", size)

    def onApply(self) -> None:
        labels, count = ndimage.label(self.segment())
        if count == 0:
            return
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        if self.parameter("Operation") == "KEEP_LARGEST_ISLAND":
            kept = sizes == sizes.max()
            kept[int(np.argmax(kept)) + 1 :] = False
        else:
            kept = sizes >= self.integerParameter("MinimumSize")
        self.modify(kept[labels], SET)


class FillBetweenSlices(_WholeSegment):
    """Fills the slices between those that were painted, by morphological contour interpolation."""

    name = "Fill between slices"

    def onApply(self) -> None:
        source = self.blank()
        voxels(source)[...] = self.segment()
        source.Modified()
        interpolator = slicer.vtkITKMorphologicalContourInterpolator()
        interpolator.SetInputData(source)
        interpolator.Update()
        self.modify(voxels(interpolator.GetOutput()) != 0, ADD)


class Smoothing(_WholeSegment):
    """A median over a ball: small holes and bumps go."""

    name = "Smoothing"
    defaults = {"SmoothingMethod": "MEDIAN", "KernelSizeMm": 3.0}

    def add_settings(self, form: QFormLayout) -> None:
        size = QDoubleSpinBox()
        size.setRange(0.5, 30.0)
        size.setSuffix(" mm")
        size.setValue(self.doubleParameter("KernelSizeMm"))
        size.valueChanged.connect(lambda value: self.setParameter("KernelSizeMm", value))
        form.addRow("Kernel:", size)

    def onApply(self) -> None:
        segment = self.segment()
        spacing = self.blank().GetSpacing()
        size = [2 * round(self.doubleParameter("KernelSizeMm") / step / 2 - 0.5) + 1 for step in spacing]
        median = vtk.vtkImageMedian3D()
        median.SetKernelSize(*(max(1, one) for one in size))
        image = self.blank()
        voxels(image)[...] = segment
        image.Modified()
        median.SetInputData(image)
        median.Update()
        self.modify(voxels(median.GetOutput()) != 0, SET)


class Threshold(_WholeSegment):
    """The voxels of a range of HU become the segment, or limit the brushes to it."""

    name = "Threshold"
    defaults = {"MinimumThreshold": -1024, "MaximumThreshold": -300}

    def add_settings(self, form: QFormLayout) -> None:
        for label, name in (("From:", "MinimumThreshold"), ("To:", "MaximumThreshold")):
            box = QDoubleSpinBox()
            box.setRange(-2048, 4000)
            box.setDecimals(0)
            box.setSuffix(" HU")
            box.setValue(self.doubleParameter(name))
            box.valueChanged.connect(lambda value, name=name: self.setParameter(name, value))
            form.addRow(label, box)
        use = QPushButton("Use for masking")
        use.setToolTip("Paint and Erase change only voxels of this range")
        use.clicked.connect(lambda: self.onUseForPaint())
        form.addRow(use)

    def onUseForPaint(self) -> None:
        node = self.session.node
        node.SetSourceVolumeIntensityMaskRange(*self._range())
        node.SourceVolumeIntensityMaskOn()
        self.session.changed()

    def onApply(self) -> None:
        self.blank()
        self.session.logic.UpdateAlignedSourceVolume()
        hu = voxels(self.session.logic.GetAlignedSourceVolume())
        low, high = self._range()
        self.modify((hu >= low) & (hu <= high), SET)

    def _range(self) -> tuple[float, float]:
        return self.doubleParameter("MinimumThreshold"), self.doubleParameter("MaximumThreshold")


EFFECTS: tuple[Any, ...] = (Islands, FillBetweenSlices, Smoothing, Threshold)

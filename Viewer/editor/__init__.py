"""The Segment Editor of the embedded host, on Slicer's own vtkSlicerSegmentEditorLogic.

Names of effects, of their parameters and of the widget's methods are Slicer's.
"""

"""Slice views and the 3D view: Slicer's displayable managers, drawn by VTK, shown by Qt."""

"""MRML nodes to values of the core, and back. Imports slicer and vtk, never Qt."""

"""Signals, deferred calls, and what ends with the program: no Slicer, no worker."""

"""Signals, deferred calls, and clean-up at the end of the program; knows neither Slicer nor worker."""

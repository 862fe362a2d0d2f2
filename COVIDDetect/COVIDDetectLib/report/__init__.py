"""Pictures and files of an analysis."""

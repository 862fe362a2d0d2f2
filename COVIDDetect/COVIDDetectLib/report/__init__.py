"""What is handed on: pictures and files of an analysis."""

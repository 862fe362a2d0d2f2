"""The command line: a thin shell on the functions that the panel uses too."""

"""The parts of the panel, one file each; they connect widgets to the logic and never compute."""

"""How the bundled demonstration weights are made: ``python -m coviddetect.training.demonstration --help``."""

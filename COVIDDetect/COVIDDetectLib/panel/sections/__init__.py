"""One section of the panel each."""

"""A CT with its geometry, read from files, and as the networks see it."""

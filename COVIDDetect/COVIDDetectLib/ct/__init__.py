"""A CT and where it lies, read from files, and as the networks see it."""

"""The two networks of the pipeline, each written as its table reads. Importing a module of this room imports torch."""

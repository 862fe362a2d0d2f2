"""Many CTs: the table that names them, and scoring all of them whatever happens to some."""

"""All that writes a display or a view."""

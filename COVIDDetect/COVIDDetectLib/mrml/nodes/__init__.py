"""Nodes ↔ values; no state."""

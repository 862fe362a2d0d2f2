"""Training of both networks. Nothing that analyzes a CT imports this room."""

"""Pictures of the window and of its views."""

from __future__ import annotations

from pathlib import Path

import slicer

from .host import Host


def save_pictures(host: Host, folder: Path) -> list[Path]:
    """Save the window and every view as PNG; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    host.app.processEvents()
    slicer.util.forceRenderAllViews()
    saved = []
    for name, view in host.app.layoutManager().views().items():
        saved.append(folder / f"{name.lower()}.png")
        view.picture().save(str(saved[-1]))
    saved.append(folder / "window.png")
    host.window.grab().save(str(saved[-1]))
    return saved

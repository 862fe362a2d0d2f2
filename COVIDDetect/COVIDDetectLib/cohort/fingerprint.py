"""Tells whether files have changed without reading them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..ct.volume_files import is_volume_file


def stamps(path: Path) -> list[tuple[str, int, int]]:
    """Name, size in bytes and time of change in ns of every file that reading a CT or mask at ``path`` may touch.

    A DICOM file stands for its whole folder; a header such as .mhd for the files of the same name in its folder. Empty
    where nothing is.
    """
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file()]
    elif not path.exists():
        files = []
    elif is_volume_file(path):
        stem = path.name.split(".")[0]
        files = [file for file in path.parent.iterdir() if file.name.split(".")[0] == stem and file.is_file()]
        files.append(path)
    else:
        files = [file for file in path.parent.rglob("*") if file.is_file()]
    stamped = ((str(file.absolute()), file.stat()) for file in files)
    return sorted({(name, stat.st_size, stat.st_mtime_ns) for name, stat in stamped})


def hash_of(content: object) -> str:
    """SHA-256 of what JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

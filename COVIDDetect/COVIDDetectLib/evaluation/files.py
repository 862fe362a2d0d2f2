"""Writes files that belong together: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError
from ..report.files import check_folder


def write_together(folder: Path, contents: Mapping[str, str]) -> None:
    """Write texts by file name; earlier files of these names are replaced, others are left alone.

    Raises
    ------
    InputError
        If ``folder`` cannot be written.
    """
    check_folder(folder)
    unfinished = {name: folder / f".unfinished-{os.getpid()}-{name}" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in unfinished.items():
            file.write_text(contents[name], encoding="utf-8")
        for name, file in unfinished.items():
            file.replace(folder / name)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); choose another place.") from error
    finally:
        for file in unfinished.values():
            file.unlink(missing_ok=True)

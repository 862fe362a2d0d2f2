"""Starts a service of this package in a separate process."""

from __future__ import annotations

import shutil
import sys

# The process finds what this one finds: PythonSlicer sets PYTHONPATH anew, so that the paths go as arguments.
# So does what is asked: a folder is removed there even if this process ends before it could say anything.
_SERVE = (
    "import sys, importlib; "
    "sys.path += [path for path in sys.argv[3:] if path not in sys.path]; "
    "importlib.import_module(sys.argv[1]).main(sys.argv[2])"
)
_ISOLATED = ("-P", "-c")
"""Nothing is imported from the folder that Slicer happens to be started in."""


def python_executable() -> str:
    """The Python to compute with: Slicer's ``PythonSlicer``, which sets the library paths, else the one that runs."""
    return shutil.which("PythonSlicer") or sys.executable


def arguments(service: str, given: str) -> list[str]:
    """What that Python is started with, so that the module ``service`` next to this one serves what is ``given``."""
    return [*_ISOLATED, _SERVE, f"{__package__}.{service}", given, *sys.path]

"""Makes build/slicer-packages: links to the packages of .venv that tests need and 3D Slicer lacks; prints the folder.

What Slicer brings along itself (numpy, VTK, SimpleITK …) is never among them: two of a kind in one process do not mix.
"""

import re
import shutil
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "slicer-packages"

# fmt: off
SLICERS_OWN = frozenset({
    "numpy", "scipy", "simpleitk", "vtk", "slicer-core", "pydicom", "requests", "urllib3", "certifi", "idna",
    "charset-normalizer", "packaging", "pillow", "six", "typing-extensions", "setuptools", "pip",
    "pyside6-essentials", "shiboken6",
})
# fmt: on
"""Distributions that every Slicer since 5.10 has, or that would bring a second Qt."""

NOT_LINKED = frozenset({"coviddetect"})
"""Slicer loads the module from the tree, as the extension's users do."""


def canonical(name: str) -> str:
    """The name of a distribution as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, extra: str = "") -> dict[str, Distribution]:
    """A distribution of this Python and all it depends on, without Slicer's own."""
    found: dict[str, Distribution] = {}
    waiting = [(name, extra)]
    while waiting:
        name, extra = waiting.pop()
        if canonical(name) in SLICERS_OWN | found.keys():
            continue
        found[canonical(name)] = distribution(name)
        for line in found[canonical(name)].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting.append((requirement.name, ",".join(requirement.extras)))
    return found


def top_level(package: Distribution) -> set[Path]:
    """The files and folders that a distribution put directly into site-packages."""
    site = Path(str(package.locate_file("")))
    names = {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}
    return {site / name for name in names}


def main() -> None:
    """Make the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name, package in (needed("coviddetect", "test") | needed("pynetdicom")).items():
        for path in top_level(package) if name not in NOT_LINKED else ():
            (FOLDER / path.name).symlink_to(path)
    print(FOLDER)


if __name__ == "__main__":
    main()

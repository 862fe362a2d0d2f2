"""Writes the lists of COVIDDetect/CMakeLists.txt from the tree: every library file and every resource is shipped.

.venv/bin/python tools/list_shipped.py
"""

from pathlib import Path

MODULE = Path(__file__).resolve().parents[1] / "COVIDDetect"
MODULE_LIST = MODULE / "CMakeLists.txt"


def shipped() -> dict[str, list[str]]:
    """The names of the two CMake lists and what belongs into each, relative to the module's folder."""
    library = sorted(path.relative_to(MODULE).as_posix() for path in (MODULE / "COVIDDetectLib").rglob("*.py"))
    resources = sorted(path.relative_to(MODULE).as_posix() for path in (MODULE / "Resources").rglob("*.*"))
    return {"MODULE_PYTHON_SCRIPTS": ["${MODULE_NAME}.py", *library], "MODULE_PYTHON_RESOURCES": resources}


def written(cmake: str) -> str:
    """The text of the CMake file with both lists renewed."""
    for name, files in shipped().items():
        start = cmake.index(f"set({name}\n")
        end = cmake.index("  )\n", start)
        cmake = cmake[:start] + f"set({name}\n" + "".join(f"  {file}\n" for file in files) + cmake[end:]
    return cmake


if __name__ == "__main__":
    MODULE_LIST.write_text(written(MODULE_LIST.read_text()))
